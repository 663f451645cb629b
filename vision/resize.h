/* Resize with antialiasing, equal to Pillow's Image.resize for 8-bit RGB, bit for bit: two passes, coefficients in
 * 22-bit fixed point, rounding to 8 bits between them. */
#ifndef GAZE_VISION_RESIZE_H
#define GAZE_VISION_RESIZE_H

#include "core/base/error.h"

typedef enum gaze_filter { GAZE_BILINEAR, GAZE_BICUBIC /* a = -0.5 */ } gaze_filter;

/* A part of a picture, in pixels, fractions allowed (Pillow's `box`). */
typedef struct gaze_box {
  double left, top, right, bottom;
} gaze_box;

/* A part of a result, in whole pixels. */
typedef struct gaze_window {
  int left, top, width, height;
} gaze_window;

/* box NULL: the whole picture. out: [height, width, 3], yours: gaze_picture_fini. */
GAZE_CHECKED gaze_err gaze_resize(const gaze_picture *picture, const gaze_box *box, int width, int height,
                                  gaze_filter filter, gaze_picture *out);
/* Of the same result only a window, which lies inside of it: no work is spent on the rest.
 * out: [window->height, window->width, 3], yours: gaze_picture_fini. */
GAZE_CHECKED gaze_err gaze_resize_window(const gaze_picture *picture, const gaze_box *box, int width, int height,
                                         gaze_filter filter, const gaze_window *window, gaze_picture *out);

#endif
