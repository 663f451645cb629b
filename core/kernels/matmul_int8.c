/* Products in int8: a scale for each row of the weight, made once, and one for each row of A, made on the way
 * (Dettmers et al. 2022). Columns of A that stand out, as LayerNorm's channels of trained models do, would take all
 * steps of the scale for themselves: they go through f32. Where the weight's column makes up for it by being small, its
 * factor moves from A to the weight first (Xiao et al. 2023, with what the weight alone tells). */
#include "core/kernels/matmul_parts.h"

#include "core/base/memory.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#define STEPS 127.0f
#define OUTLYING 8.0f         /* times what is usual for a column's largest */
enum { OUTLYING_PARTS = 16 }; /* at most K / this many columns */
#define FAINT 8.0             /* times less than what is usual for a column of the weight */

void gaze_int8_rooms_fini(gaze_int8_rooms *rooms) {
  free(rooms->values.at);
  free(rooms->scales.at);
  free(rooms->largest.at);
  free(rooms->which.at);
  free(rooms->rows.at);
  free(rooms->sums.at);
  free(rooms->outlying.at);
  *rooms = (gaze_int8_rooms){0};
}

/* largest[k] of |A[m, k]|. Stripes of columns, so that threads share nothing. */
static void find_largest(const gaze_kernels *kernels, float *largest, const float *A, size_t lda, size_t M, size_t K) {
  enum { STRIPE = 128 };
#pragma omp parallel for schedule(static)
  for (size_t first = 0; first < K; first += STRIPE) {
    size_t n = K - first < STRIPE ? K - first : STRIPE;
    memset(largest + first, 0, n * sizeof *largest);
    for (size_t m = 0; m < M; m++)
      kernels->keep_larger(largest + first, A + m * lda + first, n);
  }
}

/* Mean of the columns' largest, without those far above all others' mean. */
static double usual(const float *largest, size_t K) {
  double mean = INFINITY;
  for (int pass = 0; pass < 2; pass++) {
    double sum = 0;
    size_t n = 0;
    for (size_t k = 0; k < K; k++)
      if ((double)largest[k] <= 2 * mean) {
        sum += (double)largest[k];
        n++;
      }
    mean = n ? sum / (double)n : 0;
  }
  return mean;
}

/* Columns that stand out, into which [K / OUTLYING_PARTS]; returns how many, none where it would be too many. */
static size_t find_outlying(const float *largest, size_t K, size_t *which) {
  double limit = (double)OUTLYING * usual(largest, K);
  size_t n = 0;
  for (size_t k = 0; k < K; k++) {
    if (!((double)largest[k] > limit))
      continue;
    if (n == K / OUTLYING_PARTS)
      return 0;
    which[n++] = k;
  }
  return n;
}

/* Rows of A to int8, without n outlying columns. largest: [threads, K], takes the largest of each column where it is
 * not NULL. */
static void quantise_rows(const gaze_matmul *matmul, const float *A, size_t lda, size_t M, const gaze_packed *W,
                          const size_t *which, size_t n, float *largest) {
  const gaze_kernels *kernels = matmul->kernels;
  size_t K = W->K;
  int8_t *values = matmul->int8.values.at;
  float *scales = matmul->int8.scales.at;
#pragma omp parallel for schedule(static)
  for (size_t m = 0; m < M; m++) {
    const float *row = A + m * lda;
    size_t thread = (size_t)omp_get_thread_num();
    if (n || W->int8.columns) {
      float *own = (float *)matmul->int8.rows.at + thread * K;
      memcpy(own, row, K * sizeof *own);
      if (W->int8.columns)
        kernels->multiply(own, W->int8.columns, K);
      for (size_t i = 0; i < n; i++)
        own[which[i]] = 0;
      row = own;
    }
    if (largest)
      kernels->keep_larger(largest + thread * K, row, K);
    float most = kernels->largest(row, K);
    scales[m] = most / STEPS;
    kernels->i8_from_f32(values + m * K, row, most > 0 ? STEPS / most : 0, K);
  }
}

