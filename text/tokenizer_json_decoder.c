/* "decoder" of a tokenizer.json. */
#include "text/tokenizer_json.h"

#include <string.h>

static bool is_type(const json_t *json, const char *type) {
  const char *found = json_string_value(json_object_get(json, "type"));
  return found && !strcmp(found, type);
}

/* Signs become spaces, and those of the first id go where one was put in front. */
static gaze_err read_metaspace(gaze_decoding *decoding, const json_t *json) {
  const char *sign, *scheme;
  bool front;
  GAZE_TRY(gaze_json_string(json, "replacement", "\xE2\x96\x81", &sign));
  GAZE_TRY(gaze_json_bool(json, "add_prefix_space", true, &front));
  GAZE_TRY(gaze_json_string(json, "prepend_scheme", front ? "always" : "never", &scheme));
  *decoding = (gaze_decoding){.kind = GAZE_DECODE_SIGNS, .bare_front = strcmp(scheme, "never") != 0};
  gaze_point_decode((const uint8_t *)sign, strlen(sign), &decoding->sign);
  return GAZE_OK;
}

/* Which sign a Replace makes a space; -1: it is another. */
static int32_t read_sign(const json_t *json) {
  const char *from = json_string_value(json_object_get(json_object_get(json, "pattern"), "String"));
  const char *to = json_string_value(json_object_get(json, "content"));
  int32_t sign = -1;
  if (!from || !*from || !to || strcmp(to, " ") ||
      gaze_point_decode((const uint8_t *)from, strlen(from), &sign) != strlen(from))
    return -1;
  return sign;
}

/* How many spaces a Strip takes from the front, -1: it takes something else. */
static int read_strip(const json_t *json) {
  const char *content = json_string_value(json_object_get(json, "content"));
  json_int_t start = json_integer_value(json_object_get(json, "start"));
  bool fine = content && !strcmp(content, " ") && !json_integer_value(json_object_get(json, "stop"));
  return fine && start >= 0 && start < 1000 ? (int)start : -1;
}

/* LLaMA's row: Replace, ByteFallback, Fuse, Strip; of the last three what is there. */
static void read_row(gaze_decoding *decoding, const json_t *steps) {
  size_t i = 0, n = json_array_size(steps);
  gaze_decoding read = {.kind = GAZE_DECODE_SIGNS, .sign = read_sign(json_array_get(steps, i))};
  if (!is_type(json_array_get(steps, i++), "Replace") || read.sign < 0)
    return;
  read.byte_fallback = is_type(json_array_get(steps, i), "ByteFallback");
  i += read.byte_fallback;
  bool fused = is_type(json_array_get(steps, i), "Fuse");
  i += fused;
  if (fused && is_type(json_array_get(steps, i), "Strip")) {
    int stripped = read_strip(json_array_get(steps, i++));
    if (stripped < 0)
      return;
    read.stripped = (uint32_t)stripped;
  }
  if (i == n)
    *decoding = read;
}

gaze_err gaze_tokenizer_read_decoder(gaze_decoding *decoding, const json_t *json) {
  const json_t *steps = json_object_get(json, "decoders");
  if (is_type(json, "Sequence") && json_array_size(steps) == 1)
    json = json_array_get(steps, 0);
  if (is_type(json, "ByteLevel"))
    decoding->kind = GAZE_DECODE_BYTES;
  else if (is_type(json, "Metaspace"))
    return read_metaspace(decoding, json);
  else if (is_type(json, "Sequence"))
    read_row(decoding, steps);
  return GAZE_OK;
}
