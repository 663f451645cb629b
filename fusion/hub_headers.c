/* Headers of the hub's answers (RFC 9110 for those that are not its own). */
#include "fusion/hub.h"

#include <string.h>

void gaze_hub_headers_init(gaze_hub_headers *headers) {
  *headers = (gaze_hub_headers){.linked_size = -1, .length = -1, .range_start = -1, .range_total = -1};
}

typedef struct text {
  const char *start;
  size_t length;
} text;

static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

static text trim(text t) {
  while (t.length && is_space(*t.start))
    t.start++, t.length--;
  while (t.length && is_space(t.start[t.length - 1]))
    t.length--;
  return t;
}

static bool is_name(text name, const char *expected) {
  return strlen(expected) == name.length && strncasecmp(name.start, expected, name.length) == 0;
}

static void copy(text value, char *out, size_t size) {
  if (value.length >= size || memchr(value.start, 0, value.length))
    value.length = 0;
  memcpy(out, value.start, value.length);
  out[value.length] = 0;
}

/* "OID", perhaps weak: W/"OID". */
static void copy_oid(text value, char out[65]) {
  if (value.length > 2 && strncasecmp(value.start, "W/", 2) == 0)
    value.start += 2, value.length -= 2;
  if (value.length > 1 && value.start[0] == '"' && value.start[value.length - 1] == '"')
    value.start++, value.length -= 2;
  copy(value, out, 65);
  if (!gaze_hub_is_oid(out))
    out[0] = 0;
}

/* Digits at the beginning of value, which is moved behind them; -1 where there are none or too many. */
static int64_t take_number(text *value) {
  int64_t number = 0;
  size_t used = 0;
  for (; used < value->length && value->start[used] >= '0' && value->start[used] <= '9'; used++) {
    if (number > (INT64_MAX - 9) / 10)
      return -1;
    number = number * 10 + (value->start[used] - '0');
  }
  value->start += used;
  value->length -= used;
  return used ? number : -1;
}

static int64_t whole_number(text value) {
  int64_t number = take_number(&value);
  return value.length ? -1 : number;
}

/* "bytes START-END/TOTAL"; TOTAL may be "*". */
static void read_range(gaze_hub_headers *headers, text value) {
  if (value.length < 6 || strncasecmp(value.start, "bytes ", 6) != 0)
    return;
  value.start += 6, value.length -= 6;
  int64_t start = take_number(&value);
  if (start < 0 || !value.length || *value.start != '-')
    return;
  value.start++, value.length--;
  int64_t end = take_number(&value);
  if (end < start || !value.length || *value.start != '/')
    return;
  value.start++, value.length--;
  int64_t total = whole_number(value);
  headers->range_start = start;
  headers->range_total = total > end ? total : -1;
}

void gaze_hub_headers_read(gaze_hub_headers *headers, const char *line, size_t size) {
  const char *colon = memchr(line, ':', size);
  if (!colon)
    return;
  text name = {line, (size_t)(colon - line)}, value = trim((text){colon + 1, size - (size_t)(colon - line) - 1});
  if (is_name(name, "x-repo-commit")) {
    copy(value, headers->commit, sizeof headers->commit);
    if (!gaze_hub_is_commit(headers->commit))
      headers->commit[0] = 0;
  } else if (is_name(name, "etag"))
    copy_oid(value, headers->oid);
  else if (is_name(name, "x-linked-etag"))
    copy_oid(value, headers->linked_oid);
  else if (is_name(name, "x-linked-size"))
    headers->linked_size = whole_number(value);
  else if (is_name(name, "content-length"))
    headers->length = whole_number(value);
  else if (is_name(name, "content-range"))
    read_range(headers, value);
  else if (is_name(name, "location"))
    copy(value, headers->location, sizeof headers->location);
}
