/* A language decoder that learns: whole sequences forward, cross-entropy against a label a row, and backward to every
 * parameter and to the rows that went in. Those are embeddings of ids, or whatever else a caller puts there. */
#ifndef GAZE_TEXT_DECODER_TRAIN_H
#define GAZE_TEXT_DECODER_TRAIN_H

#include "text/decoder.h"

#define GAZE_NO_LABEL (-100) /* of a row that is not asked what follows it; transformers' number */

typedef struct gaze_decoder_train_tape {
  gaze_stack_tape stack;
  float *dx;         /* [N, C]: of what the blocks give, then of what they are given */
  size_t *asked;     /* [N]: the rows with a label, in order */
  size_t piece;      /* P: rows that go through the head at once, so that logits stay small */
  float *picked;     /* [P, C]: asked rows of what the blocks give */
  float *normed;     /* [P, C] */
  float *statistics; /* [2 P] */
  float *logits;     /* [P, V], then their gradient */
  double *losses;    /* [P] */
  float *dnormed;    /* [P, C] */
  float *dpicked;    /* [P, C] */
  float *scratch;
} gaze_decoder_train_tape;

/* GAZE_ERR_UNSUPPORTED by name for what only cached blocks know: norms of heads, windows shorter than `longest`. */
GAZE_CHECKED gaze_err gaze_decoder_train_check(const gaze_decoder_config *config, size_t longest);
/* For at most `rows` rows, the longest sequence being `longest`. With GAZE_TAPE_NONE the loss alone can be had. */
void gaze_decoder_train_layout(gaze_decoder_train_tape *tape, const gaze_decoder *decoder, size_t rows, size_t longest,
                               gaze_tape_policy policy, gaze_arena *arena);
/* Where the rows of the sequences are to be put: [N, C]. */
static inline float *gaze_decoder_train_rows(gaze_decoder_train_tape *tape) { return tape->stack.inputs[0]; }

/* Sum over the rows that have a label (labels: [N], below V or GAZE_NO_LABEL) of -log of its probability. Nothing is
 * kept for backward. */
double gaze_decoder_train_measure(const gaze_compute *compute, gaze_decoder *decoder, const gaze_sequences *sequences,
                                  const int32_t *labels, gaze_decoder_train_tape *tape);
/* The same sum, and the gradients of `weight` times it, which are added to the decoder's. Returns that of the rows that
 * went in, [N, C], borrowed. */
const float *gaze_decoder_train_learn(const gaze_compute *compute, double *sum, gaze_decoder *decoder,
                                      const gaze_sequences *sequences, const int32_t *labels, float weight,
                                      gaze_decoder_train_tape *tape);
/* Adds drows [n, C] to the gradients of the embeddings; rows that were not made of an id have one below 0. */
void gaze_decoder_embed_backward(const gaze_compute *compute, gaze_decoder *decoder, const float *drows,
                                 const int32_t *ids, size_t n);

#endif
