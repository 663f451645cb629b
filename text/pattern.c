/* Matching. */
#include "text/pattern.h"

#include "text/points.h"

#include <utf8proc.h>

static bool is_in_ranges(const gaze_pattern *pattern, const gaze_pattern_atom *atom, int32_t point) {
  const gaze_pattern_range *range = &pattern->ranges[atom->first];
  for (size_t i = 0; i < atom->n_ranges; i++)
    if (point >= range[i].low && point <= range[i].high)
      return true;
  return false;
}

static bool fits(const gaze_pattern *pattern, const gaze_pattern_atom *atom, int32_t point) {
  if (point < 0x80)
    return atom->ascii[point / 64] >> (point % 64) & 1;
  bool found = (atom->categories && atom->categories >> utf8proc_category(point) & 1) ||
               (atom->space && gaze_point_is_space(point)) || (atom->property && atom->property(point)) ||
               is_in_ranges(pattern, atom, point);
  return found != atom->inverted;
}

static bool is_right_front(gaze_pattern_place wanted, const int32_t *points, size_t place) {
  return wanted == GAZE_PLACE_ANY || place == 0 || (wanted == GAZE_PLACE_LINE && points[place - 1] == '\n');
}

static bool is_right_end(gaze_pattern_place wanted, const int32_t *points, size_t n, size_t place) {
  return wanted == GAZE_PLACE_ANY || place == n || (wanted == GAZE_PLACE_LINE && points[place] == '\n') ||
         (wanted == GAZE_PLACE_SPACE && gaze_point_is_space(points[place]));
}

/* Where the match of atom i and of what follows it in its alternative ends; SIZE_MAX: there is none. Each takes as many
 * as it can, and fewer where the rest wants them. */
static size_t match_rest(const gaze_pattern *pattern, size_t i, const int32_t *points, size_t n, size_t place) {
  const gaze_pattern_atom *atom = &pattern->atoms[i];
  bool last = i + 1 == pattern->n || pattern->atoms[i + 1].opens;
  size_t limit = atom->most < n - place ? place + atom->most : n, end = place;
  while (end < limit && fits(pattern, atom, points[end]))
    end++;
  for (; end >= place + atom->least; end--) {
    size_t all = last ? end : match_rest(pattern, i + 1, points, n, end);
    if (all != SIZE_MAX && (!last || is_right_end(atom->behind, points, n, end)))
      return all;
    if (end == place)
      break;
  }
  return SIZE_MAX;
}

size_t gaze_pattern_match(const gaze_pattern *pattern, const int32_t *points, size_t n, size_t place) {
  for (size_t i = 0; i < pattern->n; i++) {
    const gaze_pattern_atom *atom = &pattern->atoms[i];
    if (!atom->opens || (atom->least && !fits(pattern, atom, points[place])) ||
        !is_right_front(atom->front, points, place))
      continue;
    size_t end = match_rest(pattern, i, points, n, place);
    if (end != SIZE_MAX && end > place)
      return end - place;
  }
  return 0;
}

/* Where an only alternative begins with as many as there are and does not match, it does not match within them. */
static size_t skip(const gaze_pattern *pattern, const int32_t *points, size_t n, size_t place) {
  const gaze_pattern_atom *atom = &pattern->atoms[0];
  place++;
  if (pattern->alternatives == 1 && atom->most == UINT32_MAX && atom->front == GAZE_PLACE_ANY)
    while (place < n && fits(pattern, atom, points[place - 1]) && fits(pattern, atom, points[place]))
      place++;
  return place;
}

size_t gaze_pattern_find(const gaze_pattern *pattern, const int32_t *points, size_t n, size_t from, size_t *length) {
  *length = 0;
  while (from < n && !(*length = gaze_pattern_match(pattern, points, n, from)))
    from = skip(pattern, points, n, from);
  return from;
}
