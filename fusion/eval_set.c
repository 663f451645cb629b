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
}

gaze_err gaze_eval_set_open(gaze_eval_set *set, const char *const *paths, size_t n_paths) {
  GAZE_TRY(gaze_alloc(n_paths + 1, sizeof *set->datasets, &set->datasets));
  for (; set->n_datasets < n_paths; set->n_datasets++) {
    gaze_dataset *dataset;
    GAZE_TRY(gaze_dataset_open(paths[set->n_datasets], NULL, &dataset));
    set->datasets[set->n_datasets] = dataset;
    size_t size = gaze_dataset_size(dataset);
    gaze_err err = gaze_grow(&set->samples, &set->capacity, set->n + size + 1, sizeof *set->samples);
    for (size_t i = 0; i < size && err == GAZE_OK; i++)
      set->samples[set->n++] = gaze_dataset_get(dataset, i);
    if (err != GAZE_OK) {
      gaze_dataset_close(dataset);
      return err;
    }
  }
  return set->n ? GAZE_OK : gaze_fail(GAZE_ERR_NOT_FOUND, "no samples: %s: name a tar with pictures", paths[0]);
}

static gaze_err prepare(const gaze_model *model, const gaze_sample *sample, float *pixels) {
  gaze_picture picture;
  GAZE_TRY(gaze_sample_picture(sample, NULL, &picture));
  gaze_err err = gaze_preprocess_run(&model->preprocess, &picture, pixels);
  gaze_picture_fini(&picture);
  return err;
}

static gaze_err embed_some(gaze_model *model, const gaze_sample *const *samples, size_t n, float *pixels, float *out) {
  size_t size = gaze_model_pixels(model);
  gaze_err failed = GAZE_OK;
  char message[512] = "";
#pragma omp parallel for schedule(dynamic)
  for (size_t i = 0; i < n; i++) {
    gaze_err err = prepare(model, samples[i], pixels + i * size);
#pragma omp critical
    if (err != GAZE_OK && failed == GAZE_OK) {
      failed = err;
      strncpy(message, gaze_last_error(), sizeof message - 1);
    }
  }
  return failed == GAZE_OK ? gaze_model_encode(model, pixels, n, out) : gaze_fail_again(failed, message);
}

gaze_err gaze_samples_embed(gaze_model *model, const gaze_sample *const *samples, size_t n, float *out) {
  float *pixels;
  GAZE_TRY(gaze_alloc(SAMPLES_TOGETHER, gaze_model_pixels(model) * sizeof *pixels, &pixels));
  gaze_err err = GAZE_OK;
  omp_set_num_threads(model->options.threads);
  for (size_t i = 0; i < n && err == GAZE_OK; i += SAMPLES_TOGETHER) {
    size_t count = n - i < SAMPLES_TOGETHER ? n - i : SAMPLES_TOGETHER;
    err = embed_some(model, samples + i, count, pixels, out + i * model->clip.config.dim);
  }
  free(pixels);
  return err;
}

gaze_err gaze_eval_set_embed(gaze_model *model, gaze_eval_set *set) {
  GAZE_TRY(gaze_alloc(set->n, model->clip.config.dim * sizeof(float), &set->vectors));
  return gaze_samples_embed(model, set->samples, set->n, set->vectors);
}

void gaze_captions_fini(gaze_captions *list) {
  free(list->texts);
  free(list->owner);
  free(list->first);
}

gaze_err gaze_captions_list(const gaze_eval_set *set, gaze_captions *list) {
  size_t total = 0;
  for (size_t i = 0; i < set->n; i++)
    total += set->samples[i]->n_captions;
  if (!total)
    return gaze_fail(GAZE_ERR_MISMATCH, "no captions: %s: retrieval needs samples with captions",
                     gaze_dataset_path(set->datasets[0]));
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
