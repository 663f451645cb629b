#include "tests/kernels/check.h"

#include <math.h>
#include <omp.h>
#include <string.h>

typedef struct product {
  bool transpose_a, transpose_b;
  size_t M, N, K, lda, ldb, ldc;
  float alpha, beta;
  bool small; /* of operands in the first caches */
} product;

static void shape_product(product *p, gaze_random *random, size_t limit) {
  p->transpose_a = gaze_random_below(random, 2);
  p->transpose_b = gaze_random_below(random, 2);
  p->M = gaze_random_below(random, limit) + 1;
  p->N = gaze_random_below(random, limit) + 1;
  p->K = gaze_random_below(random, limit) + 1;
  size_t gap = gaze_random_below(random, 2) ? gaze_random_below(random, 9) : 0;
  p->lda = (p->transpose_a ? p->M : p->K) + gap;
  p->ldb = (p->transpose_b ? p->K : p->N) + gap;
  p->ldc = p->N + gap;
  p->alpha = gaze_random_below(random, 2) ? 1 : -0.375f;
  p->beta = (float)gaze_random_below(random, 3) / 2;
}

/* The last row ends where its columns end: what lies beyond may be unreadable. */
static size_t extent(size_t rows, size_t columns, size_t ld) { return rows ? (rows - 1) * ld + columns : 0; }

static float element(const float *x, size_t ld, bool transposed, size_t row, size_t column) {
  return transposed ? x[column * ld + row] : x[row * ld + column];
}

static void verify(const product *p, const float *A, const float *B, const float *C0, const float *C) {
  for (size_t m = 0; m < p->M; m++)
    for (size_t n = 0; n < p->ldc && m * p->ldc + n < extent(p->M, p->N, p->ldc); n++) {
      size_t at = m * p->ldc + n;
      if (n >= p->N) {
        assert_memory_equal(C + at, C0 + at, sizeof *C);
        continue;
      }
      double sum = 0, size = 0;
      for (size_t k = 0; k < p->K; k++) {
        double term = (double)element(A, p->lda, p->transpose_a, m, k) * element(B, p->ldb, p->transpose_b, k, n);
        sum += term;
        size += fabs(term);
      }
      double before = p->beta == 0 ? 0 : (double)p->beta * C0[at];
      double slack = 2 * HALF_ULP * ((double)p->K + 2) * (fabs(p->alpha) * size + fabs(before));
      assert_near(C[at], p->alpha * sum + before, slack);
    }
}

static void run_product(const gaze_kernels *kernels, const product *p, gaze_random *random) {
  size_t a = p->transpose_a ? extent(p->K, p->M, p->lda) : extent(p->M, p->K, p->lda);
  size_t b = p->transpose_b ? extent(p->N, p->K, p->ldb) : extent(p->K, p->N, p->ldb), c = extent(p->M, p->N, p->ldc);
  float *A = guarded_floats(0, a, random, 1), *B = guarded_floats(1, b, random, 1);
  float *C0 = guarded_floats(2, c, random, 1), *C;
  for (size_t i = 0; i < c && p->beta == 0; i++) /* what was there must not matter then */
    C0[i] = i % 2 ? NAN : INFINITY;
  C = guarded_copy(3, C0, c);
  if (p->small)
    kernels->small_product(C, p->ldc, A, p->lda, B, p->ldb, p->M, p->N, p->K, p->beta != 0);
  else
    kernels->gemm(p->transpose_a, p->transpose_b, p->M, p->N, p->K, p->alpha, A, p->lda, B, p->ldb, p->beta, C, p->ldc);
  verify(p, A, B, C0, C);
  guard_verify();
}

static void products_of_any_shape(void **state) {
  static const size_t limits[] = {6, 40, 100, 300};
  gaze_random random;
  gaze_random_init(&random, 22, 0);
  for (int i = 0; i < 400; i++) {
    product p;
    guard_at_start(i % 2);
    shape_product(&p, &random, limits[i < 380 ? i % 3 : 3]);
    run_product(*state, &p, &random);
  }
}

