/* Lower case of whole words. */
#include "text/points.h"

#include <utf8proc.h>

enum { CAPITAL_SIGMA = 0x3A3, FINAL_SIGMA = 0x3C2 };

/* Unicode's Case_Ignorable: marks, format characters, modifiers, and punctuation within words. */
static bool is_case_ignorable(int32_t point) {
  static const int32_t within_words[] = {'\'',   '.',    ':',    0xB7,   0x387,  0x55F,  0x5F4,  0x2018, 0x2019,
                                         0x2024, 0x2027, 0xFE13, 0xFE52, 0xFE55, 0xFF07, 0xFF0E, 0xFF1A};
  for (size_t i = 0; i < sizeof within_words / sizeof *within_words; i++)
    if (point == within_words[i])
      return true;
  utf8proc_category_t category = utf8proc_category(point);
  return category == UTF8PROC_CATEGORY_MN || category == UTF8PROC_CATEGORY_ME || category == UTF8PROC_CATEGORY_CF ||
         category == UTF8PROC_CATEGORY_LM || category == UTF8PROC_CATEGORY_SK;
}

/* Unicode's Cased, for a point that is not Case_Ignorable. */
static bool is_cased(int32_t point) {
  utf8proc_category_t category = utf8proc_category(point);
  return (category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LT) || point == 0xAA || point == 0xBA ||
         (point >= 0x2160 && point <= 0x217F) || (point >= 0x24B6 && point <= 0x24E9) ||
         (point >= 0x1F130 && point <= 0x1F149) || (point >= 0x1F150 && point <= 0x1F169) ||
         (point >= 0x1F170 && point <= 0x1F189);
}

/* A capital sigma at the end of a word: a cased letter before it, and none behind. */
static bool ends_word(const int32_t *points, size_t n, size_t place) {
  size_t before = place, after = place + 1;
  while (before > 0 && is_case_ignorable(points[before - 1]))
    before--;
  if (before == 0 || !is_cased(points[before - 1]))
    return false;
  while (after < n && is_case_ignorable(points[after]))
    after++;
  return after == n || !is_cased(points[after]);
}

gaze_err gaze_points_lower_words(gaze_points *points, const int32_t *source, size_t n) {
  for (size_t i = 0; i < n; i++)
    GAZE_TRY(source[i] == CAPITAL_SIGMA && ends_word(source, n, i) ? gaze_points_push(points, FINAL_SIGMA)
                                                                   : gaze_points_lower(points, source[i]));
  return GAZE_OK;
}
