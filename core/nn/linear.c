#include "core/nn/linear.h"

#include <assert.h>
#include <string.h>

static void add_bias(const gaze_compute *compute, float *y, size_t ldy, const gaze_linear *linear, size_t n,
                     gaze_store store) {
  const float *bias = gaze_f32(linear->bias);
#pragma omp parallel for schedule(static)
  for (size_t i = 0; i < n; i++)
    if (store == GAZE_ADD)
      compute->kernels->add(y + i * ldy, bias, linear->out);
    else
      memcpy(y + i * ldy, bias, linear->out * sizeof *y);
}

void gaze_linear_forward(const gaze_compute *compute, float *y, size_t ldy, const float *x, size_t ldx,
                         const gaze_linear *linear, size_t n, gaze_store store) {
  assert(linear->weight.dtype == GAZE_DTYPE_F32);
  bool biased = linear->bias.data != NULL;
  if (biased)
    add_bias(compute, y, ldy, linear, n, store);
  float beta = biased || store == GAZE_ADD ? 1.0f : 0.0f;
  compute->kernels->gemm(false, true, n, linear->out, linear->in, 1.0f, x, ldx, gaze_f32(linear->weight), linear->in,
                         beta, y, ldy);
}

static void add_bias_gradient(const gaze_compute *compute, float *dbias, const float *dy, size_t lddy, size_t n,
                              size_t out) {
  /* Columns are split, not rows: the order of the sum does not depend on the number of threads. */
  enum { STRIPE = 64 };
#pragma omp parallel for schedule(static)
  for (size_t first = 0; first < out; first += STRIPE) {
    size_t width = out - first < STRIPE ? out - first : STRIPE;
    for (size_t i = 0; i < n; i++)
      compute->kernels->add(dbias + first, dy + i * lddy + first, width);
  }
}

void gaze_linear_backward(const gaze_compute *compute, float *dx, size_t lddx, float *dweight, float *dbias,
                          const float *dy, size_t lddy, const float *x, size_t ldx, const gaze_linear *linear,
                          size_t n) {
  if (dbias)
    add_bias_gradient(compute, dbias, dy, lddy, n, linear->out);
  if (dweight)
    compute->kernels->gemm(true, false, linear->out, linear->in, n, 1.0f, dy, lddy, x, ldx, 1.0f, dweight, linear->in);
  if (dx)
    compute->kernels->gemm(false, false, n, linear->in, linear->out, 1.0f, dy, lddy, gaze_f32(linear->weight),
                           linear->in, 0.0f, dx, lddx);
}
