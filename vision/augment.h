/* Random changes of training pictures, a pure function of the random state. */
#ifndef GAZE_VISION_AUGMENT_H
#define GAZE_VISION_AUGMENT_H

#include "core/base/random.h"
#include "vision/preprocess.h"

typedef struct gaze_augment {
  float scale_low, scale_high;                 /* area of the random resized crop as a fraction; 1, 1: no crop */
  float ratio;                                 /* aspect between 1/ratio and ratio */
  float flip;                                  /* probability of a horizontal flip */
  float brightness, contrast, saturation, hue; /* largest strength of the jitter (torchvision's meaning) */
  float jitter;                                /* probability of the jitter */
  float grey;                                  /* probability of grey */
} gaze_augment;

/* Crop, resize to S x S, flip, jitter, normalise. pixels: [3, S, S], yours. */
GAZE_CHECKED gaze_err gaze_augment_run(const gaze_augment *augment, const gaze_preprocess *preprocess,
                                       gaze_random *random, const gaze_picture *picture, float *pixels);

#endif
