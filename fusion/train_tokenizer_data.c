/* Texts to learn a vocabulary from: documents, and labels of label files. */
#include "core/base/memory.h"
#include "fusion/documents.h"
#include "fusion/labels.h"
#include "gaze_train.h"

#include <stdlib.h>
#include <string.h>

/* A class is drawn as often as many captions together, so each of its names counts this many times. */
enum { LABEL_WEIGHT = 20 };

/* What the texts point into. */
typedef struct text_list {
  gaze_documents documents;
  gaze_labels *labels; /* [n_labels] */
  size_t n_labels, labels_capacity;
} text_list;

static gaze_err add_labels(text_list *list, const char *path) {
  GAZE_TRY(gaze_grow(&list->labels, &list->labels_capacity, list->n_labels + 1, sizeof *list->labels));
  gaze_labels *labels = &list->labels[list->n_labels++];
  *labels = (gaze_labels){0};
  GAZE_TRY(gaze_labels_open(path, labels));
  for (size_t i = 0; i < labels->n; i++)
    for (size_t j = 0; j < labels->items[i].n_synonyms * LABEL_WEIGHT; j++)
      GAZE_TRY(gaze_documents_add_text(&list->documents, labels->items[i].synonyms[j / LABEL_WEIGHT]));
  return GAZE_OK;
}

static gaze_err add_files(text_list *list, const gaze_train_tokenizer_options *options) {
  gaze_bad_rows bad = {0};
  gaze_document_ends ends;
  GAZE_TRY(gaze_document_ends_find(options->documents ? options->documents : "lines", &ends));
  for (size_t i = 0; i < options->n_files; i++) {
    const char *path = options->files[i];
    GAZE_TRY(gaze_ends_with(path, ".tsv") ? add_labels(list, path)
                                          : gaze_documents_add(&list->documents, path, ends, &bad));
  }
  return GAZE_OK;
}

gaze_err gaze_train_tokenizer(const gaze_train_tokenizer_options *options) {
  text_list list = {0};
  gaze_err err = add_files(&list, options);
  if (err == GAZE_OK)
    err = gaze_tokenizer_train_kind(options->kind ? options->kind : "clip", list.documents.at, list.documents.n,
                                    options->vocab_size, options->min_frequency, options->folder);
  gaze_documents_fini(&list.documents);
  for (size_t i = 0; i < list.n_labels; i++)
    gaze_labels_fini(&list.labels[i]);
  free(list.labels);
  return err;
}
