/* Which of many pictures are the same: those of the same bytes, whatever they are called and wherever they lie. */
#ifndef GAZE_FUSION_SAME_PICTURES_H
#define GAZE_FUSION_SAME_PICTURES_H

#include "core/base/error.h"

#include <stddef.h>
#include <stdint.h>

typedef struct gaze_same_pictures {
  size_t n;       /* different ones, in the order in which they are met */
  size_t *shown;  /* for each of all, which of the n it is */
  size_t *firsts; /* [n] the first of all that is it; ascending */
} gaze_same_pictures;

/* hashes: [n] of the pictures' bytes; 0 is nobody else's. fini in any case. */
GAZE_CHECKED gaze_err gaze_same_pictures_init(gaze_same_pictures *same, const uint64_t *hashes, size_t n);
void gaze_same_pictures_fini(gaze_same_pictures *same);

#endif
