#include "fusion/history.h"

#include "core/base/file.h"
#include "core/base/json.h"
#include "core/base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const gaze_curve *gaze_history_find(const gaze_history *history, const char *name) {
  for (size_t i = 0; i < history->n; i++)
    if (strcmp(history->curves[i].name, name) == 0)
      return &history->curves[i];
  return NULL;
}

static gaze_err add_point(gaze_history *history, const char *name, gaze_point point) {
  gaze_curve *curve = (gaze_curve *)(uintptr_t)gaze_history_find(history, name);
  if (!curve) {
    GAZE_TRY(gaze_grow(&history->curves, &history->capacity, history->n + 1, sizeof *history->curves));
    curve = &history->curves[history->n++];
    *curve = (gaze_curve){0};
    snprintf(curve->name, sizeof curve->name, "%s", name);
  }
  GAZE_TRY(gaze_grow(&curve->points, &curve->capacity, curve->n + 1, sizeof *curve->points));
  curve->points[curve->n++] = point;
  return GAZE_OK;
}

static gaze_err add_numbers(gaze_history *history, const json_t *object, double step) {
  const char *key;
  json_t *value;
  json_object_foreach((json_t *)(uintptr_t)object, key, value) {
    if (json_is_number(value) && strcmp(key, "step") != 0)
      GAZE_TRY(add_point(history, key, (gaze_point){step, json_number_value(value)}));
  }
  return GAZE_OK;
}

static gaze_err add_line(gaze_history *history, const char *line, size_t length) {
  json_t *json = json_loadb(line, length, 0, NULL);
  const json_t *step = json_object_get(json, "step"), *measured = json_object_get(json, "eval");
  gaze_err err = GAZE_OK;
  if (json_is_number(step))
    err = add_numbers(history, measured ? json_object_get(measured, "metrics") : json, json_number_value(step));
  json_decref(json);
  return err;
}

gaze_err gaze_history_open(const char *path, gaze_history *out) {
  gaze_map map;
  gaze_history history = {0};
  GAZE_TRY(gaze_map_open(path, &map));
  const char *line = (const char *)map.data, *end = line + map.size;
  gaze_err err = GAZE_OK;
  while (err == GAZE_OK && line < end) {
    const char *next = memchr(line, '\n', (size_t)(end - line));
    err = add_line(&history, line, (size_t)((next ? next : end) - line));
    line = next ? next + 1 : end;
  }
  gaze_map_close(&map);
  if (err != GAZE_OK)
    gaze_history_fini(&history);
  else
    *out = history;
  return err;
}

void gaze_history_fini(gaze_history *history) {
  for (size_t i = 0; i < history->n; i++)
    free(history->curves[i].points);
  free(history->curves);
  *history = (gaze_history){0};
}
