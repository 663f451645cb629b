/* Reading an expression. */
#include "text/pattern.h"
#include "text/points.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

enum { COUNT_MAX = 100, VARIABLE_MAX = 3 /* atoms of an alternative that may take more or fewer */ };

/* Reads an expression from `at` on. */
typedef struct reading {
  const char *at;
  gaze_pattern *pattern;
  bool opens; /* the next atom begins an alternative */
  bool folds; /* within (?i:...) */
  gaze_pattern_place front;
} reading;

static gaze_pattern_atom *new_atom(reading *r) {
  if (r->pattern->n == GAZE_PATTERN_ATOMS_MAX)
    return NULL;
  gaze_pattern_atom *atom = &r->pattern->atoms[r->pattern->n++];
  *atom = (gaze_pattern_atom){.first = (uint16_t)r->pattern->n_ranges, .least = 1, .most = 1, .opens = r->opens};
  atom->front = r->front;
  r->pattern->alternatives += r->opens;
  r->front = GAZE_PLACE_ANY;
  r->opens = false;
  return atom;
}

static bool take(reading *r, const char *text) {
  size_t size = strlen(text);
  bool found = !strncmp(r->at, text, size);
  r->at += found ? size : 0;
  return found;
}

static bool add_range(gaze_pattern *pattern, gaze_pattern_atom *atom, int32_t low, int32_t high) {
  for (int32_t point = low; point <= high && point < 0x80; point++)
    atom->ascii[point / 64] |= UINT64_C(1) << (point % 64);
  if (high < 0x80)
    return low <= high;
  if (low > high || pattern->n_ranges == GAZE_PATTERN_RANGES_MAX)
    return false;
  pattern->ranges[pattern->n_ranges++] = (gaze_pattern_range){low, high};
  atom->n_ranges++;
  return true;
}

/* Beyond ASCII two letters of it are another's lower case. */
static bool add_point(reading *r, gaze_pattern_atom *atom, int32_t point) {
  int32_t lower = point | 0x20;
  if (!r->folds || lower < 'a' || lower > 'z')
    return add_range(r->pattern, atom, point, point);
  int32_t other = lower == 's' ? 0x17F : lower == 'k' ? 0x212A : lower;
  return add_range(r->pattern, atom, lower, lower) && add_range(r->pattern, atom, lower - 0x20, lower - 0x20) &&
         add_range(r->pattern, atom, other, other);
}

/* Those of ASCII that have one of the general categories, or are white space. */
static void add_ascii(gaze_pattern_atom *atom, uint32_t categories, bool space) {
  for (int32_t point = 0; point < 0x80; point++)
    if ((categories >> utf8proc_category(point) & 1) || (space && gaze_point_is_space(point)))
      atom->ascii[point / 64] |= UINT64_C(1) << (point % 64);
}

/* L, or Lu: utf8proc names a category by two letters. */
static bool add_category(reading *r, gaze_pattern_atom *atom) {
  const char *end = strchr(r->at, '}');
  size_t size = end ? (size_t)(end - r->at) : 0;
  uint32_t found = 0;
  for (int32_t i = 0; size >= 1 && size <= 2 && i <= UTF8PROC_CATEGORY_CO; i++) {
    static const char names[][3] = {"Cn", "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd",
                                    "Nl", "No", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sm",
                                    "Sc", "Sk", "So", "Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Co"};
    if (!strncmp(names[i], r->at, size))
      found |= UINT32_C(1) << i;
  }
  if (!found)
    return false;
  r->at = end + 1;
  atom->categories |= found;
  add_ascii(atom, found, false);
  return true;
}

static bool add_space(gaze_pattern_atom *atom) {
  atom->space = true;
  add_ascii(atom, 0, true);
  return true;
}

static void invert(gaze_pattern_atom *atom) {
  atom->inverted = true;
  atom->ascii[0] = ~atom->ascii[0];
  atom->ascii[1] = ~atom->ascii[1];
}

/* One character: as it stands, or a sign, r, n or t behind a backslash. */
static bool read_point(reading *r, int32_t *point) {
  static const char letters[] = "rnt", meant[] = "\r\n\t";
  bool escaped = *r->at == '\\';
  r->at += escaped;
  if (!*r->at)
    return false;
  r->at += gaze_point_decode((const uint8_t *)r->at, strlen(r->at), point);
  if (!escaped || *point < 0)
    return *point >= 0;
  const char *letter = *point < 0x80 ? strchr(letters, *point) : NULL;
  if (letter)
    *point = meant[letter - letters];
  return letter || (!gaze_point_is_letter(*point) && !gaze_point_is_number(*point));
}

/* A character of a set, a range of them, or a property. */
static bool read_item(reading *r, gaze_pattern_atom *atom) {
  int32_t low, high;
  if (take(r, "\\s"))
    return add_space(atom);
  if (take(r, "\\p{"))
    return add_category(r, atom);
  if (*r->at == '[' || !strncmp(r->at, "&&", 2) || !read_point(r, &low))
    return false;
  if (*r->at != '-' || r->at[1] == ']')
    return add_point(r, atom, low);
  r->at++;
  return !r->folds && *r->at != '[' && read_point(r, &high) && add_range(r->pattern, atom, low, high);
}

