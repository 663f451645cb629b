/* What the training of a CLIP leaves on disk: the model's folder, and what is measured of it. */
#include "fusion/clip_run.h"

#include "fusion/eval_set.h"
#include "fusion/model_folder.h"

#include <stdlib.h>
#include <string.h>

gaze_err gaze_clip_run_save(gaze_clip_run *run) {
  gaze_dtype dtype = GAZE_DTYPE_F32;
  GAZE_TRY(gaze_saved_dtype_find(run->options.run.model_dtype, &dtype));
  GAZE_TRY(gaze_clip_save(&run->clip, &run->preprocess, &run->training.kernels, run->model_folder, dtype));
  return gaze_tokenizer_copy(run->tokenizer_folder, run->model_folder);
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
  return gaze_training_log(&run->training,
                           json_pack("{s:I, s:o}", "step", (json_int_t)run->training.optimizer.step, "eval", measured));
}

gaze_err gaze_clip_run_measure_retrieval(gaze_clip_run *run) {
  const gaze_train_clip_options *o = &run->options;
  const gaze_dataset_options how = gaze_dataset_columns_of(o);
  gaze_model *model;
  char *metrics;
  if (!o->n_val_data)
    return GAZE_OK;
  GAZE_TRY(gaze_model_open(run->model_folder, &o->run.compute, &model));
  gaze_err err = gaze_eval_retrieval_from(model, o->val_data, o->n_val_data, &how, &metrics);
  gaze_model_close(model);
  return err == GAZE_OK ? log_metrics(run, metrics) : err;
}

gaze_err gaze_clip_run_measure_classes(gaze_clip_run *run) {
  const gaze_train_clip_options *o = &run->options;
  gaze_model *model;
  char *metrics;
  if (!o->n_zeroshot_data || !o->n_class_labels)
    return GAZE_OK;
  GAZE_TRY(gaze_model_open(run->model_folder, &o->run.compute, &model));
  gaze_err err =
      gaze_eval_classification(model, o->zeroshot_data, o->n_zeroshot_data, o->class_labels[0], NULL, 0, &metrics);
  gaze_model_close(model);
  return err == GAZE_OK ? log_metrics(run, metrics) : err;
}
