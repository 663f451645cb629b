/* An image encoder in two parts: blocks that do not learn, the first stack.frozen of them, and behind them those that
 * do. What comes out between them can be made once; the tail alone is run and trained. Of GAZE_VIT_ROWS. */
#ifndef GAZE_VISION_VIT_TAIL_H
#define GAZE_VISION_VIT_TAIL_H

#include "vision/vit.h"

/* The first part, whose gaze_vit_features are all rows [B T, C] that go into the tail. Borrows from vit, whose weights
 * are in their places by now; not for gaze_vit_fini. */
gaze_vit gaze_vit_front(const gaze_vit *vit);

typedef struct gaze_vit_tail_tape {
  size_t *offsets; /* [B + 1] */
  gaze_sequences sequences;
  gaze_stack_tape stack;
  float *dy; /* [B T, C] */
} gaze_vit_tail_tape;

/* For at most `batch` pictures. policy: not GAZE_TAPE_NONE. */
void gaze_vit_tail_layout(gaze_vit_tail_tape *tape, const gaze_vit *vit, size_t batch, gaze_tape_policy policy,
                          gaze_arena *arena);
/* [B T, C]: where what comes out of the first part is to be put before each forward. */
static inline float *gaze_vit_tail_rows(const gaze_vit_tail_tape *tape) { return tape->stack.inputs[0]; }
/* features: [B R, C], as gaze_vit_features of the whole encoder. */
void gaze_vit_tail_forward(const gaze_compute *compute, float *features, size_t batch, const gaze_vit *vit,
                           gaze_vit_tail_tape *tape);
/* Adds into the gradients of the tail's blocks. */
void gaze_vit_tail_backward(const gaze_compute *compute, const float *dfeatures, size_t batch, gaze_vit *vit,
                            gaze_vit_tail_tape *tape);

#endif
