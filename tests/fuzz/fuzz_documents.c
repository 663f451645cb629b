/* Texts to learn language from: JSON lines, text cut in each way, and what becomes of them as ids and pieces. */
#include "fusion/documents.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Documents have text, no space around it, and lie in the bytes or, of JSON lines, in a copy no longer than those. */
static void check(const gaze_documents *documents, const uint8_t *data, size_t size, bool inside) {
  size_t bytes = 0;
  for (size_t i = 0; i < documents->n; i++) {
    const gaze_text_part *text = &documents->at[i];
    const uint8_t *at = (const uint8_t *)text->text;
    if (!text->size || strchr(" \t\r\n", at[0] ? at[0] : 'x') ||
        strchr(" \t\r\n", at[text->size - 1] ? at[text->size - 1] : 'x'))
      abort();
    if (inside && (at < data || text->size > size - (size_t)(at - data)))
      abort();
    bytes += text->size;
  }
  if (bytes != documents->bytes || bytes > size)
    abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const char *const names[] = {"a.txt", "a.txt", "a.txt", "a.jsonl"};
  for (int i = 0; i < 4; i++) {
    gaze_documents documents = {0};
    gaze_bad_rows bad = {.most = size};
    gaze_err err = gaze_documents_add_bytes(&documents, data, size, names[i], (gaze_document_ends)(i % 3), &bad);
    if (err != GAZE_OK)
      abort();
    check(&documents, data, size, i < 3);
    gaze_documents_fini(&documents);
  }
  return 0;
}
