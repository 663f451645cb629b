/* Products with weights as they lie in a file: against doubles made of the same int8 rows of A, and against A itself.
 */
#include "core/kernels/matmul.h"
#include "core/kernels/quantised.h"
#include "core/kernels/quants.h"
#include "tests/kernels/check.h"

#include <math.h>
#include <omp.h>
#include <string.h>

#define EXTRA 3 /* how much longer rows of A and C are than they must be */
#define MOST_K 4096

static const gaze_dtype dtypes[] = {GAZE_DTYPE_Q8_0, GAZE_DTYPE_Q4_0, GAZE_DTYPE_Q4_1, GAZE_DTYPE_Q5_0,
                                    GAZE_DTYPE_Q5_1, GAZE_DTYPE_Q4_K, GAZE_DTYPE_Q5_K, GAZE_DTYPE_Q6_K,
                                    GAZE_DTYPE_F16,  GAZE_DTYPE_BF16, GAZE_DTYPE_F32};
enum { DTYPES = sizeof dtypes / sizeof *dtypes };

typedef struct product {
  gaze_dtype dtype;
  size_t M, N, K;
  bool accumulate;
} product;

static void put_f16(const gaze_kernels *kernels, uint8_t *at, float value) {
  uint16_t half;
  kernels->f16_from_f32(&half, &value, 1);
  memcpy(at, &half, sizeof half);
}

/* Any bits make a block but for its numbers in f16, which may be infinite or none. */
static void fill_blocks(const gaze_kernels *kernels, uint8_t *W, gaze_dtype dtype, size_t count, gaze_random *random) {
  size_t size = gaze_dtype_size(dtype), scale = dtype == GAZE_DTYPE_Q6_K ? 208 : 0;
  for (size_t i = 0; i < count; i++, W += size) {
    for (size_t j = 0; j < size; j++)
      W[j] = (uint8_t)gaze_random_next(random);
    put_f16(kernels, W + scale, (float)(0.01 * gaze_random_normal(random)));
    if (gaze_blocks_kind_of(dtype).shifted)
      put_f16(kernels, W + 2, (float)(0.1 * gaze_random_normal(random)));
  }
}

static void *fill_weights(const gaze_kernels *kernels, const product *p, gaze_random *random) {
  size_t n = p->N * p->K;
  uint8_t *W = guarded(1, gaze_dtype_bytes(p->dtype, n));
  if (gaze_dtype_is_quantised(p->dtype)) {
    fill_blocks(kernels, W, p->dtype, n / gaze_dtype_block(p->dtype), random);
    return W;
  }
  for (size_t i = 0; i < n; i++) {
    float value = (float)gaze_random_normal(random);
    if (p->dtype == GAZE_DTYPE_F32)
      memcpy(W + i * sizeof value, &value, sizeof value);
    else
      (p->dtype == GAZE_DTYPE_F16 ? kernels->f16_from_f32 : kernels->bf16_from_f32)((uint16_t *)(void *)W + i, &value,
                                                                                    1);
  }
  return W;
}

/* Parts of all sizes, some large, some 0. */
static float *fill_rows(const product *p, gaze_random *random) {
  size_t lda = p->K + EXTRA;
  float *A = guarded_floats(0, p->M * lda, random, 1);
  for (size_t m = 0; m < p->M; m++)
    for (size_t k = 0; k < p->K; k += GAZE_PART) {
      static const float factors[] = {1, 1, 0.01f, 100, 0};
      float factor = factors[gaze_random_below(random, 5)];
      for (size_t j = k; j < k + GAZE_PART && j < p->K; j++)
        A[m * lda + j] *= factor;
    }
  return A;
}

