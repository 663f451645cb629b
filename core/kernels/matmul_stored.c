/* Products with weights in the dtype that they are stored in, read in place.
 *
 * Few rows of A, as when a text grows token by token, take as long as reading the weights once does, if nothing else is
 * done with memory: weights in blocks go through int8 (quantised.h), others are widened in the caches. With more rows
 * the processor's products count: those in int8, or the matrix's own of strips of the weights, widened first. */
#include "core/kernels/matmul_parts.h"

#include "core/kernels/quantised.h"
#include "core/kernels/quants.h"

#include <assert.h>
#include <string.h>

enum {
  FEW = 8,            /* rows of A up to which reading the weights is all that counts */
  STRIP = 32,         /* rows of weights in blocks that a thread takes at once */
  WIDENED_ROWS = 256, /* rows of other weights that are widened at once */
  CHUNK = 1024,       /* numbers of a product of rows that are taken at once */
  AHEAD = 2048,       /* bytes that are fetched early: the processor's own guess stops at pages */
  ALONE = 1 << 14     /* numbers of A that one thread quantises sooner than two agree on it */
};

static const uint8_t *row_of(gaze_operand W, size_t row) {
  return (const uint8_t *)W.stored + row * gaze_dtype_bytes(W.dtype, W.ld);
}

/* values = numbers first .. first + n of a row, of whole blocks. */
static void widen(const gaze_kernels *kernels, float *values, gaze_dtype dtype, const uint8_t *row, size_t first,
                  size_t n) {
  const uint8_t *at = row + gaze_dtype_bytes(dtype, first);
  if (dtype == GAZE_DTYPE_F16)
    kernels->f32_from_f16(values, (const uint16_t *)(const void *)at, n);
  else if (dtype == GAZE_DTYPE_BF16)
    kernels->f32_from_bf16(values, (const uint16_t *)(const void *)at, n);
  else if (dtype == GAZE_DTYPE_F32)
    memcpy(values, at, n * sizeof *values);
  else
    gaze_dequantise(values, at, dtype, n);
}

/* a . numbers first .. first + n of a row, n <= CHUNK; asks memory for those that come next. */
static float dot_chunk(const gaze_kernels *kernels, const float *a, gaze_dtype dtype, const uint8_t *row, size_t first,
                       size_t n) {
  const uint8_t *at = row + gaze_dtype_bytes(dtype, first);
  float widened[CHUNK];
  for (size_t line = 0; line < gaze_dtype_bytes(dtype, n); line += 64)
    __builtin_prefetch(at + AHEAD + line);
  if (dtype == GAZE_DTYPE_F32)
    return kernels->dot(a, (const float *)(const void *)at, n);
  if (dtype == GAZE_DTYPE_F16)
    return kernels->dot_f16(a, (const uint16_t *)(const void *)at, n);
  if (dtype == GAZE_DTYPE_BF16)
    return kernels->dot_bf16(a, (const uint16_t *)(const void *)at, n);
  widen(kernels, widened, dtype, row, first, n);
  return kernels->dot(a, widened, n);
}

/* One row of W with up to FEW rows of A. Each C is the same whatever the others are. */
static void multiply_row(const gaze_kernels *kernels, size_t M, size_t K, gaze_operand A, gaze_dtype dtype,
                         const uint8_t *row, bool accumulate, float *C, size_t ldc) {
  float sums[FEW];
  for (size_t m = 0; m < M; m++)
    sums[m] = accumulate ? C[m * ldc] : 0;
  for (size_t k = 0; k < K; k += CHUNK)
    for (size_t m = 0; m < M; m++)
      sums[m] += dot_chunk(kernels, A.f32 + m * A.ld + k, dtype, row, k, K - k < CHUNK ? K - k : CHUNK);
  for (size_t m = 0; m < M; m++)
    C[m * ldc] = sums[m];
}

/* Without memory of its own, and so for any M where there is none. */
static void multiply_by_rows(const gaze_kernels *kernels, size_t M, size_t N, size_t K, gaze_operand A, gaze_operand W,
                             bool accumulate, float *C, size_t ldc) {
#pragma omp parallel for schedule(static)
  for (size_t n = 0; n < N; n++)
    for (size_t m = 0; m < M; m += FEW) {
      gaze_operand some = A;
      some.f32 += m * A.ld;
      multiply_row(kernels, M - m < FEW ? M - m : FEW, K, some, W.dtype, row_of(W, n), accumulate, C + m * ldc + n,
                   ldc);
    }
}

/* Strips of W widened to f32, each multiplied as the precision wants it. False: short of memory, and C untouched. */
static bool multiply_by_strips(gaze_matmul *matmul, size_t M, size_t N, size_t K, gaze_operand A, gaze_operand W,
                               bool accumulate, float *C, size_t ldc) {
  if (!gaze_room_reserve(&matmul->strip, WIDENED_ROWS * K, sizeof(float)))
    return false;
  if (matmul->precision == GAZE_PRECISION_BF16 && !gaze_operand_round(matmul->kernels, &A, M, K, &matmul->rounded_a))
    return false;
  float *strip = matmul->strip.at;
  gaze_operand B = {.f32 = strip, .ld = K, .transpose = true};
  for (size_t first = 0; first < N; first += WIDENED_ROWS) {
    size_t rows = N - first < WIDENED_ROWS ? N - first : WIDENED_ROWS;
#pragma omp parallel for schedule(static)
    for (size_t r = 0; r < rows; r++)
      widen(matmul->kernels, strip + r * K, W.dtype, row_of(W, first + r), 0, K);
    gaze_matmul_run(matmul, M, rows, K, A, B, accumulate, C + first, ldc);
  }
  return true;
}

