#include "core/base/json.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is parsed can be written, and is the same when read again. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  json_t *json, *again;
  if (gaze_json_parse(data, size, "fuzz", &json) != GAZE_OK)
    return 0;
  char *text = json_dumps(json, JSON_ENCODE_ANY | JSON_REAL_PRECISION(17));
  if (text) {
    if (gaze_json_parse(text, strlen(text), "fuzz", &again) != GAZE_OK || !json_equal(json, again))
      abort();
    json_decref(again);
  }
  int64_t integer;
  double number;
  bool yes;
  const char *string;
  if (gaze_json_integer(json, "a", 0, &integer) == GAZE_OK && gaze_json_number(json, "a", 0, &number) != GAZE_OK)
    abort(); /* every integer is a number */
  if (gaze_json_string(json, "a", "", &string) == GAZE_OK && gaze_json_bool(json, "a", false, &yes) == GAZE_OK &&
      json_object_get(json, "a") && !json_is_null(json_object_get(json, "a")))
    abort(); /* nothing is both */
  free(text);
  json_decref(json);
  return 0;
}
