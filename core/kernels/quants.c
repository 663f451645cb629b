/* Out of blocks. Every product and sum is rounded by itself, in the order of the format's definition. */
#include "core/kernels/quants.h"

#include "core/kernels/quants_parts.h"

#include <assert.h>

/* d, 32 signed bytes. */
static void from_q8_0(float *y, const uint8_t *block, size_t n) {
  for (; n--; block += 2 + GAZE_BLOCK, y += GAZE_BLOCK) {
    const float d = gaze_half_at(block);
    for (size_t i = 0; i < GAZE_BLOCK; i++)
      y[i] = (float)(int8_t)block[2 + i] * d;
  }
}

/* d, the minimum if there is one, the fifth bits if there are any (bit i for number i), 16 bytes: number i in the low
 * half of byte i, number 16 + i in its high half. */
static inline void from_small(float *y, const uint8_t *block, bool minimum, bool fifth, size_t n) {
  const int centre = minimum ? 0 : fifth ? 16 : 8;
  for (; n--; block += gaze_small_block_size(minimum, fifth), y += GAZE_BLOCK) {
    const uint8_t *high = block + (minimum ? 4 : 2), *low = high + (fifth ? 4 : 0);
    const float d = gaze_half_at(block), m = minimum ? gaze_half_at(block + 2) : 0;
    uint32_t fifths = 0;
    if (fifth)
      memcpy(&fifths, high, sizeof fifths);
    for (size_t i = 0; i < GAZE_BLOCK; i++) {
      int q = (i < 16 ? low[i] & 15 : low[i - 16] >> 4) | (int)(fifths >> i & 1) << 4;
      y[i] = minimum ? d * (float)q + m : d * (float)(q - centre);
    }
  }
}

/* Scale and minimum of part i: the first four lie in the low 6 bits of bytes 0-3 and 4-7; of the others the low four
 * bits share bytes 8-11, the high two are the top of what the first four left. */
static void scale_and_minimum(const uint8_t *packed, size_t i, float *scale, float *minimum) {
  if (i < 4) {
    *scale = (float)(packed[i] & 63);
    *minimum = (float)(packed[i + 4] & 63);
  } else {
    *scale = (float)((packed[i + 4] & 15) | packed[i - 4] >> 6 << 4);
    *minimum = (float)(packed[i + 4] >> 4 | packed[i] >> 6 << 4);
  }
}

/* d, d of minima, packed scales, the fifth bits if there are any (bit p of byte i for number i of part p), 128 bytes:
 * part 2 g in the low halves of bytes 32 g and on, part 2 g + 1 in their high halves. */
static inline void from_q45_k(float *y, const uint8_t *block, bool fifth, size_t n) {
  for (; n--; block += gaze_dtype_size(fifth ? GAZE_DTYPE_Q5_K : GAZE_DTYPE_Q4_K)) {
    const uint8_t *scales = block + 4, *high = scales + GAZE_SCALE_BYTES, *low = high + (fifth ? GAZE_BLOCK : 0);
    const float d = gaze_half_at(block), d_minimum = gaze_half_at(block + 2);
    for (size_t part = 0; part < GAZE_PARTS; part++, y += GAZE_BLOCK) {
      float scale, minimum;
      scale_and_minimum(scales, part, &scale, &minimum);
      scale *= d, minimum *= d_minimum;
      for (size_t i = 0; i < GAZE_BLOCK; i++) {
        int q = low[part / 2 * GAZE_BLOCK + i] >> part % 2 * 4 & 15;
        y[i] = scale * (float)(q | (fifth ? high[i] >> part & 1 : 0) << 4) - minimum;
      }
    }
  }
}

/* 128 bytes of low halves, 64 of high pairs of bits, 16 signed scales, d. A half of the block is four runs of 32: the
 * low halves of bytes 0-31 and 32-63, then the high ones; the pairs of one byte go to the four runs in turn. */
static void from_q6_k(float *y, const uint8_t *block, size_t n) {
  for (; n--; block += gaze_dtype_size(GAZE_DTYPE_Q6_K)) {
    const uint8_t *scales = block + 192;
    const float d = gaze_half_at(scales + GAZE_SMALL_PARTS);
    for (size_t run = 0; run < 8; run++, y += GAZE_BLOCK) {
      const uint8_t *low = block + run / 4 * 64 + run % 2 * 32, *high = block + 128 + run / 4 * 32;
      for (size_t i = 0; i < GAZE_BLOCK; i++) {
        int q = (low[i] >> run % 4 / 2 * 4 & 15) | (high[i] >> run % 4 * 2 & 3) << 4;
        y[i] = d * (float)(int8_t)scales[run * 2 + i / 16] * (float)(q - 32);
      }
    }
  }
}

void gaze_dequantise(float *y, const void *blocks, gaze_dtype dtype, size_t n) {
  assert(gaze_dtype_is_quantised(dtype) && n % gaze_dtype_block(dtype) == 0);
  n /= gaze_dtype_block(dtype);
  switch (dtype) {
  case GAZE_DTYPE_Q8_0:
    from_q8_0(y, blocks, n);
    break;
  case GAZE_DTYPE_Q4_0:
    from_small(y, blocks, false, false, n);
    break;
  case GAZE_DTYPE_Q4_1:
    from_small(y, blocks, true, false, n);
    break;
  case GAZE_DTYPE_Q5_0:
    from_small(y, blocks, false, true, n);
    break;
  case GAZE_DTYPE_Q5_1:
    from_small(y, blocks, true, true, n);
    break;
  case GAZE_DTYPE_Q4_K:
    from_q45_k(y, blocks, false, n);
    break;
  case GAZE_DTYPE_Q5_K:
    from_q45_k(y, blocks, true, n);
    break;
  default:
    from_q6_k(y, blocks, n);
    break;
  }
}
