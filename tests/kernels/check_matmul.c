#include "core/kernels/matmul.h"
#if defined(GAZE_ONEDNN)
#include "core/kernels/onednn.h"
#endif
#include "tests/kernels/check.h"

#include <math.h>
#include <string.h>

#define EXTRA 3 /* how much longer rows are than they must be */

/* x rounded to bf16 and back, in place. */
static void round_to_bf16(const gaze_kernels *kernels, float *x, uint16_t *half, size_t n) {
  kernels->bf16_from_f32(half, x, n);
  kernels->f32_from_bf16(x, half, n);
}

typedef struct product {
  size_t M, N, K;
  bool transpose_a, transpose_b, half_a, half_b, accumulate, biased;
} product;

static double sum_of_row(const product *p, const float *A, size_t lda, const float *B, size_t ldb, size_t m, size_t n,
                         double *size) {
  double sum = 0;
  *size = 0;
  for (size_t k = 0; k < p->K; k++) {
    double a = A[p->transpose_a ? k * lda + m : m * lda + k], b = B[p->transpose_b ? n * ldb + k : k * ldb + n];
    sum += a * b;
    *size += fabs(a * b);
  }
  return sum;
}

static void run_product(gaze_matmul *matmul, const gaze_kernels *kernels, const product *p, bool pack,
                        gaze_random *random) {
  size_t lda = (p->transpose_a ? p->M : p->K) + EXTRA, ldb = (p->transpose_b ? p->K : p->N) + EXTRA, ldc = p->N + EXTRA;
  size_t a = (p->transpose_a ? p->K : p->M) * lda, b = (p->transpose_b ? p->N : p->K) * ldb, c = p->M * ldc;
  float *A = guarded_floats(0, a, random, 1), *B = guarded_floats(1, b, random, 1),
        *C0 = guarded_floats(2, c, random, 1);
  float *bias = guarded_floats(6, p->N, random, 3);
  uint16_t *half_a = guarded(4, a * sizeof *half_a), *half_b = guarded(5, b * sizeof *half_b);
  gaze_operand left = {.f32 = A, .ld = lda, .transpose = p->transpose_a};
  gaze_operand right = {.f32 = B, .ld = ldb, .transpose = p->transpose_b};
  gaze_packed *packed = NULL;
  float *C = guarded_copy(3, C0, c);
  kernels->bf16_from_f32(half_a, A, a);
  kernels->bf16_from_f32(half_b, B, b);
  left.bf16 = p->half_a ? half_a : NULL;
  right.bf16 = p->half_b ? half_b : NULL;
  if (pack)
    assert_int_equal(gaze_packed_new(matmul, p->N, p->K, right, &packed), GAZE_OK);
  right.packed = packed;
  right.bias = p->biased ? bias : NULL;
  gaze_matmul_run(matmul, p->M, p->N, p->K, left, right, p->accumulate, C, ldc);
  gaze_packed_free(packed);
  if (gaze_matmul_precision(matmul) == GAZE_PRECISION_BF16) {
    round_to_bf16(kernels, A, half_a, a);
    round_to_bf16(kernels, B, half_b, b);
  }
  for (size_t m = 0; m < p->M; m++)
    for (size_t n = 0; n < ldc; n++) {
      double size, before = p->accumulate ? C0[m * ldc + n] : 0, shift = p->biased && n < p->N ? bias[n] : 0;
      if (n >= p->N)
        assert_true(C[m * ldc + n] == C0[m * ldc + n]);
      else {
        double want = before + shift + sum_of_row(p, A, lda, B, ldb, m, n, &size);
        size += fabs(before) + fabs(shift);
        assert_near(C[m * ldc + n], want, 2 * HALF_ULP * ((double)p->K + 2) * size);
      }
    }
  guard_verify();
}

static void run_products(const gaze_kernels *kernels, unsigned cpu_flags, bool bf16) {
  gaze_matmul *matmul;
  gaze_random random;
  gaze_random_init(&random, 25, 0);
  assert_int_equal(gaze_matmul_new(kernels, cpu_flags, bf16 ? GAZE_PRECISION_BF16 : GAZE_PRECISION_F32, &matmul),
                   GAZE_OK);
  for (int i = 0; i < 150; i++) {
    size_t limit = i % 10 == 0 ? 400 : 60;
    unsigned bits = (unsigned)gaze_random_next(&random);
    product p = {gaze_random_below(&random, limit) + 1,
                 gaze_random_below(&random, limit) + 1,
                 gaze_random_below(&random, limit) + 1,
                 bits & 1,
                 bits & 2,
                 bf16 && bits & 4,
                 bf16 && bits & 8,
                 bits & 16,
                 bits & 32};
    run_product(matmul, kernels, &p, false, &random);
    run_product(matmul, kernels, &p, false, &random); /* the prepared product again */
    p.transpose_b = true;
    p.half_b = bf16;
    run_product(matmul, kernels, &p, true, &random);
  }
  gaze_matmul_free(matmul);
}

