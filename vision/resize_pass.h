/* The two passes of a resize, and the coefficients they work with. All versions give the same bytes: all arithmetic is
 * on integers, modulo 2^32, and the true sums fit. */
#ifndef GAZE_VISION_RESIZE_PASS_H
#define GAZE_VISION_RESIZE_PASS_H

#include "vision/resize.h"

#define GAZE_RESIZE_BITS 22 /* of fraction in a coefficient: 32 - 8 for the pixel - 2 for overshoot */
#define GAZE_RESIZE_HALF (1 << (GAZE_RESIZE_BITS - 1))
#define GAZE_RESIZE_PAD 16  /* bytes past their end that must be readable behind rows given to `across` */
#define GAZE_RESIZE_ROWS 16 /* rows that `across` likes to get at once */
#define GAZE_RESIZE_QUAD 4  /* inputs that one instruction multiplies */

/* How each of n results of an axis is made of up to `taps` inputs, of which inputs begin .. end - 1 are read.
 * A coefficient has 23 bits and a sign, vectors multiply 16: so weight = coarse * 2^shift + fine. What the fine parts
 * can add to a sum of 8-bit inputs lies between known bounds, and where both lead to the same result they need not be
 * looked at, which is nearly always. */
typedef struct gaze_resize_axis {
  int n, taps, quads, begin, end; /* taps is a multiple of four */
  int *first, *count;             /* [n]: inputs first[i] .. first[i] + count[i] - 1 */
  int32_t *weights;               /* [n, taps], zero past count[i] */
  int16_t *coarse, *fine;         /* [n, taps] */
  /* [n, quads, 3, 4]: weight = 65536 * upper + 256 * middle + lower, of inputs in fours, counted from the last multiple
   * of four at or before first[i]; zero where there is no weight. */
  int8_t *bytes;
  int32_t *lowest, *range; /* [n]: least fine sum, GAZE_RESIZE_HALF included, and how much more it can be */
  int shift;
} gaze_resize_axis;

/* Of `results` that an axis makes of `size` inputs between from and to, those from `first`, n of them. */
GAZE_CHECKED gaze_err gaze_resize_axis_init(gaze_resize_axis *axis, int size, double from, double to, int results,
                                            int first, int n, gaze_filter filter);
/* Inputs before begin are one input, and those from end on: they are alike. */
void gaze_resize_axis_join(gaze_resize_axis *axis, int begin, int end);
/* Coarse and fine parts and their bounds, from the weights; part of gaze_resize_axis_init. */
void gaze_resize_axis_split(gaze_resize_axis *axis);
void gaze_resize_axis_fini(gaze_resize_axis *axis);
size_t gaze_resize_room(const gaze_resize_axis *axis);

typedef struct gaze_resize_passes {
  /* Rows of `stride` bytes, `in` being input 0 of the first, to rows of axis->n pixels, side by side.
   * GAZE_RESIZE_PAD bytes past the last row are read and forgotten. room: gaze_resize_room bytes to work in, aligned as
   * gaze_alloc does. */
  void (*across)(const gaze_resize_axis *axis, const uint8_t *in, size_t stride, int rows, void *room, uint8_t *out);
  /* Rows of `bytes` each, `stride` apart, to one row, result i of the axis. in: input axis->first[i]. */
  void (*down)(const gaze_resize_axis *axis, int i, const uint8_t *in, size_t stride, size_t bytes, uint8_t *out);
} gaze_resize_passes;

/* The fastest of this processor. */
const gaze_resize_passes *gaze_resize_passes_choose(void);

extern const gaze_resize_passes gaze_resize_portable;
#if defined(__x86_64__)
extern const gaze_resize_passes gaze_resize_avx2; /* where gaze_cpu_detect() says GAZE_CPU_AVX2 */
extern const gaze_resize_passes gaze_resize_vnni; /* ... GAZE_CPU_VNNI */
void gaze_resize_down_avx2(const gaze_resize_axis *axis, int i, const uint8_t *in, size_t stride, size_t bytes,
                           uint8_t *out);
#endif

/* sum holds a result in GAZE_RESIZE_BITS of fraction, the half for rounding included. */
static inline uint8_t gaze_resize_clip(int32_t sum) {
  int32_t value = sum >> GAZE_RESIZE_BITS;
  return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

#endif
