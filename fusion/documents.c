#include "fusion/documents.h"

#include "core/base/json.h"
#include "core/base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

gaze_err gaze_document_ends_find(const char *name, gaze_document_ends *out) {
  static const char *const names[] = {
      [GAZE_END_PARAGRAPH] = "paragraphs", [GAZE_END_LINE] = "lines", [GAZE_END_FILE] = "files"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (strcmp(names[i], name) == 0) {
      *out = (gaze_document_ends)i;
      return GAZE_OK;
    }
  return gaze_fail(GAZE_ERR_ARGUMENT, "unknown documents: %s: use paragraphs, lines or files", name);
}

static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f' || c == '\v'; }

/* A text without the space around it; none where nothing is left. */
static gaze_err add(gaze_documents *documents, const char *text, size_t size) {
  while (size && is_space(text[size - 1]))
    size--;
  while (size && is_space(*text)) {
    text++;
    size--;
  }
  if (!size)
    return GAZE_OK;
  GAZE_TRY(gaze_grow(&documents->at, &documents->capacity, documents->n + 1, sizeof *documents->at));
  documents->at[documents->n++] = (gaze_text_part){.text = text, .size = size};
  documents->bytes += size;
  return GAZE_OK;
}

typedef struct line {
  const char *text;
  size_t size; /* with its end */
} line;

/* The line at `at`, before end. */
static line line_at(const char *at, const char *end) {
  const char *newline = memchr(at, '\n', (size_t)(end - at));
  return (line){at, (size_t)((newline ? newline + 1 : end) - at)};
}

static bool is_blank(line l) {
  for (size_t i = 0; i < l.size; i++)
    if (!is_space(l.text[i]))
      return false;
  return true;
}

static gaze_err add_text(gaze_documents *documents, const gaze_map *map, gaze_document_ends ends) {
  const char *at = (const char *)map->data, *end = at + map->size, *start = at;
  if (ends == GAZE_END_FILE)
    return add(documents, at, map->size);
  while (at < end) {
    line l = line_at(at, end);
    at += l.size;
    if (ends == GAZE_END_LINE || is_blank(l) || at == end) {
      GAZE_TRY(add(documents, start, (size_t)(at - start)));
      start = at;
    }
  }
  return GAZE_OK;
}

static gaze_err add_object(gaze_documents *documents, gaze_document_source *source, const json_t *json) {
  const json_t *text = json_object_get(json, "text");
  if (!json_is_string(text))
    return gaze_fail(GAZE_ERR_FORMAT, "no \"text\" in the line: make it an object with one");
  char *copy;
  size_t size = json_string_length(text);
  GAZE_TRY(gaze_grow(&source->texts, &source->texts_capacity, source->n_texts + 1, sizeof *source->texts));
  GAZE_TRY(gaze_alloc(size + 1, 1, &copy));
  memcpy(copy, json_string_value(text), size);
  source->texts[source->n_texts++] = copy;
  return add(documents, copy, size);
}

static gaze_err add_line(gaze_documents *documents, gaze_document_source *source, line l) {
  json_t *json;
  GAZE_TRY(gaze_json_parse(l.text, l.size, "row", &json));
  gaze_err err = add_object(documents, source, json);
  json_decref(json);
  return err;
}

static gaze_err add_lines(gaze_documents *documents, gaze_document_source *source, const gaze_map *map,
                          const char *path, gaze_bad_rows *bad) {
  const char *at = (const char *)map->data, *end = at + map->size;
  for (size_t number = 1; at < end; number++) {
    line l = line_at(at, end);
    char row[32];
    at += l.size;
    if (is_blank(l))
      continue;
    snprintf(row, sizeof row, "line %zu", number);
    gaze_err err = add_line(documents, source, l);
    if (err == GAZE_ERR_FORMAT)
      err = gaze_bad_rows_add(bad, path, row, gaze_last_error());
    GAZE_TRY(err);
  }
  return GAZE_OK;
}

static gaze_err add_captions(gaze_documents *documents, gaze_document_source *source, const char *path,
                             gaze_bad_rows *bad) {
  const gaze_dataset_options options = {.type = "webdataset", .failed = gaze_bad_rows_note, .user = bad};
  bad->file = path;
  GAZE_TRY(gaze_dataset_open(path, &options, &source->dataset));
  for (size_t i = 0; i < gaze_dataset_size(source->dataset); i++) {
    const gaze_sample *sample = gaze_dataset_get(source->dataset, i);
    for (size_t j = 0; j < sample->n_captions; j++)
      GAZE_TRY(add(documents, sample->captions[j], strlen(sample->captions[j])));
  }
  return GAZE_OK;
}

static gaze_err new_source(gaze_documents *documents, gaze_document_source **out) {
  GAZE_TRY(gaze_grow(&documents->sources, &documents->sources_capacity, documents->n_sources + 1,
                     sizeof *documents->sources));
  *out = &documents->sources[documents->n_sources++];
  **out = (gaze_document_source){0};
  return GAZE_OK;
}

static gaze_err add_map(gaze_documents *documents, gaze_document_source *source, const gaze_map *map, const char *path,
                        gaze_document_ends ends, gaze_bad_rows *bad) {
  return gaze_ends_with(path, ".jsonl") ? add_lines(documents, source, map, path, bad) : add_text(documents, map, ends);
}

gaze_err gaze_documents_add(gaze_documents *documents, const char *path, gaze_document_ends ends, gaze_bad_rows *bad) {
  gaze_document_source *source;
  GAZE_TRY(new_source(documents, &source));
  if (gaze_ends_with(path, ".tar"))
    return add_captions(documents, source, path, bad);
  GAZE_TRY(gaze_map_open(path, &source->map));
  return add_map(documents, source, &source->map, path, ends, bad);
}

gaze_err gaze_documents_add_bytes(gaze_documents *documents, const void *bytes, size_t size, const char *path,
                                  gaze_document_ends ends, gaze_bad_rows *bad) {
  gaze_document_source *source;
  const gaze_map map = {.data = bytes, .size = size};
  GAZE_TRY(new_source(documents, &source));
  return add_map(documents, source, &map, path, ends, bad);
}

gaze_err gaze_documents_add_text(gaze_documents *documents, const char *text) {
  return add(documents, text, strlen(text));
}

void gaze_documents_fini(gaze_documents *documents) {
  for (size_t i = 0; i < documents->n_sources; i++) {
    gaze_document_source *source = &documents->sources[i];
    for (size_t k = 0; k < source->n_texts; k++)
      free(source->texts[k]);
    free(source->texts);
    gaze_dataset_close(source->dataset);
    gaze_map_close(&source->map);
  }
  free(documents->sources);
  free(documents->at);
  *documents = (gaze_documents){0};
}
