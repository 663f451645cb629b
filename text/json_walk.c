#include "text/json_walk.h"

#include "core/base/memory.h"
#include "text/points.h"

#include <stdlib.h>
#include <string.h>

void gaze_json_walk_fini(gaze_json_walk *walk) {
  free(walk->buffer);
  walk->buffer = NULL;
  walk->capacity = 0;
}

gaze_err gaze_json_walk_fail(const gaze_json_walk *walk, const char *expected) {
  return gaze_fail(GAZE_ERR_FORMAT, "not valid JSON: %s at byte %zu: expected %s", walk->name,
                   (size_t)(walk->at - walk->start), expected);
}

char gaze_json_walk_peek(gaze_json_walk *walk) {
  while (walk->at < walk->end && (*walk->at == ' ' || *walk->at == '\n' || *walk->at == '\r' || *walk->at == '\t'))
    walk->at++;
  return walk->at < walk->end ? *walk->at : 0;
}

bool gaze_json_walk_take(gaze_json_walk *walk, char sign) {
  bool there = gaze_json_walk_peek(walk) == sign;
  walk->at += there;
  return there;
}

gaze_err gaze_json_walk_more(gaze_json_walk *walk, char closes, bool first, bool *more) {
  *more = !gaze_json_walk_take(walk, closes);
  if (*more && !first && !gaze_json_walk_take(walk, ','))
    return gaze_json_walk_fail(walk, "a comma");
  return GAZE_OK;
}

/* Four digits behind \u. */
static bool read_unit(gaze_json_walk *walk, int32_t *unit) {
  *unit = 0;
  if (walk->end - walk->at < 4)
    return false;
  for (int i = 0; i < 4; i++) {
    char digit = *walk->at++, letter = digit | 0x20;
    if (!(digit >= '0' && digit <= '9') && !(letter >= 'a' && letter <= 'f'))
      return false;
    *unit = *unit << 4 | (digit <= '9' ? digit - '0' : letter - 'a' + 10);
  }
  return true;
}

/* What follows a backslash; a character beyond 16 bits is two units. */
static bool read_escape(gaze_json_walk *walk, int32_t *point) {
  static const char letters[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
  char letter = walk->at < walk->end ? *walk->at++ : 0;
  const char *known = letter ? strchr(letters, letter) : NULL;
  if (known) {
    *point = meant[known - letters];
    return true;
  }
  if (letter != 'u' || !read_unit(walk, point) || (*point >= 0xDC00 && *point < 0xE000))
    return false;
  if (*point < 0xD800 || *point >= 0xDC00)
    return true;
  int32_t low;
  if (walk->end - walk->at < 2 || *walk->at++ != '\\' || *walk->at++ != 'u' || !read_unit(walk, &low) || low < 0xDC00 ||
      low >= 0xE000)
    return false;
  *point = 0x10000 + ((*point - 0xD800) << 10) + (low - 0xDC00);
  return true;
}

/* Moves on to the next character of a string that is not plain; false where the text is not UTF-8. */
static bool skip_plain(gaze_json_walk *walk) {
  while (walk->at < walk->end && *walk->at != '"' && *walk->at != '\\') {
    uint8_t byte = (uint8_t)*walk->at;
    int32_t point = byte;
    walk->at += byte < 0x80 ? 1 : gaze_point_decode((const uint8_t *)walk->at, (size_t)(walk->end - walk->at), &point);
    if (point < ' ')
      return false;
  }
  return walk->at < walk->end;
}

/* The rest of a string from its first escape on; `start` is where the string begins. */
static gaze_err read_escaped(gaze_json_walk *walk, const char *start, const char **text, size_t *size) {
  size_t n = 0;
  for (const char *plain = start;; plain = walk->at) {
    if (!skip_plain(walk))
      return gaze_json_walk_fail(walk, "a string of UTF-8");
    size_t length = (size_t)(walk->at - plain);
    GAZE_TRY(gaze_grow(&walk->buffer, &walk->capacity, n + length + 4, 1));
    memcpy(walk->buffer + n, plain, length);
    n += length;
    if (*walk->at++ == '"')
      break;
    int32_t point;
    if (!read_escape(walk, &point))
      return gaze_json_walk_fail(walk, "an escape of JSON");
    n += gaze_point_encode(point, (uint8_t *)walk->buffer + n);
  }
  *text = walk->buffer;
  *size = n;
  return GAZE_OK;
}

gaze_err gaze_json_walk_string(gaze_json_walk *walk, const char **text, size_t *size) {
  if (!gaze_json_walk_take(walk, '"'))
    return gaze_json_walk_fail(walk, "a string");
  const char *start = walk->at;
  if (!skip_plain(walk))
    return gaze_json_walk_fail(walk, "a string of UTF-8");
  if (*walk->at == '\\') {
    walk->at = start;
    return read_escaped(walk, start, text, size);
  }
  *text = start;
  *size = (size_t)(walk->at++ - start);
  return GAZE_OK;
}

gaze_err gaze_json_walk_key(gaze_json_walk *walk, const char **text, size_t *size) {
  GAZE_TRY(gaze_json_walk_string(walk, text, size));
  return gaze_json_walk_take(walk, ':') ? GAZE_OK : gaze_json_walk_fail(walk, "a colon");
}

bool gaze_json_walk_id(gaze_json_walk *walk, int32_t *id) {
  int64_t value = 0;
  gaze_json_walk_peek(walk);
  const char *at = walk->at;
  for (; at < walk->end && *at >= '0' && *at <= '9' && value <= INT32_MAX; at++)
    value = 10 * value + (*at - '0');
  if (at == walk->at || value > INT32_MAX)
    return false;
  walk->at = at;
  *id = (int32_t)value;
  return true;
}

gaze_err gaze_json_walk_number(gaze_json_walk *walk, double *number) {
  char digits[64] = {0}; /* the text may not end where the number does */
  char first = gaze_json_walk_peek(walk);
  size_t n = 0, left = (size_t)(walk->end - walk->at);
  while (n < left && n + 1 < sizeof digits && walk->at[n] && strchr("+-.0123456789eE", walk->at[n])) {
    digits[n] = walk->at[n];
    n++;
  }
  char *end;
  *number = strtod(digits, &end);
  if (!n || end != digits + n || !(first == '-' || (first >= '0' && first <= '9')))
    return gaze_json_walk_fail(walk, "a number");
  walk->at += n;
  return GAZE_OK;
}

static gaze_err skip_string(gaze_json_walk *walk) {
  for (const char *at = walk->at + 1; at < walk->end; at++) {
    if (*at == '\\') {
      at++;
    } else if (*at == '"') {
      walk->at = at + 1;
      return GAZE_OK;
    }
  }
  return gaze_json_walk_fail(walk, "the end of a string");
}

gaze_err gaze_json_walk_skip(gaze_json_walk *walk) {
  size_t depth = 0;
  do {
    char sign = gaze_json_walk_peek(walk);
    if (!sign || (depth == 0 && strchr(",:]}", sign)))
      return gaze_json_walk_fail(walk, "a value");
    if (sign == '"') {
      GAZE_TRY(skip_string(walk));
    } else if (sign == '{' || sign == '[') {
      depth++;
      walk->at++;
    } else if (strchr("}],:", sign)) {
      depth -= sign == '}' || sign == ']';
      walk->at++;
    } else {
      while (walk->at < walk->end && !strchr(" \t\r\n,:]}[{\"", *walk->at))
        walk->at++;
    }
  } while (depth);
  return GAZE_OK;
}
