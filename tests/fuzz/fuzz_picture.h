/* What the fuzz targets of the picture formats share. */
#ifndef GAZE_TESTS_FUZZ_PICTURE_H
#define GAZE_TESTS_FUZZ_PICTURE_H

#include "gaze.h"

#include <stdlib.h>

/* Decodes; what comes out must be a picture within the limit. */
static inline void fuzz_picture(const uint8_t *data, size_t size, const gaze_picture_options *options) {
  gaze_picture picture;
  gaze_picture_facts facts;
  if (gaze_picture_decode(data, size, "fuzz", options, &facts, &picture) != GAZE_OK)
    return;
  double megapixels = (double)picture.width * picture.height / 1e6;
  if (picture.width < 1 || picture.height < 1 || megapixels > options->max_megapixels)
    abort();
  gaze_picture_fini(&picture);
}

#endif
