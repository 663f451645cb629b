#include "core/base/cpu.h"
#include "core/base/memory.h"
#include "core/kernels/matmul_parts.h"

#include <stdlib.h>

/* Without bf16 arithmetic such a product goes through these tiles: large enough for gemm's speed, small enough to stay
 * in the caches. */
#define TILE_ROWS 512u
#define TILE_DEPTH (GAZE_MATMUL_TILE / TILE_ROWS)

/* Rows from which oneDNN's f32 is faster: with fewer, preparing a product takes longer than it gains. */
#define ONEDNN_ROWS 32u

#if defined(GAZE_ONEDNN)
/* The instructions that oneDNN wants for a precision. */
static unsigned flag_of(gaze_precision precision) {
  return precision == GAZE_PRECISION_BF16   ? GAZE_CPU_BF16
         : precision == GAZE_PRECISION_INT8 ? GAZE_CPU_VNNI
                                            : GAZE_CPU_AVX512;
}

bool gaze_precision_is_native(gaze_precision precision, unsigned cpu_flags) {
  return precision == GAZE_PRECISION_F32 || (cpu_flags & flag_of(precision)) != 0;
}
#else
bool gaze_precision_is_native(gaze_precision precision, unsigned cpu_flags) {
  return (void)cpu_flags, precision == GAZE_PRECISION_F32;
}
#endif

bool gaze_room_reserve(gaze_room *room, size_t count, size_t size) {
  if (count * size <= room->size)
    return true;
  free(room->at);
  *room = (gaze_room){0};
  if (gaze_alloc(count, size, &room->at) != GAZE_OK)
    return false;
  room->size = count * size;
  return true;
}

static gaze_err start(gaze_matmul *matmul, unsigned cpu_flags) {
  if (matmul->precision == GAZE_PRECISION_BF16) {
    GAZE_TRY(gaze_alloc(GAZE_MATMUL_TILE, sizeof(float), &matmul->tile_a));
    GAZE_TRY(gaze_alloc(GAZE_MATMUL_TILE, sizeof(float), &matmul->tile_b));
  }
#if defined(GAZE_ONEDNN)
  matmul->wanted = (cpu_flags & flag_of(matmul->precision)) != 0;
#endif
  return GAZE_OK;
}

gaze_err gaze_matmul_new(const gaze_kernels *kernels, unsigned cpu_flags, gaze_precision precision, gaze_matmul **out) {
  gaze_matmul *matmul;
  GAZE_TRY(gaze_alloc(1, sizeof *matmul, &matmul));
  matmul->kernels = kernels;
  matmul->precision = precision;
  matmul->panels = precision == GAZE_PRECISION_BF16 && kernels->small_product_bf16 && !(cpu_flags & GAZE_CPU_AMX);
  gaze_err err = start(matmul, cpu_flags);
  if (err != GAZE_OK)
    gaze_matmul_free(matmul);
  else
    *out = matmul;
  return err;
}

void gaze_matmul_free(gaze_matmul *matmul) {
  if (!matmul)
    return;
#if defined(GAZE_ONEDNN)
  gaze_onednn_free(matmul->onednn);
#endif
  free(matmul->tile_a);
  free(matmul->tile_b);
  free(matmul->rounded_a.at);
  free(matmul->rounded_b.at);
  gaze_int8_rooms_fini(&matmul->int8);
  free(matmul->stored.values.at);
  free(matmul->stored.scales.at);
  free(matmul->strip.at);
  free(matmul);
}

gaze_precision gaze_matmul_precision(const gaze_matmul *matmul) {
  return matmul ? matmul->precision : GAZE_PRECISION_F32;
}

/* tile[rows, columns] = the stored rows first_row.. and columns first_column.. of an operand, rounded to bf16. */
static void copy_tile(const gaze_kernels *kernels, float *tile, gaze_operand from, size_t first_row, size_t rows,
                      size_t first_column, size_t columns) {
#pragma omp parallel for schedule(static)
  for (size_t r = 0; r < rows; r++) {
    uint16_t rounded[TILE_ROWS];
    size_t at = (first_row + r) * from.ld + first_column;
    const uint16_t *row = from.bf16 ? from.bf16 + at : rounded;
    if (!from.bf16)
      kernels->bf16_from_f32(rounded, from.f32 + at, columns);
    kernels->f32_from_bf16(tile + r * columns, row, columns);
  }
}

