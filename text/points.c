#include "text/points.h"

#include "core/base/memory.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

enum { REPLACEMENT = 0xFFFD, DECOMPOSED_MAX = 18 };

void gaze_points_fini(gaze_points *points) {
  free(points->at);
  *points = (gaze_points){0};
}

gaze_err gaze_points_push(gaze_points *points, int32_t point) {
  if (points->n == points->capacity)
    GAZE_TRY(gaze_grow(&points->at, &points->capacity, points->n + 1, sizeof *points->at));
  points->at[points->n++] = point;
  return GAZE_OK;
}

gaze_err gaze_points_append(gaze_points *points, const int32_t *source, size_t n) {
  GAZE_TRY(gaze_grow(&points->at, &points->capacity, points->n + n, sizeof *points->at));
  if (n)
    memcpy(points->at + points->n, source, n * sizeof *source);
  points->n += n;
  return GAZE_OK;
}

bool gaze_points_equal(const gaze_points *a, const gaze_points *b) {
  return a->n == b->n && (a->n == 0 || memcmp(a->at, b->at, a->n * sizeof *a->at) == 0);
}

void gaze_points_swap(gaze_points *a, gaze_points *b) {
  gaze_points spare = *a;
  *a = *b;
  *b = spare;
}

/* The second byte's range is what tells overlong forms, surrogates and points past U+10FFFF (Unicode, table 3-7). */
size_t gaze_point_decode(const uint8_t *text, size_t size, int32_t *point) {
  uint8_t first = text[0];
  *point = first < 0x80 ? first : -1;
  if (first < 0xC2 || first > 0xF4)
    return 1;
  size_t length = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  uint8_t low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
  uint8_t high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
  int32_t value = first & (0xFF >> (length + 1));
  for (size_t i = 1; i < length; i++) {
    if (i == size || text[i] < low || text[i] > high)
      return i;
    value = value << 6 | (text[i] & 0x3F);
    low = 0x80, high = 0xBF;
  }
  *point = value;
  return length;
}

gaze_err gaze_points_decode(gaze_points *points, const char *text, size_t size) {
  points->n = 0;
  GAZE_TRY(gaze_grow(&points->at, &points->capacity, size, sizeof *points->at));
  const uint8_t *bytes = (const uint8_t *)text;
  for (size_t i = 0; i < size;) {
    int32_t point = bytes[i];
    i += point < 0x80 ? 1 : gaze_point_decode(bytes + i, size - i, &point);
    points->at[points->n++] = point < 0 ? REPLACEMENT : point;
  }
  return GAZE_OK;
}

size_t gaze_point_encode(int32_t point, uint8_t bytes[4]) {
  if (point < 0x80)
    return bytes[0] = (uint8_t)point, 1;
  size_t length = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
  for (size_t i = length - 1; i > 0; i--, point >>= 6)
    bytes[i] = 0x80 | (point & 0x3F);
  bytes[0] = (uint8_t)(0xF00 >> length | point);
  return length;
}

bool gaze_point_is_space(int32_t point) {
  return (point >= 9 && point <= 13) || point == ' ' || point == 0x85 || point == 0xA0 || point == 0x1680 ||
         (point >= 0x2000 && point <= 0x200A) || point == 0x2028 || point == 0x2029 || point == 0x202F ||
         point == 0x205F || point == 0x3000;
}

bool gaze_point_is_python_space(int32_t point) {
  return gaze_point_is_space(point) || (point >= 0x1C && point <= 0x1F);
}

bool gaze_point_is_letter(int32_t point) {
  if (point < 0x80)
    return (point | 0x20) >= 'a' && (point | 0x20) <= 'z';
  utf8proc_category_t category = utf8proc_category(point);
  return category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO;
}

bool gaze_point_is_number(int32_t point) {
  if (point < 0x80)
    return point >= '0' && point <= '9';
  utf8proc_category_t category = utf8proc_category(point);
  return category >= UTF8PROC_CATEGORY_ND && category <= UTF8PROC_CATEGORY_NO;
}

bool gaze_point_is_punctuation(int32_t point) {
  if (point < 0x80)
    return (point >= '!' && point <= '/') || (point >= ':' && point <= '@') || (point >= '[' && point <= '`') ||
           (point >= '{' && point <= '~');
  utf8proc_category_t category = utf8proc_category(point);
  return category >= UTF8PROC_CATEGORY_PC && category <= UTF8PROC_CATEGORY_PO;
}

