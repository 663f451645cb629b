/* Weights in GGUF's blocks in plain C: for processors without better, and what the better ones are checked with. */
#include "core/kernels/half.h"
#include "core/kernels/levels.h"

#include <math.h>

static float f16_at(const uint8_t *bytes) { return gaze_f32_from_f16(read_u16(bytes)); }

static void open_q8_0(gaze_opened *out, const uint8_t *block) {
  out->scales[0] = f16_at(block);
  for (size_t j = 0; j < GAZE_PART; j++)
    out->values[j] = block[Q8_0_VALUES + j] ^ 0x80;
}

/* Two times n numbers of n bytes. */
static void open_nibbles(uint8_t *values, const uint8_t *bytes, size_t n) {
  for (size_t j = 0; j < n; j++) {
    values[j] = bytes[j] & 15;
    values[n + j] = bytes[j] >> 4;
  }
}

static void add_high_bits(uint8_t *values, uint32_t bits) {
  for (size_t j = 0; j < GAZE_PART; j++)
    values[j] |= (uint8_t)((bits >> j & 1u) << 4);
}

static void open_32(gaze_opened *out, const uint8_t *block, gaze_dtype dtype) {
  out->scales[0] = f16_at(block);
  bool shifted = dtype == GAZE_DTYPE_Q4_1 || dtype == GAZE_DTYPE_Q5_1;
  if (shifted)
    out->shifts[0] = -f16_at(block + 2);
  if (dtype == GAZE_DTYPE_Q4_0 || dtype == GAZE_DTYPE_Q4_1) {
    open_nibbles(out->values, block + (shifted ? Q4_1_VALUES : Q4_0_VALUES), GAZE_PART / 2);
    return;
  }
  open_nibbles(out->values, block + (shifted ? Q5_1_VALUES : Q5_0_VALUES), GAZE_PART / 2);
  add_high_bits(out->values, read_u32(block + (shifted ? Q5_1_HIGH : Q5_0_HIGH)));
}

/* Q4_K, and Q5_K where `high` is not NULL. */
static void open_k(gaze_opened *out, const uint8_t *block, const uint8_t *values, const uint8_t *high) {
  uint64_t scales, minima;
  float scale = f16_at(block), minimum = f16_at(block + 2);
  read_k_scales(block, &scales, &minima);
  for (size_t p = 0; p < 8; p++) {
    out->scales[p] = scale * (float)(scales >> 8 * p & 63);
    out->shifts[p] = minimum * (float)(minima >> 8 * p & 63);
  }
  for (size_t i = 0; i < 4; i++)
    open_nibbles(out->values + 64 * i, values + 32 * i, 32);
  for (size_t j = 0; high && j < 256; j++)
    out->values[j] |= (uint8_t)((high[j % 32] >> j / 32 & 1) << 4);
}

static void open_q6_k(gaze_opened *out, const uint8_t *block) {
  float scale = f16_at(block + Q6_K_SCALE);
  for (size_t p = 0; p < 16; p++)
    out->scales[p] = scale * (float)(int8_t)block[Q6_K_SCALES + p];
  for (size_t half = 0; half < 2; half++)
    open_nibbles(out->values + 128 * half, block + 64 * half, 64);
  for (size_t j = 0; j < 256; j++)
    out->values[j] |= (uint8_t)((block[Q6_K_HIGH + j / 128 * 32 + j % 32] >> j % 128 / 32 * 2 & 3) << 4);
}

void gaze_opened_fill(gaze_opened *out, const uint8_t *block, gaze_dtype dtype) {
  if (dtype == GAZE_DTYPE_Q8_0)
    open_q8_0(out, block);
  else if (dtype == GAZE_DTYPE_Q4_K)
    open_k(out, block, block + Q4_K_VALUES, NULL);
  else if (dtype == GAZE_DTYPE_Q5_K)
    open_k(out, block, block + Q5_K_VALUES, block + Q5_K_HIGH);
  else if (dtype == GAZE_DTYPE_Q6_K)
    open_q6_k(out, block);
  else
    open_32(out, block, dtype);
}

static void fill_offsets(const gaze_rows *rows, size_t p) {
  size_t each = GAZE_PART / rows->kind.part;
  for (size_t i = 0; i < each; i++) {
    int32_t total = 0;
    for (size_t j = 0; j < rows->kind.part; j++)
      total += rows->values[p * GAZE_PART + i * rows->kind.part + j];
    rows->offsets[p * each + i] = -rows->kind.zero * total;
  }
}

void gaze_quantise_portable(const gaze_rows *rows, size_t m, const float *x) {
  size_t parts = rows->K / GAZE_PART;
  for (size_t i = 0; i < parts; i++, x += GAZE_PART) {
    size_t p = (m / rows->group * parts + i) * rows->group + m % rows->group;
    int8_t *values = rows->values + p * GAZE_PART;
    float most = 0;
    for (size_t j = 0; j < GAZE_PART; j++)
      most = fabsf(x[j]) > most ? fabsf(x[j]) : most;
    float factor = most > 0 ? GAZE_STEPS / most : 0;
    int32_t total = 0;
    for (size_t j = 0; j < GAZE_PART; j++) {
      float value = x[j] * factor;
      value = value > -GAZE_STEPS ? value : -GAZE_STEPS; /* not a number: -127 */
      values[j] = (int8_t)lrint(value < GAZE_STEPS ? value : GAZE_STEPS);
      total += values[j];
    }
    fill_offsets(rows, p);
    rows->scales[p] = most / GAZE_STEPS;
    rows->sums[p] = rows->scales[p] * (float)total;
  }
}

/* The sum over one block of `n` numbers of row m of A from part `first` on. */
static float dot_block(const gaze_opened *block, gaze_blocks_kind kind, const gaze_rows *A, size_t first, size_t n) {
  float sum = 0;
  const int8_t *a = A->values + first * GAZE_PART;
  for (size_t j = 0; j < n; j += kind.part) {
    int32_t total = 0;
    for (size_t i = j; i < j + kind.part; i++)
      total += (block->values[i] - kind.zero) * a[i];
    sum += A->scales[first + j / GAZE_PART] * block->scales[j / kind.part] * (float)total;
    if (kind.shifted)
      sum -= block->shifts[j / GAZE_PART] * A->sums[first + j / GAZE_PART];
  }
  return sum;
}

static void multiply(float *C, size_t ldc, const void *W, gaze_dtype dtype, size_t N, const gaze_rows *A,
                     bool accumulate) {
  gaze_blocks_kind kind = gaze_blocks_kind_of(dtype);
  size_t n = gaze_dtype_block(dtype), size = gaze_dtype_size(dtype), blocks = A->K / n;
  const uint8_t *at = W;
  gaze_opened block;
  for (size_t r = 0; r < N; r++) {
    for (size_t m = 0; m < A->M; m++)
      C[m * ldc + r] = accumulate ? C[m * ldc + r] : 0;
    for (size_t b = 0; b < blocks; b++, at += size) {
      gaze_opened_fill(&block, at, dtype);
      for (size_t m = 0; m < A->M; m++)
        C[m * ldc + r] += dot_block(&block, kind, A, (m * A->K + b * n) / GAZE_PART, n);
    }
  }
}

const gaze_quantised_kernels gaze_quantised_portable = {
    .group = 1, .quantise = gaze_quantise_portable, .few = multiply, .many = multiply};