/* The same for a tile of op(operand); returns the leading dimension it has now. */
static size_t copy_operand(const gaze_kernels *kernels, float *tile, gaze_operand from, size_t first_row, size_t rows,
                           size_t first_column, size_t columns) {
  if (from.transpose)
    copy_tile(kernels, tile, from, first_column, columns, first_row, rows);
  else
    copy_tile(kernels, tile, from, first_row, rows, first_column, columns);
  return from.transpose ? rows : columns;
}

static size_t at_most(size_t left, size_t limit) { return left < limit ? left : limit; }

static void multiply_by_tiles(gaze_matmul *matmul, size_t M, size_t N, size_t K, gaze_operand A, gaze_operand B,
                              bool accumulate, float *C, size_t ldc) {
  const gaze_kernels *kernels = matmul->kernels;
  for (size_t n = 0; n < N; n += TILE_ROWS)
    for (size_t k = 0; k == 0 || k < K; k += TILE_DEPTH) {
      size_t columns = at_most(N - n, TILE_ROWS), depth = at_most(K - k, TILE_DEPTH);
      size_t ldb = copy_operand(kernels, matmul->tile_b, B, k, depth, n, columns);
      for (size_t m = 0; m < M; m += TILE_ROWS) {
        size_t rows = at_most(M - m, TILE_ROWS);
        size_t lda = copy_operand(kernels, matmul->tile_a, A, m, rows, k, depth);
        kernels->gemm(A.transpose, B.transpose, rows, columns, depth, 1, matmul->tile_a, lda, matmul->tile_b, ldb,
                      k == 0 && !accumulate ? 0 : 1, C + m * ldc + n, ldc);
      }
    }
}

bool gaze_operand_round(const gaze_kernels *kernels, gaze_operand *operand, size_t rows, size_t columns,
                        gaze_room *room) {
  if (operand->bf16)
    return true;
  if (!gaze_room_reserve(room, rows * columns, sizeof(uint16_t)))
    return false;
  uint16_t *rounded = room->at;
#pragma omp parallel for schedule(static)
  for (size_t r = 0; r < rows; r++)
    kernels->bf16_from_f32(rounded + r * columns, operand->f32 + r * operand->ld, columns);
  operand->bf16 = rounded;
  operand->ld = columns;
  return true;
}

#if defined(GAZE_ONEDNN)
bool gaze_matmul_start_onednn(gaze_matmul *matmul) {
  if (matmul->wanted && !matmul->onednn)
    matmul->wanted = gaze_onednn_new(&matmul->onednn) == GAZE_OK;
  return matmul->wanted;
}

static bool multiply_packed(gaze_matmul *matmul, const gaze_product *plain, const void *A, const gaze_packed *B,
                            float *C) {
  gaze_product product = *plain;
  product.packed = true;
  return B && B->weights && !B->int8.values && gaze_onednn_matmul(matmul->onednn, &product, A, B->weights, C);
}

static bool multiply_natively(gaze_matmul *matmul, size_t M, size_t N, size_t K, gaze_operand A, gaze_operand B,
                              bool accumulate, float *C, size_t ldc) {
  bool bf16 = matmul->precision == GAZE_PRECISION_BF16;
  if (!M || !N || !K || (!bf16 && M < ONEDNN_ROWS) || !gaze_matmul_start_onednn(matmul))
    return false;
  gaze_product product = {.M = M,
                          .N = N,
                          .K = K,
                          .lda = A.ld,
                          .ldb = B.ld,
                          .ldc = ldc,
                          .transpose_a = A.transpose,
                          .transpose_b = B.transpose,
                          .accumulate = accumulate,
                          .bias = B.bias,
                          .type = bf16 ? GAZE_ONEDNN_BF16 : GAZE_ONEDNN_F32};
  if (!bf16)
    return multiply_packed(matmul, &product, A.f32, B.packed, C) ||
           gaze_onednn_matmul(matmul->onednn, &product, A.f32, B.f32, C);
  if (!gaze_operand_round(matmul->kernels, &A, A.transpose ? K : M, A.transpose ? M : K, &matmul->rounded_a) ||
      !gaze_operand_round(matmul->kernels, &B, B.transpose ? N : K, B.transpose ? K : N, &matmul->rounded_b))
    return false;
  product.lda = A.ld;
  product.ldb = B.ld;
  return multiply_packed(matmul, &product, A.bf16, B.packed, C) ||
         gaze_onednn_matmul(matmul->onednn, &product, A.bf16, B.bf16, C);
}
#else
static bool multiply_natively(gaze_matmul *matmul, size_t M, size_t N, size_t K, gaze_operand A, gaze_operand B,
                              bool accumulate, float *C, size_t ldc) {
  return false;
}
#endif

