#include "fusion/instruct_journal.h"

#include "core/base/file.h"
#include "core/base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

const json_t *gaze_instruct_journal_find(const gaze_instruct_journal *journal, const char *id) {
  return json_object_get(journal->rows, id);
}

static gaze_err fail_line(const gaze_instruct_journal *journal, size_t line) {
  return gaze_fail(GAZE_ERR_FORMAT, "broken line %zu: %s: remove the line, or the file to ask for everything again",
                   line, journal->path);
}

static gaze_err take_row(gaze_instruct_journal *journal, json_t *row, size_t line) {
  const char *id = json_string_value(json_object_get(row, "id"));
  if (!id || (!json_is_object(json_object_get(row, "record")) && !json_is_string(json_object_get(row, "rejected"))))
    return fail_line(journal, line);
  if (json_object_set(journal->rows, id, row) != 0)
    return gaze_fail(GAZE_ERR_MEMORY, "out of memory: %s: free memory", journal->path);
  return GAZE_OK;
}

static gaze_err read_line(gaze_instruct_journal *journal, const char *text, size_t size, size_t line,
                          const json_t *head) {
  json_t *json;
  if (gaze_json_parse(text, size, journal->path, &json) != GAZE_OK)
    return fail_line(journal, line);
  gaze_err err = GAZE_OK;
  if (line > 1)
    err = take_row(journal, json, line);
  else if (!json_equal(json, head))
    err = gaze_fail(GAZE_ERR_MISMATCH,
                    "a journal of other settings: %s: give the same options to go on, or remove it to begin anew",
                    journal->path);
  json_decref(json);
  return err;
}

/* A journal without an answer is nobody's. *whole: bytes up to the last line's end. */
static gaze_err read_lines(gaze_instruct_journal *journal, const gaze_map *map, const json_t *head, size_t *whole) {
  const char *at = (const char *)map->data, *end = at + map->size;
  for (size_t line = 1; at < end; line++) {
    const char *stop = memchr(at, '\n', (size_t)(end - at));
    if (!stop || (line == 1 && stop + 1 == end))
      break;
    GAZE_TRY(read_line(journal, at, (size_t)(stop - at), line, head));
    at = stop + 1;
  }
  *whole = (size_t)(at - (const char *)map->data);
  return GAZE_OK;
}

static gaze_err append(gaze_instruct_journal *journal, const json_t *json) {
  char *text, *line;
  GAZE_TRY(gaze_json_text(json, JSON_COMPACT, &text));
  gaze_err err = gaze_format(&line, "%s\n", text);
  free(text);
  GAZE_TRY(err);
  size_t size = strlen(line);
  errno = 0;
  bool written = write(journal->descriptor, line, size) == (ssize_t)size && fdatasync(journal->descriptor) == 0;
  free(line);
  return written
             ? GAZE_OK
             : gaze_fail_errno(GAZE_ERR_IO, "cannot write: %s: free space, the same command goes on", journal->path);
}

static gaze_err read_journal(gaze_instruct_journal *journal, const json_t *head) {
  gaze_map map;
  size_t whole = 0;
  GAZE_TRY(gaze_map_open(journal->path, &map));
  gaze_err err = read_lines(journal, &map, head, &whole);
  size_t size = map.size;
  gaze_map_close(&map);
  GAZE_TRY(err);
  if (whole < size && ftruncate(journal->descriptor, (off_t)whole) != 0)
    return gaze_fail_errno(GAZE_ERR_IO, "cannot write: %s", journal->path);
  return whole ? GAZE_OK : append(journal, head);
}

gaze_err gaze_instruct_journal_open(const char *out, const json_t *head, gaze_instruct_journal *journal) {
  *journal = (gaze_instruct_journal){.descriptor = -1, .rows = json_object()};
  gaze_err err;
  GAZE_TRY_DONE(gaze_format(&journal->path, "%s.journal.jsonl", out));
  journal->descriptor = open(journal->path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (journal->descriptor < 0)
    GAZE_TRY_DONE(gaze_fail_errno(GAZE_ERR_IO, "cannot write: %s", journal->path));
  if (flock(journal->descriptor, LOCK_EX | LOCK_NB) != 0)
    GAZE_TRY_DONE(
        gaze_fail(GAZE_ERR_BUSY, "another gaze make-instructions is at work: %s: wait for it", journal->path));
  GAZE_TRY_DONE(read_journal(journal, head));
done:
  if (err != GAZE_OK)
    gaze_instruct_journal_close(journal);
  return err;
}

void gaze_instruct_journal_close(gaze_instruct_journal *journal) {
  if (journal->descriptor >= 0)
    close(journal->descriptor);
  json_decref(journal->rows);
  free(journal->path);
  *journal = (gaze_instruct_journal){.descriptor = -1};
}

gaze_err gaze_instruct_journal_add(gaze_instruct_journal *journal, const char *id, json_t *row) {
  bool named = row && json_object_set_new(row, "id", json_string(id)) == 0;
  gaze_err err = named ? append(journal, row) : gaze_fail(GAZE_ERR_MEMORY, "out of memory: %s: free memory", id);
  if (err == GAZE_OK && json_object_set(journal->rows, id, row) != 0)
    err = gaze_fail(GAZE_ERR_MEMORY, "out of memory: %s: free memory", id);
  json_decref(row);
  return err;
}
