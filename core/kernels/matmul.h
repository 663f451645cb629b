/* Matrix products of linear layers: in f32; with operands rounded to bf16 and sums in f32; with int8 weights, made
 * once, and rows of A that become int8 on the way (matmul_int8.c); or with weights as they lie in a file
 * (matmul_stored.c).
 *
 *   forward   Y[n, out] = X[n, in] W[out, in]^T      A = X,                    B = W transposed
 *   backward  dX[n, in] = dY[n, out] W[out, in]      A = dY,                   B = W
 *             dW[out, in] += dY[n, out]^T X[n, in]   A = dY transposed,        B = X
 *
 * Through oneDNN where it has the processor's best instructions (AVX-512 for f32, which it uses better than OpenBLAS
 * where rows are few; bf16; VNNI); elsewhere through the table's gemm, so that results differ by the order of the sums
 * alone. */
#ifndef GAZE_CORE_KERNELS_MATMUL_H
#define GAZE_CORE_KERNELS_MATMUL_H

#include "core/base/error.h"
#include "core/kernels/kernels.h"
#include "core/tensor/tensor.h"

typedef struct gaze_matmul gaze_matmul; /* prepared products by shape, and scratch; one user at a time */
typedef struct gaze_packed gaze_packed; /* weights in the layout that the processor likes best */

/* A weight W[N, K] in int8: W[n, k] = values[n, k] * scales[n] * columns[k]. Borrowed. */
typedef struct gaze_int8 {
  int8_t *values; /* [N, K] */
  float *scales;  /* [N] */
  float *columns; /* [K]; NULL: 1 */
} gaze_int8;

/* Fills out's three from W [N, K]. *raised: columns are not all 1. */
GAZE_CHECKED gaze_err gaze_int8_quantise(const gaze_kernels *kernels, size_t N, size_t K, const float *W, size_t ld,
                                         const gaze_int8 *out, bool *raised);

/* One matrix, row-major: f32 (rounded on the way where products are bf16), or bf16 (A for such products alone, taken as
 * it is), or weights of any floating dtype, quantised ones too, in place. Borrowed. */
typedef struct gaze_operand {
  const float *f32;
  const uint16_t *bf16;       /* used when not NULL */
  const void *stored;         /* used when not NULL; only for B, transposed, and A as it is */
  gaze_dtype dtype;           /* of `stored` */
  const gaze_packed *packed;  /* of the numbers above, which must still be there; only for B. May be NULL */
  const float *bias;          /* [N], added to every row of the product; only for B. May be NULL */
  gaze_activate_fn *activate; /* of the whole sum, C's old values too; only for B. NULL: none */
  size_t ld;                  /* elements from row to row */
  bool transpose;             /* stored [N, K] for op(B) = [K, N] */
} gaze_operand;

static inline gaze_operand gaze_operand_f32(const float *data, size_t ld, bool transpose) {
  return (gaze_operand){.f32 = data, .ld = ld, .transpose = transpose};
}

/* False: products are as exact as the precision and slower than f32's; worth a word to the person who asked. */
bool gaze_precision_is_native(gaze_precision precision, unsigned cpu_flags);

/* kernels are borrowed and must outlive it. */
GAZE_CHECKED gaze_err gaze_matmul_new(const gaze_kernels *kernels, unsigned cpu_flags, gaze_precision precision,
                                      gaze_matmul **out);
void gaze_matmul_free(gaze_matmul *matmul);
gaze_precision gaze_matmul_precision(const gaze_matmul *matmul); /* NULL: f32 */

/* C[M, N] = op(A)[M, K] op(B)[K, N], or += with accumulate. Uses OpenMP's current number of threads; call it outside
 * of parallel regions. Never fails: short of memory it is only slower. */
void gaze_matmul_run(gaze_matmul *matmul, size_t M, size_t N, size_t K, gaze_operand A, gaze_operand B, bool accumulate,
                     float *C, size_t ldc);

/* C[M, N] (+)= A[M, K] B of one of several B. Borrowed. */
typedef struct gaze_matmul_output {
  gaze_operand B;
  size_t N;
  bool accumulate;
  float *C;
  size_t ldc;
} gaze_matmul_output;

enum { GAZE_MATMUL_OUTPUTS = 4 }; /* at most */

/* gaze_matmul_run for each of them, in one go where A has few rows: threads meet once. */
void gaze_matmul_run_all(gaze_matmul *matmul, size_t M, size_t K, gaze_operand A, const gaze_matmul_output *outputs,
                         size_t count);

/* What comes before a product that is then added, and after it. bias NULL: nothing; returns whether C now counts. */
bool gaze_rows_add_bias(const gaze_kernels *kernels, const float *bias, size_t M, size_t N, bool accumulate, float *C,
                        size_t ldc);
void gaze_rows_activate(gaze_activate_fn *activate, size_t M, size_t N, float *C, size_t ldc); /* NULL: nothing */

/* W[N, K] (transpose) as products like it best: in oneDNN's layout, or f32 made int8. *out is NULL, which is fine,
 * where nothing is gained. */
GAZE_CHECKED gaze_err gaze_packed_new(gaze_matmul *matmul, size_t N, size_t K, gaze_operand W, gaze_packed **out);
/* The same of what is int8 already and must stay there. */
GAZE_CHECKED gaze_err gaze_packed_borrow(size_t N, size_t K, const gaze_int8 *W, gaze_packed **out);
/* Whether products of many rows gain so much that packing pays for one picture. */
bool gaze_matmul_packs(const gaze_matmul *matmul);
/* What is int8 as products of many rows like it, too: a packing takes as long as some products of few rows. */
GAZE_CHECKED gaze_err gaze_packed_settle(gaze_matmul *matmul, gaze_packed *packed);
void gaze_packed_free(gaze_packed *packed);

#endif