static void small_products_of_any_shape(void **state) {
  gaze_random random;
  gaze_random_init(&random, 28, 0);
  for (int i = 0; i < 400; i++) {
    product p;
    guard_at_start(i % 2);
    shape_product(&p, &random, i % 2 ? 20 : 90);
    p = (product){.M = p.M, .N = p.N, .K = p.K, .lda = p.K + 3, .ldb = p.N, .ldc = p.N + 5, .alpha = 1};
    p.beta = (float)(i / 2 % 2);
    p.small = true;
    run_product(*state, &p, &random);
  }
}

/* small_product_bf16 against sums of the rounded numbers. Beyond K, which is even, A's rows have a gap. */
static void run_bf16(const gaze_kernels *kernels, const product *p, gaze_random *random) {
  size_t a = extent(p->M, p->K, p->lda), b = extent(p->K / 2, p->N, p->ldb) * 2, c = extent(p->M, p->N, p->ldc);
  float *A = guarded_floats(0, a, random, 1), *pairs = guarded_floats(1, b, random, 1),
        *B = guarded_floats(2, b, random, 1);
  float *C0 = guarded_floats(3, c, random, 1), *C = guarded_copy(4, C0, c);
  uint16_t *half_a = guarded(5, a * sizeof *half_a), *half_b = guarded(6, b * sizeof *half_b);
  kernels->bf16_from_f32(half_a, A, a);
  kernels->f32_from_bf16(A, half_a, a);
  kernels->bf16_from_f32(half_b, pairs, b);
  kernels->f32_from_bf16(pairs, half_b, b);
  for (size_t k = 0; k < p->K; k++)
    for (size_t n = 0; n < p->N; n++)
      B[k * p->N + n] = pairs[(k / 2 * p->ldb + n) * 2 + k % 2];
  product plain = *p;
  plain.ldb = p->N;
  kernels->small_product_bf16(C, p->ldc, half_a, p->lda, half_b, p->ldb, p->M, p->N, p->K, p->beta != 0);
  verify(&plain, A, B, C0, C);
  guard_verify();
}

static void small_products_in_bf16(void **state) {
  const gaze_kernels *kernels = *state;
  gaze_random random;
  gaze_random_init(&random, 29, 0);
  assert_int_equal(!kernels->small_product_bf16, !kernels->exponentials_bf16);
  for (int i = 0; i < 400 && kernels->small_product_bf16; i++) {
    product p;
    guard_at_start(i % 2);
    shape_product(&p, &random, i % 2 ? 20 : 90);
    size_t K = p.K * 2;
    p = (product){.M = p.M, .N = p.N, .K = K, .lda = K + 4, .ldb = p.N + i % 3, .ldc = p.N + 5, .alpha = 1};
    p.beta = (float)(i / 2 % 2);
    run_bf16(kernels, &p, &random);
  }
}

/* rows_by_f16 and rows_by_bf16 against sums of the widened numbers. */
static void run_rows_by_halves(const gaze_kernels *kernels, const product *p, bool bf16, gaze_random *random) {
  size_t a = extent(p->M, p->K, p->lda), b = extent(p->K, p->N, p->ldb), c = extent(p->M, p->N, p->ldc);
  float *A = guarded_floats(0, a, random, 1), *B = guarded_floats(1, b, random, 1);
  float *C0 = guarded_floats(2, c, random, 1), *C = guarded_copy(3, C0, c);
  uint16_t *half = guarded(4, b * sizeof *half);
  (bf16 ? kernels->bf16_from_f32 : kernels->f16_from_f32)(half, B, b);
  (bf16 ? kernels->f32_from_bf16 : kernels->f32_from_f16)(B, half, b);
  (bf16 ? kernels->rows_by_bf16 : kernels->rows_by_f16)(C, p->ldc, A, p->lda, half, p->ldb, p->M, p->N, p->K,
                                                        p->beta != 0);
  verify(p, A, B, C0, C);
  guard_verify();
}

