/* One training run of a language model: everything that is open while it lasts. */
#ifndef GAZE_FUSION_LM_RUN_H
#define GAZE_FUSION_LM_RUN_H

#include "fusion/lm.h"
#include "fusion/training.h"

typedef struct gaze_lm_run {
  gaze_train_lm_options options; /* borrowed pointers; context and steps settled */
  gaze_training training;
  gaze_lm lm;
  gaze_tokenizer *tokenizer;
  gaze_lm_marks marks;
  char *model_folder;           /* that the run starts from; NULL: none */
  char *base;                   /* what an adapter says that it belongs to; NULL: a model is written */
  const char *tokenizer_folder; /* borrowed */
  char *bad_path;
  gaze_lm_data data, held_out; /* held_out.n 0: none */
  gaze_lm_reader reader;
  gaze_lm_batch *batches; /* [accum_freq] */
  gaze_lm_step step;
  gaze_dtype dtype;
  uint64_t tokens, tokens_before; /* since the first step, and before this call */
} gaze_lm_run;

GAZE_CHECKED gaze_err gaze_lm_run_init(gaze_lm_run *run, const gaze_train_lm_options *options);
void gaze_lm_run_fini(gaze_lm_run *run);

/* Perplexity on the held-out texts, told and logged. */
GAZE_CHECKED gaze_err gaze_lm_run_measure(gaze_lm_run *run);
/* What the model writes behind each prompt, told and logged. */
GAZE_CHECKED gaze_err gaze_lm_run_write(gaze_lm_run *run);

#endif
