#include "fusion/bad_rows.h"

#include "core/base/file.h"
#include "core/base/json.h"
#include "core/base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* text: of an answer, or NULL. */
typedef struct bad_row {
  const char *file, *name, *message, *text;
} bad_row;

gaze_err gaze_bad_rows_init(gaze_bad_rows *bad, uint64_t most, const char *path) {
  *bad = (gaze_bad_rows){.most = most, .path = path};
  if (path && gaze_file_exists(path) && unlink(path) != 0)
    return gaze_fail_errno(GAZE_ERR_IO, "cannot remove: %s", path);
  return GAZE_OK;
}

/* Bytes that may be no UTF-8 are told of as far as they are. */
static json_t *text_json(const char *text) {
  json_t *json = json_string(text);
  return json ? json : json_string("(not UTF-8)");
}

static gaze_err format_json(const bad_row *row, char **out) {
  json_t *json = json_pack("{s:o, s:o}", "id", text_json(row->name), "reason", text_json(row->message));
  if (json && row->text && json_object_set_new(json, "text", text_json(row->text)) != 0) {
    json_decref(json);
    json = NULL;
  }
  gaze_err err = gaze_json_text(json, JSON_COMPACT, out);
  json_decref(json);
  return err;
}

/* A name with a line's end in it makes no second line. */
static gaze_err format_text(const bad_row *row, char **out) {
  const char *file = row->file ? row->file : "", *colon = row->file ? ": " : "";
  GAZE_TRY(gaze_format(out, "%s%s%s: %s", file, colon, row->name, row->message));
  for (char *at = *out; *at; at++)
    if (*at == '\n' || *at == '\r')
      *at = ' ';
  return GAZE_OK;
}

static gaze_err write_down(const char *path, const bad_row *row) {
  char *line;
  GAZE_TRY(gaze_ends_with(path, ".jsonl") ? format_json(row, &line) : format_text(row, &line));
  gaze_err err = gaze_file_add_line(path, line);
  free(line);
  return err;
}

static gaze_err add(gaze_bad_rows *bad, const bad_row *row) {
  if (bad->path)
    GAZE_TRY(write_down(bad->path, row));
  if (++bad->n <= bad->most)
    return GAZE_OK;
  const char *place = bad->path ? bad->path : row->file ? row->file : "the data";
  return gaze_fail(GAZE_ERR_LIMIT, "more than %llu bad rows: %s: mend the data%s: the last: %s%s%s: %s",
                   (unsigned long long)bad->most, place, bad->path ? ", or raise --max-bad" : "", row->name,
                   row->file ? " of " : "", row->file ? row->file : "", row->message);
}

gaze_err gaze_bad_rows_add(gaze_bad_rows *bad, const char *file, const char *row, const char *message) {
  return add(bad, &(bad_row){.file = file, .name = row, .message = message});
}

gaze_err gaze_bad_rows_add_answer(gaze_bad_rows *bad, const char *row, const char *message, const char *answer) {
  return add(bad, &(bad_row){.name = row, .message = message, .text = answer});
}

gaze_err gaze_bad_rows_note(void *user, const char *row, const char *message) {
  gaze_bad_rows *bad = user;
  return gaze_bad_rows_add(bad, bad->file, row, message);
}

void gaze_bad_rows_tell(const gaze_bad_rows *bad) {
  if (bad->n)
    gaze_warn("%llu bad row%s left out: %s%s", (unsigned long long)bad->n, bad->n == 1 ? " is" : "s are",
              bad->path ? bad->path : "the training data", bad->path ? " names them" : "");
}
