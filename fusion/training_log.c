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

/* The next line from *at on, with its end; *at goes behind it. NULL: none is left. */
static const char *next_line(const char **at, const char *end, size_t *length) {
  const char *line = *at, *newline = line < end ? memchr(line, '\n', (size_t)(end - line)) : NULL;
  *at = newline ? newline + 1 : end;
  *length = (size_t)(*at - line);
  return *length ? line : NULL;
}

/* The step of a log line, or UINT64_MAX for a line that is cut. loss: whether it has one. */
static uint64_t step_of_line(const char *line, size_t length, bool *loss) {
  json_t *json = json_loadb(line, length, 0, NULL);
  const json_t *step = json_object_get(json, "step");
  uint64_t value = json_is_integer(step) ? (uint64_t)json_integer_value(step) : UINT64_MAX;
  *loss = json_object_get(json, "loss") != NULL;
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
  const char *at = (const char *)map.data, *end = at + map.size, *line;
  bool loss;
  for (size_t length; err == GAZE_OK && (line = next_line(&at, end, &length));)
    if (step_of_line(line, length, &loss) <= step && step > 0)
      fwrite(line, 1, length, replace.stream);
  if (err == GAZE_OK) {
    err = gaze_replace_commit(&replace);
    gaze_replace_fini(&replace);
  }
  gaze_map_close(&map);
  return err;
}

gaze_err gaze_training_log_is_measured(const char *path, uint64_t step, bool *out) {
  gaze_map map;
  *out = false;
  if (!gaze_file_exists(path))
    return GAZE_OK;
  GAZE_TRY(gaze_map_open(path, &map));
  const char *at = (const char *)map.data, *end = at + map.size, *line;
  bool loss;
  for (size_t length; !*out && (line = next_line(&at, end, &length));)
    *out = step_of_line(line, length, &loss) == step && !loss;
  gaze_map_close(&map);
  return GAZE_OK;
}
