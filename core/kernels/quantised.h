/* Products of rows of A, made int8 on the way, with weights in GGUF's blocks, read as they lie in the file.
 *
 * A stored number is scale * (u - zero), or scale * u - shift where a block has a minimum; u is unsigned, `zero` is
 * its dtype's, scale and shift are those of a part of 32 numbers (of 16 in Q6_K). Rows of A have a scale for each 32
 * numbers, so that with q the int8 and s its scale
 *
 *   C[m, n] = sum over parts of  s * scale * sum(u q) - s * scale * zero * sum(q)      or  - s * shift * sum(q)
 *
 * where the sums are exact. The order of what is added to what depends on K alone, never on threads. */
#ifndef GAZE_CORE_KERNELS_QUANTISED_H
#define GAZE_CORE_KERNELS_QUANTISED_H

#include "core/kernels/quantised_blocks.h"

#define GAZE_PART 32u  /* numbers of A that share a scale */
#define GAZE_STEPS 127 /* s = largest magnitude / this; q = x * (this / largest magnitude), to the nearest, even */

/* A [M, K] as int8. Rows lie in groups: number k of row m belongs to part
 * p = (m / group * (K / 32) + k / 32) * group + m % group. The last group is filled with zeros. */
typedef struct gaze_rows {
  size_t M, K, group;
  gaze_blocks_kind kind; /* of the weight */
  int8_t *values;        /* [parts, 32], and 32 more that may be read */
  float *scales;         /* [parts] */
  float *sums;           /* [parts]: scale * the sum of the values */
  int32_t *offsets;      /* [parts, 32 / kind.part]: -zero * the sum of the values that meet one scale of the weight */
} gaze_rows;

typedef struct gaze_quantised_kernels {
  size_t group; /* of the rows for `many`; `few` has them one by one */
  /* One row of A into its places. */
  void (*quantise)(const gaze_rows *rows, size_t m, const float *x);
  /* C[M, N] (+)= A W^T for a strip of N rows of W. */
  void (*few)(float *C, size_t ldc, const void *W, gaze_dtype dtype, size_t N, const gaze_rows *A, bool accumulate);
  void (*many)(float *C, size_t ldc, const void *W, gaze_dtype dtype, size_t N, const gaze_rows *A, bool accumulate);
} gaze_quantised_kernels;

/* One block in the open: at most 256 numbers of 16 parts. */
typedef struct gaze_opened {
  uint8_t values[256];
  float scales[16], shifts[8];
} gaze_opened;

void gaze_opened_fill(gaze_opened *out, const uint8_t *block, gaze_dtype dtype);

#endif
