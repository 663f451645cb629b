/* Where things lie in GGUF's blocks; for all levels. Numbers are little-endian. */
#ifndef GAZE_CORE_KERNELS_QUANTISED_BLOCKS_H
#define GAZE_CORE_KERNELS_QUANTISED_BLOCKS_H

#include "core/tensor/tensor.h"

#include <string.h>

#define INLINED static inline __attribute__((always_inline))

/* Constants where the dtype is one, as the inner loops want it. */
typedef struct gaze_blocks_kind {
  size_t block, size; /* numbers and bytes of a block, as gaze_dtype_block and gaze_dtype_size have them */
  size_t part;        /* numbers that share a scale */
  int zero;
  bool shifted; /* blocks have a minimum */
} gaze_blocks_kind;

INLINED gaze_blocks_kind gaze_blocks_kind_of(gaze_dtype dtype) {
  switch (dtype) {
  case GAZE_DTYPE_Q8_0:
    return (gaze_blocks_kind){32, 34, 32, 128, false};
  case GAZE_DTYPE_Q4_0:
    return (gaze_blocks_kind){32, 18, 32, 8, false};
  case GAZE_DTYPE_Q4_1:
    return (gaze_blocks_kind){32, 20, 32, 0, true};
  case GAZE_DTYPE_Q5_0:
    return (gaze_blocks_kind){32, 22, 32, 16, false};
  case GAZE_DTYPE_Q5_1:
    return (gaze_blocks_kind){32, 24, 32, 0, true};
  case GAZE_DTYPE_Q4_K:
    return (gaze_blocks_kind){256, 144, 32, 0, true};
  case GAZE_DTYPE_Q5_K:
    return (gaze_blocks_kind){256, 176, 32, 0, true};
  default:
    return (gaze_blocks_kind){256, 210, 16, 32, false}; /* Q6_K */
  }
}

/* Offsets of a block's fields, in bytes. Blocks of 32 begin with their scale (f16), and those with a minimum go on with
 * it (f16); blocks of 256 too, but for Q6_K's, which end with their scale. A byte of 4-bit numbers holds number j of
 * the first half (16 or 32 numbers) in its low bits and number j of the second in its high ones. */
enum {
  Q8_0_VALUES = 2,
  Q4_0_VALUES = 2,
  Q4_1_VALUES = 4,
  Q5_0_HIGH = 2, /* bit j: bit 4 of number j */
  Q5_0_VALUES = 6,
  Q5_1_HIGH = 4,
  Q5_1_VALUES = 8,
  Q4_K_VALUES = 16, /* 4 times 32 bytes, each of two parts */
  Q5_K_HIGH = 16,   /* bit p of byte j: bit 4 of number j of part p */
  Q5_K_VALUES = 48,
  Q6_K_HIGH = 128, /* twice 32 bytes, each of four times two bits, for the half's 128 numbers */
  Q6_K_SCALES = 192,
  Q6_K_SCALE = 208
};

INLINED uint16_t read_u16(const uint8_t *bytes) {
  uint16_t value;
  memcpy(&value, bytes, sizeof value);
  return value;
}

INLINED uint32_t read_u32(const uint8_t *bytes) {
  uint32_t value;
  memcpy(&value, bytes, sizeof value);
  return value;
}

/* The scales and minima of the 8 parts of a block of Q4_K or Q5_K, 6 bits each, a byte each in part's order. */
INLINED void read_k_scales(const uint8_t *block, uint64_t *scales, uint64_t *minima) {
  uint32_t a = read_u32(block + 4), b = read_u32(block + 8), c = read_u32(block + 12);
  uint32_t high = (c & 0x0f0f0f0fu) | (a >> 2 & 0x30303030u),
           high_minima = (c >> 4 & 0x0f0f0f0fu) | (b >> 2 & 0x30303030u);
  *scales = (uint64_t)high << 32 | (a & 0x3f3f3f3fu);
  *minima = (uint64_t)high_minima << 32 | (b & 0x3f3f3f3fu);
}

#endif