static void rows_by_halves_of_any_shape(void **state) {
  gaze_random random;
  gaze_random_init(&random, 30, 0);
  for (int i = 0; i < 400; i++) {
    product p;
    guard_at_start(i % 2);
    shape_product(&p, &random, i % 2 ? 20 : 140);
    p = (product){
        .M = p.M % 18 + 1, .N = p.N, .K = p.K, .lda = p.K + 3, .ldb = p.N + i % 3, .ldc = p.N + 5, .alpha = 1};
    p.beta = (float)(i / 2 % 2);
    run_rows_by_halves(*state, &p, i / 4 % 2, &random);
  }
}

/* product_i8, whose sums are exact, for numbers up to the ends of their range. */
static void run_i8(const gaze_kernels *kernels, size_t M, size_t N, size_t K, bool biased, bool add,
                   gaze_random *random) {
  size_t words = (K + 3) / 4, lda = words * 4, ldc = N + 3, c = extent(M, N, ldc);
  int8_t *A = guarded(0, M * lda), *B = guarded(1, words * 256);
  int32_t *offsets = guarded(2, 64 * sizeof *offsets);
  float *scales = guarded_floats(3, M, random, 1), *of_b = guarded_floats(4, N, random, 1);
  float *bias = guarded_floats(5, N, random, 9), *C0 = guarded_floats(6, c, random, 9), *C = guarded_copy(7, C0, c);
  for (size_t i = 0; i < M * lda; i++)
    A[i] = i % 5 ? (int8_t)gaze_random_next(random) : -128;
  memset(offsets, 0, 64 * sizeof *offsets);
  for (size_t i = 0; i < words * 256; i++) {
    size_t n = i / 4 % 64, k = i / 256 * 4 + i % 4;
    B[i] = n >= N || k >= K ? 0 : i % 7 ? (int8_t)gaze_random_next(random) : -128;
    offsets[n] -= 128 * B[i];
  }
  gaze_panel_i8 panel = {.N = N, .K = K, .values = B, .offsets = offsets, .scales = of_b, .bias = biased ? bias : NULL};
  kernels->product_i8(C, ldc, A, lda, scales, &panel, M, add);
  for (size_t at = 0; at < c; at++) {
    size_t m = at / ldc, n = at % ldc;
    int32_t sum = 0;
    for (size_t k = 0; k < K && n < N; k++)
      sum += A[m * lda + k] * B[(k / 4 * 64 + n) * 4 + k % 4];
    double before = n < N ? (biased ? bias[n] : 0) + (add ? (double)C0[at] : 0) : C0[at];
    double term = n < N ? (double)sum * scales[m] * of_b[n] : 0;
    assert_near(C[at], term + before, n < N ? 6 * HALF_ULP * (fabs(term) + fabs(before) + 20) : 0);
  }
  guard_verify();
}

static void panels_in_int8(void **state) {
  const gaze_kernels *kernels = *state;
  gaze_random random;
  gaze_random_init(&random, 30, 0);
  for (int i = 0; i < 300 && kernels->product_i8; i++) {
    guard_at_start(i % 2);
    run_i8(kernels, gaze_random_below(&random, 20) + 1, i < 64 ? (size_t)i + 1 : gaze_random_below(&random, 64) + 1,
           gaze_random_below(&random, i % 10 ? 90 : 3000) + 1, i & 2, i & 4, &random);
  }
}

