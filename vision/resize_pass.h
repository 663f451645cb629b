/* The two passes of a resize. Portable and AVX2 versions give the same bytes: all arithmetic is on integers, modulo
 * 2^32, and the true sums fit. */
#ifndef GAZE_VISION_RESIZE_PASS_H
#define GAZE_VISION_RESIZE_PASS_H

#include <stddef.h>
#include <stdint.h>

#define GAZE_RESIZE_BITS 22 /* of fraction in a coefficient: 32 - 8 for the pixel - 2 for overshoot */
#define GAZE_RESIZE_GROUP 4 /* taps are a multiple of this */

/* How each of n results of an axis is made of up to `taps` inputs. */
typedef struct gaze_resize_axis {
  int n, taps;
  int *first, *count; /* [n]: inputs first[i] .. first[i] + count[i] - 1 */
  int32_t *weights;   /* [n, taps], zero past count[i] */
} gaze_resize_axis;

typedef struct gaze_resize_passes {
  /* Rows of `stride` bytes to rows of axis->n pixels, side by side. Only pixels that the axis names are read, but any
   * byte from `in` to the end of the last row may be loaded. */
  void (*across)(const gaze_resize_axis *axis, const uint8_t *in, size_t stride, int rows, uint8_t *out);
  /* `count` rows of `bytes` each, `stride` apart, to one row. */
  void (*down)(const int32_t *weights, int count, const uint8_t *in, size_t stride, size_t bytes, uint8_t *out);
} gaze_resize_passes;

extern const gaze_resize_passes gaze_resize_portable;
#if defined(__x86_64__)
extern const gaze_resize_passes gaze_resize_avx2; /* where gaze_cpu_detect() says GAZE_CPU_AVX2 */
#endif

/* sum holds a result in GAZE_RESIZE_BITS of fraction, the half for rounding included. */
static inline uint8_t gaze_resize_clip(int32_t sum) {
  int32_t value = sum >> GAZE_RESIZE_BITS;
  return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

#endif
