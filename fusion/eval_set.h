/* Samples that a model is measured on, from several files in one list; their vectors, their captions. */
#ifndef GAZE_FUSION_EVAL_SET_H
#define GAZE_FUSION_EVAL_SET_H

#include "fusion/dataset.h"
#include "fusion/model.h"

typedef struct gaze_eval_set {
  gaze_dataset **datasets;
  size_t n_datasets;
  const gaze_sample **samples; /* [n] */
  size_t n, capacity;
  float *vectors; /* [n, D] unit, after gaze_eval_set_embed */
  json_t *failed; /* [{"path", "key", "error"}] of the samples that cannot be read */
} gaze_eval_set;

/* set: zeroed; to be ended by gaze_eval_set_fini in any case. how: type and columns of the files; NULL: by looking, and
 * the usual names. */
GAZE_CHECKED gaze_err gaze_eval_set_open(gaze_eval_set *set, const char *const *paths, size_t n_paths,
                                         const gaze_dataset_options *how);
void gaze_eval_set_fini(gaze_eval_set *set);
/* Adds a sample that cannot be used to `failed`. */
void gaze_eval_set_fail(gaze_eval_set *set, const gaze_sample *sample, const char *message);
/* GAZE_ERR_FORMAT with the first failure: that all n failed. */
GAZE_CHECKED gaze_err gaze_eval_set_fail_all(const gaze_eval_set *set);
/* CLIP_benchmark's object {"dataset", "model", "task", "metrics", "failed"}; metrics is taken. NULL: out of memory. */
json_t *gaze_eval_describe(const char *model, const char *const *paths, size_t n_paths, const char *task,
                           json_t *metrics, json_t *failed);
/* Samples whose pictures cannot be read go over to `failed`; GAZE_ERR_FORMAT when none is left. */
GAZE_CHECKED gaze_err gaze_eval_set_embed(gaze_model *model, gaze_eval_set *set);
/* Vectors of some samples' pictures; out: [n, D] unit, yours. Decodes several at a time. messages: [n] NULL; that of a
 * picture that cannot be read becomes yours (free()), and its row is zero. */
GAZE_CHECKED gaze_err gaze_samples_embed(gaze_model *model, const gaze_sample *const *samples, size_t n, float *out,
                                         char **messages);

/* gaze_eval_retrieval of files whose columns have names of their own. */
GAZE_CHECKED gaze_err gaze_eval_retrieval_from(gaze_model *model, const char *const *paths, size_t n,
                                               const gaze_dataset_options *how, char **metrics);

/* All captions of a set, borrowed from it, and the sample of each. */
typedef struct gaze_captions {
  const char **texts;    /* [n] */
  size_t *owner, *first; /* [n]; [samples + 1]: captions of sample i are first[i] .. first[i+1] */
  size_t n;
} gaze_captions;

/* GAZE_ERR_MISMATCH when a set has no caption. */
GAZE_CHECKED gaze_err gaze_captions_check(const gaze_eval_set *set);
/* list: zeroed; to be ended by gaze_captions_fini in any case. */
GAZE_CHECKED gaze_err gaze_captions_list(const gaze_eval_set *set, gaze_captions *list);
void gaze_captions_fini(gaze_captions *list);

#endif
