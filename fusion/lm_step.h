/* One optimiser step's worth of gradients of a language model, exact for all of its batches together. */
#ifndef GAZE_FUSION_LM_STEP_H
#define GAZE_FUSION_LM_STEP_H

#include "core/nn/low_rank.h"
#include "text/decoder_train.h"

/* A picture's rows among those of a batch. */
typedef struct gaze_lm_picture {
  size_t row, number; /* its first row, and which picture it is */
} gaze_lm_picture;

/* Sequences side by side, none of which sees another. All borrowed. */
typedef struct gaze_lm_batch {
  gaze_sequences sequences;
  const int32_t *ids, *labels;     /* [N]; ids: -1 of a picture's row; labels: the id that follows, or GAZE_NO_LABEL */
  const gaze_lm_picture *pictures; /* [n_pictures] */
  size_t n_pictures;
} gaze_lm_batch;

/* Where the rows of pictures come from, and where their gradients go: of a batch first put, then take. rows: [N, C] */
typedef struct gaze_lm_sight {
  void *user;
  void (*put)(void *user, const gaze_lm_batch *batch, float *rows);
  void (*take)(void *user, const gaze_lm_batch *batch, const float *drows);
} gaze_lm_sight;

typedef struct gaze_lm_step {
  gaze_decoder *decoder; /* borrowed */
  gaze_compute compute;
  gaze_arena arena;
  gaze_decoder_train_tape tape;
  gaze_lm_sight sight;       /* put NULL: no batch has pictures */
  gaze_low_rank_step *added; /* of what learns beside the decoder; its pass is that of the next batch. NULL: nothing */
  double loss;               /* of the last step: the mean over its labels */
  size_t labels;             /* how many those were */
} gaze_lm_step;

/* For batches of at most `rows` rows, whose longest sequence is `longest`. */
GAZE_CHECKED gaze_err gaze_lm_step_init(gaze_lm_step *step, gaze_decoder *decoder, const gaze_compute *compute,
                                        size_t rows, size_t longest, bool checkpointing);
void gaze_lm_step_fini(gaze_lm_step *step);
/* Adds the gradients of the mean loss over all labels of batches [n] to the decoder's; there must be a label. */
void gaze_lm_step_run(gaze_lm_step *step, const gaze_lm_batch *batches, size_t n);
/* Sum of the losses of a batch's labels; *labels: how many. */
double gaze_lm_step_measure(gaze_lm_step *step, const gaze_lm_batch *batch, size_t *labels);

#endif
