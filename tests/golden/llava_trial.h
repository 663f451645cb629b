/* Twenty steps of a model that looks and talks, on the samples of data/llava_train: what tests of them share. */
#ifndef GAZE_TESTS_GOLDEN_LLAVA_TRIAL_H
#define GAZE_TESTS_GOLDEN_LLAVA_TRIAL_H

#include "reference_run.h"

#include "fusion/llava.h"
#include "fusion/llava_project.h"

#define LLAVA_TRAIN "../llava_train/"

enum { TRIAL_BATCH = 6, TRIAL_PARTS = 2, TRIAL_MOST = 64 /* rows of a conversation */ };

/* One run of gaze, and PyTorch's. */
typedef struct llava_trial {
  reference_run reference;
  gaze_safetensors *samples;
  size_t longest; /* columns of the samples */
  gaze_kernels kernels;
  gaze_compute compute;
  gaze_llava llava;
  float *features;
  gaze_llava_features seen;
  gaze_llava_project project;
  gaze_lm_step step;
  size_t parts;
  gaze_lm_batch batches[TRIAL_PARTS];
  int32_t ids[TRIAL_BATCH * TRIAL_MOST], labels[TRIAL_BATCH * TRIAL_MOST];
  size_t offsets[TRIAL_PARTS][TRIAL_BATCH + 1];
  gaze_lm_picture pictures[TRIAL_PARTS][TRIAL_BATCH];
} llava_trial;

/* Everything but the model, which is opened next; the reference is the test's. */
void open_llava_trial(llava_trial *t, size_t parts);
/* What the encoder, or what of it does not learn, makes of the pixels of all pictures. */
void look_at_samples(llava_trial *t);
/* Looks, and makes ready for the first step. */
void begin_llava_trial(llava_trial *t);
void close_llava_trial(llava_trial *t);

/* A tensor of the samples. */
const int32_t *trial_numbers(const llava_trial *t, const char *name);
/* A learned parameter's numbers in an arena of theirs. */
float *trial_values(const llava_trial *t, float *arena, const gaze_parameter *parameter);
/* Conversations chosen [n], side by side, as a part of the batch. */
void fill_trial_batch(llava_trial *t, size_t part, const int32_t *chosen, size_t n);
/* Gradients of a step: of the batch that the samples say, in as many parts. */
void add_trial_gradients(llava_trial *t, size_t step);

#endif
