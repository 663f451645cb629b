/* What the decoders of the formats share: the file as it came, a picture reserved after its size was judged, and
 * colours over white. gaze_picture_decode (gaze.h) chooses among them by content. */
#ifndef GAZE_VISION_PICTURE_H
#define GAZE_VISION_PICTURE_H

#include "vision/exif.h"

/* Takes a picture row by row in place of a gaze_decoded.picture. begin may decline; then the picture is decoded whole.
 */
typedef struct gaze_row_sink {
  void *user;
  GAZE_CHECKED gaze_err (*begin)(void *user, int width, int height, bool *accepted);
  uint8_t *(*row)(void *user); /* where the next row of [width, 3] goes */
  void (*push)(void *user);    /* it is there */
} gaze_row_sink;

typedef struct gaze_picture_source {
  const uint8_t *bytes; /* borrowed */
  size_t size;
  const char *name;             /* borrowed, for messages */
  gaze_picture_options options; /* max_megapixels filled in */
  const gaze_row_sink *sink;    /* borrowed, or NULL */
} gaze_picture_source;

/* A decoder: the pixels as stored, and the EXIF block when the file carries one. out is zeroed before; on error
 * whatever out holds is given back by the caller. exif starts at gaze_exif_init. The stored width and height differ
 * from the picture's only under fast_decode. */
typedef struct gaze_decoded {
  gaze_picture picture; /* rgb NULL: it went into the sink */
  int stored_width, stored_height;
  gaze_exif exif;
} gaze_decoded;

GAZE_CHECKED gaze_err gaze_jpeg_decode(const gaze_picture_source *source, gaze_decoded *out);
GAZE_CHECKED gaze_err gaze_png_decode(const gaze_picture_source *source, gaze_decoded *out);
GAZE_CHECKED gaze_err gaze_webp_decode(const gaze_picture_source *source, gaze_decoded *out);
GAZE_CHECKED gaze_err gaze_heif_decode(const gaze_picture_source *source, gaze_decoded *out);

/* gaze_picture_decode with a sink: *streamed tells whether it took the picture; otherwise out holds it. */
GAZE_CHECKED gaze_err gaze_picture_decode_rows(const void *bytes, size_t size, const char *name,
                                               const gaze_picture_options *options, const gaze_row_sink *sink,
                                               gaze_picture_facts *facts, bool *streamed, gaze_picture *out);

/* GAZE_ERR_LIMIT when a picture of this size is larger than the options allow. */
GAZE_CHECKED gaze_err gaze_picture_judge(const gaze_picture_source *source, size_t width, size_t height);
/* Judges the size, then reserves [height, width, 3], not zeroed. */
GAZE_CHECKED gaze_err gaze_picture_reserve(const gaze_picture_source *source, size_t width, size_t height,
                                           gaze_picture *out);
/* "damaged PNG picture: NAME: DETAIL". */
GAZE_CHECKED gaze_err gaze_picture_damaged(const gaze_picture_source *source, const char *format, const char *detail);
/* "the picture ends early: NAME (PNG): ..." */
GAZE_CHECKED gaze_err gaze_picture_truncated(const gaze_picture_source *source, const char *format);

/* n pixels of rgba to rgb: over white, or with the alpha dropped. Rounds as Pillow's paste. */
void gaze_picture_flatten(const uint8_t *rgba, size_t n, bool drop_alpha, uint8_t *rgb);

#endif
