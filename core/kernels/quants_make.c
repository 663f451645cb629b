/* Into blocks. */
#include "core/kernels/quants.h"

#include "core/kernels/quants_parts.h"

#include <assert.h>
#include <math.h>

/* The number of the largest magnitude, the first of several. */
static float extreme(const float *x) {
  float most = 0;
  for (size_t i = 0; i < GAZE_BLOCK; i++)
    most = fabsf(x[i]) > fabsf(most) ? x[i] : most;
  return most;
}

/* A step of 0 to most; what is no number is 0. */
static int step_of(float x, int most) { return x > 0 ? (int)(x < (float)most ? x : (float)most) : 0; }

/* The largest magnitude, in lanes that a compiler makes one register. */
static float largest(const float *x) {
  float lanes[8] = {0}, most = 0;
  for (size_t i = 0; i < GAZE_BLOCK; i += 8)
    for (size_t k = 0; k < 8; k++)
      lanes[k] = fabsf(x[i + k]) > lanes[k] ? fabsf(x[i + k]) : lanes[k];
  for (size_t k = 0; k < 8; k++)
    most = lanes[k] > most ? lanes[k] : most;
  return most;
}

/* As roundf, within a byte; what is no number is -128. A half less its last bit: no sum is rounded up to what lies
 * further. */
static inline int8_t round_to_byte(float x) {
  x = x > -128 ? x : -128;
  x = x < 127 ? x : 127;
  return (int8_t)(x + copysignf(0x1.fffffep-2f, x));
}

static void make_q8_0(uint8_t *block, const float *x, size_t n) {
  for (; n--; block += 2 + GAZE_BLOCK, x += GAZE_BLOCK) {
    const float d = largest(x) / 127, inverse = d != 0 ? 1 / d : 0;
    gaze_half_put(block, d);
    for (size_t i = 0; i < GAZE_BLOCK; i++)
      block[2 + i] = (uint8_t)round_to_byte(x[i] * inverse);
  }
}

/* Without a minimum the extreme number is the lowest step, whose magnitude is one larger than the highest's. */
static inline void make_small(uint8_t *block, const float *x, bool minimum, bool fifth, size_t n) {
  const int most = fifth ? 31 : 15;
  for (; n--; block += gaze_small_block_size(minimum, fifth), x += GAZE_BLOCK) {
    uint8_t *high = block + (minimum ? 4 : 2), *low = high + (fifth ? 4 : 0);
    float least = x[0], largest = x[0];
    for (size_t i = 1; i < GAZE_BLOCK; i++) {
      least = x[i] < least ? x[i] : least;
      largest = x[i] > largest ? x[i] : largest;
    }
    const int centre = minimum ? 0 : (most + 1) / 2;
    const float d = minimum ? (largest - least) / (float)most : extreme(x) / (float)-centre;
    const float inverse = d != 0 ? 1 / d : 0, first = minimum ? least : 0;
    uint32_t fifths = 0;
    memset(low, 0, GAZE_BLOCK / 2);
    for (size_t i = 0; i < GAZE_BLOCK; i++) {
      int q = step_of((x[i] - first) * inverse + ((float)centre + 0.5f), most);
      low[i % 16] |= (uint8_t)((q & 15) << i / 16 * 4);
      fifths |= (uint32_t)(q >> 4) << i;
    }
    gaze_half_put(block, d);
    if (minimum)
      gaze_half_put(block + 2, least);
    if (fifth)
      memcpy(high, &fifths, sizeof fifths);
  }
}

void gaze_quantise(void *blocks, const float *x, gaze_dtype dtype, size_t n) {
  assert(gaze_dtype_is_quantised(dtype) && n % gaze_dtype_block(dtype) == 0);
  n /= gaze_dtype_block(dtype);
  switch (dtype) {
  case GAZE_DTYPE_Q8_0:
    make_q8_0(blocks, x, n);
    break;
  case GAZE_DTYPE_Q4_0:
    make_small(blocks, x, false, false, n);
    break;
  case GAZE_DTYPE_Q4_1:
    make_small(blocks, x, true, false, n);
    break;
  case GAZE_DTYPE_Q5_0:
    make_small(blocks, x, false, true, n);
    break;
  case GAZE_DTYPE_Q5_1:
    make_small(blocks, x, true, true, n);
    break;
  case GAZE_DTYPE_Q4_K:
    gaze_quantise_q45_k(blocks, x, false, n);
    break;
  case GAZE_DTYPE_Q5_K:
    gaze_quantise_q45_k(blocks, x, true, n);
    break;
  default:
    gaze_quantise_q6_k(blocks, x, n);
    break;
  }
}