/* A row of W in numbers, and of each the magnitude of what it is made of. */
static void open_row(const gaze_kernels *kernels, const product *p, const uint8_t *W, size_t n, float *values,
                     float *sizes) {
  const uint8_t *row = W + n * gaze_dtype_bytes(p->dtype, p->K);
  gaze_blocks_kind kind = gaze_blocks_kind_of(p->dtype);
  if (p->dtype == GAZE_DTYPE_F16)
    kernels->f32_from_f16(values, (const uint16_t *)(const void *)row, p->K);
  else if (p->dtype == GAZE_DTYPE_BF16)
    kernels->f32_from_bf16(values, (const uint16_t *)(const void *)row, p->K);
  else if (p->dtype == GAZE_DTYPE_F32)
    memcpy(values, row, p->K * sizeof *values);
  else
    for (size_t k = 0; k < p->K; k += kind.block, row += kind.size) {
      gaze_opened block;
      gaze_dequantise(values + k, row, p->dtype, kind.block);
      gaze_opened_fill(&block, row, p->dtype);
      for (size_t j = 0; j < kind.block; j++)
        sizes[k + j] = fabsf(block.scales[j / kind.part]) * (float)(block.values[j] + kind.zero) +
                       (kind.shifted ? fabsf(block.shifts[j / GAZE_PART]) : 0);
    }
}

/* What the table's int8 stands for, by its definition; returns half a step of the scale. */
static double quantise(const float *x, double *q) {
  float most = 0;
  for (size_t j = 0; j < GAZE_PART; j++)
    most = fmaxf(most, fabsf(x[j]));
  for (size_t j = 0; j < GAZE_PART; j++)
    q[j] = most > 0 ? (double)(most / GAZE_STEPS) * nearbyint((double)(x[j] * (GAZE_STEPS / most))) : 0;
  return 0.5 * (double)most / GAZE_STEPS;
}

/* One C. In blocks the sums of a part are exact, so that rounding comes in by parts alone: a product and an addition
 * for each part and half, and 16 lanes at the end. int8 moves each number of A by half a step at most, so that the
 * product with A itself is off by the sum of |w| times half a step. */
static void check_one(const product *p, const float *a, const float *w, const float *sizes, double before, float got) {
  double sum = 0, exact = 0, size = fabs(before), steps = 0, q[GAZE_PART];
  bool blocks = gaze_dtype_is_quantised(p->dtype);
  for (size_t k = 0; k < p->K; k++) {
    size_t j = k % GAZE_PART;
    double half = blocks && j == 0 ? quantise(a + k, q) : 0;
    for (size_t i = k; half > 0 && i < k + GAZE_PART; i++)
      steps += half * fabs((double)w[i]);
    exact += (double)a[k] * (double)w[k];
    sum += (blocks ? q[j] : (double)a[k]) * (double)w[k];
    size += fabs((blocks ? q[j] : (double)a[k]) * (blocks ? sizes[k] : w[k]));
  }
  double roundings = blocks ? (double)(4 * p->K / GAZE_PART + 20) : (double)p->K + 2;
  double tolerance = roundings * 2 * HALF_ULP * size;
  assert_near(got, before + sum, tolerance);
  assert_near(got, before + exact, tolerance + steps * (1 + 1e-5));
}

static void check_all(const gaze_kernels *kernels, const product *p, const float *A, const uint8_t *W, const float *C0,
                      const float *C) {
  static float values[MOST_K], sizes[MOST_K];
  size_t ldc = p->N + EXTRA;
  for (size_t n = 0; n < ldc; n++) {
    if (n < p->N)
      open_row(kernels, p, W, n, values, sizes);
    for (size_t m = 0; m < p->M; m++)
      if (n >= p->N)
        assert_true(C[m * ldc + n] == C0[m * ldc + n]);
      else
        check_one(p, A + m * (p->K + EXTRA), values, sizes, p->accumulate ? C0[m * ldc + n] : 0, C[m * ldc + n]);
  }
}

static void run(gaze_matmul *matmul, const product *p, size_t M, const float *A, const void *W, float *C) {
  gaze_operand left = {.f32 = A, .ld = p->K + EXTRA};
  gaze_operand right = {.stored = W, .dtype = p->dtype, .ld = p->K, .transpose = true};
  gaze_matmul_run(matmul, M, p->N, p->K, left, right, p->accumulate, C, p->N + EXTRA);
}

