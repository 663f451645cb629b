#include "core/base/memory.h"
#include "text/tokenizer_parts.h"

#include <string.h>

void gaze_tokenizer_set_clip_rules(gaze_normalizer *normalizer, gaze_split_rules *rules) {
  *normalizer = (gaze_normalizer){{GAZE_NORMALIZER_COMPOSE, GAZE_NORMALIZER_FOLD_SPACE, GAZE_NORMALIZER_LOWER}, 3};
  *rules = (gaze_split_rules){.literals = {GAZE_TOKEN_START, GAZE_TOKEN_END}, .cut_literals = true};
}

/* Rewrites points from `start` on, each step reading what the one before wrote. Folding only shortens, in place. */
static void fold_space(gaze_points *points, size_t start) {
  size_t kept = start;
  for (size_t i = start; i < points->n; i++) {
    bool space = gaze_point_is_space(points->at[i]);
    if (!space || i == start || !gaze_point_is_space(points->at[i - 1]))
      points->at[kept++] = space ? ' ' : points->at[i];
  }
  points->n = kept;
}

static gaze_err lower(const int32_t *source, size_t n, gaze_points *out) {
  for (size_t i = 0; i < n; i++)
    GAZE_TRY(gaze_points_lower(out, source[i]));
  return GAZE_OK;
}

static gaze_err run_step(gaze_normalizer_step step, gaze_points *points, gaze_points *spare, size_t start) {
  if (step == GAZE_NORMALIZER_FOLD_SPACE) {
    fold_space(points, start);
    return GAZE_OK;
  }
  spare->n = 0;
  const int32_t *source = points->at + start;
  size_t n = points->n - start;
  if (step == GAZE_NORMALIZER_COMPOSE)
    GAZE_TRY(gaze_points_compose(spare, source, n));
  else
    GAZE_TRY(lower(source, n, spare));
  GAZE_TRY(gaze_grow(&points->at, &points->capacity, start + spare->n, sizeof *points->at));
  if (spare->n)
    memcpy(points->at + start, spare->at, spare->n * sizeof *spare->at);
  points->n = start + spare->n;
  return GAZE_OK;
}

gaze_err gaze_normalize(const gaze_normalizer *normalizer, const int32_t *source, size_t n, gaze_points *out) {
  size_t start = out->n;
  gaze_points spare = {0};
  GAZE_TRY(gaze_grow(&out->at, &out->capacity, start + n, sizeof *out->at));
  if (n)
    memcpy(out->at + start, source, n * sizeof *source);
  out->n += n;
  gaze_err err = GAZE_OK;
  for (size_t i = 0; i < normalizer->n && err == GAZE_OK; i++)
    err = run_step(normalizer->steps[i], out, &spare, start);
  gaze_points_fini(&spare);
  return err;
}
