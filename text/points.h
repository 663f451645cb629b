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
/* Appends source [n] in canonical composition (NFC). */
GAZE_CHECKED gaze_err gaze_points_compose(gaze_points *points, const int32_t *source, size_t n);
/* Appends a point's lower case: two points for U+0130, one for every other. */
GAZE_CHECKED gaze_err gaze_points_lower(gaze_points *points, int32_t point);

bool gaze_point_is_space(int32_t point); /* property White_Space: \s */
/* What Python's str.isspace() and str.split() take for space: White_Space and the four separators of ASCII. */
bool gaze_point_is_python_space(int32_t point);
bool gaze_point_is_letter(int32_t point); /* \p{L} */
bool gaze_point_is_number(int32_t point); /* \p{N} */
/* One code point from text [size >= 1], UTF-8; returns the bytes taken. *point is -1 where it is not well-formed; then
 * the bytes are a maximal part of a well-formed sequence, at least one. */
size_t gaze_point_decode(const uint8_t *text, size_t size, int32_t *point);
/* UTF-8 of a code point; returns the number of bytes, 1 to 4. */
size_t gaze_point_encode(int32_t point, uint8_t bytes[4]);

#endif
