/* One number between f32 and f16: IEEE 754 binary16, 1 sign, 5 exponent, 10 fraction bits. Rows of them go through the
 * kernel table. */
#ifndef GAZE_CORE_KERNELS_HALF_H
#define GAZE_CORE_KERNELS_HALF_H

#include <stdint.h>
#include <string.h>

static inline uint32_t gaze_bits_of_float(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

static inline float gaze_float_of_bits(uint32_t bits) {
  float x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

static inline float gaze_f32_from_f16(uint16_t h) {
  uint32_t sign = (uint32_t)(h & 0x8000u) << 16, exponent = (h >> 10) & 31u, fraction = h & 0x3ffu;
  if (exponent == 31) /* infinity and NaN; a NaN comes out quiet, as the processor's own conversion does */
    return gaze_float_of_bits(sign | 0x7f800000u | fraction << 13 | (fraction ? 0x400000u : 0));
  if (exponent == 0) /* subnormal: fraction * 2^-24, exact in f32 */
    return gaze_float_of_bits(sign | gaze_bits_of_float((float)fraction * 0x1p-24f));
  return gaze_float_of_bits(sign | (exponent + 112) << 23 | fraction << 13);
}

static inline uint16_t gaze_f16_from_f32(float x) {
  uint32_t bits = gaze_bits_of_float(x), sign = bits >> 16 & 0x8000u, magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u)
    return (uint16_t)(sign | 0x7e00u | (magnitude >> 13 & 0x3ffu));
  if (magnitude >= 0x477ff000u) /* 65520 and above round to infinity */
    return (uint16_t)(sign | 0x7c00u);
  if (magnitude < 0x38800000u) /* below 2^-14: adding 0.5 leaves the rounded subnormal in the lowest bits */
    return (uint16_t)(sign | (gaze_bits_of_float(gaze_float_of_bits(magnitude) + 0.5f) - 0x3f000000u));
  magnitude += 0xfffu + (magnitude >> 13 & 1u); /* round to nearest even */
  return (uint16_t)(sign | (magnitude - 0x38000000u) >> 13);
}

#endif
