#include "fusion/predictions.h"

#include "core/base/file.h"
#include "core/base/memory.h"
#include "text/points.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A JSON text of bytes that may be no UTF-8, as an answer that was cut is. */
static json_t *clean_text(const char *text) {
  gaze_points points = {0};
  char *clean = NULL;
  size_t length = 0;
  json_t *json = NULL;
  if (gaze_points_decode(&points, text, strlen(text)) == GAZE_OK && gaze_alloc(points.n + 1, 4, &clean) == GAZE_OK) {
    for (size_t i = 0; i < points.n; i++)
      length += gaze_point_encode(points.at[i], (uint8_t *)clean + length);
    json = json_stringn(clean, length);
  }
  gaze_points_fini(&points);
  free(clean);
  return json;
}

static json_t *picture_of(const gaze_eval_row *row) { return row->shown ? clean_text(row->shown->key) : json_null(); }

static json_t *make_line(const gaze_eval_row *row, size_t place) {
  json_t *truths = json_array();
  bool whole = truths != NULL;
  for (size_t i = 0; i < row->n_truths && whole; i++)
    whole = json_array_append_new(truths, clean_text(row->truths[i])) == 0;
  json_t *line = json_pack("{s:I, s:o, s:o, s:o, s:o, s:o}", "row", (json_int_t)place, "key",
                           clean_text(row->sample->key), "picture", picture_of(row), "question",
                           clean_text(row->prompt), "answer", clean_text(row->answer), "truths", truths);
  if (whole)
    return line;
  json_decref(line);
  return NULL;
}

/* Whether a member of a line is the text that this row would have there. */
static bool agrees(const json_t *line, const char *name, json_t *taken) {
  bool same = taken && json_equal(json_object_get(line, name), taken);
  json_decref(taken);
  return same;
}

static gaze_err take_line(const json_t *line, const char *name, gaze_eval_row *rows, size_t n) {
  const json_t *place = json_object_get(line, "row"), *answer = json_object_get(line, "answer");
  if (!json_is_integer(place) || !json_is_string(answer))
    return gaze_fail(GAZE_ERR_FORMAT, "no predictions: %s: give --out another file", name);
  json_int_t at = json_integer_value(place);
  if (at < 0 || (size_t)at >= n)
    return gaze_fail(GAZE_ERR_MISMATCH, "predictions of another run: %s: leave --resume out to begin anew", name);
  gaze_eval_row *row = &rows[at];
  if (!agrees(line, "key", clean_text(row->sample->key)) || !agrees(line, "question", clean_text(row->prompt)) ||
      !agrees(line, "picture", picture_of(row)))
    return gaze_fail(GAZE_ERR_MISMATCH, "predictions of another run: %s: leave --resume out to begin anew", name);
  free(row->answer);
  return gaze_strdup(json_string_value(answer), &row->answer);
}

gaze_err gaze_predictions_read(const char *text, size_t size, const char *name, gaze_eval_row *rows, size_t n,
                               size_t *whole) {
  const char *newline;
  char where[512];
  *whole = 0;
  for (size_t number = 1; (newline = memchr(text + *whole, '\n', size - *whole)); number++) {
    json_t *line;
    size_t length = (size_t)(newline - text) - *whole;
    snprintf(where, sizeof where, "line %zu of %s", number, name);
    GAZE_TRY(gaze_json_parse(text + *whole, length, where, &line));
    gaze_err err = take_line(line, where, rows, n);
    json_decref(line);
    GAZE_TRY(err);
    *whole += length + 1;
  }
  return GAZE_OK;
}

/* Takes the answers of the file, and what is behind its last whole line from it. */
static gaze_err go_on(const char *path, gaze_eval_row *rows, size_t n) {
  gaze_map map;
  size_t whole;
  GAZE_TRY(gaze_map_open(path, &map));
  gaze_err err = gaze_predictions_read((const char *)map.data, map.size, path, rows, n, &whole);
  bool cut = err == GAZE_OK && whole < map.size;
  gaze_map_close(&map);
  if (cut && truncate(path, (off_t)whole) != 0)
    return gaze_fail_errno(GAZE_ERR_IO, "cannot cut a line that is not whole: %s", path);
  return err;
}

gaze_err gaze_predictions_init(gaze_predictions *predictions, const char *path, bool resume, gaze_eval_row *rows,
                               size_t n) {
  *predictions = (gaze_predictions){.path = path};
  if (!path)
    return GAZE_OK;
  resume = resume && gaze_file_exists(path);
  if (resume)
    GAZE_TRY(go_on(path, rows, n));
  predictions->stream = fopen(path, resume ? "ae" : "we");
  return predictions->stream ? GAZE_OK : gaze_fail_errno(GAZE_ERR_IO, "cannot write predictions: %s", path);
}

gaze_err gaze_predictions_add(gaze_predictions *predictions, const gaze_eval_row *row, size_t place) {
  char *text;
  if (!predictions->stream)
    return GAZE_OK;
  json_t *line = make_line(row, place);
  gaze_err err = gaze_json_text(line, 0, &text);
  json_decref(line);
  GAZE_TRY(err);
  bool written = fprintf(predictions->stream, "%s\n", text) > 0 && fflush(predictions->stream) == 0;
  free(text);
  return written ? GAZE_OK : gaze_fail_errno(GAZE_ERR_IO, "cannot write predictions: %s", predictions->path);
}

void gaze_predictions_fini(gaze_predictions *predictions) {
  if (predictions->stream)
    fclose(predictions->stream);
}
