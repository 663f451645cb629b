/* EXIF, read from the bytes of a TIFF block (JPEG APP1, PNG eXIf, WebP EXIF): the few facts gaze keeps. Every offset
 * is checked; what is wrong or absent is left at its default, never an error. Exif 2.32, TIFF 6.0. */
#ifndef GAZE_VISION_EXIF_H
#define GAZE_VISION_EXIF_H

#include "core/base/error.h"

typedef struct gaze_exif {
  int orientation;          /* 1 to 8, as stored; 1 when absent or senseless */
  gaze_picture_facts facts; /* width and height are not set here */
} gaze_exif;

void gaze_exif_init(gaze_exif *exif);
/* bytes: a TIFF block, "Exif\0\0" in front allowed. */
void gaze_exif_read(const uint8_t *bytes, size_t size, gaze_exif *out);
/* Turns and mirrors picture so that the first row is the visual top. */
GAZE_CHECKED gaze_err gaze_exif_orient(int orientation, gaze_picture *picture);

#endif
