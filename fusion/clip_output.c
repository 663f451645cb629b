/* What a training run leaves on disk: checkpoints, the model's folder, a log, measurements. */
#include "fusion/clip_run.h"

#include "core/base/file.h"
#include "fusion/checkpoint.h"
#include "fusion/eval_set.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static gaze_err copy_file(const char *from_folder, const char *to_folder, const char *name) {
  char *from = NULL, *to = NULL;
  gaze_map map = {0};
  gaze_err err = GAZE_OK;
  GAZE_TRY_DONE(gaze_path_join(from_folder, name, &from));
  GAZE_TRY_DONE(gaze_path_join(to_folder, name, &to));
  if (!gaze_file_exists(from))
    goto done;
  GAZE_TRY_DONE(gaze_map_open(from, &map));
  err = gaze_file_replace(to, map.data, map.size);
done:
  gaze_map_close(&map);
  free(from);
  free(to);
  return err;
}

static gaze_err copy_tokenizer(const gaze_clip_run *run) {
  static const char *const files[] = {"tokenizer.json", "tokenizer_config.json", "special_tokens_map.json",
                                      "vocab.json", "merges.txt"};
  for (size_t i = 0; i < sizeof files / sizeof *files; i++)
    GAZE_TRY(copy_file(run->tokenizer_folder, run->model_folder, files[i]));
  return GAZE_OK;
}

static gaze_err model_dtype(const char *name, gaze_dtype *out) {
  static const struct {
    const char *name;
    gaze_dtype dtype;
  } dtypes[] = {{"f32", GAZE_DTYPE_F32}, {"f16", GAZE_DTYPE_F16}, {"bf16", GAZE_DTYPE_BF16}};
  for (size_t i = 0; i < sizeof dtypes / sizeof *dtypes; i++)
    if (strcmp(name, dtypes[i].name) == 0) {
      *out = dtypes[i].dtype;
      return GAZE_OK;
    }
  return gaze_fail(GAZE_ERR_ARGUMENT, "unknown dtype: %s: use f32, f16 or bf16", name);
}

gaze_err gaze_clip_run_save(gaze_clip_run *run) {
  gaze_dtype dtype = GAZE_DTYPE_F32;
  GAZE_TRY(model_dtype(run->options.model_dtype, &dtype));
  json_t *data;
  GAZE_TRY(gaze_clip_run_describe_data(run, &data));
  json_t *state = json_pack("{s:I, s:I, s:I, s:s, s:o}", "step", (json_int_t)run->optimizer.step, "seed",
                            (json_int_t)run->options.seed, "step_samples",
                            (json_int_t)(run->options.batch_size * run->options.accum_freq), "opt",
                            run->options.optimizer, "data", data);
  gaze_err err = gaze_checkpoint_save(run->checkpoints, &run->optimizer, state, 2);
  json_decref(state);
  GAZE_TRY(err);
  GAZE_TRY(gaze_clip_save(&run->clip, &run->preprocess, &run->kernels, run->model_folder, dtype));
  return copy_tokenizer(run);
}

gaze_err gaze_clip_run_fall_back(gaze_clip_run *run, char **path) {
  bool ours = run->optimizer.step > run->first_step; /* what a run began with is not its to remove */
  json_t *state = NULL;
  if (ours)
    GAZE_TRY(gaze_checkpoint_distrust(run->checkpoints, run->optimizer.step));
  GAZE_TRY(gaze_checkpoint_latest(run->checkpoints, path));
  if (!ours || !*path)
    return GAZE_OK;
  gaze_err err = gaze_checkpoint_load(*path, &run->optimizer, &state);
  json_decref(state);
  if (err == GAZE_OK)
    err = gaze_clip_run_save(run);
  if (err != GAZE_OK)
    free(*path);
  return err;
}

gaze_err gaze_clip_run_log(gaze_clip_run *run, json_t *json) {
  char *line;
  gaze_err err = gaze_json_text(json, JSON_COMPACT | JSON_REAL_PRECISION(9), &line);
  json_decref(json);
  GAZE_TRY(err);
  FILE *stream = fopen(run->metrics_path, "ae");
  bool written = stream && fprintf(stream, "%s\n", line) > 0;
  if (stream)
    written = fclose(stream) == 0 && written;
  free(line);
  return written ? GAZE_OK : gaze_fail_errno(GAZE_ERR_IO, "cannot write: %s", run->metrics_path);
}

/* The step of a log line, or UINT64_MAX for a line that is cut. */
static uint64_t step_of_line(const char *line, size_t length) {
  json_t *json = json_loadb(line, length, 0, NULL);
  const json_t *step = json_object_get(json, "step");
  uint64_t value = json_is_integer(step) ? (uint64_t)json_integer_value(step) : UINT64_MAX;
  json_decref(json);
  return value;
}

gaze_err gaze_clip_run_trim_log(gaze_clip_run *run) {
  if (!gaze_file_exists(run->metrics_path))
    return GAZE_OK;
  gaze_map map;
  gaze_replace replace;
  GAZE_TRY(gaze_map_open(run->metrics_path, &map));
  gaze_err err = gaze_replace_init(&replace, run->metrics_path);
  const char *line = (const char *)map.data, *end = line + map.size;
  while (err == GAZE_OK && line < end) {
    const char *next = memchr(line, '\n', (size_t)(end - line));
    size_t length = next ? (size_t)(next - line) + 1 : (size_t)(end - line);
    if (step_of_line(line, length) <= run->optimizer.step && run->optimizer.step > 0)
      fwrite(line, 1, length, replace.stream);
    line += length;
  }
  if (err == GAZE_OK) {
    err = gaze_replace_commit(&replace);
    gaze_replace_fini(&replace);
  }
  gaze_map_close(&map);
  return err;
}

/* The metrics of the written model, as a user would measure it. text is taken. */
static gaze_err log_metrics(gaze_clip_run *run, char *text) {
  json_t *measured;
  gaze_err err = gaze_json_parse(text, strlen(text), "metrics", &measured);
  free(text);
  GAZE_TRY(err);
  const json_t *failed = json_object_get(measured, "failed"), *first = json_array_get(failed, 0);
  if (first)
    gaze_warn("measured without %zu samples that cannot be read: %s: the first: %s", json_array_size(failed),
              json_string_value(json_object_get(first, "path")), json_string_value(json_object_get(first, "error")));
  return gaze_clip_run_log(run, json_pack("{s:I, s:o}", "step", (json_int_t)run->optimizer.step, "eval", measured));
}

gaze_err gaze_clip_run_validate(gaze_clip_run *run, bool retrieval, bool classes) {
  const gaze_train_clip_options *o = &run->options;
  retrieval = retrieval && o->n_val_data;
  classes = classes && o->n_zeroshot_data && o->n_class_labels;
  if (!retrieval && !classes)
    return GAZE_OK;
  gaze_model *model;
  char *metrics;
  GAZE_TRY(gaze_model_open(run->model_folder, &o->compute, &model));
  gaze_err err = GAZE_OK;
  if (retrieval) {
    const gaze_dataset_options how = gaze_dataset_columns_of(o);
    GAZE_TRY_DONE(gaze_eval_retrieval_from(model, o->val_data, o->n_val_data, &how, &metrics));
    GAZE_TRY_DONE(log_metrics(run, metrics));
  }
  if (classes) {
    GAZE_TRY_DONE(
        gaze_eval_classification(model, o->zeroshot_data, o->n_zeroshot_data, o->class_labels[0], NULL, 0, &metrics));
    GAZE_TRY_DONE(log_metrics(run, metrics));
  }
done:
  gaze_model_close(model);
  return err;
}
