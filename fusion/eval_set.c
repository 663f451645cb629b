#include "fusion/eval_set.h"

#include "core/base/memory.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

enum { SAMPLES_TOGETHER = 128 };

void gaze_eval_set_fini(gaze_eval_set *set) {
  for (size_t i = 0; i < set->n_datasets; i++)
    gaze_dataset_close(set->datasets[i]);
  free(set->datasets);
  free(set->samples);
  free(set->vectors);
  json_decref(set->failed);
}

static void add_failure(json_t *list, const char *path, const char *key, const char *message) {
  json_t *failure = json_pack("{s:s, s:s, s:s}", "path", path, "key", key, "error", message);
  if (!failure) /* JSON holds no other names */
    failure = json_pack("{s:s, s:s, s:s}", "path", "?", "key", "?", "error", "its name is no UTF-8");
  json_array_append_new(list, failure);
}

typedef struct failure_note {
  json_t *list;
  const char *path; /* of the data set */
} failure_note;

static gaze_err note_failure(void *user, const char *key, const char *message) {
  const failure_note *note = user;
  add_failure(note->list, note->path, key, message);
  return GAZE_OK;
}

static gaze_err open_dataset(gaze_eval_set *set, const char *path, const gaze_dataset_options *how) {
  failure_note note = {set->failed, path};
  gaze_dataset_options options = how ? *how : (gaze_dataset_options){.columns_fixed = true};
  options.failed = note_failure;
  options.user = &note;
  gaze_dataset *dataset;
  GAZE_TRY(gaze_dataset_open(path, &options, &dataset));
  set->datasets[set->n_datasets++] = dataset;
  size_t size = gaze_dataset_size(dataset);
  GAZE_TRY(gaze_grow(&set->samples, &set->capacity, set->n + size + 1, sizeof *set->samples));
  for (size_t i = 0; i < size; i++)
    set->samples[set->n++] = gaze_dataset_get(dataset, i);
  return GAZE_OK;
}

gaze_err gaze_eval_set_fail_all(const gaze_eval_set *set) {
  return gaze_fail(GAZE_ERR_FORMAT, "all %zu samples failed: %s: the first: %s", json_array_size(set->failed),
                   gaze_dataset_path(set->datasets[0]),
                   json_string_value(json_object_get(json_array_get(set->failed, 0), "error")));
}

/* An error when no sample is left. */
static gaze_err check_samples(const gaze_eval_set *set) {
  const char *path = gaze_dataset_path(set->datasets[0]);
  const json_t *first = json_array_get(set->failed, 0);
  if (set->n)
    return GAZE_OK;
  if (!first)
    return gaze_fail(GAZE_ERR_NOT_FOUND, "no samples: %s: name a tar with pictures", path);
  return gaze_eval_set_fail_all(set);
}

gaze_err gaze_eval_set_open(gaze_eval_set *set, const char *const *paths, size_t n_paths,
                            const gaze_dataset_options *how) {
  set->failed = json_array();
  GAZE_TRY(gaze_alloc(n_paths + 1, sizeof *set->datasets, &set->datasets));
  for (size_t i = 0; i < n_paths; i++)
    GAZE_TRY(open_dataset(set, paths[i], how));
  return check_samples(set);
}

static gaze_err prepare(const gaze_model *model, const gaze_sample *sample, float *pixels) {
  gaze_picture picture;
  GAZE_TRY(gaze_sample_picture(sample, NULL, &picture));
  gaze_err err = gaze_preprocess_run(&model->preprocess, &picture, pixels);
  gaze_picture_fini(&picture);
  return err;
}

static gaze_err embed_some(gaze_model *model, const gaze_sample *const *samples, size_t n, float *pixels, float *out,
                           char **messages) {
  size_t size = gaze_model_pixels(model), D = model->clip.config.dim;
  bool bad[SAMPLES_TOGETHER] = {false};
#pragma omp parallel for schedule(dynamic)
  for (size_t i = 0; i < n; i++) {
    bad[i] = prepare(model, samples[i], pixels + i * size) != GAZE_OK;
    messages[i] = bad[i] ? strdup(gaze_last_error()) : NULL;
    if (bad[i])
      memset(pixels + i * size, 0, size * sizeof *pixels);
  }
  GAZE_TRY(gaze_model_encode(model, pixels, n, out));
  for (size_t i = 0; i < n; i++) {
    if (bad[i] && !messages[i])
      return gaze_fail(GAZE_ERR_MEMORY, "out of memory: what is wrong with %s: use fewer threads", samples[i]->key);
    if (bad[i])
      memset(out + i * D, 0, D * sizeof *out);
  }
  return GAZE_OK;
}

