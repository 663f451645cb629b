#include "fusion/training_log.h"

#include "core/base/file.h"

#include <stdlib.h>
#include <string.h>

gaze_err gaze_training_log_add(const char *path, json_t *json) {
  char *line;
  gaze_err err = gaze_json_text(json, JSON_COMPACT | JSON_REAL_PRECISION(9), &line);
  json_decref(json);
  GAZE_TRY(err);
  err = gaze_file_add_line(path, line);
  free(line);
  return err;
}

/* The step of a log line, or UINT64_MAX for a line that is cut. */
static uint64_t step_of_line(const char *line, size_t length) {
  json_t *json = json_loadb(line, length, 0, NULL);
  const json_t *step = json_object_get(json, "step");
  uint64_t value = json_is_integer(step) ? (uint64_t)json_integer_value(step) : UINT64_MAX;
  json_decref(json);
  return value;
}

gaze_err gaze_training_log_trim(const char *path, uint64_t step) {
  if (!gaze_file_exists(path))
    return GAZE_OK;
  gaze_map map;
  gaze_replace replace;
  GAZE_TRY(gaze_map_open(path, &map));
  gaze_err err = gaze_replace_init(&replace, path);
  const char *line = (const char *)map.data, *end = line + map.size;
  while (err == GAZE_OK && line < end) {
    const char *next = memchr(line, '\n', (size_t)(end - line));
    size_t length = next ? (size_t)(next - line) + 1 : (size_t)(end - line);
    if (step_of_line(line, length) <= step && step > 0)
      fwrite(line, 1, length, replace.stream);
    line += length;
  }
  if (err == GAZE_OK) {
    err = gaze_replace_commit(&replace);
    gaze_replace_fini(&replace);
  }
  gaze_map_close(&map);
  return err;
}
