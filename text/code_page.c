#include "text/code_page.h"

#include <stdlib.h>

enum { LOST = 0x1A, NO_BYTE = -1 };

typedef struct gaze_code_page_row {
  uint16_t point;
  uint8_t bytes[GAZE_CODE_PAGES]; /* 0: not in that page */
} gaze_code_page_row;

static const gaze_code_page_row rows[] = {
#include "text/code_page.inc"
};

static int compare_points(const void *point, const void *row) {
  return *(const int32_t *)point - ((const gaze_code_page_row *)row)->point;
}

/* The row of a point past ASCII, or NULL. */
static const gaze_code_page_row *find_row(int32_t point) {
  return bsearch(&point, rows, sizeof rows / sizeof *rows, sizeof *rows, compare_points);
}

bool gaze_code_page_is_windows(gaze_code_page page) { return page >= GAZE_WINDOWS_1252 && page <= GAZE_WINDOWS_1257; }

static int find_byte(gaze_code_page page, int32_t point) {
  if (point < 0x80)
    return point == LOST && gaze_code_page_is_windows(page) ? NO_BYTE : point;
  const gaze_code_page_row *row = find_row(point);
  return row && row->bytes[page] ? row->bytes[page] : NO_BYTE;
}

bool gaze_code_page_encode(gaze_code_page page, const int32_t *points, size_t n, uint8_t *bytes) {
  for (size_t i = 0; i < n; i++) {
    int byte = find_byte(page, points[i]);
    if (byte == NO_BYTE)
      return false;
    bytes[i] = (uint8_t)byte;
  }
  return true;
}

static unsigned role(uint8_t byte) {
  if (byte >= 0x80 && byte <= 0xBF)
    return GAZE_CONTINUATION;
  if (byte >= 0xC2 && byte <= 0xDF)
    return GAZE_FIRST_OF_2;
  if (byte >= 0xE0 && byte <= 0xEF)
    return GAZE_FIRST_OF_3;
  return byte == 0xF0 || byte == 0xF3 ? GAZE_FIRST_OF_4 : 0;
}

unsigned gaze_code_page_roles(int32_t point) {
  const gaze_code_page_row *row = point < 0x80 ? NULL : find_row(point);
  unsigned roles = 0;
  for (size_t page = GAZE_LATIN_1; row && page <= GAZE_WINDOWS_1257; page++)
    roles |= role(row->bytes[page]);
  return roles;
}
