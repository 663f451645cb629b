/* From features of a batch's pictures to rows of the decoder, and back: through the encoder's blocks that learn, if
 * any do, and the projector. */
#ifndef GAZE_FUSION_LLAVA_PROJECT_H
#define GAZE_FUSION_LLAVA_PROJECT_H

#include "fusion/llava.h"
#include "fusion/llava_features.h"
#include "vision/vit_tail.h"

typedef struct gaze_llava_project {
  gaze_eye *eye;                       /* borrowed, as those below */
  const gaze_llava_features *features; /* of the encoder, or what goes into its tail */
  gaze_compute compute;
  gaze_arena arena;
  gaze_projector_tape tape;
  gaze_vit_tail_tape tail;
  size_t R;  /* rows of a picture for the projector */
  float *x;  /* [P R, C]: what the projector is given of a batch's pictures, side by side */
  float *y;  /* [P R, D]: what it becomes, then its gradient */
  float *dx; /* [P R, C], where blocks learn; else NULL */
  bool has_tail;
} gaze_llava_project;

/* For batches of at most `pictures`. checkpointing: as little as can be is kept of blocks that learn. */
GAZE_CHECKED gaze_err gaze_llava_project_init(gaze_llava_project *project, gaze_eye *eye,
                                              const gaze_llava_features *features, const gaze_compute *compute,
                                              size_t pictures, bool checkpointing);
void gaze_llava_project_fini(gaze_llava_project *project);
/* Borrows project. */
gaze_lm_sight gaze_llava_project_sight(gaze_llava_project *project);

#endif