/* What attention asks for: every head of a short text or a small picture. */
static void attention_shapes(void **state) {
  gaze_random random;
  gaze_random_init(&random, 23, 0);
  for (size_t T = 1; T <= 80; T += 3)
    for (int transposes = 0; transposes < 4; transposes++) {
      product p = {.transpose_a = transposes & 1,
                   .transpose_b = transposes & 2,
                   .M = T,
                   .N = T,
                   .K = 64,
                   .lda = 768,
                   .ldb = 768,
                   .ldc = T,
                   .alpha = 0.125f};
      run_product(*state, &p, &random);
      p = (product){.transpose_a = transposes & 1,
                    .transpose_b = transposes & 2,
                    .M = T,
                    .N = 64,
                    .K = T,
                    .lda = 768,
                    .ldb = 768,
                    .ldc = 256,
                    .alpha = 1,
                    .beta = 1};
      run_product(*state, &p, &random);
    }
}

static void empty_products(void **state) {
  const gaze_kernels *kernels = *state;
  float one = 1, C[2] = {NAN, 7};
  kernels->gemm(false, false, 1, 1, 0, 1, &one, 1, &one, 1, 0, C, 1);
  assert_true(C[0] == 0);
  kernels->gemm(false, false, 1, 1, 0, 1, &one, 0, &one, 0, 0.5f, C + 1, 1);
  assert_true(C[1] == 3.5f);
  kernels->gemm(false, false, 0, 1, 1, 1, &one, 1, &one, 1, 0, C + 1, 1);
  kernels->gemm(false, false, 1, 0, 1, 1, &one, 1, &one, 1, 0, C + 1, 1);
  assert_true(C[1] == 3.5f);
}

/* Each thread of a team calls gemm for itself, as the heads of attention do. */
static void products_inside_a_team(void **state) {
  const gaze_kernels *kernels = *state;
  enum { T = 65, WORK = 16 };
  static float A[WORK][T * T], B[T * T], C[WORK][T * T];
  gaze_random random;
  gaze_random_init(&random, 24, 0);
  for (int i = 0; i < T * T; i++)
    B[i] = (float)gaze_random_normal(&random);
  for (int i = 0; i < WORK * T * T; i++)
    A[i / (T * T)][i % (T * T)] = (float)gaze_random_normal(&random);
#pragma omp parallel for num_threads(4)
  for (int i = 0; i < WORK; i++)
    kernels->gemm(false, true, T, T, T, 1, A[i], T, B, T, 0, C[i], T);
  product p = {.transpose_b = true, .M = T, .N = T, .K = T, .lda = T, .ldb = T, .ldc = T, .alpha = 1};
  for (int i = 0; i < WORK; i++)
    verify(&p, A[i], B, C[i], C[i]);
}

/* Large enough to be shared among threads, tall and wide. */
static void bits_do_not_depend_on_threads(void **state) {
  const gaze_kernels *kernels = *state;
  gaze_random random;
  gaze_random_init(&random, 27, 0);
  int before = omp_get_max_threads();
  for (int wide = 0; wide < 2; wide++) {
    size_t M = wide ? 130 : 701, N = wide ? 701 : 130, K = 70;
    float *A = guarded_floats(0, M * K, &random, 1), *B = guarded_floats(1, K * N, &random, 1);
    float *want = guarded(2, M * N * sizeof *want), *got = guarded(3, M * N * sizeof *got);
    omp_set_num_threads(1);
    kernels->gemm(false, true, M, N, K, 1, A, K, B, K, 0, want, N);
    for (int threads = 2; threads <= 4; threads++) {
      omp_set_num_threads(threads);
      kernels->gemm(false, true, M, N, K, 1, A, K, B, K, 0, got, N);
      assert_memory_equal(got, want, M * N * sizeof *got);
    }
    guard_verify();
  }
  omp_set_num_threads(before);
}

const check gemm_checks[] = {{"products of any shape", products_of_any_shape},
                             {"small products of any shape", small_products_of_any_shape},
                             {"small products in bf16", small_products_in_bf16},
                             {"rows by numbers in 16 bits", rows_by_halves_of_any_shape},
                             {"panels in int8", panels_in_int8},
                             {"attention's products", attention_shapes},
                             {"empty products", empty_products},
                             {"products inside a team", products_inside_a_team},
                             {"bits do not depend on threads", bits_do_not_depend_on_threads},
                             {0}};