/* A to int8; returns how many columns are outlying, and which. Mostly none is, and one reading of A is enough. */
static size_t quantise(const gaze_matmul *matmul, const float *A, size_t lda, size_t M, const gaze_packed *W,
                       size_t *which) {
  size_t K = W->K, threads = (size_t)omp_get_max_threads();
  float *largest = matmul->int8.largest.at;
  memset(largest, 0, threads * K * sizeof *largest);
  quantise_rows(matmul, A, lda, M, W, NULL, 0, largest);
  for (size_t t = 1; t < threads; t++)
    matmul->kernels->keep_larger(largest, largest + t * K, K);
  size_t n = find_outlying(largest, K, which);
  if (n)
    quantise_rows(matmul, A, lda, M, W, which, n, NULL);
  return n;
}

/* sums[m, n] by the table, exact as oneDNN's are. */
static void multiply_by_rows(const gaze_matmul *matmul, size_t M, const gaze_packed *W) {
  const int8_t *values = matmul->int8.values.at;
  int32_t *sums = matmul->int8.sums.at;
#pragma omp parallel for schedule(static)
  for (size_t n = 0; n < W->N; n++)
    for (size_t m = 0; m < M; m++)
      sums[m * W->N + n] = matmul->kernels->dot_i8(values + m * W->K, W->int8.values + n * W->K, W->K);
}

static void multiply(gaze_matmul *matmul, size_t M, const gaze_packed *W) {
#if defined(GAZE_ONEDNN)
  gaze_product product = {.M = M,
                          .N = W->N,
                          .K = W->K,
                          .lda = W->K,
                          .ldb = W->K,
                          .ldc = W->N,
                          .transpose_b = true,
                          .packed = true,
                          .type = GAZE_ONEDNN_INT8};
  if (W->weights && gaze_matmul_start_onednn(matmul) &&
      gaze_onednn_matmul(matmul->onednn, &product, matmul->int8.values.at, W->weights, matmul->int8.sums.at))
    return;
#endif
  multiply_by_rows(matmul, M, W);
}

/* C += the outlying columns of A times those of the weight, in f32. */
static void add_outlying(const gaze_matmul *matmul, size_t M, const float *A, size_t lda, const gaze_packed *W,
                         const size_t *which, size_t n, float *C, size_t ldc) {
  float *of_a = matmul->int8.outlying.at, *of_w = of_a + M * n;
  for (size_t m = 0; m < M; m++)
    for (size_t i = 0; i < n; i++)
      of_a[m * n + i] = A[m * lda + which[i]] * (W->int8.columns ? W->int8.columns[which[i]] : 1);
#pragma omp parallel for schedule(static)
  for (size_t r = 0; r < W->N; r++)
    for (size_t i = 0; i < n; i++)
      of_w[r * n + i] = (float)W->int8.values[r * W->K + which[i]] * W->int8.scales[r];
  matmul->kernels->gemm(false, true, M, W->N, n, 1, of_a, n, of_w, n, 1, C, ldc);
}

static bool reserve_all(gaze_matmul *matmul, size_t M, size_t N, size_t K) {
  gaze_int8_rooms *rooms = &matmul->int8;
  return gaze_room_reserve(&rooms->values, M * K, 1) && gaze_room_reserve(&rooms->scales, M, sizeof(float)) &&
         gaze_room_reserve(&rooms->largest, (size_t)omp_get_max_threads() * K, sizeof(float)) &&
         gaze_room_reserve(&rooms->which, K, sizeof(size_t)) &&
         gaze_room_reserve(&rooms->rows, (size_t)omp_get_max_threads() * K, sizeof(float)) &&
         gaze_room_reserve(&rooms->sums, M * N, sizeof(int32_t));
}

/* C = what the sums say, and the addend. */
static void store(const gaze_matmul *matmul, size_t M, const gaze_packed *W, const gaze_addend *addend, float *C,
                  size_t ldc) {
  const float *scales = matmul->int8.scales.at;
  const int32_t *sums = matmul->int8.sums.at;
#pragma omp parallel for schedule(static)
  for (size_t m = 0; m < M; m++)
    matmul->kernels->f32_from_i32(C + m * ldc, sums + m * W->N, scales[m], W->int8.scales,
                                  addend->base ? addend->base + m * addend->ld : NULL, addend->bias, W->N);
}

