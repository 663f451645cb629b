/* What those that read blocks and those that make them share. */
#ifndef GAZE_CORE_KERNELS_QUANTS_PARTS_H
#define GAZE_CORE_KERNELS_QUANTS_PARTS_H

#include "core/kernels/half.h"
#include "core/kernels/quants.h"

#define GAZE_BLOCK 32       /* numbers in a block of Q8_0 to Q5_1, and in a part of Q4_K's and Q5_K's */
#define GAZE_SUPERBLOCK 256 /* in a block of the K types */
#define GAZE_PARTS 8        /* of Q4_K's and Q5_K's: each has a scale and a minimum of its own */
#define GAZE_SCALE_BYTES 12 /* which take 6 bits each */
#define GAZE_SMALL_PARTS 16 /* of Q6_K's, 16 numbers each: each has a scale of 8 bits */

/* Bytes of a block of Q4_0, Q4_1 (a minimum), Q5_0 (a fifth bit), Q5_1 (both). */
static inline size_t gaze_small_block_size(bool minimum, bool fifth) {
  return 2 + (minimum ? 2 : 0) + (fifth ? 4 : 0) + GAZE_BLOCK / 2;
}

static inline float gaze_half_at(const uint8_t *at) {
  uint16_t bits;
  memcpy(&bits, at, sizeof bits);
  return gaze_f32_from_f16(bits);
}

/* What x becomes when it is kept in a block. */
static inline float gaze_half_put(uint8_t *at, float x) {
  uint16_t bits = gaze_f16_from_f32(x);
  memcpy(at, &bits, sizeof bits);
  return gaze_f32_from_f16(bits);
}

/* K types: n superblocks. */
void gaze_quantise_q45_k(uint8_t *block, const float *x, bool fifth, size_t n);
void gaze_quantise_q6_k(uint8_t *block, const float *x, size_t n);

#endif