static void multiply(gaze_matmul *matmul, size_t M, size_t N, size_t K, gaze_operand A, gaze_operand B, bool accumulate,
                     float *C, size_t ldc) {
  if (gaze_matmul_stored(matmul, M, K, A, &(gaze_matmul_output){B, N, accumulate, C, ldc}, 1) ||
      multiply_natively(matmul, M, N, K, A, B, accumulate, C, ldc))
    return;
  accumulate = gaze_rows_add_bias(matmul->kernels, B.bias, M, N, accumulate, C, ldc);
  if (matmul->precision == GAZE_PRECISION_BF16)
    multiply_by_tiles(matmul, M, N, K, A, B, accumulate, C, ldc);
  else
    matmul->kernels->gemm(A.transpose, B.transpose, M, N, K, 1, A.f32, A.ld, B.f32, B.ld, accumulate ? 1 : 0, C, ldc);
}

void gaze_matmul_run(gaze_matmul *matmul, size_t M, size_t N, size_t K, gaze_operand A, gaze_operand B, bool accumulate,
                     float *C, size_t ldc) {
  if (B.packed && B.packed->int8.values && !A.transpose &&
      gaze_matmul_int8(matmul, M, A.f32, A.ld, B, accumulate, C, ldc))
    return;
  if (B.packed && B.packed->halves && !A.transpose && gaze_matmul_bf16(matmul, M, A, B, accumulate, C, ldc))
    return;
  multiply(matmul, M, N, K, A, B, accumulate, C, ldc);
  gaze_rows_activate(B.activate, M, N, C, ldc);
}

static bool is_plain(const gaze_operand *B) { return !B->activate && !B->packed; }

void gaze_matmul_run_all(gaze_matmul *matmul, size_t M, size_t K, gaze_operand A, const gaze_matmul_output *outputs,
                         size_t count) {
  bool together = count <= GAZE_MATMUL_OUTPUTS;
  for (size_t i = 0; i < count; i++)
    together &= is_plain(&outputs[i].B);
  if (together && gaze_matmul_stored(matmul, M, K, A, outputs, count))
    return;
  for (const gaze_matmul_output *o = outputs; o < outputs + count; o++)
    gaze_matmul_run(matmul, M, o->N, K, A, o->B, o->accumulate, o->C, o->ldc);
}

bool gaze_matmul_packs(const gaze_matmul *matmul) {
  return matmul && (matmul->precision == GAZE_PRECISION_INT8 || matmul->panels);
}

gaze_err gaze_packed_new(gaze_matmul *matmul, size_t N, size_t K, gaze_operand W, gaze_packed **out) {
  *out = NULL;
  if (matmul->precision == GAZE_PRECISION_INT8 && W.f32)
    return gaze_packed_new_int8(matmul, N, K, W.f32, W.ld, out);
  if (matmul->panels && W.transpose && K % 2 == 0)
    return gaze_packed_new_bf16(matmul, N, K, W, out);
#if defined(GAZE_ONEDNN)
  bool bf16 = matmul->precision == GAZE_PRECISION_BF16;
  const void *values = bf16 ? (const void *)W.bf16 : W.f32;
  if (!values || !gaze_matmul_start_onednn(matmul))
    return GAZE_OK;
  gaze_product product = {
      .N = N, .K = K, .ldb = W.ld, .transpose_b = W.transpose, .type = bf16 ? GAZE_ONEDNN_BF16 : GAZE_ONEDNN_F32};
  gaze_onednn_packed *weights = gaze_onednn_pack(matmul->onednn, &product, values);
  if (!weights)
    return GAZE_OK;
  gaze_err err = gaze_alloc(1, sizeof **out, out);
  if (err != GAZE_OK)
    gaze_onednn_packed_free(weights);
  else
    (*out)->weights = weights;
  return err;
#else
  return GAZE_OK;
#endif
}

void gaze_packed_free(gaze_packed *packed) {
  if (!packed)
    return;
#if defined(GAZE_ONEDNN)
  gaze_onednn_packed_free(packed->weights);
#endif
  free(packed->panels);
  free(packed->offsets);
  free(packed->halves);
  if (!packed->borrowed) {
    free(packed->int8.values);
    free(packed->int8.scales);
    free(packed->int8.columns);
  }
  free(packed);
}
