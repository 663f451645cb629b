/* Texts to learn a vocabulary from: lines of text files, captions of tars, labels of label files. */
#include "core/base/file.h"
#include "core/base/memory.h"
#include "fusion/dataset.h"
#include "fusion/labels.h"
#include "gaze_train.h"
#include "text/tokenizer.h"

#include <stdlib.h>
#include <string.h>

/* A class is drawn as often as many captions together, so each of its names counts this many times. */
enum { LABEL_WEIGHT = 20 };

#define TEXT_FILE_MAX ((size_t)1 << 32)

typedef struct text_list {
  const char **items;
  size_t n, capacity;
} text_list;

static gaze_err add(text_list *list, const char *text) {
  GAZE_TRY(gaze_grow(&list->items, &list->capacity, list->n + 1, sizeof *list->items));
  list->items[list->n++] = text;
  return GAZE_OK;
}

/* What the texts point into. */
typedef struct text_file {
  gaze_dataset *dataset;
  gaze_labels labels;
  char *lines;
} text_file;

static gaze_err add_captions(text_file *file, const char *path, text_list *list) {
  GAZE_TRY(gaze_dataset_open(path, NULL, &file->dataset));
  for (size_t i = 0; i < gaze_dataset_size(file->dataset); i++) {
    const gaze_sample *sample = gaze_dataset_get(file->dataset, i);
    for (size_t j = 0; j < sample->n_captions; j++)
      GAZE_TRY(add(list, sample->captions[j]));
  }
  return GAZE_OK;
}

static gaze_err add_labels(text_file *file, const char *path, text_list *list) {
  GAZE_TRY(gaze_labels_open(path, &file->labels));
  for (size_t i = 0; i < file->labels.n; i++)
    for (size_t j = 0; j < file->labels.items[i].n_synonyms * LABEL_WEIGHT; j++)
      GAZE_TRY(add(list, file->labels.items[i].synonyms[j / LABEL_WEIGHT]));
  return GAZE_OK;
}

static gaze_err add_lines(text_file *file, const char *path, text_list *list) {
  uint8_t *bytes;
  size_t size;
  GAZE_TRY(gaze_file_read(path, TEXT_FILE_MAX, &bytes, &size));
  file->lines = (char *)bytes;
  char *rest = file->lines;
  for (char *line; (line = strsep(&rest, "\n"));)
    if (line[0])
      GAZE_TRY(add(list, line));
  return GAZE_OK;
}

static gaze_err add_file(text_file *file, const char *path, text_list *list) {
  if (gaze_ends_with(path, ".tar"))
    return add_captions(file, path, list);
  return gaze_ends_with(path, ".tsv") ? add_labels(file, path, list) : add_lines(file, path, list);
}

gaze_err gaze_train_tokenizer_data(const char *const *files, size_t n_files, size_t vocab_size, size_t min_frequency,
                                   const char *folder) {
  text_file *open;
  text_list list = {0};
  GAZE_TRY(gaze_alloc(n_files, sizeof *open, &open));
  gaze_err err = GAZE_OK;
  for (size_t i = 0; i < n_files && err == GAZE_OK; i++)
    err = add_file(&open[i], files[i], &list);
  if (err == GAZE_OK)
    err = gaze_tokenizer_train(list.items, list.n, vocab_size, min_frequency, folder);
  for (size_t i = 0; i < n_files; i++) {
    gaze_dataset_close(open[i].dataset);
    gaze_labels_fini(&open[i].labels);
    free(open[i].lines);
  }
  free(list.items);
  free(open);
  return err;
}
