/* The regular expressions that tokenizers use: alternatives, each a row of characters, escapes (\s \S \r \n \t \p{L}),
 * and sets [...], [^...], every one of them repeated by ? * + {n} {n,} {n,m}, with \A or ^ in front, \z, $ or (?!\S)
 * behind; (?i:...) around alternatives of letters and signs. What else there is in expressions is refused, and so is
 * what could take more than a walk over the text for each place of it. Meanings are Oniguruma's: ^ and $ are the ends
 * of a line. */
#ifndef GAZE_TEXT_PATTERN_H
#define GAZE_TEXT_PATTERN_H

#include "core/base/error.h"

enum { GAZE_PATTERN_ATOMS_MAX = 64, GAZE_PATTERN_RANGES_MAX = 192 };

/* Where an alternative may begin or end. */
typedef enum gaze_pattern_place {
  GAZE_PLACE_ANY,
  GAZE_PLACE_TEXT, /* only at the text's first or last point */
  GAZE_PLACE_LINE, /* or beside a line feed */
  GAZE_PLACE_SPACE /* what follows is white space, or nothing */
} gaze_pattern_place;

/* What one or more characters have to be. */
typedef struct gaze_pattern_atom {
  uint64_t ascii[2];   /* the ASCII characters that fit, one bit each */
  uint32_t categories; /* beyond ASCII: those of Unicode's general categories, one bit each by utf8proc's numbers */
  bool space;          /* and white space */
  bool (*property)(int32_t); /* and what has this; NULL: none */
  uint16_t first, n_ranges;  /* and what lies in these of the pattern's ranges */
  bool inverted;             /* all of that beyond ASCII is what does not fit */
  bool opens;                /* first of an alternative */
  gaze_pattern_place front, behind;
  uint32_t least, most; /* how many; most UINT32_MAX: as many as there are */
} gaze_pattern_atom;

typedef struct gaze_pattern_range {
  int32_t low, high;
} gaze_pattern_range;

typedef struct gaze_pattern {
  gaze_pattern_atom atoms[GAZE_PATTERN_ATOMS_MAX];
  size_t n; /* 0: matches nothing */
  size_t alternatives;
  gaze_pattern_range ranges[GAZE_PATTERN_RANGES_MAX];
  size_t n_ranges;
} gaze_pattern;

/* False: something in text (UTF-8, ended by 0) is not in this header's list. */
bool gaze_pattern_read(gaze_pattern *pattern, const char *text);
/* The text as it stands. False: too long. */
bool gaze_pattern_literal(gaze_pattern *pattern, const char *text);
/* One character that has a property. */
void gaze_pattern_property(gaze_pattern *pattern, bool (*property)(int32_t));
/* Length of the match at place of points [n], by the first alternative that does; 0: none. */
size_t gaze_pattern_match(const gaze_pattern *pattern, const int32_t *points, size_t n, size_t place);
/* The first place from `from` on where there is a match, and its length; n where there is none. */
size_t gaze_pattern_find(const gaze_pattern *pattern, const int32_t *points, size_t n, size_t from, size_t *length);

#endif
