#include "core/base/json.h"

#include "core/base/file.h"
#include "core/base/json_guard.h"
#include "core/base/memory.h"

#include <stdlib.h>
#include <string.h>

typedef struct reading {
  const void *bytes;
  size_t size;
  json_error_t error;
  json_t *json;
} reading;

static void read_text(void *user) {
  reading *r = user;
  r->json = json_loadb(r->bytes, r->size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, &r->error);
}

gaze_err gaze_json_parse(const void *bytes, size_t size, const char *name, json_t **out) {
  reading r = {.bytes = bytes, .size = size};
  GAZE_TRY(gaze_json_guard(read_text, &r, name));
  if (!r.json)
    return gaze_fail(GAZE_ERR_FORMAT, "not valid JSON: %s line %d: %s", name, r.error.line, r.error.text);
  *out = r.json;
  return GAZE_OK;
}

gaze_err gaze_json_open(const char *path, json_t **out) {
  gaze_map map;
  GAZE_TRY(gaze_map_open(path, &map));
  gaze_err err = gaze_json_parse(map.data, map.size, path, out);
  gaze_map_close(&map);
  return err;
}

gaze_err gaze_json_open_in(const char *folder, const char *name, json_t **out) {
  char *path;
  GAZE_TRY(gaze_path_join(folder, name, &path));
  gaze_err err = gaze_json_open(path, out);
  free(path);
  return err;
}

typedef struct writing {
  const json_t *json;
  size_t flags;
  char *text;
} writing;

static void write_text(void *user) {
  writing *w = user;
  w->text = json_dumps(w->json, w->flags | JSON_PRESERVE_ORDER | JSON_ENCODE_ANY);
}

gaze_err gaze_json_text(const json_t *json, size_t flags, char **text) {
  writing w = {json, flags, NULL};
  GAZE_TRY(gaze_json_guard(write_text, &w, "writing"));
  if (!w.text)
    return gaze_fail(GAZE_ERR_MEMORY, "out of memory: writing JSON: free memory");
  *text = w.text;
  return GAZE_OK;
}

gaze_err gaze_json_save(const char *path, const json_t *json) {
  char *text;
  GAZE_TRY(gaze_json_text(json, JSON_INDENT(2) | JSON_REAL_PRECISION(17), &text));
  gaze_err err = gaze_file_replace(path, text, strlen(text));
  free(text);
  return err;
}

static gaze_err fail_type(const char *key, const char *expected) {
  return gaze_fail(GAZE_ERR_FORMAT, "wrong type in JSON: \"%s\": expected %s", key, expected);
}

static bool is_absent(const json_t *value) { return !value || json_is_null(value); }

gaze_err gaze_json_integer(const json_t *object, const char *key, int64_t otherwise, int64_t *out) {
  const json_t *value = json_object_get(object, key);
  if (!is_absent(value) && !json_is_integer(value))
    return fail_type(key, "an integer");
  *out = is_absent(value) ? otherwise : (int64_t)json_integer_value(value);
  return GAZE_OK;
}

gaze_err gaze_json_number(const json_t *object, const char *key, double otherwise, double *out) {
  const json_t *value = json_object_get(object, key);
  if (!is_absent(value) && !json_is_number(value))
    return fail_type(key, "a number");
  *out = is_absent(value) ? otherwise : json_number_value(value);
  return GAZE_OK;
}

gaze_err gaze_json_bool(const json_t *object, const char *key, bool otherwise, bool *out) {
  const json_t *value = json_object_get(object, key);
  if (!is_absent(value) && !json_is_boolean(value))
    return fail_type(key, "true or false");
  *out = is_absent(value) ? otherwise : json_is_true(value);
  return GAZE_OK;
}

gaze_err gaze_json_string(const json_t *object, const char *key, const char *otherwise, const char **out) {
  const json_t *value = json_object_get(object, key);
  if (!is_absent(value) && !json_is_string(value))
    return fail_type(key, "a string");
  *out = is_absent(value) ? otherwise : json_string_value(value);
  return GAZE_OK;
}
