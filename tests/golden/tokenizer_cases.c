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
  const json_t *text = json_object_get(item, "text");
  const char *hex = json_string_value(json_object_get(item, "hex"));
  *size = text ? json_string_length(text) : strlen(hex) / 2;
  char *bytes = malloc(*size + 1);
  assert_non_null(bytes);
  bytes[*size] = 0;
  if (text)
    memcpy(bytes, json_string_value(text), *size);
  for (size_t i = 0; !text && i < *size; i++) {
    unsigned byte;
    assert_int_equal(sscanf(hex + 2 * i, "%2x", &byte), 1);
    bytes[i] = (char)byte;
  }
  return bytes;
}