/* Through f32 on every level, and on the last one as bf16. */
static void bf16_products(void **state) {
  const gaze_kernels *kernels = *state;
  run_products(kernels, 0, true);
  if (strcmp(kernels->level, "bf16") == 0 && gaze_precision_is_native(GAZE_PRECISION_BF16, GAZE_CPU_BF16))
    run_products(kernels, GAZE_CPU_BF16, true);
}

/* C of A [M, K] and W [N, K] in int8. */
static void run_int8(const gaze_kernels *kernels, unsigned cpu_flags, const product *p, const float *A, const float *W,
                     const float *bias, float *C) {
  gaze_operand left = {.f32 = A, .ld = p->K}, right = {.f32 = W, .ld = p->K, .transpose = true, .bias = bias};
  right.activate = bias ? kernels->activation[GAZE_GELU] : NULL;
  gaze_matmul *matmul;
  gaze_packed *packed;
  assert_int_equal(gaze_matmul_new(kernels, cpu_flags, GAZE_PRECISION_INT8, &matmul), GAZE_OK);
  assert_int_equal(gaze_packed_new(matmul, p->N, p->K, right, &packed), GAZE_OK);
  assert_non_null(packed);
  right.packed = packed;
  gaze_matmul_run(matmul, p->M, p->N, p->K, left, right, p->accumulate, C, p->N);
  gaze_packed_free(packed);
  gaze_matmul_free(matmul);
}

static double largest_of(const float *x, size_t n) {
  double largest = 0;
  for (size_t i = 0; i < n; i++)
    largest = fmax(largest, fabs((double)x[i]));
  return largest;
}

/* Numbers of deviation 1 are off by up to half a step of the largest's 127, evenly spread: seven deviations of the sum.
 * outlying: two columns of A 100 times as large, one of which the weight makes up for; of the
 * other the weight is off by half a step. */
static void check_int8(const gaze_kernels *kernels, const product *p, bool outlying, gaze_random *random) {
  size_t a = p->M * p->K, w = p->N * p->K, c = p->M * p->N;
  float *A = guarded_floats(0, a, random, 1), *W = guarded_floats(1, w, random, 1),
        *C0 = guarded_floats(2, c, random, 1);
  double most_a = largest_of(A, a), most_w = largest_of(W, w), bound;
  for (size_t m = 0; outlying && m < p->M; m++)
    A[m * p->K + 3] *= 100, A[m * p->K + 17] *= 100;
  for (size_t n = 0; outlying && n < p->N; n++)
    W[n * p->K + 3] /= 100;
  bound = 7 * sqrt((double)p->K / 12) * (most_a + most_w) / 127 + (outlying ? 100 * most_a * most_w / 254 : 0);
  float *C = guarded_copy(3, C0, c), *portable = guarded_copy(6, C0, c);
  run_int8(kernels, gaze_cpu_detect(), p, A, W, NULL, C);
  run_int8(kernels, 0, p, A, W, NULL, portable);
  assert_memory_equal(C, portable, c * sizeof *C);
  for (size_t m = 0; m < p->M; m++)
    for (size_t n = 0; n < p->N; n++) {
      double size, want = sum_of_row(p, A, p->K, W, p->K, m, n, &size);
      assert_near(C[m * p->N + n], want + (p->accumulate ? C0[m * p->N + n] : 0), bound);
    }
  float *bias = guarded_floats(7, p->N, random, 3), *finished = guarded_copy(6, C0, c);
  run_int8(kernels, gaze_cpu_detect(), p, A, W, bias, finished);
  for (size_t i = 0; i < c; i++) {
    float want = C[i] + bias[i % p->N], size = fabsf(C[i]) + fabsf(bias[i % p->N]);
    kernels->activation[GAZE_GELU](&want, &want, 1);
    assert_near(finished[i], want, 1e-6 * (1 + (double)size));
  }
  guard_verify();
}

static void int8_products(void **state) {
  gaze_random random;
  gaze_random_init(&random, 26, 0);
  for (int i = 0; i < 60; i++) {
    bool outlying = i % 3 == 2;
    product p = {gaze_random_below(&random, 80) + 1,
                 gaze_random_below(&random, 90) + 1,
                 gaze_random_below(&random, 200) + (outlying ? 64 : 1),
                 false,
                 true,
                 false,
                 false,
                 i % 2,
                 false};
    check_int8(*state, &p, outlying, &random);
  }
}

