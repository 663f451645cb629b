/* A SentencePiece model, and a text to encode: the model itself, and what stands behind its last byte 0xFF. */
#include "text/tokenizer_parts.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void encode(const gaze_tokenizer *tokenizer, const char *text, size_t size) {
  int32_t *ids = NULL;
  size_t n = 0, capacity = 0;
  if (gaze_tokenizer_encode(tokenizer, text, size, &ids, &n, &capacity) == GAZE_OK)
    for (size_t i = 0; i < n; i++)
      if (ids[i] < 0 || (size_t)ids[i] >= gaze_tokenizer_size(tokenizer) || !gaze_tokenizer_text(tokenizer, ids[i]))
        abort();
  free(ids);
}

static void try_model(const uint8_t *data, size_t size, const char *text, size_t text_size, bool fairseq) {
  static const char words[] = "Ab  \xE2\x96\x81"
                              "a\xEA\xB3\xA0 <unk> \xF0\x9F\x98\x80";
  gaze_tokenizer *tokenizer;
  if (gaze_tokenizer_new(&tokenizer) != GAZE_OK)
    abort();
  if (gaze_tokenizer_read_sentencepiece(tokenizer, data, size, fairseq, "fuzz") == GAZE_OK) {
    encode(tokenizer, words, sizeof words - 1);
    encode(tokenizer, text, text_size);
  }
  gaze_tokenizer_free(tokenizer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const uint8_t *last = size ? memrchr(data, 0xFF, size) : NULL;
  size_t model = last ? (size_t)(last - data) : size;
  const char *text = (const char *)data + (last ? model + 1 : 0);
  try_model(data, model, text, last ? size - model - 1 : size, false);
  try_model(data, model, text, last ? size - model - 1 : size, true);
  return 0;
}