bool gaze_point_is_mark(int32_t point, bool spacing_too) {
  utf8proc_category_t category = utf8proc_category(point);
  return category == UTF8PROC_CATEGORY_MN ||
         (spacing_too && (category == UTF8PROC_CATEGORY_MC || category == UTF8PROC_CATEGORY_ME));
}

bool gaze_point_is_control(int32_t point) {
  utf8proc_category_t category = utf8proc_category(point);
  return category == UTF8PROC_CATEGORY_CC || category == UTF8PROC_CATEGORY_CF || category == UTF8PROC_CATEGORY_CO;
}

size_t gaze_points_cluster(const int32_t *points, size_t n) {
  size_t end = 1;
  utf8proc_int32_t state = 0;
  while (end < n && !utf8proc_grapheme_break_stateful(points[end - 1], points[end], &state))
    end++;
  return end;
}

gaze_err gaze_points_lower(gaze_points *points, int32_t point) {
  if (point == 0x130) { /* capital I with a dot above: i and a combining dot */
    GAZE_TRY(gaze_points_push(points, 'i'));
    return gaze_points_push(points, 0x307);
  }
  if (point < 0x80)
    return gaze_points_push(points, point >= 'A' && point <= 'Z' ? point + 32 : point);
  return gaze_points_push(points, utf8proc_tolower(point));
}

static int combining_class(int32_t point) { return point < 0x300 ? 0 : utf8proc_get_property(point)->combining_class; }

/* A combining mark with its place, so that qsort keeps the order of equal classes. */
typedef struct gaze_mark {
  int32_t point, class;
  size_t place;
} gaze_mark;

static int compare_marks(const void *a, const void *b) {
  const gaze_mark *left = a, *right = b;
  if (left->class != right->class)
    return left->class < right->class ? -1 : 1;
  return left->place < right->place ? -1 : 1;
}

/* Canonical ordering of one run of combining marks, points [n]. */
static gaze_err sort_marks(int32_t *points, size_t n) {
  gaze_mark *marks;
  GAZE_TRY(gaze_alloc(n, sizeof *marks, &marks));
  for (size_t i = 0; i < n; i++)
    marks[i] = (gaze_mark){points[i], combining_class(points[i]), i};
  qsort(marks, n, sizeof *marks, compare_marks);
  for (size_t i = 0; i < n; i++)
    points[i] = marks[i].point;
  free(marks);
  return GAZE_OK;
}

static gaze_err order_marks(int32_t *points, size_t n) {
  for (size_t start = 0; start < n; start++) {
    size_t end = start;
    while (end < n && combining_class(points[end]))
      end++;
    if (end - start > 1)
      GAZE_TRY(sort_marks(points + start, end - start));
    if (end > start)
      start = end - 1;
  }
  return GAZE_OK;
}

/* Every point below is its own form. */
static int32_t changes_from(gaze_form form) {
  return form == GAZE_FORM_NFC ? 0x300 : form == GAZE_FORM_NFD ? 0xC0 : 0xA0;
}

const char *gaze_form_name(gaze_form form) {
  static const char *const names[GAZE_FORMS] = {"NFC", "NFD", "NFKC", "NFKD"};
  return names[form];
}

gaze_err gaze_points_form(gaze_points *points, const int32_t *source, size_t n, gaze_form form) {
  size_t start = points->n;
  bool stable = true;
  for (size_t i = 0; i < n; i++)
    stable = stable && source[i] < changes_from(form);
  if (stable)
    return gaze_points_append(points, source, n);
  utf8proc_option_t options =
      form == GAZE_FORM_NFKC || form == GAZE_FORM_NFKD ? UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT : UTF8PROC_DECOMPOSE;
  for (size_t i = 0; i < n; i++) {
    GAZE_TRY(gaze_grow(&points->at, &points->capacity, points->n + DECOMPOSED_MAX, sizeof *points->at));
    int32_t *room = points->at + points->n;
    points->n += (size_t)utf8proc_decompose_char(source[i], room, DECOMPOSED_MAX, options, NULL);
  }
  GAZE_TRY(order_marks(points->at + start, points->n - start));
  if (form == GAZE_FORM_NFD || form == GAZE_FORM_NFKD)
    return GAZE_OK;
  options = UTF8PROC_STABLE | UTF8PROC_COMPOSE;
  points->n =
      start + (size_t)utf8proc_normalize_utf32(points->at + start, (utf8proc_ssize_t)(points->n - start), options);
  return GAZE_OK;
}

gaze_err gaze_points_compose(gaze_points *points, const int32_t *source, size_t n) {
  return gaze_points_form(points, source, n, GAZE_FORM_NFC);
}
