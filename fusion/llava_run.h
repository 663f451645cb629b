/* One training run of a model that looks and talks: everything that is open while it lasts. */
#ifndef GAZE_FUSION_LLAVA_RUN_H
#define GAZE_FUSION_LLAVA_RUN_H

#include "fusion/llava_data.h"
#include "fusion/llava_project.h"
#include "fusion/training.h"

typedef struct gaze_llava_run {
  gaze_train_llava_options options; /* borrowed pointers; rates and steps settled */
  gaze_training training;
  gaze_llava llava;
  gaze_assistant words; /* its tokenizer, template and ends; the eye is llava's */
  gaze_lm_marks marks;
  gaze_lesson_writer writer;
  char *model_folder, *vision_folder, *language_folder; /* NULL: not named */
  char *base; /* what an adapter says that it belongs to; NULL: all is written */
  char *bad_path;
  gaze_llava_features features;
  gaze_llava_data data, held_out; /* held_out.n 0: none */
  gaze_llava_reader reader, held_out_reader;
  gaze_lm_batch *batches; /* [accum_freq] */
  gaze_llava_project project;
  gaze_lm_step step;
  gaze_dtype dtype;
} gaze_llava_run;

GAZE_CHECKED gaze_err gaze_llava_run_init(gaze_llava_run *run, const gaze_train_llava_options *options);
void gaze_llava_run_fini(gaze_llava_run *run);
/* Perplexity of the answers that are held out, told and logged. */
GAZE_CHECKED gaze_err gaze_llava_run_measure(gaze_llava_run *run);

#endif