static bool reserve_rows(gaze_stored_rooms *rooms, gaze_rows *rows) {
  size_t parts = (rows->M + rows->group - 1) / rows->group * rows->group * (rows->K / GAZE_PART);
  if (!gaze_room_reserve(&rooms->values, parts + 1, GAZE_PART) ||
      !gaze_room_reserve(&rooms->scales, parts, 4 * sizeof(float)))
    return false;
  rows->values = rooms->values.at;
  rows->scales = rooms->scales.at;
  rows->sums = rows->scales + parts;
  rows->offsets = (int32_t *)(void *)(rows->sums + parts);
  return true;
}

/* Places of the last group that no row takes. */
static void fill_group(const gaze_rows *rows) {
  size_t parts = rows->K / GAZE_PART, each = GAZE_PART / rows->kind.part,
         end = (rows->M + rows->group - 1) / rows->group * rows->group;
  for (size_t m = rows->M; m < end; m++)
    for (size_t i = 0; i < parts; i++) {
      size_t p = (m / rows->group * parts + i) * rows->group + m % rows->group;
      memset(rows->values + p * GAZE_PART, 0, GAZE_PART);
      rows->scales[p] = rows->sums[p] = 0;
      memset(rows->offsets + p * each, 0, each * sizeof *rows->offsets);
    }
}

/* False: short of memory, and C untouched. */
static bool multiply_blocks(gaze_matmul *matmul, size_t M, size_t N, size_t K, gaze_operand A, gaze_operand W,
                            bool accumulate, float *C, size_t ldc) {
  const gaze_quantised_kernels *quantised = matmul->kernels->quantised;
  bool few = M <= FEW, alone = M * K <= ALONE;
  gaze_rows rows = {.M = M, .K = K, .group = few ? 1 : quantised->group, .kind = gaze_blocks_kind_of(W.dtype)};
  if (!reserve_rows(&matmul->stored, &rows))
    return false;
  fill_group(&rows);
  for (size_t m = 0; alone && m < M; m++)
    quantised->quantise(&rows, m, A.f32 + m * A.ld);
#pragma omp parallel
  {
    if (!alone)
#pragma omp for schedule(static)
      for (size_t m = 0; m < M; m++)
        quantised->quantise(&rows, m, A.f32 + m * A.ld);
#pragma omp for schedule(static)
    for (size_t n = 0; n < N; n += STRIP)
      (few ? quantised->few : quantised->many)(C + n, ldc, row_of(W, n), W.dtype, N - n < STRIP ? N - n : STRIP, &rows,
                                               accumulate);
  }
  return true;
}

/* Few rows of A as bf16 would have them, in f32; false where they do not fit. */
static bool round_rows(const gaze_matmul *matmul, size_t M, size_t K, gaze_operand *A) {
  if (M * K > GAZE_MATMUL_TILE)
    return false;
  uint16_t rounded[CHUNK];
  for (size_t m = 0; m < M; m++)
    for (size_t k = 0; k < K; k += CHUNK) {
      size_t n = K - k < CHUNK ? K - k : CHUNK;
      matmul->kernels->bf16_from_f32(rounded, A->f32 + m * A->ld + k, n);
      matmul->kernels->f32_from_bf16(matmul->tile_a + m * K + k, rounded, n);
    }
  *A = (gaze_operand){.f32 = matmul->tile_a, .ld = K};
  return true;
}

/* Products that others make too, but not with few rows of A. */
static bool multiply_few(gaze_matmul *matmul, size_t M, size_t N, size_t K, gaze_operand A, gaze_operand W,
                         bool accumulate, float *C, size_t ldc) {
  if (M > FEW || A.transpose || A.bf16 || !W.transpose)
    return false;
  if (matmul->precision == GAZE_PRECISION_BF16 && (!W.bf16 || W.packed || !round_rows(matmul, M, K, &A)))
    return false;
  W.stored = W.bf16 ? (const void *)W.bf16 : W.f32;
  W.dtype = W.bf16 ? GAZE_DTYPE_BF16 : GAZE_DTYPE_F32;
  accumulate = gaze_rows_add_bias(matmul->kernels, W.bias, M, N, accumulate, C, ldc);
  multiply_by_rows(matmul->kernels, M, N, K, A, W, accumulate, C, ldc);
  return true;
}

bool gaze_matmul_stored(gaze_matmul *matmul, size_t M, size_t N, size_t K, gaze_operand A, gaze_operand W,
                        bool accumulate, float *C, size_t ldc) {
  if (!W.stored && W.bf16 && matmul->precision != GAZE_PRECISION_BF16) {
    W.stored = W.bf16;
    W.dtype = GAZE_DTYPE_BF16;
  }
  if (!W.stored)
    return multiply_few(matmul, M, N, K, A, W, accumulate, C, ldc);
  assert(W.transpose && !A.transpose && !A.bf16);
  accumulate = gaze_rows_add_bias(matmul->kernels, W.bias, M, N, accumulate, C, ldc);
  bool done = gaze_dtype_is_quantised(W.dtype)
                  ? multiply_blocks(matmul, M, N, K, A, W, accumulate, C, ldc)
                  : M > FEW && multiply_by_strips(matmul, M, N, K, A, W, accumulate, C, ldc);
  if (!done)
    multiply_by_rows(matmul->kernels, M, N, K, A, W, accumulate, C, ldc);
  return true;
}
