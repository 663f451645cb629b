/* The few regular expressions that tokenizers use: alternatives of characters, escapes, \s and sets [...], the last of
 * an alternative repeated by + or {n,}, with \A, ^ in front and \z, $ behind. What else there is in expressions is
 * refused. */
#ifndef GAZE_TEXT_PATTERN_H
#define GAZE_TEXT_PATTERN_H

#include "core/base/error.h"

enum { GAZE_PATTERN_ATOMS_MAX = 64 };

/* What one or more characters have to be. */
typedef struct gaze_pattern_atom {
  uint64_t ascii[2];         /* a set of ASCII characters, one bit each */
  int32_t point;             /* or this one; -1: none */
  bool (*property)(int32_t); /* or one that has this; NULL: none */
  bool opens;                /* first of an alternative */
  bool at_start, at_end;
  uint32_t least; /* how many at least: 0 for one that only says at_start or at_end */
  bool repeats;   /* as many as there are */
} gaze_pattern_atom;

typedef struct gaze_pattern {
  gaze_pattern_atom atoms[GAZE_PATTERN_ATOMS_MAX];
  size_t n; /* 0: matches nothing */
} gaze_pattern;

/* False: something in text (UTF-8, ended by 0) is not in this header's list. */
bool gaze_pattern_read(gaze_pattern *pattern, const char *text);
/* The text as it stands. False: too long. */
bool gaze_pattern_literal(gaze_pattern *pattern, const char *text);
/* One character that has a property. */
void gaze_pattern_property(gaze_pattern *pattern, bool (*property)(int32_t));
/* Length of the match at place of points [n], by the first alternative that does; 0: none. */
size_t gaze_pattern_match(const gaze_pattern *pattern, const int32_t *points, size_t n, size_t place);

#endif
