#include "text/html.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

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

/* The longest beginning of name [size] that needs no semicolon; *size becomes its length. */
static const gaze_html_entity *find_bare(const char *name, size_t *size) {
  char beginning[NAME_MAX_LENGTH + 1];
  memcpy(beginning, name, *size);
  for (; *size >= 2; --*size) {
    beginning[*size] = 0;
    const gaze_html_entity *entity = find_entity(beginning);
    if (entity && entity->bare)
      return entity;
  }
  return NULL;
}

/* ftfy's names all in capitals, such as &NTILDE;: those of lower case letters, unless HTML reads them otherwise. */
static const gaze_html_entity *find_capitals(const char *name, size_t size) {
  char lower[NAME_MAX_LENGTH + 1] = {0};
  size_t bare_size = size;
  if (find_bare(name, &bare_size))
    return NULL;
  for (size_t i = 0; i < size; i++) {
    if (name[i] >= 'a' && name[i] <= 'z')
      return NULL;
    lower[i] = (char)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] | 0x20 : name[i]);
  }
  return find_entity(lower);
}

/* A reference by its name: what it stands for (entity NULL: it is none), and its length. */
typedef struct gaze_html_reference {
  const gaze_html_entity *entity;
  size_t length;
  bool capitals; /* of the entity's capital letters */
} gaze_html_reference;

/* The reference that source [n] begins with, "&" and a name. The longest name wins; only bare ones may go without a
 * semicolon, and be followed by more. */
static gaze_html_reference read_name(const int32_t *source, size_t n, bool careful) {
  char name[NAME_MAX_LENGTH + 1];
  size_t size = 0;
  while (size < NAME_MAX_LENGTH && 1 + size < n && is_alphanumeric(source[1 + size])) {
    name[size] = (char)source[1 + size];
    size++;
  }
  name[size] = 0;
  gaze_html_reference reference = {.length = size + 2};
  bool closed = 1 + size < n && source[1 + size] == ';';
  if (closed && (!careful || size <= CAREFUL_LENGTH))
    reference.entity = find_entity(name);
  if (reference.entity)
    return reference;
  if (careful && closed && size <= CAREFUL_LENGTH) {
    reference.entity = find_capitals(name, size);
    reference.capitals = true;
  } else if (!careful) {
    reference.entity = find_bare(name, &size);
    reference.length = size + 1;
  }
  return reference;
}

/* As Python's str.upper(): these become several letters. */
static gaze_err push_upper(gaze_points *out, int32_t point) {
  static const struct {
    int32_t point, letters[3];
  } long_ones[] = {{0xDF, {'S', 'S'}},   {0x149, {0x2BC, 'N'}},     {0xFB00, {'F', 'F'}},     {0xFB01, {'F', 'I'}},
                   {0xFB02, {'F', 'L'}}, {0xFB03, {'F', 'F', 'I'}}, {0xFB04, {'F', 'F', 'L'}}};
  for (size_t i = 0; i < sizeof long_ones / sizeof *long_ones; i++)
    if (long_ones[i].point == point)
      return gaze_points_append(out, long_ones[i].letters, long_ones[i].letters[2] ? 3 : 2);
  return gaze_points_push(out, utf8proc_toupper(point));
}

static gaze_err push_entity(gaze_points *out, const gaze_html_reference *reference) {
  const int32_t points[] = {reference->entity->first, reference->entity->second};
  for (size_t i = 0; i < 2 && points[i]; i++)
    GAZE_TRY(reference->capitals ? push_upper(out, points[i]) : gaze_points_push(out, points[i]));
  return GAZE_OK;
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
  gaze_html_reference reference = read_name(source, n, careful);
  if (!reference.entity)
    return GAZE_OK;
  *length = reference.length;
  return push_entity(out, &reference);
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
