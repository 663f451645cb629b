/* Text as Unicode code points: decoding, properties, NFC and lower case, on top of utf8proc's tables. */
#ifndef GAZE_TEXT_POINTS_H
#define GAZE_TEXT_POINTS_H

#include "core/base/error.h"

typedef struct gaze_points {
  int32_t *at; /* [n] */
  size_t n, capacity;
} gaze_points;

void gaze_points_fini(gaze_points *points);
GAZE_CHECKED gaze_err gaze_points_push(gaze_points *points, int32_t point);
GAZE_CHECKED gaze_err gaze_points_append(gaze_points *points, const int32_t *source, size_t n);
bool gaze_points_equal(const gaze_points *a, const gaze_points *b);
void gaze_points_swap(gaze_points *a, gaze_points *b);
/* Replaces what points held. Invalid UTF-8 becomes U+FFFD, one for each maximal part of a well-formed sequence, as
 * Python's decode(errors="replace") does. */
GAZE_CHECKED gaze_err gaze_points_decode(gaze_points *points, const char *text, size_t size);
typedef enum gaze_form { GAZE_FORM_NFC, GAZE_FORM_NFD, GAZE_FORM_NFKC, GAZE_FORM_NFKD, GAZE_FORMS } gaze_form;
const char *gaze_form_name(gaze_form form); /* "NFC" */
/* Appends source [n] in one of Unicode's normal forms. */
GAZE_CHECKED gaze_err gaze_points_form(gaze_points *points, const int32_t *source, size_t n, gaze_form form);
/* NFC. */
GAZE_CHECKED gaze_err gaze_points_compose(gaze_points *points, const int32_t *source, size_t n);
/* Appends a point's lower case: two points for U+0130, one for every other. */
GAZE_CHECKED gaze_err gaze_points_lower(gaze_points *points, int32_t point);
/* Appends source [n] as Python's str.lower() has it: a sigma that ends a word has its own form. */
GAZE_CHECKED gaze_err gaze_points_lower_words(gaze_points *points, const int32_t *source, size_t n);

bool gaze_point_is_space(int32_t point); /* property White_Space: \s */
/* What Python's str.isspace() and str.split() take for space: White_Space and the four separators of ASCII. */
bool gaze_point_is_python_space(int32_t point);
bool gaze_point_is_letter(int32_t point);                 /* \p{L} */
bool gaze_point_is_number(int32_t point);                 /* \p{N} */
bool gaze_point_is_punctuation(int32_t point);            /* \p{P} and all signs of ASCII */
bool gaze_point_is_mark(int32_t point, bool spacing_too); /* \p{Mn}, or all of \p{M} */
bool gaze_point_is_control(int32_t point);                /* \p{Cc}, \p{Cf}, \p{Co} */
/* How many of points [n >= 1] the first cluster has: what a reader takes for one character. */
size_t gaze_points_cluster(const int32_t *points, size_t n);
/* One code point from text [size >= 1], UTF-8; returns the bytes taken. *point is -1 where it is not well-formed; then
 * the bytes are a maximal part of a well-formed sequence, at least one. */
size_t gaze_point_decode(const uint8_t *text, size_t size, int32_t *point);
/* Bytes of a character in valid UTF-8, by the first of them. */
static inline size_t gaze_point_length(uint8_t first) {
  return first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
}
/* UTF-8 of a code point; returns the number of bytes, 1 to 4. */
size_t gaze_point_encode(int32_t point, uint8_t bytes[4]);

#endif
