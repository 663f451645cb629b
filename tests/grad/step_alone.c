/* What a step in double does without: files, and another CLIP to imitate. */
#include "fusion/clip.h"
#include "fusion/distill.h"

#include <assert.h>

gaze_err gaze_clip_config_check(const gaze_clip_config *config) { return GAZE_OK; }

void gaze_weights_close(gaze_weights *weights) { assert(!weights); }

void gaze_distill_run(gaze_distill *distill, const gaze_batch *batch, size_t a) { assert(!"reached"); }

gaze_imitated gaze_distill_features(const gaze_distill *distill) {
  assert(!"reached");
  return (gaze_imitated){0};
}
