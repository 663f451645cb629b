/* From the rows of an image encoder to rows of a language model: one product (LLaVA), two with an activation between
 * them (LLaVA-1.5 and what came of it, Liu et al. 2023), or one over squares of patches that become one row each
 * (Idefics3). */
#ifndef GAZE_FUSION_PROJECTOR_H
#define GAZE_FUSION_PROJECTOR_H

#include "core/nn/compute.h"
#include "core/nn/parameters.h"

typedef enum gaze_projector_kind {
  GAZE_PROJECTOR_LINEAR,
  GAZE_PROJECTOR_MLP,
  GAZE_PROJECTOR_SHUFFLE /* s x s patches side by side in one row, then a product */
} gaze_projector_kind;

typedef struct gaze_projector_config {
  gaze_projector_kind kind;
  size_t C, hidden, D; /* widths: the encoder's, between the products of an MLP, the language model's */
  gaze_activation activation;
  bool biased;
  bool newline;       /* a row that the language model learned, behind each line of a grid (tiles.h) */
  size_t side, scale; /* shuffle: patches along a side of a picture, g, and of a square, s */
} gaze_projector_config;

typedef struct gaze_projector {
  gaze_projector_config config;
  gaze_weight first_weight, first_bias;   /* MLP: [hidden, C], [hidden]; else [D, C], [D]; shuffle: [D, C s s] */
  gaze_weight second_weight, second_bias; /* [D, hidden], [D] */
  gaze_weight newline;                    /* [D] */
  float *dfirst_weight, *dfirst_bias, *dsecond_weight, *dsecond_bias, *dnewline;
} gaze_projector;

/* Names: "projector.first_weight", ... */
GAZE_CHECKED gaze_err gaze_projector_list(gaze_projector *projector, bool trained, gaze_parameters *list);
size_t gaze_projector_rows(const gaze_projector_config *config, size_t n); /* N: results of n rows */

typedef struct gaze_projector_tape {
  float *shuffled;  /* [N, C s s] */
  float *hidden;    /* [n, hidden]: before the activation; where nothing is kept, behind it */
  float *activated; /* [n, hidden] */
  float *dhidden;   /* backward only: [n, hidden] or [N, C s s] */
} gaze_projector_tape;

void gaze_projector_tape_layout(gaze_projector_tape *tape, const gaze_projector *projector, size_t n, bool backward,
                                gaze_arena *arena);
/* y: [N, D]; x: [n, C], of whole pictures. */
void gaze_projector_forward(const gaze_compute *compute, float *y, const float *x, const gaze_projector *projector,
                            size_t n, gaze_projector_tape *tape);
/* dx: [n, C], overwritten; NULL: not wanted. dy: [N, D]. Adds into the gradients; NULL ones are frozen. */
void gaze_projector_backward(const gaze_compute *compute, float *dx, const float *dy, const float *x,
                             gaze_projector *projector, size_t n, gaze_projector_tape *tape);

#endif
