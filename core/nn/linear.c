#include "core/nn/linear.h"

#include "core/nn/low_rank.h"

#include <assert.h>
#include <string.h>

void gaze_product(const gaze_compute *compute, size_t M, size_t N, size_t K, gaze_operand A, gaze_operand B,
                  bool accumulate, float *C, size_t ldc) {
  assert(gaze_matmul_precision(compute->matmul) == GAZE_PRECISION_BF16 || !A.bf16);
  assert(compute->matmul || (!B.bf16 && !B.stored));
  if (compute->matmul)
    gaze_matmul_run(compute->matmul, M, N, K, A, B, accumulate, C, ldc);
  else {
    accumulate = gaze_rows_add_bias(compute->kernels, B.bias, M, N, accumulate, C, ldc);
    compute->kernels->gemm(A.transpose, B.transpose, M, N, K, 1.0f, A.f32, A.ld, B.f32, B.ld, accumulate ? 1.0f : 0.0f,
                           C, ldc);
    gaze_rows_activate(B.activate, M, N, C, ldc);
  }
}

static gaze_operand weight_operand(const gaze_linear *linear, bool transpose) {
  const gaze_weight *weight = &linear->weight;
  gaze_operand B = {.packed = transpose ? weight->packed : NULL, .ld = linear->in, .transpose = transpose};
  if (transpose && linear->bias.data)
    B.bias = gaze_f32(linear->bias);
  if (weight->dtype == GAZE_DTYPE_F32)
    B.f32 = gaze_f32(*weight);
  else if (weight->dtype == GAZE_DTYPE_BF16)
    B.bf16 = weight->data;
  else if (weight->dtype != GAZE_DTYPE_I8) {
    assert(transpose);
    B.stored = weight->data;
    B.dtype = weight->dtype;
  }
  return B;
}

void gaze_linear_forward(const gaze_compute *compute, float *y, size_t ldy, const float *x, size_t ldx,
                         const gaze_linear *linear, size_t n, gaze_store store) {
  gaze_product(compute, n, linear->out, linear->in, gaze_operand_f32(x, ldx, false), weight_operand(linear, true),
               store == GAZE_ADD, y, ldy);
  if (linear->weight.added)
    gaze_low_rank_forward(compute, y, ldy, x, ldx, linear, n);
}

void gaze_linear_forward_all(const gaze_compute *compute, const gaze_linear_output *outputs, size_t count,
                             const float *x, size_t ldx, size_t n) {
  gaze_matmul_output products[GAZE_MATMUL_OUTPUTS];
  for (const gaze_linear_output *o = outputs; o < outputs + count && !compute->matmul; o++)
    gaze_linear_forward(compute, o->y, o->ldy, x, ldx, &o->linear, n, GAZE_STORE);
  if (!compute->matmul)
    return;
  for (size_t i = 0; i < count; i++)
    products[i] = (gaze_matmul_output){weight_operand(&outputs[i].linear, true), outputs[i].linear.out, false,
                                       outputs[i].y, outputs[i].ldy};
  gaze_matmul_run_all(compute->matmul, n, outputs->linear.in, gaze_operand_f32(x, ldx, false), products, count);
  for (const gaze_linear_output *o = outputs; o < outputs + count; o++)
    if (o->linear.weight.added)
      gaze_low_rank_forward(compute, o->y, o->ldy, x, ldx, &o->linear, n);
}

void gaze_linear_activate(const gaze_compute *compute, float *y, size_t ldy, const float *x, size_t ldx,
                          const gaze_linear *linear, size_t n, gaze_activate_fn *activate) {
  gaze_operand B = weight_operand(linear, true);
  assert(!linear->weight.added);
  B.activate = activate;
  gaze_product(compute, n, linear->out, linear->in, gaze_operand_f32(x, ldx, false), B, false, y, ldy);
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
    gaze_product(compute, linear->out, linear->in, n, gaze_operand_f32(dy, lddy, true), gaze_operand_f32(x, ldx, false),
                 true, dweight, linear->in);
  if (dx)
    gaze_product(compute, n, linear->in, linear->out, gaze_operand_f32(dy, lddy, false), weight_operand(linear, false),
                 false, dx, lddx);
  if (linear->weight.added)
    gaze_low_rank_backward(compute, dx, lddx, dy, lddy, x, ldx, linear, n);
}
