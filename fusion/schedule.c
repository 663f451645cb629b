#include "fusion/schedule.h"

#include <math.h>
#include <string.h>

gaze_err gaze_schedule_init(gaze_schedule *schedule, const char *scheduler, double lr, uint64_t warmup, uint64_t steps,
                            uint64_t cooldown) {
  bool cosine = strcmp(scheduler, "cosine") == 0, cools = strcmp(scheduler, "const-cooldown") == 0;
  if (!cosine && !cools && strcmp(scheduler, "const") != 0)
    return gaze_fail(GAZE_ERR_ARGUMENT, "unknown learning rate schedule: %s: use cosine, const or const-cooldown",
                     scheduler);
  *schedule = (gaze_schedule){lr, warmup, steps, cools ? cooldown : 0, cosine};
  return GAZE_OK;
}

double gaze_schedule_lr(const gaze_schedule *schedule, uint64_t step) {
  if (step < schedule->warmup)
    return schedule->lr * (double)(step + 1) / (double)schedule->warmup;
  if (step + schedule->cooldown > schedule->steps)
    return step < schedule->steps ? schedule->lr * (double)(schedule->steps - step) / (double)schedule->cooldown : 0;
  if (!schedule->cosine || schedule->steps <= schedule->warmup)
    return schedule->lr;
  double done = (double)(step - schedule->warmup) / (double)(schedule->steps - schedule->warmup);
  return schedule->lr * 0.5 * (1.0 + cos(M_PI * (done < 1.0 ? done : 1.0)));
}
