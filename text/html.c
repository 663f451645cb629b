#include "text/html.h"

#include <stdlib.h>
#include <string.h>

enum { NAME_MAX_LENGTH = 31, CAREFUL_LENGTH = 24, POINT_MAX = 0x10FFFF, REPLACEMENT = 0xFFFD, NO_POINT = -1 };

typedef struct gaze_html_entity {
  char name[NAME_MAX_LENGTH + 1];
  int32_t first, second;
  bool bare; /* needs no semicolon */
} gaze_html_entity;

static const gaze_html_entity entities[] = {
#include "text/html_entities.inc"
};

static int compare_names(const void *name, const void *entity) {
  return strcmp(name, ((const gaze_html_entity *)entity)->name);
}

static const gaze_html_entity *find_entity(const char *name) {
  return bsearch(name, entities, sizeof entities / sizeof *entities, sizeof *entities, compare_names);
}

int32_t gaze_html_windows_point(int32_t point) {
  static const int32_t points[32] = {0x20AC, 0x81,   0x201A, 0x192,  0x201E, 0x2026, 0x2020, 0x2021,
                                     0x2C6,  0x2030, 0x160,  0x2039, 0x152,  0x8D,   0x17D,  0x8F,
                                     0x90,   0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
                                     0x2DC,  0x2122, 0x161,  0x203A, 0x153,  0x9D,   0x17E,  0x178};
  return point >= 0x80 && point <= 0x9F ? points[point - 0x80] : point;
}

/* What a numeric reference stands for; NO_POINT: nothing (HTML's noncharacters and controls). */
static int32_t resolve_number(int32_t number) {
  if (number == 0 || number > POINT_MAX || (number >= 0xD800 && number <= 0xDFFF))
    return REPLACEMENT;
  if (number >= 0x80 && number <= 0x9F)
    return gaze_html_windows_point(number);
  bool control = number < 0x20 && number != '\t' && number != '\n' && number != '\f' && number != '\r';
  bool nothing = (number >= 0xFDD0 && number <= 0xFDEF) || (number & 0xFFFE) == 0xFFFE;
  return control || number == 0x7F || nothing ? NO_POINT : number;
}

static int digit_value(int32_t point, int base) {
  int value = point >= '0' && point <= '9'                     ? point - '0'
              : (point | 0x20) >= 'a' && (point | 0x20) <= 'f' ? (point | 0x20) - 'a' + 10
                                                               : base;
  return value < base ? value : -1;
}

/* A reference to a number at source [n], which begins with "&#": its length, 0 when it is none, and its number, which
 * stays put past POINT_MAX. */
static size_t read_number(const int32_t *source, size_t n, int32_t *number) {
  bool hexadecimal = n > 2 && (source[2] | 0x20) == 'x';
  int base = hexadecimal ? 16 : 10;
  size_t start = hexadecimal ? 3 : 2, end = start;
  *number = 0;
  for (int digit; end < n && (digit = digit_value(source[end], base)) >= 0; end++)
    *number = *number > POINT_MAX ? *number : *number * base + digit;
  if (end == start)
    return 0;
  return end + (end < n && source[end] == ';');
}

static bool is_alphanumeric(int32_t point) {
  return (point >= '0' && point <= '9') || ((point | 0x20) >= 'a' && (point | 0x20) <= 'z');
}

/* The entity that source [n] begins with behind its "&", and the length of the reference. The longest name wins; only
 * bare ones may go without a semicolon, and be followed by more. */
static const gaze_html_entity *read_name(const int32_t *source, size_t n, bool careful, size_t *length) {
  char name[NAME_MAX_LENGTH + 1];
  size_t size = 0;
  while (size < NAME_MAX_LENGTH && 1 + size < n && is_alphanumeric(source[1 + size])) {
    name[size] = (char)source[1 + size];
    size++;
  }
  name[size] = 0;
  const gaze_html_entity *entity = NULL;
  bool closed = 1 + size < n && source[1 + size] == ';';
  if (closed && (!careful || size <= CAREFUL_LENGTH) && (entity = find_entity(name))) {
    *length = size + 2;
    return entity;
  }
  for (; size >= 2 && !careful; size--) {
    name[size] = 0;
    entity = find_entity(name);
    *length = size + 1;
    if (entity && entity->bare)
      return entity;
  }
  return NULL;
}

/* Appends what the reference at source [n], which begins with "&", stands for; *length 0: it is none. */
static gaze_err unescape_one(const int32_t *source, size_t n, bool careful, gaze_points *out, size_t *length) {
  *length = 0;
  if (n > 1 && source[1] == '#') {
    int32_t number;
    size_t size = read_number(source, n, &number);
    if (!size || (careful && (source[size - 1] != ';' || size > CAREFUL_LENGTH + 3 || number == ';')))
      return GAZE_OK;
    *length = size;
    int32_t point = resolve_number(number);
    return point == NO_POINT ? GAZE_OK : gaze_points_push(out, point);
  }
  const gaze_html_entity *entity = read_name(source, n, careful, length);
  if (!entity) {
    *length = 0;
    return GAZE_OK;
  }
  GAZE_TRY(gaze_points_push(out, entity->first));
  return entity->second ? gaze_points_push(out, entity->second) : GAZE_OK;
}

gaze_err gaze_html_unescape(const int32_t *source, size_t n, bool careful, gaze_points *out) {
  out->n = 0;
  for (size_t i = 0; i < n;) {
    size_t length = 0;
    if (source[i] == '&')
      GAZE_TRY(unescape_one(source + i, n - i, careful, out, &length));
    if (!length)
      GAZE_TRY(gaze_points_push(out, source[i]));
    i += length ? length : 1;
  }
  return GAZE_OK;
}
