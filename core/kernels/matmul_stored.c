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

/* a . numbers first .. first + n of a row, n <= CHUNK. */
static float dot_chunk(const gaze_kernels *kernels, const float *a, gaze_dtype dtype, const uint8_t *row, size_t first,
                       size_t n) {
  const uint8_t *at = row + gaze_dtype_bytes(dtype, first);
  float widened[CHUNK];
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
static void multiply_by_rows(const gaze_kernels *kernels, size_t M, size_t K, gaze_operand A,
                             const gaze_matmul_output *outputs, size_t count) {
#pragma omp parallel
  for (size_t i = 0; i < count; i++) {
    gaze_matmul_output o = outputs[i];
#pragma omp for schedule(static) nowait
    for (size_t n = 0; n < o.N; n++)
      for (size_t m = 0; m < M; m += FEW) {
        gaze_operand some = A;
        some.f32 += m * A.ld;
        multiply_row(kernels, M - m < FEW ? M - m : FEW, K, some, o.B.dtype, row_of(o.B, n), o.accumulate,
                     o.C + m * o.ldc + n, o.ldc);
      }
  }
}

/* Strips of W widened to f32, each multiplied as the precision wants them. False: short of memory, and C untouched. */
static bool multiply_by_strips(gaze_matmul *matmul, size_t M, size_t K, gaze_operand A, const gaze_matmul_output *o) {
  if (!gaze_room_reserve(&matmul->strip, WIDENED_ROWS * K, sizeof(float)))
    return false;
  if (matmul->precision == GAZE_PRECISION_BF16 && !gaze_operand_round(matmul->kernels, &A, M, K, &matmul->rounded_a))
    return false;
  float *strip = matmul->strip.at;
  gaze_operand B = {.f32 = strip, .ld = K, .transpose = true};
  for (size_t first = 0; first < o->N; first += WIDENED_ROWS) {
    size_t rows = o->N - first < WIDENED_ROWS ? o->N - first : WIDENED_ROWS;
#pragma omp parallel for schedule(static)
    for (size_t r = 0; r < rows; r++)
      widen(matmul->kernels, strip + r * K, o->B.dtype, row_of(o->B, first + r), 0, K);
    gaze_matmul_run(matmul, M, rows, K, A, B, o->accumulate, o->C + first, o->ldc);
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

/* All strips of an output's rows that are this thread's. */
static void multiply_strips(const gaze_quantised_kernels *quantised, const gaze_rows *rows,
                            const gaze_matmul_output *o) {
#pragma omp for schedule(static) nowait
  for (size_t n = 0; n < o->N; n += STRIP)
    (rows->group == 1 && rows->M <= FEW ? quantised->few : quantised->many)(
        o->C + n, o->ldc, row_of(o->B, n), o->B.dtype, o->N - n < STRIP ? o->N - n : STRIP, rows, o->accumulate);
}

/* Weights of one dtype. False: short of memory, and C untouched. */
static bool multiply_blocks(gaze_matmul *matmul, size_t M, size_t K, gaze_operand A, const gaze_matmul_output *outputs,
                            size_t count) {
  const gaze_quantised_kernels *quantised = matmul->kernels->quantised;
  bool alone = M * K <= ALONE;
  gaze_rows rows = {
      .M = M, .K = K, .group = M <= FEW ? 1 : quantised->group, .kind = gaze_blocks_kind_of(outputs->B.dtype)};
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
    for (size_t i = 0; i < count; i++)
      multiply_strips(quantised, &rows, &outputs[i]);
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

/* How a weight is multiplied. */
typedef enum way {
  ELSEWHERE,
  BLOCKS,   /* through int8 */
  IN_PLACE, /* widened on the way */
  ROUNDED   /* so too, with A as bf16 has it */
} way;

/* Others make products with plain f32 and bf16 too, but not with few rows of A. */
static way way_of(const gaze_matmul *matmul, size_t M, gaze_operand A, gaze_operand *W) {
  bool bf16 = matmul->precision == GAZE_PRECISION_BF16, in_place = W->stored || (W->bf16 && !bf16);
  if (!in_place && (M > FEW || A.transpose || A.bf16 || !W->transpose || (bf16 && (!W->bf16 || W->packed))))
    return ELSEWHERE;
  if (!W->stored) {
    W->stored = W->bf16 ? (const void *)W->bf16 : W->f32;
    W->dtype = W->bf16 ? GAZE_DTYPE_BF16 : GAZE_DTYPE_F32;
  }
  return gaze_dtype_is_quantised(W->dtype) ? BLOCKS : bf16 && !in_place ? ROUNDED : IN_PLACE;
}

bool gaze_matmul_stored(gaze_matmul *matmul, size_t M, size_t K, gaze_operand A, const gaze_matmul_output *outputs,
                        size_t count) {
  gaze_matmul_output own[GAZE_MATMUL_OUTPUTS];
  way first = ELSEWHERE;
  for (size_t i = 0; i < count; i++) {
    own[i] = outputs[i];
    way next = way_of(matmul, M, A, &own[i].B);
    first = i ? first : next;
    if (next == ELSEWHERE || next != first || (first == BLOCKS && own[i].B.dtype != own->B.dtype))
      return false;
  }
  if (first == ROUNDED && !round_rows(matmul, M, K, &A))
    return false;
  bool done = true;
  assert(own->B.transpose && !A.transpose && !A.bf16);
  for (size_t i = 0; i < count; i++)
    own[i].accumulate =
        gaze_rows_add_bias(matmul->kernels, own[i].B.bias, M, own[i].N, own[i].accumulate, own[i].C, own[i].ldc);
  if (first == BLOCKS)
    done = multiply_blocks(matmul, M, K, A, own, count);
  else
    for (size_t i = 0; i < count && done; i++)
      done = M > FEW && multiply_by_strips(matmul, M, K, A, &own[i]);
  if (!done)
    multiply_by_rows(matmul->kernels, M, K, A, own, count);
  return true;
}
