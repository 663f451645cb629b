/* What LoRA adds to a linear layer whose weight does not learn: y += s dropout(x) A^T B^T (Hu et al. 2021), forward and
 * backward. Neither the weight's gradient nor the sum of weight and product is ever made. */
#ifndef GAZE_CORE_NN_LOW_RANK_H
#define GAZE_CORE_NN_LOW_RANK_H

#include "core/nn/linear.h"

enum { GAZE_LOW_RANK_ROWS = 2048 }; /* at most, in one go: as blocks do */

/* What all of a model's share. Which numbers of x are left out depends on nothing but seed, pass, layer, row and
 * column, so that a block that runs again and a run that goes on leave out the same. */
typedef struct gaze_low_rank_step {
  double dropout; /* share of x's numbers that is left out while it learns */
  uint64_t seed;
  uint64_t pass;           /* number of the batch among those of the run */
  bool learns;             /* nothing is left out where not */
  float *hidden, *dhidden; /* [GAZE_LOW_RANK_ROWS, r] */
  float *dropped;          /* [GAZE_LOW_RANK_ROWS, in of the widest], NULL without dropout */
} gaze_low_rank_step;

/* Of one layer; gaze_weight.added points at it. */
struct gaze_low_rank {
  gaze_weight a, b;               /* [r, in], [out, r] */
  float *da, *db;                 /* NULL: frozen */
  size_t rank;                    /* r */
  float scale;                    /* s */
  uint64_t number;                /* of the layer */
  const gaze_low_rank_step *step; /* borrowed */
};

/* y: [n, out], added to; x: [n, in]. linear: what it belongs to. */
void gaze_low_rank_forward(const gaze_compute *compute, float *y, size_t ldy, const float *x, size_t ldx,
                           const gaze_linear *linear, size_t n);
/* dx: [n, in], added to, NULL: not wanted. Adds into da and db. */
void gaze_low_rank_backward(const gaze_compute *compute, float *dx, size_t lddx, const float *dy, size_t lddy,
                            const float *x, size_t ldx, const gaze_linear *linear, size_t n);

#endif
