/* What a frozen image encoder makes of pictures: made once, and kept in a file while the run lasts, which the system
 * holds in memory as far as there is room. */
#ifndef GAZE_FUSION_LLAVA_FEATURES_H
#define GAZE_FUSION_LLAVA_FEATURES_H

#include "fusion/bad_rows.h"
#include "fusion/dataset.h"
#include "fusion/eye.h"

#include <stdio.h>

typedef struct gaze_llava_features {
  size_t rows, C;      /* of a picture */
  size_t n;            /* pictures */
  FILE *stream;        /* of a file without a name */
  const float *values; /* [n, rows, C], mapped */
} gaze_llava_features;

/* A sample's picture; which: its number among the features, set here, SIZE_MAX where it is no good. number: its place
 * among those given. */
typedef struct gaze_llava_seen {
  const gaze_sample *said;   /* what is said about it; borrowed, as all is */
  const gaze_sample *sample; /* that has the picture: the same, or one of a tar */
  const char *set;           /* where it is from, for messages */
  size_t number;
  size_t which;
} gaze_llava_seen;

/* seen: [n], which is sorted here so that a picture that several samples have is looked at once. A picture that cannot
 * be read is a bad row. folder: where the file lies. */
GAZE_CHECKED gaze_err gaze_llava_features_init(gaze_llava_features *features, const gaze_compute *compute,
                                               const gaze_eye *eye, gaze_llava_seen *seen, size_t n, const char *folder,
                                               gaze_bad_rows *bad);
void gaze_llava_features_fini(gaze_llava_features *features);
static inline const float *gaze_llava_features_get(const gaze_llava_features *features, size_t which) {
  return features->values + which * features->rows * features->C;
}

#endif