gaze_err gaze_samples_embed(gaze_model *model, const gaze_sample *const *samples, size_t n, float *out,
                            char **messages) {
  float *pixels;
  GAZE_TRY(gaze_alloc(SAMPLES_TOGETHER, gaze_model_pixels(model) * sizeof *pixels, &pixels));
  gaze_err err = GAZE_OK;
  omp_set_num_threads(model->options.threads);
  for (size_t i = 0; i < n && err == GAZE_OK; i += SAMPLES_TOGETHER) {
    size_t count = n - i < SAMPLES_TOGETHER ? n - i : SAMPLES_TOGETHER;
    err = embed_some(model, samples + i, count, pixels, out + i * model->clip.config.dim, messages + i);
  }
  free(pixels);
  return err;
}

static const char *path_of(const gaze_eval_set *set, const gaze_sample *sample) {
  for (size_t i = 0; i < set->n_datasets; i++) {
    const gaze_sample *first = gaze_dataset_get(set->datasets[i], 0);
    if (sample >= first && sample < first + gaze_dataset_size(set->datasets[i]))
      return gaze_dataset_path(set->datasets[i]);
  }
  return "";
}

void gaze_eval_set_fail(gaze_eval_set *set, const gaze_sample *sample, const char *message) {
  add_failure(set->failed, path_of(set, sample), sample->key, message);
}

/* Samples with a message go over to `failed`, the others move together. */
static void drop_failed(gaze_eval_set *set, char *const *messages, size_t D) {
  size_t kept = 0;
  for (size_t i = 0; i < set->n; i++)
    if (messages[i]) {
      gaze_eval_set_fail(set, set->samples[i], messages[i]);
    } else {
      set->samples[kept] = set->samples[i];
      memmove(set->vectors + kept++ * D, set->vectors + i * D, D * sizeof *set->vectors);
    }
  set->n = kept;
}

gaze_err gaze_eval_set_embed(gaze_model *model, gaze_eval_set *set) {
  char **messages;
  size_t D = model->clip.config.dim, n = set->n;
  GAZE_TRY(gaze_model_check_pictures(model));
  GAZE_TRY(gaze_alloc(n, D * sizeof *set->vectors, &set->vectors));
  GAZE_TRY(gaze_alloc(n, sizeof *messages, &messages));
  gaze_err err = gaze_samples_embed(model, set->samples, n, set->vectors, messages);
  if (err == GAZE_OK)
    drop_failed(set, messages, D);
  for (size_t i = 0; i < n; i++)
    free(messages[i]);
  free(messages);
  return err == GAZE_OK ? check_samples(set) : err;
}

json_t *gaze_eval_describe(const char *model, const char *const *paths, size_t n_paths, const char *task,
                           json_t *metrics, json_t *failed) {
  json_t *names = json_array();
  bool whole = true;
  for (size_t i = 0; i < n_paths && whole; i++)
    whole = json_array_append_new(names, json_string(paths[i])) == 0;
  json_t *dataset = n_paths == 1 ? json_incref(json_array_get(names, 0)) : json_incref(names);
  json_decref(names);
  json_t *json = json_pack("{s:o, s:s, s:s, s:o, s:O}", "dataset", dataset, "model", model, "task", task, "metrics",
                           metrics, "failed", failed);
  if (whole)
    return json;
  json_decref(json);
  return NULL;
}

void gaze_captions_fini(gaze_captions *list) {
  free(list->texts);
  free(list->owner);
  free(list->first);
}

static size_t count_captions(const gaze_eval_set *set) {
  size_t total = 0;
  for (size_t i = 0; i < set->n; i++)
    total += set->samples[i]->n_captions;
  return total;
}

gaze_err gaze_captions_check(const gaze_eval_set *set) {
  return count_captions(set) ? GAZE_OK
                             : gaze_fail(GAZE_ERR_MISMATCH, "no captions: %s: retrieval needs samples with captions",
                                         gaze_dataset_path(set->datasets[0]));
}

gaze_err gaze_captions_list(const gaze_eval_set *set, gaze_captions *list) {
  size_t total = count_captions(set);
  GAZE_TRY(gaze_captions_check(set));
  GAZE_TRY(gaze_alloc(total, sizeof *list->texts, &list->texts));
  GAZE_TRY(gaze_alloc(total, sizeof *list->owner, &list->owner));
  GAZE_TRY(gaze_alloc(set->n + 1, sizeof *list->first, &list->first));
  for (size_t i = 0; i < set->n; i++) {
    for (size_t j = 0; j < set->samples[i]->n_captions; j++) {
      list->owner[list->n] = i;
      list->texts[list->n++] = set->samples[i]->captions[j];
    }
    list->first[i + 1] = list->n;
  }
  return GAZE_OK;
}
