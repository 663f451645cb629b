#include "text/clean.h"

#include "text/html.h"
#include "text/repair.h"

#include <utf8proc.h>

enum { CAPITAL_SIGMA = 0x3A3, FINAL_SIGMA = 0x3C2 };

/* " ".join(text.split()), in place. */
static void fold_space(gaze_points *points) {
  size_t kept = 0;
  bool pending = false;
  for (size_t i = 0; i < points->n; i++) {
    if (gaze_point_is_python_space(points->at[i])) {
      pending = kept > 0;
      continue;
    }
    if (pending)
      points->at[kept++] = ' ';
    pending = false;
    points->at[kept++] = points->at[i];
  }
  points->n = kept;
}

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
static bool ends_word(const gaze_points *points, size_t place) {
  size_t before = place, after = place + 1;
  while (before > 0 && is_case_ignorable(points->at[before - 1]))
    before--;
  if (before == 0 || !is_cased(points->at[before - 1]))
    return false;
  while (after < points->n && is_case_ignorable(points->at[after]))
    after++;
  return after == points->n || !is_cased(points->at[after]);
}

static gaze_err lower(const gaze_points *points, gaze_points *out) {
  out->n = 0;
  for (size_t i = 0; i < points->n; i++)
    GAZE_TRY(points->at[i] == CAPITAL_SIGMA && ends_word(points, i) ? gaze_points_push(out, FINAL_SIGMA)
                                                                    : gaze_points_lower(out, points->at[i]));
  return GAZE_OK;
}

gaze_err gaze_clean(gaze_points *points) {
  gaze_points spare = {0};
  gaze_err err;
  GAZE_TRY_DONE(gaze_repair(points));
  GAZE_TRY_DONE(gaze_html_unescape(points->at, points->n, false, &spare));
  GAZE_TRY_DONE(gaze_html_unescape(spare.at, spare.n, false, points));
  fold_space(points);
  GAZE_TRY_DONE(lower(points, &spare));
  gaze_points_swap(points, &spare);
done:
  gaze_points_fini(&spare);
  return err;
}
