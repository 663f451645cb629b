#include "text/cutter.h"

#include "core/base/memory.h"

#include <stdlib.h>
#include <string.h>

void gaze_pieces_fini(gaze_pieces *pieces) {
  gaze_points_fini(&pieces->points);
  free(pieces->at);
  *pieces = (gaze_pieces){0};
}

gaze_cutter_step *gaze_cutter_add(gaze_cutter *cutter, gaze_cutter_kind kind) {
  if (cutter->n == GAZE_CUTTER_STEPS_MAX)
    return NULL;
  gaze_cutter_step *step = &cutter->steps[cutter->n++];
  memset(step, 0, sizeof *step);
  step->kind = kind;
  return step;
}

void gaze_cutter_add_words(gaze_cutter *cutter, bool signs) {
  gaze_pattern_property(&gaze_cutter_add(cutter, GAZE_CUT_PATTERN)->pattern, gaze_point_is_space);
  if (!signs)
    return;
  gaze_cutter_step *step = gaze_cutter_add(cutter, GAZE_CUT_PATTERN);
  gaze_pattern_property(&step->pattern, gaze_point_is_punctuation);
  step->matches = GAZE_CUT_ISOLATED;
}

static gaze_err push_piece(gaze_pieces *out, const int32_t *points, size_t n, bool literal, bool first) {
  if (!n)
    return GAZE_OK;
  GAZE_TRY(gaze_points_append(&out->points, points, n));
  GAZE_TRY(gaze_grow(&out->at, &out->capacity, out->n + 1, sizeof *out->at));
  out->at[out->n++] = (gaze_piece){out->points.n, literal, first};
  return GAZE_OK;
}

static gaze_err cut_clip(const gaze_cutter_step *step, const int32_t *points, size_t n, bool first, gaze_pieces *out) {
  gaze_split split = {.rules = &step->rules, .points = points, .n = n};
  while (gaze_split_next(&split))
    GAZE_TRY(push_piece(out, points + split.start, split.end - split.start,
                        split.end == split.literal_end && !step->rules.cut_literals, first && !split.start));
  return GAZE_OK;
}

/* Whether two neighbours, each a match or not, are one piece. */
static bool are_one(gaze_cutter_matches matches, bool left, bool right) {
  switch (matches) {
  case GAZE_CUT_WITH_PREVIOUS:
    return !left && right;
  case GAZE_CUT_WITH_NEXT:
    return left && !right;
  case GAZE_CUT_CONTIGUOUS:
    return left == right;
  default:
    return false;
  }
}

/* A walk over what matches and what lies between. */
typedef struct segments {
  const gaze_cutter_step *step;
  const int32_t *points;
  size_t n, start, end;
  size_t found, found_end; /* the next match, or n */
  bool match;
} segments;

static bool next_segment(segments *s) {
  s->start = s->end;
  if (s->start == s->n)
    return false;
  if (s->found_end <= s->start) {
    size_t length;
    s->found = gaze_pattern_find(&s->step->pattern, s->points, s->n, s->start, &length);
    s->found_end = s->found + length;
  }
  s->match = s->found == s->start;
  s->end = s->match ? s->found_end : s->found;
  return true;
}

static gaze_err cut_pattern(const gaze_cutter_step *step, const int32_t *points, size_t n, bool first,
                            gaze_pieces *out) {
  segments s = {.step = step, .points = points, .n = n};
  for (bool before = false; next_segment(&s);) {
    bool match = s.match != step->inverted;
    if (s.start && are_one(step->matches, before, match)) {
      GAZE_TRY(gaze_points_append(&out->points, points + s.start, s.end - s.start));
      out->at[out->n - 1].end = out->points.n;
    } else if (!match || step->matches != GAZE_CUT_REMOVED) {
      GAZE_TRY(push_piece(out, points + s.start, s.end - s.start, false, first && !s.start));
    }
    before = match;
  }
  return GAZE_OK;
}

/* Points with signs for spaces, or with one in front, go to `signed_points`, which is memory for the work. */
static gaze_err cut_signed(const gaze_cutter_step *step, const int32_t *points, size_t n, bool first,
                           gaze_points *signed_points, gaze_pieces *out) {
  bool bare = points[0] != ' ' && points[0] != step->sign;
  bool missing = bare && (step->prefix == GAZE_PREFIX_ALWAYS || (step->prefix == GAZE_PREFIX_FIRST && first));
  if (missing || step->sign != ' ') {
    signed_points->n = 0;
    if (missing)
      GAZE_TRY(gaze_points_push(signed_points, step->sign));
    GAZE_TRY(gaze_points_append(signed_points, points, n));
    points = signed_points->at;
    n = signed_points->n;
    for (size_t i = 0; i < n; i++)
      if (signed_points->at[i] == ' ')
        signed_points->at[i] = step->sign;
  }
  return step->whole ? push_piece(out, points, n, false, first) : cut_pattern(step, points, n, first, out);
}

static gaze_err cut_piece(const gaze_cutter_step *step, const int32_t *points, size_t n, bool first,
                          gaze_points *signed_points, gaze_pieces *out) {
  switch (step->kind) {
  case GAZE_CUT_CLIP:
    return cut_clip(step, points, n, first, out);
  case GAZE_CUT_PATTERN:
    return cut_pattern(step, points, n, first, out);
  case GAZE_CUT_METASPACE:
  case GAZE_CUT_BYTES:
    return cut_signed(step, points, n, first, signed_points, out);
  }
  return GAZE_OK;
}

static gaze_err run_step(const gaze_cutter_step *step, const gaze_pieces *source, gaze_pieces *out) {
  gaze_points signed_points = {0};
  gaze_err err = GAZE_OK;
  out->points.n = out->n = 0;
  for (size_t i = 0, start = 0; i < source->n && err == GAZE_OK; start = source->at[i++].end)
    err =
        cut_piece(step, source->points.at + start, source->at[i].end - start, source->at[i].first, &signed_points, out);
  gaze_points_fini(&signed_points);
  return err;
}

gaze_err gaze_cut(const gaze_cutter *cutter, const int32_t *points, size_t n, bool first, gaze_pieces *out,
                  gaze_pieces *spare) {
  out->points.n = out->n = 0;
  GAZE_TRY(push_piece(out, points, n, false, first));
  for (size_t i = 0; i < cutter->n; i++) {
    GAZE_TRY(run_step(&cutter->steps[i], out, spare));
    gaze_pieces cut = *spare;
    *spare = *out;
    *out = cut;
  }
  return GAZE_OK;
}
