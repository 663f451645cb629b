/* Matrix product through OpenBLAS (its OpenMP build): it follows omp_set_num_threads and stays on one thread inside
 * a parallel region. */
#include "core/kernels/levels.h"

#include <assert.h>
#include <cblas.h>
#include <limits.h>

static void gemm(bool transpose_a, bool transpose_b, size_t M, size_t N, size_t K, float alpha, const float *A,
                 size_t lda, const float *B, size_t ldb, float beta, float *C, size_t ldc) {
  /* With K = 0 a caller's lda or ldb may well be 0, which BLAS refuses. */
  lda += !lda;
  ldb += !ldb;
  assert(M <= INT_MAX && N <= INT_MAX && K <= INT_MAX && lda <= INT_MAX && ldb <= INT_MAX && ldc <= INT_MAX);
  cblas_sgemm(CblasRowMajor, transpose_a ? CblasTrans : CblasNoTrans, transpose_b ? CblasTrans : CblasNoTrans, (int)M,
              (int)N, (int)K, alpha, A, (int)lda, B, (int)ldb, beta, C, (int)ldc);
}

void gaze_kernels_fill_openblas(gaze_kernels *kernels) { kernels->gemm = gemm; }