/* The same bits whatever the threads; and where rows are few, whatever the other rows. */
static void check_repeated(gaze_matmul *matmul, const product *p, const float *A, const void *W, const float *C0,
                           const float *C) {
  size_t ldc = p->N + EXTRA;
  for (int threads = 1; threads <= 4; threads *= 2) {
    float *again = guarded_copy(4, C0, p->M * ldc);
    omp_set_num_threads(threads);
    run(matmul, p, p->M, A, W, again);
    assert_memory_equal(again, C, p->M * ldc * sizeof *C);
  }
  omp_set_num_threads(2);
  for (size_t m = 0; m < p->M && p->M <= 8; m++) {
    float *alone = guarded_copy(4, C0 + m * ldc, ldc);
    run(matmul, p, 1, A + m * (p->K + EXTRA), W, alone);
    assert_memory_equal(alone, C + m * ldc, ldc * sizeof *C);
  }
}

/* The same bits from three products of the same rows, each of some of the weight's. */
static void check_together(gaze_matmul *matmul, const product *p, const float *A, const void *W, const float *C0,
                           const float *C) {
  size_t ldc = p->N + EXTRA, cuts[] = {0, p->N / 4, p->N / 2, p->N};
  float *again = guarded_copy(4, C0, p->M * ldc);
  gaze_matmul_output outputs[3];
  for (size_t i = 0; i < 3; i++) {
    const uint8_t *rows = (const uint8_t *)W + cuts[i] * gaze_dtype_bytes(p->dtype, p->K);
    outputs[i] = (gaze_matmul_output){
        .B = {.stored = rows, .dtype = p->dtype, .ld = p->K, .transpose = true},
        .N = cuts[i + 1] - cuts[i],
        .accumulate = p->accumulate,
        .C = again + cuts[i],
        .ldc = ldc,
    };
  }
  gaze_matmul_run_all(matmul, p->M, p->K, (gaze_operand){.f32 = A, .ld = p->K + EXTRA}, outputs, 3);
  assert_memory_equal(again, C, p->M * ldc * sizeof *C);
}

static void check_product(gaze_matmul *matmul, const gaze_kernels *kernels, const product *p, gaze_random *random) {
  const void *W = fill_weights(kernels, p, random);
  const float *A = fill_rows(p, random);
  const float *C0 = guarded_floats(2, p->M * (p->N + EXTRA), random, 1);
  float *C = guarded_copy(3, C0, p->M * (p->N + EXTRA));
  run(matmul, p, p->M, A, W, C);
  check_all(kernels, p, A, W, C0, C);
  check_repeated(matmul, p, A, W, C0, C);
  if (p->M <= 8 || gaze_dtype_is_quantised(p->dtype))
    check_together(matmul, p, A, W, C0, C);
  guard_verify();
}

static void check_dtype(const gaze_kernels *kernels, gaze_dtype dtype, unsigned flags) {
  static const size_t rows[] = {1, 1, 2, 3, 4, 5, 7, 8, 9, 12, 17, 40};
  size_t block = gaze_dtype_block(dtype);
  gaze_matmul *matmul;
  gaze_random random;
  gaze_random_init(&random, 4, dtype);
  assert_int_equal(gaze_matmul_new(kernels, flags, GAZE_PRECISION_F32, &matmul), GAZE_OK);
  for (size_t i = 0; i < 2 * sizeof rows / sizeof *rows; i++) {
    guard_at_start(i % 3 == 2);
    product p = {.dtype = dtype, .M = rows[i / 2], .accumulate = i % 4 > 1};
    p.N = 1 + gaze_random_below(&random, 75);
    p.K = block * (1 + gaze_random_below(&random, block == 256 ? 6 : i % 3 ? 20 : 80));
    check_product(matmul, kernels, &p, &random);
  }
  guard_at_start(false);
  gaze_matmul_free(matmul);
}

/* The level's flags, so that other libraries do not do better than it. */
static unsigned flags_of(const gaze_kernels *kernels) {
  unsigned flags = 0;
  assert_int_equal(gaze_cpu_mask(kernels->level, &flags), GAZE_OK);
  return flags;
}

static void every_dtype(void **state) {
  const gaze_kernels *kernels = *state;
  for (size_t i = 0; i < DTYPES; i++)
    check_dtype(kernels, dtypes[i], flags_of(kernels));
}

const check quantised_checks[] = {{"weights as stored", every_dtype}, {NULL, NULL}};
