/* One table of the inner loops. A pure function fills it: portable C first, then overridden level by level.
 *
 * Contracts, for every entry: n may be any size including 0, pointers any alignment, outputs come first and
 * do not overlap inputs unless "in place" is said. Nothing allocates, nothing fails, nothing starts threads
 * (except gemm). Floats agree with a double reference within c * (n + 2) * eps * sum of |terms|. */
#ifndef GAZE_CORE_KERNELS_KERNELS_H
#define GAZE_CORE_KERNELS_KERNELS_H

#include "core/base/cpu.h"

#include <stddef.h>
#include <stdint.h>

typedef enum gaze_activation {
  GAZE_GELU,       /* x * Phi(x), exact */
  GAZE_GELU_TANH,  /* its tanh approximation */
  GAZE_QUICK_GELU, /* x * sigmoid(1.702 x) */
  GAZE_SILU,       /* x * sigmoid(x) */
  GAZE_ACTIVATIONS
} gaze_activation;

typedef void gaze_activate_fn(float *y, const float *x, size_t n);

/* Adam with decoupled weight decay (Loshchilov & Hutter 2019); corrections are 1 - beta^step. */
typedef struct gaze_adamw_step {
  float lr, beta1, beta2, eps, weight_decay;
  float correction1, correction2;
  float gradient_scale; /* multiplies every gradient first: clipping */
} gaze_adamw_step;

/* At most 64 rows of a weight in int8, [N, K], as product_i8 wants them. */
typedef struct gaze_panel_i8 {
  size_t N, K;
  const int8_t *values;   /* [K / 4 rounded up, 64, 4]; 0 beyond N and K */
  const int32_t *offsets; /* [64]: -128 times the sum of a row */
  const float *scales;    /* [N] */
  const float *bias;      /* [N]; NULL: none */
} gaze_panel_i8;

