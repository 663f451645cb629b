/* LayerNorm (Ba et al. 2016) and RMSNorm (Zhang & Sennrich 2019) over rows. */
#ifndef GAZE_CORE_NN_NORM_H
#define GAZE_CORE_NN_NORM_H

#include "core/nn/compute.h"
#include "core/nn/parameters.h"

typedef enum gaze_norm_kind { GAZE_LAYER_NORM, GAZE_RMS_NORM } gaze_norm_kind;

typedef struct gaze_norm {
  gaze_norm_kind kind;
  gaze_weight gain, bias; /* [C]; bias.data NULL for RMSNorm */
  float eps;
  size_t C;
} gaze_norm;

/* y: [n, C]; statistics: [2 n], kept for backward; x: [n, C]. y may be x. */
void gaze_norm_forward(const gaze_compute *compute, float *y, float *statistics, const float *x, const gaze_norm *norm,
                       size_t n);
/* y again from x and the kept statistics, for backward passes that did not keep it. */
void gaze_norm_again(const gaze_compute *compute, float *y, const float *statistics, const float *x,
                     const gaze_norm *norm, size_t n);
/* Adds into dx [n, C], dgain and dbias [C] (NULL: frozen). scratch: [gaze_norm_scratch(C)]. */
void gaze_norm_backward(const gaze_compute *compute, float *dx, float *dgain, float *dbias, const float *dy,
                        const float *statistics, const float *x, const gaze_norm *norm, size_t n, float *scratch);
size_t gaze_norm_scratch(size_t C); /* floats */

#endif
