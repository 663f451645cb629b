/* Products in int8: a scale for each row of the weight, made once, and one for each row of A, made on the way
 * (Dettmers et al. 2022). Numbers of a row that stand out, as LayerNorm's channels of trained models do, would take all
 * steps of the scale for themselves: they go through f32. Where the weight's column makes up for it by being small, its
 * factor moves from A to the weight first (Xiao et al. 2023, with what the weight alone tells). A row is made int8 by
 * itself, and its result does not depend on the others. */
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
#define OUTLYING 8.0f         /* times what is usual for the largest of a class */
enum { CLASSES = 64 };        /* number k of a row is in class k % this */
enum { OUTLYING_PARTS = 16 }; /* at most K / this many of a row */
enum { TOGETHER = 64 };       /* columns that are in f32 at once */
#define FAINT 8.0             /* times less than what is usual for a column of the weight */

void gaze_int8_rooms_fini(gaze_int8_rooms *rooms) {
  free(rooms->values.at);
  free(rooms->scales.at);
  free(rooms->limits.at);
  free(rooms->marks.at);
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

/* Mean of n magnitudes, without those far above all others' mean. */
static double usual(const float *magnitudes, size_t n) {
  double mean = INFINITY;
  for (int pass = 0; pass < 2; pass++) {
    double sum = 0;
    size_t counted = 0;
    for (size_t i = 0; i < n; i++)
      if ((double)magnitudes[i] <= 2 * mean) {
        sum += (double)magnitudes[i];
        counted++;
      }
    mean = counted ? sum / (double)counted : 0;
  }
  return mean;
}

/* Of which no addition waits for the one before. */
static float sum_classes(const float *classes) {
  enum { SIDE_BY_SIDE = 8 };
  float sums[SIDE_BY_SIDE] = {0}, all = 0;
  for (size_t i = 0; i < CLASSES; i += SIDE_BY_SIDE)
    for (size_t j = 0; j < SIDE_BY_SIDE; j++)
      sums[j] += classes[i + j];
  for (size_t j = 0; j < SIDE_BY_SIDE; j++)
    all += sums[j];
  return all;
}

/* What is above it stands out in a row of K, by the largest of each class; INFINITY where nothing does, or too much.
 * Mostly the mean alone tells that nothing does. */
static float find_limit(const float *row, size_t K, const float *classes, float most) {
  size_t used = K < CLASSES ? K : CLASSES, n = 0;
  if (most * (float)used <= 2 * sum_classes(classes))
    return INFINITY;
  float limit = OUTLYING * (float)usual(classes, used);
  if (!(most > limit))
    return INFINITY;
  for (size_t k = 0; k < K; k++)
    n += fabsf(row[k]) > limit;
  return n <= K / OUTLYING_PARTS ? limit : INFINITY;
}

static size_t padded(size_t n, size_t unit) { return (n + unit - 1) / unit * unit; }

/* From a row of A in int8 to the next. */
static size_t row_bytes(const gaze_packed *W) { return W->panels ? padded(W->K, 4) : W->K; }

static float scaled_number(const gaze_packed *W, const float *row, size_t k) {
  return W->int8.columns ? row[k] * W->int8.columns[k] : row[k];
}

/* Takes what stands out away from a row, and marks its columns. */
static void take_out(float *row, size_t K, float limit, uint8_t *marks) {
  for (size_t k = 0; k < K; k++)
    if (fabsf(row[k]) > limit) {
      row[k] = 0;
      marks[k] = 1;
    }
}

/* Row m of A to int8, by the rooms of a thread: own [K], marks [K]. */
static void quantise_row(const gaze_matmul *matmul, const float *row, size_t m, const gaze_packed *W, float *own,
                         uint8_t *marks) {
  const gaze_kernels *kernels = matmul->kernels;
  const gaze_int8_rooms *rooms = &matmul->int8;
  size_t K = W->K;
  float classes[CLASSES] = {0};
  if (W->int8.columns) {
    memcpy(own, row, K * sizeof *own);
    kernels->multiply(own, W->int8.columns, K);
    row = own;
  }
  for (size_t k = 0; k < K; k += CLASSES)
    kernels->keep_larger(classes, row + k, K - k < CLASSES ? K - k : CLASSES);
  float most = kernels->largest(classes, CLASSES), limit = find_limit(row, K, classes, most);
  if (limit < INFINITY) {
    if (row != own)
      memcpy(own, row, K * sizeof *own);
    take_out(own, K, limit, marks);
    row = own;
    most = kernels->largest(row, K);
  }
  ((float *)rooms->limits.at)[m] = limit;
  ((float *)rooms->scales.at)[m] = most / STEPS;
  kernels->i8_from_f32((int8_t *)rooms->values.at + m * row_bytes(W), row, most > 0 ? STEPS / most : 0, K);
}

/* A to int8; returns in how many columns something stands out, and which. */
static size_t quantise(const gaze_matmul *matmul, const float *A, size_t lda, size_t M, const gaze_packed *W,
                       size_t *which) {
  size_t K = W->K, threads = (size_t)omp_get_max_threads(), n = 0;
  float *rows = matmul->int8.rows.at;
  uint8_t *marks = matmul->int8.marks.at;
  memset(marks, 0, threads * K);
#pragma omp parallel for schedule(static)
  for (size_t m = 0; m < M; m++) {
    size_t thread = (size_t)omp_get_thread_num();
    quantise_row(matmul, A + m * lda, m, W, rows + thread * K, marks + thread * K);
  }
  for (size_t t = 1; t < threads; t++)
    for (size_t k = 0; k < K; k++)
      marks[k] |= marks[t * K + k];
  for (size_t k = 0; k < K; k++)
    if (marks[k])
      which[n++] = k;
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

/* of_a [M, n]: what stands out of n columns of A, else 0. */
static void fill_outlying(const gaze_matmul *matmul, float *of_a, size_t M, const float *A, size_t lda,
                          const gaze_packed *W, const size_t *which, size_t n) {
  const float *limits = matmul->int8.limits.at;
#pragma omp parallel for schedule(static)
  for (size_t m = 0; m < M; m++)
    for (size_t i = 0; i < n; i++) {
      float value = scaled_number(W, A + m * lda, which[i]);
      of_a[m * n + i] = fabsf(value) > limits[m] ? value : 0;
    }
}

/* C += what stands out in n <= TOGETHER columns of A times those of the weight, in f32. Each sum goes through them in
 * order, and a 0 leaves it as it is: whether a column is among them for the sake of another row does not matter. */
static void add_outlying(const gaze_matmul *matmul, size_t M, const float *A, size_t lda, const gaze_packed *W,
                         const size_t *which, size_t n, float *C, size_t ldc) {
  float *of_a = matmul->int8.outlying.at;
  fill_outlying(matmul, of_a, M, A, lda, W, which, n);
#pragma omp parallel for schedule(static)
  for (size_t first = 0; first < W->N; first += PANEL) {
    float of_w[TOGETHER * PANEL];
    size_t rows = W->N - first < PANEL ? W->N - first : PANEL;
    for (size_t r = 0; r < rows; r++)
      for (size_t i = 0; i < n; i++)
        of_w[i * PANEL + r] = (float)W->int8.values[(first + r) * W->K + which[i]] * W->int8.scales[first + r];
    matmul->kernels->small_product(C + first, ldc, of_a, n, of_w, PANEL, M, rows, n, true);
  }
}

static bool reserve_all(gaze_matmul *matmul, size_t M, const gaze_packed *W) {
  size_t N = W->N, K = W->K;
  gaze_int8_rooms *rooms = &matmul->int8;
  return gaze_room_reserve(&rooms->values, M * row_bytes(W), 1) &&
         gaze_room_reserve(&rooms->scales, M, sizeof(float)) && gaze_room_reserve(&rooms->limits, M, sizeof(float)) &&
         gaze_room_reserve(&rooms->marks, (size_t)omp_get_max_threads() * K, 1) &&
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
  if (n && !gaze_room_reserve(&matmul->int8.outlying, M * TOGETHER, sizeof(float)))
    return false;
  gaze_activate_fn *activate = B.activate;
  if (n || !W->panels)
    B.activate = NULL;
  if (W->panels)
    multiply_by_panels(matmul, M, &B, accumulate, C, ldc);
  else
    multiply_by_rows(matmul, M, W, gaze_rows_add_bias(kernels, B.bias, M, N, accumulate, C, ldc), C, ldc);
  for (size_t i = 0; i < n; i += TOGETHER)
    add_outlying(matmul, M, A, lda, W, which + i, n - i < TOGETHER ? n - i : TOGETHER, C, ldc);
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
