/* One training run of a CLIP: everything that is open while it lasts. */
#ifndef GAZE_FUSION_CLIP_RUN_H
#define GAZE_FUSION_CLIP_RUN_H

#include "core/nn/optimizer.h"
#include "fusion/clip_step.h"
#include "fusion/schedule.h"
#include "gaze_train.h"

typedef struct gaze_clip_run {
  gaze_train_clip_options options; /* borrowed pointers */
  gaze_kernels kernels;
  gaze_compute compute;
  gaze_matmul *matmul; /* NULL unless products are bf16 */
  gaze_clip clip;
  gaze_teacher teacher, text_teacher;
  gaze_text_vectors text_vectors;
  gaze_distill distill;
  gaze_tokenizer *tokenizer;
  gaze_preprocess preprocess;
  gaze_optimizer optimizer;
  gaze_schedule schedule;
  gaze_clip_step step;
  gaze_loader *loader;
  gaze_source *sources;                                     /* [n_train_data] */
  gaze_class_prompts *prompts;                              /* [n_class_labels] */
  const gaze_batch **batches;                               /* [accum_freq] */
  char *folder, *checkpoints, *model_folder, *metrics_path; /* logs/name and what lies in it */
  char *tokenizer_folder;
  uint64_t steps_in_epoch, steps;
  double started;      /* seconds of the clock */
  uint64_t first_step; /* of this call */
} gaze_clip_run;

GAZE_CHECKED gaze_err gaze_clip_run_init(gaze_clip_run *run, const gaze_train_clip_options *options);
void gaze_clip_run_fini(gaze_clip_run *run);

/* Without --resume: GAZE_ERR_ARGUMENT where the folder holds the checkpoints of an earlier run. */
GAZE_CHECKED gaze_err gaze_clip_run_check_new(const gaze_clip_run *run);
/* Takes the checkpoint that --resume names; GAZE_ERR_MISMATCH for another run's, a warning for other data. */
GAZE_CHECKED gaze_err gaze_clip_run_resume(gaze_clip_run *run);

/* What a checkpoint keeps of the data: [[bytes, samples]] of the files, which may move meanwhile. *out: json_decref. */
GAZE_CHECKED gaze_err gaze_clip_run_describe_data(const gaze_clip_run *run, json_t **out);
/* Data sets and texts of classes; how many samples an epoch has; then, at the step a run goes on at, the loader. */
GAZE_CHECKED gaze_err gaze_clip_run_open_data(gaze_clip_run *run);
uint64_t gaze_clip_run_samples(const gaze_clip_run *run);
GAZE_CHECKED gaze_err gaze_clip_run_open_loader(gaze_clip_run *run);

/* Checkpoint and model folder, then the tokenizer beside it. */
GAZE_CHECKED gaze_err gaze_clip_run_save(gaze_clip_run *run);
/* Goes back to the newest checkpoint whose weights gave a finite step, model folder included. *path: yours, free();
 * NULL: there is none. */
GAZE_CHECKED gaze_err gaze_clip_run_fall_back(gaze_clip_run *run, char **path);
/* A line to metrics.jsonl; json is taken. */
GAZE_CHECKED gaze_err gaze_clip_run_log(gaze_clip_run *run, json_t *json);
/* Drops the lines of metrics.jsonl behind the step a run resumes at. */
GAZE_CHECKED gaze_err gaze_clip_run_trim_log(gaze_clip_run *run);
/* Measures the written model on the data for retrieval, for zero-shot classes, where there are such, and logs it. */
GAZE_CHECKED gaze_err gaze_clip_run_validate(gaze_clip_run *run, bool retrieval, bool classes);

double gaze_clock(void); /* seconds, monotonic */

#endif
