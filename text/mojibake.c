#include "text/mojibake.h"

#include "core/base/memory.h"
#include "text/badness.h"
#include "text/code_page.h"
#include "text/html.h"
#include "text/mojibake_bytes.h"

#include <stdlib.h>

/* Replaces what out held by points as UTF-8 that was read in page; *valid: it is. */
static gaze_err read_again(const gaze_points *points, gaze_code_page page, gaze_points *out, bool *valid) {
  /* An en dash is a first byte in MacRoman, and spaces behind it are meant. */
  unsigned losses = page == GAZE_MAC_ROMAN ? 0 : GAZE_LOSS_SPACE;
  losses |= gaze_code_page_is_windows(page) ? GAZE_LOSS_BYTE : 0;
  uint8_t *bytes;
  GAZE_TRY(gaze_alloc(points->n, 1, &bytes));
  gaze_err err = GAZE_OK;
  *valid = gaze_code_page_encode(page, points->at, points->n, bytes);
  if (*valid)
    err = gaze_mojibake_decode(bytes, points->n, losses, out, valid);
  free(bytes);
  return err;
}

/* The byte 0xA0 may have become a space. */
static bool may_continue(int32_t point) { return point == ' ' || (gaze_code_page_roles(point) & GAZE_CONTINUATION); }

/* Dashes, quotes, the bullet and the ellipsis often stand for themselves. */
static bool must_continue(int32_t point) {
  bool ordinary = (point >= 0x2013 && point <= 0x201E) || point == 0x2022 || point == 0x2026;
  return !ordinary && (gaze_code_page_roles(point) & GAZE_CONTINUATION);
}

/* How many of points [n >= 1] may be the bytes of one character; 0: none begins there. */
static size_t measure_sequence(const int32_t *points, size_t n) {
  unsigned roles = gaze_code_page_roles(points[0]);
  size_t length = 1;
  while (length < 4 && length < n && may_continue(points[length]))
    length++;
  if ((roles & GAZE_FIRST_OF_2) && length >= 2)
    return 2;
  if ((roles & GAZE_FIRST_OF_3) && length >= 3)
    return 3;
  return (roles & GAZE_FIRST_OF_4) && length == 4 ? 4 : 0;
}

static size_t measure_run(const int32_t *points, size_t n) {
  size_t end = 0;
  for (size_t length; end < n && (length = measure_sequence(points + end, n - end)) > 0;)
    end += length;
  return end;
}

/* Replaces what out held by points with each run of sequences repaired by itself: the parts of a text that mixes
 * mojibake with other characters. Not behind what looks like the rest of a sequence, where a repair would be partial.
 */
static gaze_err repair_runs(const gaze_points *points, gaze_points *out, size_t *budget) {
  gaze_points run = {0};
  gaze_err err = GAZE_OK;
  out->n = 0;
  for (size_t i = 0, length; i < points->n; i += length ? length : 1) {
    length = i > 0 && must_continue(points->at[i - 1]) ? 0 : measure_run(points->at + i, points->n - i);
    run.n = 0;
    GAZE_TRY_DONE(gaze_points_append(&run, points->at + i, length ? length : 1));
    if (length && length < points->n)
      GAZE_TRY_DONE(gaze_mojibake_repair(&run, budget));
    GAZE_TRY_DONE(gaze_points_append(out, run.at, run.n));
  }
done:
  gaze_points_fini(&run);
  return err;
}

/* Replaces what out held by points after one repair: of the whole, of its runs, or of the controls of Latin-1. */
static gaze_err repair_once(const gaze_points *points, gaze_points *out, size_t *budget) {
  bool valid = false;
  for (gaze_code_page page = GAZE_LATIN_1; page < GAZE_CODE_PAGES && !valid; page++)
    GAZE_TRY(read_again(points, page, out, &valid));
  if (valid)
    return GAZE_OK;
  GAZE_TRY(repair_runs(points, out, budget));
  bool same = gaze_points_equal(points, out);
  for (size_t i = 0; same && i < out->n; i++)
    out->at[i] = gaze_html_windows_point(out->at[i]);
  return GAZE_OK;
}

/* Calls itself for runs. A run within a run comes of decoding the outer one, which leaves it at most 3/4 as long. */
gaze_err gaze_mojibake_repair(gaze_points *points, size_t *budget) {
  gaze_points next = {0};
  gaze_err err = GAZE_OK;
  bool changed = true;
  while (changed && points->n <= *budget && gaze_is_bad(points->at, points->n)) {
    *budget -= points->n;
    GAZE_TRY_DONE(repair_once(points, &next, budget));
    changed = !gaze_points_equal(points, &next);
    gaze_points_swap(points, &next);
  }
done:
  gaze_points_fini(&next);
  return err;
}