bool gaze_matmul_int8(gaze_matmul *matmul, size_t M, const float *A, size_t lda, const gaze_packed *W,
                      const gaze_addend *addend, float *C, size_t ldc) {
  if (!W || !W->int8.values || !reserve_all(matmul, M, W->N, W->K))
    return false;
  size_t *which = matmul->int8.which.at, n = quantise(matmul, A, lda, M, W, which);
  if (n && !gaze_room_reserve(&matmul->int8.outlying, (M + W->N) * n, sizeof(float)))
    return false;
  multiply(matmul, M, W);
  store(matmul, M, W, addend, C, ldc);
  if (n)
    add_outlying(matmul, M, A, lda, W, which, n, C, ldc);
  return true;
}

void gaze_packed_settle(gaze_matmul *matmul, gaze_packed *packed) {
#if defined(GAZE_ONEDNN)
  const gaze_product product = {
      .N = packed->N, .K = packed->K, .ldb = packed->K, .transpose_b = true, .type = GAZE_ONEDNN_INT8};
  if (packed->int8.values && !packed->weights && gaze_matmul_start_onednn(matmul))
    packed->weights = gaze_onednn_pack(matmul->onednn, &product, packed->int8.values);
#endif
}

/* columns [K], the largest of each column, to what raises those far below the usual to it. True: there are such. */
static bool raise_columns(float *columns, size_t K) {
  double level = usual(columns, K);
  bool any = false;
  for (size_t k = 0; k < K; k++) {
    bool faint = columns[k] > 0 && (double)columns[k] * FAINT < level;
    columns[k] = faint ? (float)((double)columns[k] / level) : 1;
    any |= faint;
  }
  return any;
}

gaze_err gaze_int8_quantise(const gaze_kernels *kernels, size_t N, size_t K, const float *W, size_t ld,
                            const gaze_int8 *out, bool *raised) {
  float *rooms;
  GAZE_TRY(gaze_alloc((size_t)omp_get_max_threads() * K, sizeof *rooms, &rooms));
  find_largest(kernels, out->columns, W, ld, N, K);
  *raised = raise_columns(out->columns, K);
#pragma omp parallel for schedule(static)
  for (size_t r = 0; r < N; r++) {
    const float *row = W + r * ld;
    if (*raised) {
      float *own = rooms + (size_t)omp_get_thread_num() * K;
      for (size_t k = 0; k < K; k++)
        own[k] = row[k] / out->columns[k];
      row = own;
    }
    float most = kernels->largest(row, K);
    out->scales[r] = most / STEPS;
    kernels->i8_from_f32(out->values + r * K, row, most > 0 ? STEPS / most : 0, K);
  }
  free(rooms);
  return GAZE_OK;
}

gaze_err gaze_packed_borrow(size_t N, size_t K, const gaze_int8 *W, gaze_packed **out) {
  gaze_packed *packed;
  GAZE_TRY(gaze_alloc(1, sizeof *packed, &packed));
  *packed = (gaze_packed){.int8 = *W, .borrowed = true, .N = N, .K = K};
  *out = packed;
  return GAZE_OK;
}

gaze_err gaze_packed_new_int8(gaze_matmul *matmul, size_t N, size_t K, const float *W, size_t ld, gaze_packed **out) {
  gaze_int8 int8 = {0};
  bool raised;
  gaze_err err = GAZE_OK;
  GAZE_TRY_DONE(gaze_alloc(N * K, 1, &int8.values));
  GAZE_TRY_DONE(gaze_alloc(N, sizeof *int8.scales, &int8.scales));
  GAZE_TRY_DONE(gaze_alloc(K, sizeof *int8.columns, &int8.columns));
  GAZE_TRY_DONE(gaze_int8_quantise(matmul->kernels, N, K, W, ld, &int8, &raised));
  if (!raised) {
    free(int8.columns);
    int8.columns = NULL;
  }
  GAZE_TRY_DONE(gaze_packed_borrow(N, K, &int8, out));
  (*out)->borrowed = false;
  return GAZE_OK;
done:
  free(int8.values);
  free(int8.scales);
  free(int8.columns);
  return err;
}
