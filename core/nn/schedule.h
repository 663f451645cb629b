/* Learning rate over a run: linear warm-up, then a cosine to zero, or constant. */
#ifndef GAZE_CORE_NN_SCHEDULE_H
#define GAZE_CORE_NN_SCHEDULE_H

#include "core/base/error.h"

typedef struct gaze_schedule {
  double lr;
  uint64_t warmup, steps;
  bool cosine;
} gaze_schedule;

/* scheduler: "cosine" or "const". */
GAZE_CHECKED gaze_err gaze_schedule_init(gaze_schedule *schedule, const char *scheduler, double lr, uint64_t warmup,
                                         uint64_t steps);
double gaze_schedule_lr(const gaze_schedule *schedule, uint64_t step); /* step counts from 0 */

#endif
