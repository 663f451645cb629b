#include "text/pattern.h"

#include "text/points.h"

#include <stdlib.h>
#include <string.h>

/* Reads an expression from `at` on. */
typedef struct reading {
  const char *at;
  gaze_pattern *pattern;
  bool opens; /* the next atom begins an alternative */
  bool at_start;
} reading;

static gaze_pattern_atom *new_atom(reading *r) {
  if (r->pattern->n == GAZE_PATTERN_ATOMS_MAX)
    return NULL;
  gaze_pattern_atom *atom = &r->pattern->atoms[r->pattern->n++];
  *atom = (gaze_pattern_atom){.point = -1, .least = 1, .opens = r->opens, .at_start = r->at_start};
  r->opens = r->at_start = false;
  return atom;
}

static void add_ascii(gaze_pattern_atom *atom, unsigned char letter) {
  atom->ascii[letter / 64] |= UINT64_C(1) << (letter % 64);
}

/* A character as it stands, or behind a backslash a sign or s. */
static bool read_character(reading *r, gaze_pattern_atom *atom) {
  bool escaped = *r->at == '\\';
  r->at += escaped;
  if (!*r->at)
    return false;
  int32_t point;
  size_t length = gaze_point_decode((const uint8_t *)r->at, strlen(r->at), &point);
  r->at += length;
  if (escaped && point == 's') {
    atom->property = gaze_point_is_space;
    return true;
  }
  if (point < 0 || (escaped && (gaze_point_is_letter(point) || gaze_point_is_number(point))))
    return false;
  if (point < 0x80)
    return add_ascii(atom, (unsigned char)point), true;
  bool fresh = atom->point < 0;
  atom->point = point;
  return fresh;
}

/* [...] without ranges and exclusions. */
static bool read_set(reading *r, gaze_pattern_atom *atom) {
  for (r->at++; *r->at != ']';) {
    if (strchr("[^-&", *r->at) || !read_character(r, atom))
      return false;
  }
  r->at++;
  return true;
}

static bool read_count(reading *r, gaze_pattern_atom *atom) {
  if (*r->at == '+') {
    r->at++;
    return atom->repeats = true;
  }
  if (*r->at != '{')
    return true;
  char *end;
  unsigned long least = strtoul(r->at + 1, &end, 10);
  if (end == r->at + 1 || strncmp(end, ",}", 2) || least < 1 || least > 100)
    return false;
  r->at = end + 2;
  atom->least = (uint32_t)least;
  return atom->repeats = true;
}

/* Whether an alternative ends here. */
static bool read_end(reading *r) {
  gaze_pattern_atom *last = &r->pattern->atoms[r->pattern->n - 1];
  if (!strncmp(r->at, "\\z", 2) || *r->at == '$') {
    r->at += *r->at == '$' ? 1 : 2;
    last->at_end = true;
  }
  r->opens = !*r->at || *r->at == '|';
  return r->opens;
}

static bool read_start(reading *r) {
  if (strncmp(r->at, "\\A", 2) && *r->at != '^')
    return false;
  r->at += *r->at == '^' ? 1 : 2;
  return r->at_start = true;
}

bool gaze_pattern_read(gaze_pattern *pattern, const char *text) {
  reading r = {.at = text, .pattern = pattern, .opens = true};
  pattern->n = 0;
  for (;;) {
    if (r.opens && !r.at_start && read_start(&r))
      continue;
    gaze_pattern_atom *atom = *r.at && !strchr("]{}()|?*+.$^", *r.at) ? new_atom(&r) : NULL;
    if (!atom || !(*r.at == '[' ? read_set(&r, atom) : read_character(&r, atom)) || !read_count(&r, atom))
      return false;
    bool ended = read_end(&r);
    if ((atom->repeats || atom->at_end) && !ended)
      return false; /* what follows could want a part of what was repeated, or follows the end */
    if (ended && !*r.at)
      return true;
    r.at += ended;
  }
}

void gaze_pattern_property(gaze_pattern *pattern, bool (*property)(int32_t)) {
  pattern->atoms[0] = (gaze_pattern_atom){.point = -1, .property = property, .least = 1, .opens = true};
  pattern->n = 1;
}

bool gaze_pattern_literal(gaze_pattern *pattern, const char *text) {
  reading r = {.at = text, .pattern = pattern, .opens = true};
  pattern->n = 0;
  while (*r.at) {
    gaze_pattern_atom *atom = new_atom(&r);
    if (!atom)
      return false;
    r.at += gaze_point_decode((const uint8_t *)r.at, strlen(r.at), &atom->point);
  }
  return true;
}

static bool fits(const gaze_pattern_atom *atom, int32_t point) {
  return point == atom->point || (point < 0x80 && point >= 0 && atom->ascii[point / 64] >> (point % 64) & 1) ||
         (atom->property && atom->property(point));
}

/* How many points the atom takes at place, or SIZE_MAX: it does not match. */
static size_t take(const gaze_pattern_atom *atom, const int32_t *points, size_t n, size_t place) {
  size_t end = place;
  while (end < n && (atom->repeats || end == place) && fits(atom, points[end]))
    end++;
  bool right = end - place >= atom->least && (!atom->at_start || place == 0) && (!atom->at_end || end == n);
  return right ? end - place : SIZE_MAX;
}

size_t gaze_pattern_match(const gaze_pattern *pattern, const int32_t *points, size_t n, size_t place) {
  for (size_t i = 0; i < pattern->n;) {
    size_t end = place, taken;
    do {
      taken = take(&pattern->atoms[i++], points, n, end);
      end += taken == SIZE_MAX ? 0 : taken;
    } while (taken != SIZE_MAX && i < pattern->n && !pattern->atoms[i].opens);
    if (taken != SIZE_MAX)
      return end - place;
    while (i < pattern->n && !pattern->atoms[i].opens)
      i++;
  }
  return 0;
}
