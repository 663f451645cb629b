/* What a model that talks is measured by while it learns: how well it foresees what was held out. */
#ifndef GAZE_FUSION_HELD_OUT_H
#define GAZE_FUSION_HELD_OUT_H

#include "fusion/training.h"

/* All borrowed. */
typedef struct gaze_held_out {
  const char *task, *tokens; /* of the log's line; what the tokens are, for the message */
  double loss;               /* the sum of all */
  size_t n;                  /* tokens, at least 1 */
  size_t bytes;              /* of the texts they stand for; 0: it is not said how many bits one took */
} gaze_held_out;

/* Said and logged. GAZE_ERR_DIVERGED where the loss is not finite. */
GAZE_CHECKED gaze_err gaze_held_out_tell(const gaze_held_out *measured, const gaze_training *training);

#endif
