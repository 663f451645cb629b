/* Matrix product through OpenBLAS (its OpenMP build, which stays on one thread inside a parallel region).
 *
 * Large products are cut into tasks here, each a product of its own on one thread, instead of leaving the threads to
 * OpenBLAS: its threads wait for one another inside a product, and one that the system interrupts stops them all. What
 * a task is does not depend on the number of threads, so neither do the bits of the result. */
#include "core/kernels/levels.h"

#include <assert.h>
#include <cblas.h>
#include <limits.h>
#include <omp.h>

/* C is cut along its longer side; a task is at least this long, since each packs the other operand anew. */
enum { TASK_LEAST = 192, TASK_UNIT = 64, TASKS = 8 };
#define SMALL_PRODUCT 4e6 /* multiply-adds that are not worth a second thread */

static void one_thread(bool transpose_a, bool transpose_b, size_t M, size_t N, size_t K, float alpha, const float *A,
                       size_t lda, const float *B, size_t ldb, float beta, float *C, size_t ldc) {
  cblas_sgemm(CblasRowMajor, transpose_a ? CblasTrans : CblasNoTrans, transpose_b ? CblasTrans : CblasNoTrans, (int)M,
              (int)N, (int)K, alpha, A, (int)lda, B, (int)ldb, beta, C, (int)ldc);
}

static void gemm(bool transpose_a, bool transpose_b, size_t M, size_t N, size_t K, float alpha, const float *A,
                 size_t lda, const float *B, size_t ldb, float beta, float *C, size_t ldc) {
  /* With K = 0 a caller's lda or ldb may well be 0, which BLAS refuses. */
  lda += !lda;
  ldb += !ldb;
  assert(M <= INT_MAX && N <= INT_MAX && K <= INT_MAX && lda <= INT_MAX && ldb <= INT_MAX && ldc <= INT_MAX);
  if (omp_in_parallel() || (double)M * (double)N * (double)K < SMALL_PRODUCT) {
    one_thread(transpose_a, transpose_b, M, N, K, alpha, A, lda, B, ldb, beta, C, ldc);
    return;
  }
  bool tall = M >= N;
  size_t length = tall ? M : N, task = (length / TASKS + TASK_UNIT - 1) / TASK_UNIT * TASK_UNIT;
  task = task < TASK_LEAST ? TASK_LEAST : task;
#pragma omp parallel for schedule(dynamic)
  for (size_t first = 0; first < length; first += task) {
    size_t n = length - first < task ? length - first : task;
    if (tall)
      one_thread(transpose_a, transpose_b, n, N, K, alpha, A + (transpose_a ? first : first * lda), lda, B, ldb, beta,
                 C + first * ldc, ldc);
    else
      one_thread(transpose_a, transpose_b, M, n, K, alpha, A, lda, B + (transpose_b ? first * ldb : first), ldb, beta,
                 C + first, ldc);
  }
}

void gaze_kernels_fill_openblas(gaze_kernels *kernels) { kernels->gemm = gemm; }
