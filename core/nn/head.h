/* From the pooled row of each sequence to its embedding: norm, then a projection. */
#ifndef GAZE_CORE_NN_HEAD_H
#define GAZE_CORE_NN_HEAD_H

#include "core/nn/norm.h"
#include "core/nn/parameters.h"

typedef struct gaze_head {
  size_t C, D; /* width of the tower, dimension of the joint space */
  float eps;
  bool bare;                        /* no norm: the tower's blocks end with one */
  bool unprojected;                 /* the row is the embedding already: D = C */
  bool biased;                      /* the projection has a bias */
  size_t hidden;                    /* not 0: two products with GELU between them, [hidden, C] and [D, hidden] */
  gaze_weight norm_gain, norm_bias; /* [C] */
  gaze_weight first_projection;     /* [hidden, C] */
  gaze_weight projection;           /* [D, C], [D, hidden] */
  gaze_weight projection_bias;      /* [D] */
  float *dnorm_gain, *dnorm_bias, *dprojection; /* what has no gradient here is only run */
} gaze_head;

typedef struct gaze_head_tape {
  float *pooled;            /* [B, C] */
  float *statistics;        /* [2 B] */
  float *normed;            /* [B, C] */
  float *hidden;            /* [B, hidden] */
  float *dnormed, *scratch; /* backward only */
} gaze_head_tape;

/* prefix: "vision." */
GAZE_CHECKED gaze_err gaze_head_list(gaze_head *head, const char *prefix, bool trained, gaze_parameters *list);
void gaze_head_tape_layout(gaze_head_tape *tape, const gaze_head *head, size_t batch, bool backward, gaze_arena *arena);
/* Fills tape->pooled from y: [B, C] as it is, or row queries[b] of each sequence of y [N, C] when `all`. */
void gaze_head_pool(gaze_head_tape *tape, const gaze_head *head, const float *y, const gaze_sequences *sequences,
                    const size_t *queries, bool all);
/* embedding: [B, D]. */
void gaze_head_forward(const gaze_compute *compute, float *embedding, const gaze_head *head, gaze_head_tape *tape,
                       size_t batch);
/* dpooled: [B, C], overwritten. dnormed: [B, C], a gradient that reaches the normed rows on another way than through
 * the embedding; NULL: none. Adds into the head's gradients. */
void gaze_head_backward(const gaze_compute *compute, float *dpooled, const float *dembedding, const float *dnormed,
                        gaze_head *head, gaze_head_tape *tape, size_t batch);

#endif
