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

enum { PANEL = 64 }; /* rows of a weight: kernels.h */
#define BLOCK_BYTES ((size_t)5 << 17)
enum { BLOCK_UNIT = 6, ACTIVE_ROWS = 24 }; /* rows that product_i8 takes at once; a few times as many */
#define TASK_PRODUCTS ((size_t)1 << 20)    /* multiply-adds that are worth a task */
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

/* largest[k] of |A[m, k]|. rooms: [threads, K]. */
static void find_largest(const gaze_kernels *kernels, float *largest, float *rooms, const float *A, size_t lda,
                         size_t M, size_t K) {
  memset(rooms, 0, (size_t)omp_get_max_threads() * K * sizeof *rooms);
#pragma omp parallel for schedule(static)
  for (size_t m = 0; m < M; m++)
    kernels->keep_larger(rooms + (size_t)omp_get_thread_num() * K, A + m * lda, K);
  memset(largest, 0, K * sizeof *largest);
  for (size_t i = 0; i < (size_t)omp_get_max_threads(); i++)
    kernels->keep_larger(largest, rooms + i * K, K);
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

static size_t padded(size_t n, size_t unit) { return (n + unit - 1) / unit * unit; }

/* From a row of A in int8 to the next. */
static size_t row_bytes(const gaze_packed *W) { return W->panels ? padded(W->K, 4) : W->K; }

/* Rows of A to int8, without n outlying columns. largest: [threads, K], takes the largest of each column where it is
 * not NULL. */
static void quantise_rows(const gaze_matmul *matmul, const float *A, size_t lda, size_t M, const gaze_packed *W,
                          const size_t *which, size_t n, float *largest) {
  const gaze_kernels *kernels = matmul->kernels;
  size_t K = W->K, ld = row_bytes(W);
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
    kernels->i8_from_f32(values + m * ld, row, most > 0 ? STEPS / most : 0, K);
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

/* By dot products. */
static void multiply_by_rows(const gaze_matmul *matmul, size_t M, const gaze_packed *W, bool accumulate, float *C,
                             size_t ldc) {
  const gaze_kernels *kernels = matmul->kernels;
  const int8_t *values = matmul->int8.values.at;
  const float *scales = matmul->int8.scales.at;
  int32_t *sums = matmul->int8.sums.at;
#pragma omp parallel for schedule(static)
  for (size_t n = 0; n < W->N; n++)
    for (size_t m = 0; m < M; m++)
      sums[m * W->N + n] = kernels->dot_i8(values + m * W->K, W->int8.values + n * W->K, W->K);
#pragma omp parallel for schedule(static)
  for (size_t m = 0; m < M; m++)
    kernels->f32_from_i32(C + m * ldc, sums + m * W->N, scales[m], W->int8.scales, accumulate, W->N);
}

static gaze_panel_i8 panel_of(const gaze_packed *W, size_t n, const float *bias) {
  return (gaze_panel_i8){.N = W->N - n < PANEL ? W->N - n : PANEL,
                         .K = W->K,
                         .values = W->panels + n * padded(W->K, 4),
                         .offsets = W->offsets + n,
                         .scales = W->int8.scales + n,
                         .bias = bias ? bias + n : NULL};
}

/* Rows first .. end - 1 of C by one panel, columns from n on. Activated before they leave the first cache. */
static void multiply_panel(const gaze_matmul *matmul, size_t first, size_t end, size_t n, const gaze_operand *B,
                           bool accumulate, float *C, size_t ldc) {
  const int8_t *values = matmul->int8.values.at;
  const float *scales = matmul->int8.scales.at;
  gaze_panel_i8 panel = panel_of(B->packed, n, B->bias);
  size_t ld = row_bytes(B->packed);
  for (size_t m = first, rows; m < end; m += rows) {
    rows = end - m < ACTIVE_ROWS ? end - m : ACTIVE_ROWS;
    matmul->kernels->product_i8(C + m * ldc + n, ldc, values + m * ld, ld, scales + m, &panel, rows, accumulate);
    for (size_t i = m; B->activate && i < m + rows; i++)
      B->activate(C + i * ldc + n, C + i * ldc + n, panel.N);
  }
}

/* Blocks of rows that stay in a second cache, by panels. */
static void multiply_by_panels(const gaze_matmul *matmul, size_t M, const gaze_operand *B, bool accumulate, float *C,
                               size_t ldc) {
  size_t ld = row_bytes(B->packed), panels = (B->packed->N + PANEL - 1) / PANEL, blocks = M * ld / BLOCK_BYTES + 1;
  size_t rows = padded((M + blocks - 1) / blocks, BLOCK_UNIT), together = TASK_PRODUCTS / (PANEL * ld * rows) + 1;
  blocks = (M + rows - 1) / rows;
#pragma omp parallel for schedule(dynamic, together)
  for (size_t i = 0; i < blocks * panels; i++) {
    size_t first = i / panels * rows, end = first + rows < M ? first + rows : M;
    multiply_panel(matmul, first, end, i % panels * PANEL, B, accumulate, C, ldc);
  }
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

static bool reserve_all(gaze_matmul *matmul, size_t M, const gaze_packed *W) {
  size_t N = W->N, K = W->K;
  gaze_int8_rooms *rooms = &matmul->int8;
  return gaze_room_reserve(&rooms->values, M * row_bytes(W), 1) &&
         gaze_room_reserve(&rooms->scales, M, sizeof(float)) &&
         gaze_room_reserve(&rooms->largest, (size_t)omp_get_max_threads() * K, sizeof(float)) &&
         gaze_room_reserve(&rooms->which, K, sizeof(size_t)) &&
         gaze_room_reserve(&rooms->rows, (size_t)omp_get_max_threads() * K, sizeof(float)) &&
         (W->panels || gaze_room_reserve(&rooms->sums, M * N, sizeof(int32_t)));
}

bool gaze_matmul_int8(gaze_matmul *matmul, size_t M, const float *A, size_t lda, gaze_operand B, bool accumulate,
                      float *C, size_t ldc) {
  const gaze_kernels *kernels = matmul->kernels;
  const gaze_packed *W = B.packed;
  if (!reserve_all(matmul, M, W))
    return false;
  size_t N = W->N, *which = matmul->int8.which.at, n = quantise(matmul, A, lda, M, W, which);
  if (n && !gaze_room_reserve(&matmul->int8.outlying, (M + N) * n, sizeof(float)))
    return false;
  gaze_activate_fn *activate = B.activate;
  if (n || !W->panels)
    B.activate = NULL;
  if (W->panels)
    multiply_by_panels(matmul, M, &B, accumulate, C, ldc);
  else
    multiply_by_rows(matmul, M, W, gaze_rows_add_bias(kernels, B.bias, M, N, accumulate, C, ldc), C, ldc);
  if (n)
    add_outlying(matmul, M, A, lda, W, which, n, C, ldc);
  gaze_rows_activate(B.activate ? NULL : activate, M, N, C, ldc);
  return true;
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
  find_largest(kernels, out->columns, rooms, W, ld, N, K);
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

/* Panels of the weight and their offsets, which lie all 0. */
static void fill_panels(const gaze_packed *packed) {
  size_t K = packed->K, bytes = padded(K, 4);
#pragma omp parallel for schedule(static)
  for (size_t n = 0; n < packed->N; n++) {
    const int8_t *row = packed->int8.values + n * K;
    int8_t *panel = packed->panels + n / PANEL * PANEL * bytes + n % PANEL * 4;
    int32_t sum = 0;
    for (size_t k = 0; k < K; k++) {
      panel[k / 4 * PANEL * 4 + k % 4] = row[k];
      sum += row[k];
    }
    packed->offsets[n] = -128 * sum;
  }
}

gaze_err gaze_packed_settle(gaze_matmul *matmul, gaze_packed *packed) {
  size_t rows = padded(packed->N, PANEL);
  if (!matmul->kernels->product_i8 || !packed->int8.values || packed->panels)
    return GAZE_OK;
  GAZE_TRY(gaze_alloc(rows, sizeof *packed->offsets, &packed->offsets));
  gaze_err err = gaze_alloc(rows * padded(packed->K, 4), 1, &packed->panels);
  if (err == GAZE_OK) {
    fill_panels(packed);
    return GAZE_OK;
  }
  free(packed->offsets);
  packed->offsets = NULL;
  return err;
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
  if ((err = gaze_packed_settle(matmul, *out)) == GAZE_OK)
    return GAZE_OK;
  gaze_packed_free(*out);
  *out = NULL;
  return err;
done:
  free(int8.values);
  free(int8.scales);
  free(int8.columns);
  return err;
}
