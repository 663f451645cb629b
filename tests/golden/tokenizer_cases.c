#include "tokenizer_cases.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *data_path(const char *name) {
  static char path[1024];
  snprintf(path, sizeof path, "%s/tests/golden/data/%s", getenv("GAZE_SOURCE_ROOT"), name);
  return path;
}

json_t *open_json(const char *name) {
  json_t *json;
  if (gaze_json_open(data_path(name), &json) != GAZE_OK)
    fail_msg("%s", gaze_last_error());
  return json;
}

gaze_tokenizer *open_tokenizer(const char *path) {
  gaze_tokenizer *tokenizer;
  if (gaze_tokenizer_open(path, &tokenizer) != GAZE_OK)
    fail_msg("%s", gaze_last_error());
  return tokenizer;
}

char *bytes_of(const json_t *item, size_t *size) {
  const json_t *text = json_object_get(item, "text"), *repeated = json_object_get(item, "times");
  const char *hex = json_string_value(json_object_get(item, "hex"));
  size_t times = repeated ? (size_t)json_integer_value(repeated) : 1;
  size_t once = text ? json_string_length(text) : strlen(hex) / 2;
  *size = times * once;
  char *bytes = malloc(*size + 1);
  assert_non_null(bytes);
  bytes[*size] = 0;
  for (size_t i = 0; text && i < times; i++)
    memcpy(bytes + i * once, json_string_value(text), once);
  for (size_t i = 0; !text && i < *size; i++) {
    unsigned byte;
    assert_int_equal(sscanf(hex + 2 * i, "%2x", &byte), 1);
    bytes[i] = (char)byte;
  }
  return bytes;
}

/* Whether ids are those of a list, or have its length and FNV-1a hash. */
static bool are_equal(const json_t *wanted, const int32_t *ids, size_t n) {
  uint64_t hash = 0xCBF29CE484222325u;
  char text[17];
  bool same = n == json_array_size(wanted);
  for (size_t i = 0; i < n; i++) {
    same = same && ids[i] == json_integer_value(json_array_get(wanted, i));
    hash = (hash ^ (uint32_t)ids[i]) * 0x100000001B3u;
  }
  snprintf(text, sizeof text, "%016llx", (unsigned long long)hash);
  const char *other = json_string_value(json_object_get(wanted, "hash"));
  return other ? !strcmp(other, text) && (json_int_t)n == json_integer_value(json_object_get(wanted, "n")) : same;
}

void check_ids(const char *kind, const char *text, const json_t *wanted, const int32_t *ids, size_t n) {
  if (json_is_null(wanted) || are_equal(wanted, ids, n))
    return;
  char *list = json_dumps(wanted, JSON_COMPACT);
  fprintf(stderr, "got %zu ids:", n);
  for (size_t i = 0; i < n && i < 30; i++)
    fprintf(stderr, " %d", ids[i]);
  fail_msg("%s: %.80s: wanted %.200s", kind, text, list);
}