/* A row of A gives the same bits alone, and among rows in which other numbers stand out than in it. */
static void int8_rows_are_alone(void **state) {
  enum { M = 9, N = 70, K = 200 };
  static const product many = {.M = M, .N = N, .K = K, .accumulate = true},
                       one = {.M = 1, .N = N, .K = K, .accumulate = true};
  gaze_random random;
  gaze_random_init(&random, 27, 0);
  float *A = guarded_floats(0, M * K, &random, 1), *W = guarded_floats(1, N * K, &random, 1),
        *C0 = guarded_floats(2, M * N, &random, 1);
  for (size_t m = 0; m < M; m++)
    for (size_t i = 0; i < m; i++)
      A[m * K + (7 * m + 31 * i) % K] *= 60;
  for (int finished = 0; finished < 2; finished++) {
    const float *bias = finished ? guarded_floats(4, N, &random, 1) : NULL;
    float *C = guarded_copy(3, C0, M * N);
    run_int8(*state, 0, &many, A, W, bias, C);
    for (size_t m = 0; m < M; m++) {
      float *row = guarded_copy(5, C0 + m * N, N);
      run_int8(*state, 0, &one, A + m * K, W, bias, row);
      assert_memory_equal(row, C + m * N, N * sizeof *row);
    }
  }
  guard_verify();
}

/* Through the level's gemm, and through oneDNN where the processor has AVX-512. */
static void f32_products(void **state) {
  run_products(*state, 0, false);
  run_products(*state, gaze_cpu_detect() & GAZE_CPU_AVX512, false);
}

#if defined(GAZE_ONEDNN)
/* oneDNN's own products in f32, which every processor has: strides, transposes, packing, and more shapes than are
 * remembered. */
static void run_f32_product(gaze_onednn *onednn, const gaze_product *p, gaze_random *random) {
  size_t a = (p->transpose_a ? p->K : p->M) * p->lda, b = (p->transpose_b ? p->N : p->K) * p->ldb, c = p->M * p->ldc;
  float *A = guarded_floats(0, a, random, 1), *B = guarded_floats(1, b, random, 1);
  float *C0 = guarded_floats(2, c, random, 1), *C = guarded_copy(3, C0, c);
  gaze_onednn_packed *packed = p->packed ? gaze_onednn_pack(onednn, p, B) : NULL;
  product same = {.K = p->K, .transpose_a = p->transpose_a, .transpose_b = p->transpose_b};
  gaze_product without = *p;
  without.packed = false;
  bool done = (packed && gaze_onednn_matmul(onednn, p, A, packed, C)) || gaze_onednn_matmul(onednn, &without, A, B, C);
  gaze_onednn_packed_free(packed);
  assert_true(done || (p->M == 1 && p->transpose_a) || p->N == 1); /* vectors with gaps are refused */
  if (!done)
    return;
  for (size_t m = 0; m < p->M; m++)
    for (size_t n = 0; n < p->N; n++) {
      double size, before = p->accumulate ? C0[m * p->ldc + n] : 0;
      double want = before + sum_of_row(&same, A, p->lda, B, p->ldb, m, n, &size);
      assert_near(C[m * p->ldc + n], want, 2 * HALF_ULP * ((double)p->K + 2) * (size + fabs(before)));
    }
  guard_verify();
}

static void onednn_products(void **state) {
  gaze_onednn *onednn;
  gaze_random random;
  gaze_random_init(&random, 26, 0);
  assert_int_equal(gaze_onednn_new(&onednn), GAZE_OK);
  for (int i = 0; i < 200; i++) {
    unsigned bits = (unsigned)gaze_random_next(&random);
    gaze_product p = {.transpose_a = bits & 1, .transpose_b = bits & 2, .accumulate = bits & 4, .packed = bits & 8};
    p.M = gaze_random_below(&random, 90) + 1;
    p.N = gaze_random_below(&random, 90) + 1;
    p.K = gaze_random_below(&random, 90) + 1;
    for (int again = 0; again < 4; again++) { /* the same product twice, then transposed otherwise */
      p.transpose_a ^= again == 3;
      p.transpose_b ^= again == 2;
      p.lda = (p.transpose_a ? p.M : p.K) + EXTRA;
      p.ldb = (p.transpose_b ? p.K : p.N) + EXTRA;
      p.ldc = p.N + EXTRA;
      run_f32_product(onednn, &p, &random);
    }
  }
  gaze_onednn_free(onednn);
}

/* oneDNN's code does not depend on the level, so once is enough. */
const check onednn_checks[] = {{"oneDNN products in f32", onednn_products}, {0}};
#else
static void onednn_is_missing(void **state) {
  print_message("SKIP: built without oneDNN\n");
  skip();
}

const check onednn_checks[] = {{"oneDNN products in f32", onednn_is_missing}, {0}};
#endif

const check matmul_checks[] = {{"bf16 products", bf16_products},
                               {"f32 products", f32_products},
                               {"int8 products", int8_products},
                               {"rows in int8 are alone", int8_rows_are_alone},
                               {0}};
