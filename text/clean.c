#include "text/clean.h"

#include "text/html.h"
#include "text/repair.h"

/* " ".join(text.split()), in place. */
static void fold_space(gaze_points *points) {
  size_t kept = 0;
  bool pending = false;
  for (size_t i = 0; i < points->n; i++) {
    if (gaze_point_is_python_space(points->at[i])) {
      pending = kept > 0;
      continue;
    }
    if (pending)
      points->at[kept++] = ' ';
    pending = false;
    points->at[kept++] = points->at[i];
  }
  points->n = kept;
}

static void drop_punctuation(gaze_points *points) {
  size_t kept = 0;
  for (size_t i = 0; i < points->n; i++) {
    int32_t point = points->at[i] == '_' ? ' ' : points->at[i];
    if (point >= 0x80 || !gaze_point_is_punctuation(point))
      points->at[kept++] = point;
  }
  points->n = kept;
}

gaze_err gaze_clean(gaze_points *points, gaze_cleaning cleaning) {
  gaze_points spare = {0};
  gaze_err err = GAZE_OK;
  if (cleaning == GAZE_CLEAN_NOT)
    return GAZE_OK;
  GAZE_TRY_DONE(gaze_repair(points));
  GAZE_TRY_DONE(gaze_html_unescape(points->at, points->n, false, &spare));
  GAZE_TRY_DONE(gaze_html_unescape(spare.at, spare.n, false, points));
  if (cleaning == GAZE_CLEAN_CANONICAL)
    drop_punctuation(points);
  fold_space(points);
  if (cleaning == GAZE_CLEAN_WHITESPACE)
    goto done;
  spare.n = 0;
  GAZE_TRY_DONE(gaze_points_lower_words(&spare, points->at, points->n));
  gaze_points_swap(points, &spare);
done:
  gaze_points_fini(&spare);
  return err;
}
