/* Texts that language is learned from: text files, "text" of JSON lines, captions of tars. */
#ifndef GAZE_FUSION_DOCUMENTS_H
#define GAZE_FUSION_DOCUMENTS_H

#include "core/base/file.h"
#include "fusion/bad_rows.h"
#include "fusion/dataset.h"
#include "text/tokenizer.h"

/* Where one document of a text file ends. */
typedef enum gaze_document_ends {
  GAZE_END_PARAGRAPH /* at blank lines */,
  GAZE_END_LINE,
  GAZE_END_FILE
} gaze_document_ends;

/* What documents of one file point into. */
typedef struct gaze_document_source {
  gaze_map map;
  gaze_dataset *dataset;
  char **texts; /* [n_texts], of JSON lines */
  size_t n_texts, texts_capacity;
} gaze_document_source;

/* Begin with zeroes. */
typedef struct gaze_documents {
  gaze_text_part *at; /* [n], none of them empty */
  size_t n, capacity;
  size_t bytes; /* of all texts */
  gaze_document_source *sources;
  size_t n_sources, sources_capacity;
} gaze_documents;

/* "paragraphs", "lines" or "files". */
GAZE_CHECKED gaze_err gaze_document_ends_find(const char *name, gaze_document_ends *out);
/* All of one file: a tar, JSON lines (.jsonl), else text. Rows that are no good go to `bad`: broken JSON, no "text",
 * samples of a tar that cannot be read. */
GAZE_CHECKED gaze_err gaze_documents_add(gaze_documents *documents, const char *path, gaze_document_ends ends,
                                         gaze_bad_rows *bad);
/* The same of bytes in memory, borrowed as long as the documents are there; path: its ending says what they are. */
GAZE_CHECKED gaze_err gaze_documents_add_bytes(gaze_documents *documents, const void *bytes, size_t size,
                                               const char *path, gaze_document_ends ends, gaze_bad_rows *bad);
/* One text, borrowed. */
GAZE_CHECKED gaze_err gaze_documents_add_text(gaze_documents *documents, const char *text);
void gaze_documents_fini(gaze_documents *documents);

#endif
