/* Learning rate over a run: linear warm-up, then a cosine to zero, or constant, or constant until a last stretch that
 * falls to zero in a straight line, so that a run can be prolonged from before its fall (Hägele et al. 2024). */
#ifndef GAZE_FUSION_SCHEDULE_H
#define GAZE_FUSION_SCHEDULE_H

#include "core/base/error.h"

typedef struct gaze_schedule {
  double lr;
  uint64_t warmup, steps, cooldown; /* cooldown: steps of the last stretch */
  bool cosine;
} gaze_schedule;

/* scheduler: "cosine", "const" or "const-cooldown", which alone looks at cooldown. */
GAZE_CHECKED gaze_err gaze_schedule_init(gaze_schedule *schedule, const char *scheduler, double lr, uint64_t warmup,
                                         uint64_t steps, uint64_t cooldown);
double gaze_schedule_lr(const gaze_schedule *schedule, uint64_t step); /* step counts from 0 */

#endif
