/* From features of a batch's pictures to rows of the decoder, and back. */
#ifndef GAZE_FUSION_LLAVA_PROJECT_H
#define GAZE_FUSION_LLAVA_PROJECT_H

#include "fusion/llava.h"
#include "fusion/llava_features.h"

typedef struct gaze_llava_project {
  gaze_projector *projector; /* borrowed, as those below */
  const gaze_llava_features *features;
  gaze_compute compute;
  gaze_arena arena;
  gaze_projector_tape tape;
  float *x; /* [P R, C]: features of a batch's pictures, side by side */
  float *y; /* [P R, D]: what they become, then its gradient */
} gaze_llava_project;

/* For batches of at most `pictures`. */
GAZE_CHECKED gaze_err gaze_llava_project_init(gaze_llava_project *project, gaze_projector *projector,
                                              const gaze_llava_features *features, const gaze_compute *compute,
                                              size_t pictures);
void gaze_llava_project_fini(gaze_llava_project *project);
/* Borrows project. */
gaze_lm_sight gaze_llava_project_sight(gaze_llava_project *project);

#endif
