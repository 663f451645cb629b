/* One training run of a CLIP: everything that is open while it lasts. */
#ifndef GAZE_FUSION_CLIP_RUN_H
#define GAZE_FUSION_CLIP_RUN_H

#include "fusion/clip_step.h"
#include "fusion/training.h"

typedef struct gaze_clip_run {
  gaze_train_clip_options options; /* borrowed pointers */
  gaze_training training;
  gaze_clip clip;
  gaze_teacher teacher, text_teacher;
  gaze_text_vectors text_vectors;
  gaze_distill distill;
  gaze_tokenizer *tokenizer;
  gaze_preprocess preprocess;
  gaze_clip_step step;
  gaze_loader *loader;
  gaze_source *sources;        /* [n_train_data] */
  gaze_class_prompts *prompts; /* [n_class_labels] */
  const gaze_batch **batches;  /* [accum_freq] */
  char *folder, *model_folder; /* logs/name, and the model in it */
  char *tokenizer_folder;
  uint64_t steps_in_epoch;
} gaze_clip_run;

GAZE_CHECKED gaze_err gaze_clip_run_init(gaze_clip_run *run, const gaze_train_clip_options *options);
void gaze_clip_run_fini(gaze_clip_run *run);
/* Steps of so many epochs. */
uint64_t gaze_clip_run_steps(const gaze_clip_run *run, double epochs);

/* What a checkpoint keeps of the data: [[bytes, samples]] of the files, which may move meanwhile. NULL: out of memory.
 */
json_t *gaze_clip_run_describe_data(const gaze_clip_run *run);
/* Data sets and texts of classes; how many samples an epoch has; then, at the step a run goes on at, the loader. */
GAZE_CHECKED gaze_err gaze_clip_run_open_data(gaze_clip_run *run);
uint64_t gaze_clip_run_samples(const gaze_clip_run *run);
GAZE_CHECKED gaze_err gaze_clip_run_open_loader(gaze_clip_run *run);

/* The model's folder, the tokenizer beside it. */
GAZE_CHECKED gaze_err gaze_clip_run_save(gaze_clip_run *run);
/* Measures the model just saved on the data for retrieval, or for zero-shot classes, and logs it. */
GAZE_CHECKED gaze_err gaze_clip_run_measure_retrieval(gaze_clip_run *run);
GAZE_CHECKED gaze_err gaze_clip_run_measure_classes(gaze_clip_run *run);

#endif
