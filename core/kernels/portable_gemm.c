/* Matrix product in plain C: op(B) is copied tile by tile, so that the inner loop always runs along rows. */
#include "core/kernels/levels.h"

#define TILE 64

typedef struct operand {
  const float *data;
  size_t row, column; /* strides in elements; a transposed matrix has them swapped */
} operand;

static void copy_tile(float tile[TILE][TILE], operand B, size_t k0, size_t k1, size_t n0, size_t n1) {
  for (size_t k = k0; k < k1; k++)
    for (size_t n = n0; n < n1; n++)
      tile[k - k0][n - n0] = B.data[k * B.row + n * B.column];
}

static void start_rows(float *C, size_t ldc, float beta, size_t rows, size_t N) {
  for (size_t m = 0; m < rows; m++)
    for (size_t n = 0; n < N; n++)
      C[m * ldc + n] = beta == 0 ? 0 : beta * C[m * ldc + n];
}

/* C[rows, N] += alpha * A[rows, K] * B[K, N] for at most TILE rows. */
static void add_product(float *C, size_t ldc, float alpha, operand A, operand B, size_t rows, size_t N, size_t K) {
  float tile[TILE][TILE];
  for (size_t k0 = 0; k0 < K; k0 += TILE)
    for (size_t n0 = 0; n0 < N; n0 += TILE) {
      size_t k1 = k0 + TILE < K ? k0 + TILE : K, n1 = n0 + TILE < N ? n0 + TILE : N;
      copy_tile(tile, B, k0, k1, n0, n1);
      for (size_t m = 0; m < rows; m++)
        for (size_t k = k0; k < k1; k++) {
          float a = alpha * A.data[m * A.row + k * A.column];
          for (size_t n = n0; n < n1; n++)
            C[m * ldc + n] += a * tile[k - k0][n - n0];
        }
    }
}

static void gemm(bool transpose_a, bool transpose_b, size_t M, size_t N, size_t K, float alpha, const float *A,
                 size_t lda, const float *B, size_t ldb, float beta, float *C, size_t ldc) {
  operand b = {B, transpose_b ? 1 : ldb, transpose_b ? ldb : 1};
#pragma omp parallel for schedule(dynamic) if (M > TILE)
  for (size_t m0 = 0; m0 < M; m0 += TILE) {
    size_t rows = m0 + TILE < M ? TILE : M - m0;
    operand a = {A + m0 * (transpose_a ? 1 : lda), transpose_a ? 1 : lda, transpose_a ? lda : 1};
    start_rows(C + m0 * ldc, ldc, beta, rows, N);
    add_product(C + m0 * ldc, ldc, alpha, a, b, rows, N, K);
  }
}

static void small_product(float *C, size_t ldc, const float *A, size_t lda, const float *B, size_t ldb, size_t M,
                          size_t N, size_t K, bool add) {
  for (size_t m = 0; m < M; m++) {
    float *row = C + m * ldc;
    for (size_t n = 0; n < N && !add; n++)
      row[n] = 0;
    for (size_t k = 0; k < K; k++)
      for (size_t n = 0; n < N; n++)
        row[n] += A[m * lda + k] * B[k * ldb + n];
  }
}

void gaze_kernels_fill_portable_gemm(gaze_kernels *kernels) {
  kernels->gemm = gemm;
  kernels->small_product = small_product;
}
