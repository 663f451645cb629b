/* y = x W^T + b, forward and backward: the only place that looks at a weight's dtype. */
#ifndef GAZE_CORE_NN_LINEAR_H
#define GAZE_CORE_NN_LINEAR_H

#include "core/nn/compute.h"
#include "core/nn/parameters.h"

typedef struct gaze_linear {
  gaze_weight weight; /* [out, in] */
  gaze_weight bias;   /* [out], data NULL: none */
  size_t in, out;
  size_t row; /* x's first row among all of the batch, by which dropout knows it */
} gaze_linear;

typedef enum gaze_store { GAZE_STORE, GAZE_ADD } gaze_store; /* what happens to y's old values */

/* C[M, N] = op(A) op(B), or += with accumulate, in the precision that compute asks for. */
void gaze_product(const gaze_compute *compute, size_t M, size_t N, size_t K, gaze_operand A, gaze_operand B,
                  bool accumulate, float *C, size_t ldc);

/* y: [n, out] with ldy floats from row to row; x: [n, in] with ldx. */
void gaze_linear_forward(const gaze_compute *compute, float *y, size_t ldy, const float *x, size_t ldx,
                         const gaze_linear *linear, size_t n, gaze_store store);
/* Where the result of a linear layer goes. */
typedef struct gaze_linear_output {
  gaze_linear linear;
  float *y;
  size_t ldy;
} gaze_linear_output;

/* y = x W^T + b of at most GAZE_MATMUL_OUTPUTS layers that read the same x. */
void gaze_linear_forward_all(const gaze_compute *compute, const gaze_linear_output *outputs, size_t count,
                             const float *x, size_t ldx, size_t n);
/* y = activate(x W^T + b), where what lies before the activation is not kept. */
void gaze_linear_activate(const gaze_compute *compute, float *y, size_t ldy, const float *x, size_t ldx,
                          const gaze_linear *linear, size_t n, gaze_activate_fn *activate);
/* dx: [n, in], overwritten, NULL: not wanted. dweight [out, in] and dbias [out] are added to; NULL: frozen. */
void gaze_linear_backward(const gaze_compute *compute, float *dx, size_t lddx, float *dweight, float *dbias,
                          const float *dy, size_t lddy, const float *x, size_t ldx, const gaze_linear *linear,
                          size_t n);

#endif
