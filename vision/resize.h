/* Resize with antialiasing, equal to Pillow's Image.resize for 8-bit RGB, bit for bit: two passes, coefficients in
 * 22-bit fixed point, rounding to 8 bits between them. */
#ifndef GAZE_VISION_RESIZE_H
#define GAZE_VISION_RESIZE_H

#include "core/base/error.h"

typedef enum gaze_filter { GAZE_BILINEAR, GAZE_BICUBIC /* a = -0.5 */, GAZE_LANCZOS /* three lobes */ } gaze_filter;

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

/* The same of a picture that comes row by row and is never held as a whole; its rows stay in the cache between the
 * decoder and the first pass.
 *
 *   while (there are rows) {
 *     decode_into(gaze_resize_stream_row(stream));
 *     gaze_resize_stream_push(stream);
 *   }
 *   gaze_resize_stream_finish(stream, &result);
 *   gaze_resize_stream_free(stream); */
typedef struct gaze_resize_stream gaze_resize_stream;

/* Whether a picture of this size can be resized so: not where the pass down goes first. */
bool gaze_resize_streams(int picture_width, int picture_height, int width, int height);
GAZE_CHECKED gaze_err gaze_resize_stream_new(int picture_width, int picture_height, int width, int height,
                                             gaze_filter filter, const gaze_window *window, gaze_resize_stream **out);
/* The same of a picture that has one colour outside of `part`: its rows are those of the part with a frame of one pixel
 * around it, [part->height + 2][part->width + 2, 3], in which a pixel stands for all that lie beyond it. */
GAZE_CHECKED gaze_err gaze_resize_stream_new_framed(int picture_width, int picture_height, const gaze_window *part,
                                                    int width, int height, gaze_filter filter,
                                                    gaze_resize_stream **out);
uint8_t *gaze_resize_stream_row(gaze_resize_stream *stream); /* borrowed: [picture_width, 3] for the next row */
void gaze_resize_stream_push(gaze_resize_stream *stream);    /* the row is filled */
/* After the last row. out as of gaze_resize_window. */
void gaze_resize_stream_finish(gaze_resize_stream *stream, gaze_picture *out);
void gaze_resize_stream_free(gaze_resize_stream *stream);

#endif
