#include "text/split.h"

#include <string.h>

static bool equal(const gaze_split_rules *rules, int32_t point, char wanted) {
  return point == wanted ||
         (rules->fold_case && ((point == 0x17F && wanted == 's') || (point == 0x212A && wanted == 'k')));
}

/* Length of the first of the texts (NULL: skip) with which points [n] begin, else 0. */
static size_t match(const gaze_split_rules *rules, const char *const *texts, size_t n_texts, const int32_t *points,
                    size_t n) {
  for (size_t t = 0; t < n_texts; t++) {
    size_t length = texts[t] ? strlen(texts[t]) : 0, same = 0;
    while (same < length && same < n && equal(rules, points[same], texts[t][same]))
      same++;
    if (length && same == length)
      return length;
  }
  return 0;
}

static bool is_other(int32_t point) {
  return !gaze_point_is_space(point) && !gaze_point_is_letter(point) && !gaze_point_is_number(point);
}

/* Length of the piece, other than a literal, at points [n >= 1], which do not begin with a space. */
static size_t measure(const gaze_split_rules *rules, const int32_t *points, size_t n) {
  static const char *const endings[] = {"'s", "'t", "'re", "'ve", "'m", "'ll", "'d"};
  size_t length = points[0] == '\'' ? match(rules, endings, sizeof endings / sizeof *endings, points, n) : 0;
  if (length || gaze_point_is_number(points[0]))
    return length ? length : 1;
  bool (*same)(int32_t) = gaze_point_is_letter(points[0]) ? gaze_point_is_letter : is_other;
  for (length = 1; length < n && same(points[length]);)
    length++;
  return length;
}

bool gaze_split_next(gaze_split *split) {
  const int32_t *points = split->points;
  split->start = split->end;
  while (split->start < split->n && gaze_point_is_space(points[split->start]))
    split->start++;
  if (split->start == split->n)
    return false;
  if (split->start >= split->literal_end) {
    size_t literal = match(split->rules, split->rules->literals, 2, points + split->start, split->n - split->start);
    split->end = split->literal_end = split->start + literal;
    if (literal && !split->rules->cut_literals)
      return true;
  }
  size_t limit = split->start < split->literal_end ? split->literal_end : split->n;
  split->end = split->start + measure(split->rules, points + split->start, limit - split->start);
  return true;
}
