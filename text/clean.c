#include "text/clean.h"

#include "core/base/memory.h"

static gaze_err lower(gaze_points *points) {
  gaze_points out = {0};
  gaze_err err = GAZE_OK;
  for (size_t i = 0; i < points->n && err == GAZE_OK; i++)
    err = gaze_points_lower(&out, points->at[i]);
  gaze_points_fini(points);
  *points = out;
  return err;
}

gaze_err gaze_clean(gaze_points *points) { return lower(points); }