static bool read_set(reading *r, gaze_pattern_atom *atom) {
  r->at++;
  bool others = take(r, "^");
  do
    if ((*r->at == '-' && r->at[1] != ']') || !read_item(r, atom))
      return false;
  while (*r->at != ']');
  r->at++;
  if (others)
    invert(atom);
  return true;
}

static bool read_character(reading *r, gaze_pattern_atom *atom) {
  int32_t point;
  if (*r->at == '[')
    return read_set(r, atom);
  if (take(r, "\\S")) {
    add_space(atom);
    invert(atom);
    return true;
  }
  return take(r, "\\s")    ? add_space(atom)
         : take(r, "\\p{") ? add_category(r, atom)
                           : read_point(r, &point) && add_point(r, atom, point);
}

static bool read_braces(reading *r, gaze_pattern_atom *atom) {
  char *end;
  unsigned long least = strtoul(r->at, &end, 10), most = least;
  if (end == r->at || least > COUNT_MAX)
    return false;
  if (*end == ',') {
    const char *from = end + 1;
    most = *from == '}' ? UINT32_MAX : strtoul(from, &end, 10);
    end += *from == '}';
    if (most < least || !most || (most > COUNT_MAX && most != UINT32_MAX))
      return false;
  }
  if (*end != '}' || !most)
    return false;
  r->at = end + 1;
  atom->least = (uint32_t)least;
  atom->most = (uint32_t)most;
  return true;
}

/* Not followed by a second one, which would make it lazy or possessive. */
static bool read_count(reading *r, gaze_pattern_atom *atom) {
  if (take(r, "{"))
    return read_braces(r, atom) && (!*r->at || !strchr("?+*{", *r->at));
  if (!*r->at || !strchr("?*+", *r->at))
    return true;
  atom->least = *r->at == '+';
  atom->most = *r->at == '?' ? 1 : UINT32_MAX;
  r->at++;
  return !*r->at || !strchr("?+*{", *r->at);
}

/* Whether an alternative ends here. */
static bool read_end(reading *r) {
  gaze_pattern_atom *last = &r->pattern->atoms[r->pattern->n - 1];
  if (take(r, "\\z"))
    last->behind = GAZE_PLACE_TEXT;
  else if (take(r, "$"))
    last->behind = GAZE_PLACE_LINE;
  else if (take(r, "(?!\\S)"))
    last->behind = GAZE_PLACE_SPACE;
  if (r->folds && *r->at == ')' && (!r->at[1] || r->at[1] == '|')) {
    r->folds = false;
    r->at++;
  }
  return r->opens = *r->at == '|' || (!*r->at && !r->folds);
}

/* The last alternative: matches something, and does not try a place for more than a walk over the text, which two
 * repeats without end would need, if something followed the second. */
static bool is_tame(const gaze_pattern *pattern) {
  size_t variable = 0, endless = 0, i = pattern->n;
  bool something = false;
  do {
    const gaze_pattern_atom *atom = &pattern->atoms[--i];
    variable += atom->least != atom->most;
    endless += atom->most == UINT32_MAX && i + 1 < pattern->n;
    something = something || atom->least;
  } while (!pattern->atoms[i].opens);
  return something && variable <= VARIABLE_MAX && endless <= 1;
}

/* A new alternative's beginning. */
static void read_front(reading *r) {
  r->folds = r->folds || take(r, "(?i:");
  if (take(r, "\\A"))
    r->front = GAZE_PLACE_TEXT;
  else if (take(r, "^"))
    r->front = GAZE_PLACE_LINE;
}

bool gaze_pattern_read(gaze_pattern *pattern, const char *text) {
  reading r = {.at = text, .pattern = pattern, .opens = true};
  pattern->n = pattern->n_ranges = pattern->alternatives = 0;
  for (;;) {
    if (r.opens)
      read_front(&r);
    gaze_pattern_atom *atom = *r.at && !strchr("]{}()|?*+.$^", *r.at) ? new_atom(&r) : NULL;
    if (!atom || !read_character(&r, atom) || !read_count(&r, atom))
      return false;
    bool ended = read_end(&r);
    if ((atom->behind && !ended) || (ended && !is_tame(pattern)))
      return false;
    if (ended && !*r.at)
      return true;
    r.at += ended;
  }
}

void gaze_pattern_property(gaze_pattern *pattern, bool (*property)(int32_t)) {
  gaze_pattern_atom *atom = &pattern->atoms[0];
  *atom = (gaze_pattern_atom){.property = property, .least = 1, .most = 1, .opens = true};
  for (int32_t point = 0; point < 0x80; point++)
    if (property(point))
      add_range(pattern, atom, point, point);
  pattern->n = pattern->alternatives = 1;
  pattern->n_ranges = 0;
}

bool gaze_pattern_literal(gaze_pattern *pattern, const char *text) {
  reading r = {.at = text, .pattern = pattern, .opens = true};
  pattern->n = pattern->n_ranges = pattern->alternatives = 0;
  while (*r.at) {
    int32_t point;
    gaze_pattern_atom *atom = new_atom(&r);
    r.at += gaze_point_decode((const uint8_t *)r.at, strlen(r.at), &point);
    if (!atom || !add_range(pattern, atom, point < 0 ? 0xFFFD : point, point < 0 ? 0xFFFD : point))
      return false;
  }
  return true;
}
