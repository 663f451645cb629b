#include "fusion/language.h"

#include "text/points.h"

#include <string.h>

static const double foreign_most = 0.1, korean_least = 0.5; /* shares of the letters */

static bool is_hangul(int32_t point) {
  return (point >= 0xAC00 && point <= 0xD7A3) || (point >= 0x1100 && point <= 0x11FF);
}
static bool is_latin(int32_t point) { return point < 0x250; }

bool gaze_is_in_language(const char *text, gaze_language language) {
  size_t letters = 0, latin = 0, hangul = 0, size = strlen(text);
  for (size_t i = 0; i < size;) {
    int32_t point;
    i += gaze_point_decode((const uint8_t *)text + i, size - i, &point);
    if (point < 0 || !gaze_point_is_letter(point))
      continue;
    letters++;
    latin += is_latin(point);
    hangul += is_hangul(point);
  }
  if (language == GAZE_KOREAN)
    return (double)hangul >= korean_least * (double)letters;
  return (double)(letters - latin) <= foreign_most * (double)letters;
}
