#include "text/badness.h"

#include "text/points.h"

#include <stdlib.h>
#include <string.h>
#include <uchar.h>

enum {
  COMMON = 1 << 0, /* seen in mojibake and out of it: dashes, the ellipsis, the apostrophe */
  C1 = 1 << 1,     /* control characters of Latin-1 */
  BAD = 1 << 2,    /* hardly ever written on purpose */
  LAW = 1 << 3,
  MONEY = 1 << 4,
  OPENING = 1 << 5, /* quotes and signs before a word */
  CLOSING = 1 << 6,
  NUMERIC = 1 << 7,
  FACE = 1 << 8, /* letters with two dots, rings and the like, of which faces are made */
  UPPER = 1 << 9,
  LOWER = 1 << 10,
  UPPER_COMMON = 1 << 11, /* Greek and Cyrillic */
  LOWER_COMMON = 1 << 12,
  BOX = 1 << 13,
  LISTED = (1 << 14) - 1, /* all of the above, which badness.inc lists */
  ASCII_UPPER = 1 << 14,
  ASCII_LOWER = 1 << 15,
  SPACE = 1 << 16,
  WORD = 1 << 17,        /* a letter, a number, the underscore */
  NOT_LETTER = 1 << 18,  /* anything but A-Z and a-z */
  NOT_NEWLINE = 1 << 19, /* anything but \n */
  ASCII_LETTER = ASCII_UPPER | ASCII_LOWER,
  SIGN = BOX | OPENING | CLOSING | MONEY | NUMERIC | LAW,
  SECOND_BYTE = C1 | BAD | OPENING | CLOSING | MONEY,
  ARABIC_SECOND = COMMON | MONEY | BAD | NUMERIC | OPENING,
  SEQUENCE_MAX = 7
};

typedef struct gaze_badness_range {
  uint16_t first, last, classes;
} gaze_badness_range;

static const gaze_badness_range ranges[] = {
#include "text/badness.inc"
};

/* Classes of neighbours, up to three and a 0. */
static const uint32_t class_sequences[][4] = {
    {C1},
    {BAD | LOWER | UPPER | SIGN, BAD},
    {ASCII_LETTER, LOWER_COMMON | UPPER_COMMON, BAD},
    {BAD, LOWER | UPPER | SIGN},
    {LOWER | LOWER_COMMON | BOX | CLOSING | MONEY | NUMERIC, UPPER},
    {BOX | CLOSING | MONEY | NUMERIC, LOWER},
    {LOWER | BOX | CLOSING, MONEY},
    {SPACE, UPPER, MONEY},
    {UPPER | BOX, NUMERIC | LAW},
    {LOWER | UPPER | BOX | MONEY | CLOSING, OPENING, NUMERIC},
    {LOWER | UPPER | MONEY | NUMERIC | BOX | LAW, CLOSING, OPENING},
    {MONEY | NUMERIC | BOX, OPENING},
    {ASCII_LOWER, UPPER, OPENING | MONEY},
    {BOX, FACE | CLOSING},
    {LOWER | UPPER | MONEY | NUMERIC | OPENING | CLOSING | LAW, BOX},
    {LOWER | UPPER, OPENING | CLOSING, WORD},
};

/* One place of a sequence: a point of these classes, or one of these. */
typedef struct gaze_badness_place {
  uint32_t classes;
  const char32_t *points;
} gaze_badness_place;

/* What the classes cannot tell, by the page that UTF-8 was taken for; points NULL ends a sequence. */
static const gaze_badness_place point_sequences[][SEQUENCE_MAX + 1] = {
    /* a ligature that no plain letter follows, a degree sign behind a capital */
    {{0, U"Œœ"}, {NOT_LETTER, U""}},
    {{UPPER, U""}, {0, U"°"}},
    /* Windows-1252: two bytes, Arabic, the scripts of South Asia, a space that was 0xA0 */
    {{0, U"ÂÃÎÐ"}, {OPENING | CLOSING, U"€œŠš¢£Ÿž\u00A0\u00AD®©°·»–—´"}},
    {{0, U"×"}, {0, U"²³"}},
    {{0, U"ØÙ"}, {ARABIC_SECOND, U"ŸŠ®°µ»"}, {0, U"ØÙ"}, {ARABIC_SECOND, U"ŸŠ®°µ»"}},
    {{0, U"à"}, {0, U"²µ¹¼½¾"}},
    {{ASCII_LOWER, U""}, {0, U"ÃÂ"}, {0, U" "}},
    {{ASCII_LOWER, U""}, {SPACE, U""}, {0, U"ÃÂ"}, {0, U" "}},
    {{ASCII_LOWER | CLOSING, U".,?!"}, {0, U"Â"}, {OPENING | CLOSING, U" "}},
    /* MacRoman */
    {{0, U"√"}, {0, U"±∂†≠®™´≤≥¥µø"}},
    {{0, U"≈"}, {0, U"°¢"}},
    {{0, U"‚"}, {0, U"Ä"}, {0, U"ìîïòôúùû†°¢π"}},
    {{0, U"‚"}, {0, U"âó"}, {0, U"àä°ê"}},
    /* Windows-1251: punctuation, Cyrillic, twice over */
    {{0, U"в"}, {0, U"Ђ"}},
    {{0, U"ВГРС"}, {SECOND_BYTE, U"°µ"}, {0, U"ВГРС"}},
    {{0, U"Г"}, {0, U"ў"}, {0, U"В"}, {0, U"Ђ"}, {0, U"В"}, {NOT_NEWLINE, U""}, {ASCII_LETTER, U" "}},
    /* Windows-1253: punctuation, Greek */
    {{0, U"β"}, {0, U"€"}, {0, U"™\u00A0Ά\u00AD®°"}},
    {{0, U"ΒΓΞΟ"}, {SECOND_BYTE, U"°"}, {0, U"ΒΓΞΟ"}},
};

