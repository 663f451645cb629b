/* Where a parameter lies in the files of each family. */
#ifndef GAZE_FUSION_CLIP_NAMES_H
#define GAZE_FUSION_CLIP_NAMES_H

#include "fusion/clip.h"

typedef struct gaze_tensor_place {
  char name[160];
  size_t part, parts; /* rows part / parts of the tensor */
  bool transposed;    /* the tensor is [columns, rows] */
} gaze_tensor_place;

/* The places where a parameter may lie, one a call: *turn begins at 0. False: no more. The files themselves say which
 * of them it is. */
bool gaze_clip_tensor_place(const char *parameter, size_t *turn, gaze_tensor_place *place);

#endif
