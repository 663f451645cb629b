/* Contrastive losses of pictures and texts, forward and backward in one call since both need the B x B similarities. */
#ifndef GAZE_FUSION_CONTRASTIVE_H
#define GAZE_FUSION_CONTRASTIVE_H

#include "core/nn/compute.h"

/* y: [n, D] unit rows of x; norms: [n], kept for backward. y may be x. */
void gaze_unit_forward(const gaze_compute *compute, float *y, float *norms, const float *x, size_t n, size_t D);
/* dx: [n, D], overwritten; y and norms as forward left them. dx may be dy. */
void gaze_unit_backward(const gaze_compute *compute, float *dx, const float *dy, const float *y, const float *norms,
                        size_t n, size_t D);

typedef struct gaze_contrastive {
  float scale, bias;       /* exp of the temperature; the sigmoid loss's bias */
  float dlog_scale, dbias; /* results */
  double loss;
} gaze_contrastive;

/* dimages, dtexts: [n, D], overwritten: gradients of unit rows images and texts. classes: [n]: pairs i != j of equal
 * classes are neither positive nor negative; NULL: all differ. scratch: [gaze_contrastive_scratch(n)].
 *
 * gaze_info_nce: half the cross-entropy of rows plus half that of columns (Radford et al. 2021).
 * gaze_sigmoid_loss: -mean_i sum_j log sigmoid(+-(scale cos + bias)) (Zhai et al. 2023). */
void gaze_info_nce(const gaze_compute *compute, float *dimages, float *dtexts, gaze_contrastive *loss,
                   const float *images, const float *texts, const int32_t *classes, size_t n, size_t D, float *scratch);
void gaze_sigmoid_loss(const gaze_compute *compute, float *dimages, float *dtexts, gaze_contrastive *loss,
                       const float *images, const float *texts, const int32_t *classes, size_t n, size_t D,
                       float *scratch);
size_t gaze_contrastive_scratch(size_t n); /* floats */

/* Features of a model whose similarities are imitated: [n, D] unit rows, and exp of its temperature. */
typedef struct gaze_imitated {
  const float *images, *texts;
  size_t D;
  float scale;
} gaze_imitated;

/* After one of the losses above, of whose results only dimages, dtexts and dlog_scale change. Returns half the mean
 * cross-entropy of the rows' softmax against that of the imitated model, plus half that of columns; all pairs count,
 * whatever their classes. Its gradients are added to dimages and dtexts; dlog_scale becomes that of both losses. */
double gaze_distill_loss(const gaze_compute *compute, float *dimages, float *dtexts, gaze_contrastive *loss,
                         const float *images, const float *texts, const gaze_imitated *imitated, size_t n, size_t D,
                         float *scratch);

#endif