static int compare_points(const void *point, const void *range) {
  const gaze_badness_range *listed = range;
  int32_t wanted = *(const int32_t *)point;
  return wanted < listed->first ? -1 : wanted > listed->last;
}

static uint32_t listed_classes(int32_t point) {
  const gaze_badness_range *range =
      bsearch(&point, ranges, sizeof ranges / sizeof *ranges, sizeof *ranges, compare_points);
  return range ? range->classes : 0;
}

static uint32_t classes_of(int32_t point) {
  uint32_t classes = point == '\n' ? 0 : NOT_NEWLINE;
  if (gaze_point_is_python_space(point))
    classes |= SPACE;
  if (gaze_point_is_letter(point) || gaze_point_is_number(point) || point == '_')
    classes |= WORD;
  if (point >= 0x80)
    return classes | listed_classes(point) | NOT_LETTER;
  if (point >= 'a' && point <= 'z')
    return classes | ASCII_LOWER;
  return classes | (point >= 'A' && point <= 'Z' ? ASCII_UPPER : NOT_LETTER);
}

static bool lists(const char32_t *points, int32_t point) {
  while (*points && *points != (char32_t)point)
    points++;
  return *points;
}

/* Whether a sequence of classes begins at classes [SEQUENCE_MAX], which are 0 past the end of the text. */
static bool begins_class_sequence(const uint32_t *classes) {
  for (size_t i = 0; i < sizeof class_sequences / sizeof *class_sequences; i++) {
    const uint32_t *wanted = class_sequences[i];
    size_t length = 0;
    while (wanted[length] & classes[length])
      length++;
    if (!wanted[length])
      return true;
  }
  return false;
}

static bool fits(const gaze_badness_place *place, int32_t point, uint32_t classes) {
  return (place->classes & classes) || lists(place->points, point);
}

/* Whether a sequence of points begins at points [n], whose classes are classes [SEQUENCE_MAX]. */
static bool begins_point_sequence(const int32_t *points, size_t n, const uint32_t *classes) {
  for (size_t i = 0; i < sizeof point_sequences / sizeof *point_sequences; i++) {
    const gaze_badness_place *wanted = point_sequences[i];
    size_t length = 0;
    while (wanted[length].points && length < n && fits(&wanted[length], points[length], classes[length]))
      length++;
    if (!wanted[length].points)
      return true;
  }
  return false;
}

bool gaze_is_bad(const int32_t *points, size_t n) {
  if (n >= 2 && lists(U"ÃÂ", points[0]) && points[1] == ' ') /* in the middle of a text they may be meant */
    return true;
  uint32_t classes[SEQUENCE_MAX] = {0}; /* of points [i ...] */
  for (size_t i = 0; i + 1 < SEQUENCE_MAX && i < n; i++)
    classes[i + 1] = classes_of(points[i]);
  for (size_t i = 0; i < n; i++) {
    memmove(classes, classes + 1, sizeof classes - sizeof *classes);
    classes[SEQUENCE_MAX - 1] = i + SEQUENCE_MAX - 1 < n ? classes_of(points[i + SEQUENCE_MAX - 1]) : 0;
    /* A listed class is among the first three places of each sequence. */
    if (((classes[0] | classes[1] | classes[2]) & LISTED) &&
        (begins_class_sequence(classes) || begins_point_sequence(points + i, n - i, classes)))
      return true;
  }
  return false;
}
