/* The numbers of a run's metrics.jsonl as curves over its steps. */
#ifndef GAZE_FUSION_HISTORY_H
#define GAZE_FUSION_HISTORY_H

#include "core/base/error.h"

typedef struct gaze_point {
  double x, y;
} gaze_point;

typedef struct gaze_curve {
  char name[64];      /* as in the log: "loss"; of measurements the metric's: "image_retrieval_recall@10" */
  gaze_point *points; /* [n]; x: the step */
  size_t n, capacity;
} gaze_curve;

typedef struct gaze_history {
  gaze_curve *curves; /* in the order in which they first appear */
  size_t n, capacity;
} gaze_history;

/* Lines that are not JSON objects with a step are left out. Yours: gaze_history_fini. */
GAZE_CHECKED gaze_err gaze_history_open(const char *path, gaze_history *out);
void gaze_history_fini(gaze_history *history);
/* NULL: no such curve. */
const gaze_curve *gaze_history_find(const gaze_history *history, const char *name);

#endif