typedef struct gaze_kernels {
  const char *level; /* "c", "avx2", ...: the highest one that overrode an entry */

  /* Conversions; f32 to 16 bits rounds to nearest even and keeps NaN. */
  void (*f32_from_f16)(float *y, const uint16_t *x, size_t n);
  void (*f32_from_bf16)(float *y, const uint16_t *x, size_t n);
  void (*f16_from_f32)(uint16_t *y, const float *x, size_t n);
  void (*bf16_from_f32)(uint16_t *y, const float *x, size_t n);

  /* Vectors. */
  float (*dot)(const float *a, const float *b, size_t n);
  float (*dot_f16)(const float *a, const uint16_t *b, size_t n); /* b: of weights, which go on behind it */
  float (*dot_bf16)(const float *a, const uint16_t *b, size_t n);
  double (*sum_squares)(const float *x, size_t n);
  void (*add)(float *y, const float *x, size_t n);           /* y += x */
  void (*axpy)(float *y, float a, const float *x, size_t n); /* y += a x */
  void (*scale)(float *y, float a, size_t n);                /* y *= a */
  void (*multiply)(float *y, const float *x, size_t n);      /* y *= x */

  /* One row of C channels. mean and rstd (1 / standard deviation) are kept for backward. Backward adds into
   * dx, dgain and dbias; dgain and dbias may be NULL (frozen). bias may be NULL. */
  void (*layer_norm)(float *y, float *mean, float *rstd, const float *x, const float *gain, const float *bias,
                     float eps, size_t C);
  void (*layer_norm_backward)(float *dx, float *dgain, float *dbias, const float *dy, const float *x, float mean,
                              float rstd, const float *gain, size_t C);
  /* y = x / sqrt(mean(x^2) + eps) * gain */
  void (*rms_norm)(float *y, float *rstd, const float *x, const float *gain, float eps, size_t C);
  void (*rms_norm_backward)(float *dx, float *dgain, const float *dy, const float *x, float rstd, const float *gain,
                            size_t C);

  /* In place: x = exp(x - max) / sum. Entries of -INFINITY become 0; n >= 1 with one finite entry. */
  void (*softmax)(float *x, size_t n);
  /* In place: d = y * (d - dot(d, y)), y the softmax's result. */
  void (*softmax_backward)(float *d, const float *y, size_t n);

  /* Relative error of at most 4e-7 of max(|x|, 1). Backward: dx = dy * f'(x); dx may be dy. y may be x. */
  gaze_activate_fn *activation[GAZE_ACTIVATIONS];
  void (*activation_backward[GAZE_ACTIVATIONS])(float *dx, const float *dy, const float *x, size_t n);

  /* C[M, N] = A[M, K] B[K, N], or += with `add`, for operands that lie in the first caches: no copies, no threads. A
   * row of C does not depend on the others, and a sum goes through K in order, from C on with `add`. */
  void (*small_product)(float *C, size_t ldc, const float *A, size_t lda, const float *B, size_t ldb, size_t M,
                        size_t N, size_t K, bool add);
  /* The same with B in f16 or bf16 and in memory: it is read once, in order, for M of a few rows. */
  void (*rows_by_f16)(float *C, size_t ldc, const float *A, size_t lda, const uint16_t *B, size_t ldb, size_t M,
                      size_t N, size_t K, bool add);
  void (*rows_by_bf16)(float *C, size_t ldc, const float *A, size_t lda, const uint16_t *B, size_t ldb, size_t M,
                       size_t N, size_t K, bool add);
  /* small_product of numbers in bf16: A [M, K], B [K / 2, N, 2] (neighbours in K side by side), ldb in such pairs; K
   * and lda even. Subnormal numbers may count as 0. NULL where the processor has no such products. */
  void (*small_product_bf16)(float *C, size_t ldc, const uint16_t *A, size_t lda, const uint16_t *B, size_t ldb,
                             size_t M, size_t N, size_t K, bool add);
  /* y = exp(x - max) in bf16, to one unit in the last place; returns the sum, before rounding. NULL where the one above
   * is. */
  float (*exponentials_bf16)(uint16_t *y, const float *x, size_t n);

  /* int8, exact for any values and n <= 65536. */
  int32_t (*dot_i8)(const int8_t *a, const int8_t *b, size_t n);
  float (*largest)(const float *x, size_t n);                            /* of |x|; 0 when n is 0 */
  void (*keep_larger)(float *y, const float *x, size_t n);               /* y = max(y, |x|) */
  void (*i8_from_f32)(int8_t *y, const float *x, float scale, size_t n); /* nearest to x * scale within +-127 */
  /* y = x * scale * scales, or += with `add`. */
  void (*f32_from_i32)(float *y, const int32_t *x, float scale, const float *scales, bool add, size_t n);

  /* C[M, N] = scales[m] * panel.scales[n] * A[M, K] panel^T + bias[n], or += with `add`. A: K numbers up to a
   * multiple of 4, whatever those are, lda from row to row. The sums are exact for K <= 65536. NULL where the processor
   * has no such products: dot_i8 is best there. */
  void (*product_i8)(float *C, size_t ldc, const int8_t *A, size_t lda, const float *scales, const gaze_panel_i8 *panel,
                     size_t M, bool add);

  /* In place over w, m, v. */
  void (*adamw)(float *w, float *m, float *v, const float *g, const gaze_adamw_step *step, size_t n);

  const struct gaze_quantised_kernels *quantised; /* weights in blocks: quantised.h */

  /* C[M,N] = alpha * op(A)[M,K] * op(B)[K,N] + beta * C, row-major, leading dimensions in elements.
   * The only entry that may use several threads (OpenMP's current number). */
  void (*gemm)(bool transpose_a, bool transpose_b, size_t M, size_t N, size_t K, float alpha, const float *A,
               size_t lda, const float *B, size_t ldb, float beta, float *C, size_t ldc);
} gaze_kernels;

/* flags: bits of gaze_cpu_flag (core/base/cpu.h), already masked by what the person allowed. */
void gaze_kernels_init(gaze_kernels *kernels, unsigned cpu_flags);

#endif
