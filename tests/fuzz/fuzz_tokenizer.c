/* By its first bytes an input is a tokenizer.json ('{'), a merges file ('#'), a GGUF file, or a text to encode. */
#include "text/token_stream.h"
#include "text/tokenizer_parts.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char merges[] = "#version: 0.2\nt h\nth e</w>\na n\nan d</w>\nð Ł\n< |\n";

/* What ids say is UTF-8. */
static void decode(const gaze_tokenizer *tokenizer, const int32_t *ids, size_t n) {
  char *said;
  if (gaze_tokenizer_decode(tokenizer, ids, n, n % 2, &said) != GAZE_OK)
    return;
  for (size_t i = 0, size = strlen(said); i < size;) {
    int32_t point;
    i += gaze_point_decode((const uint8_t *)said + i, size - i, &point);
    if (point < 0)
      abort();
  }
  free(said);
}

/* A user's text gives no special id; what is between two halves of it is no matter. */
static void encode_plain(const gaze_tokenizer *tokenizer, const char *text, size_t size) {
  const gaze_text_part parts[] = {{text, size / 2, true}, {text + size / 2, size - size / 2, true}};
  int32_t *ids = NULL;
  size_t n = 0, capacity = 0;
  if (gaze_tokenizer_encode_parts(tokenizer, parts, 2, &ids, &n, &capacity) == GAZE_OK)
    for (size_t i = 0; i < n; i++)
      if (gaze_tokenizer_is_special(tokenizer, ids[i]) && ids[i] != gaze_tokenizer_unknown(tokenizer))
        abort();
  free(ids);
}

/* Ids are of the vocabulary, and every byte gives few. */
static void encode(const gaze_tokenizer *tokenizer, const char *text, size_t size) {
  int32_t *ids = NULL;
  size_t n = 0, capacity = 0;
  if (gaze_tokenizer_encode(tokenizer, text, size, &ids, &n, &capacity) == GAZE_OK) {
    for (size_t i = 0; i < n; i++)
      if (ids[i] < 0 || (size_t)ids[i] >= gaze_tokenizer_size(tokenizer))
        abort();
    if (n > 1024 * (size + 16)) /* a point may become 64, of four bytes, and what is cut between them gets a sign */
      abort();
    decode(tokenizer, ids, n);
  }
  free(ids);
  encode_plain(tokenizer, text, size);
}

static gaze_err open_gguf(gaze_tokenizer *tokenizer, const char *bytes, size_t size) {
  gaze_gguf *file;
  GAZE_TRY(gaze_gguf_parse(bytes, size, "fuzz", &file));
  gaze_err err = gaze_tokenizer_read_gguf(tokenizer, file);
  gaze_gguf_close(file);
  return err;
}

static gaze_err open_bytes(gaze_tokenizer *tokenizer, const char *text, size_t size) {
  if (size > 4 && !memcmp(text, "GGUF", 4))
    return open_gguf(tokenizer, text, size);
  if (text[0] == '#')
    return gaze_tokenizer_read_merges(tokenizer, text, "fuzz");
  return gaze_tokenizer_read_json(tokenizer, text, size, NULL, "fuzz");
}

/* One tokenizer for all texts, cleaning as open_clip does or with the rules of tokenizer.json. */
static const gaze_tokenizer *plain_tokenizer(bool cleans) {
  static gaze_tokenizer *tokenizers[2];
  gaze_tokenizer **tokenizer = &tokenizers[cleans];
  if (!*tokenizer) {
    if (gaze_tokenizer_new(tokenizer) != GAZE_OK || gaze_tokenizer_read_merges(*tokenizer, merges, "merges") != GAZE_OK)
      abort();
    if (!cleans) {
      (*tokenizer)->cutter.n = 0;
      gaze_tokenizer_set_clip_rules(&(*tokenizer)->normalizer, &(*tokenizer)->cutter);
      (*tokenizer)->cleaning = GAZE_CLEAN_NOT;
    }
  }
  return *tokenizer;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char *text = malloc(size + 1);
  if (!text)
    abort();
  if (size)
    memcpy(text, data, size);
  text[size] = 0;
  if (text[0] != '{' && text[0] != '#' && strncmp(text, "GGUF", 4) != 0) {
    encode(plain_tokenizer(true), text, size);
    encode(plain_tokenizer(false), text, size);
  } else {
    gaze_tokenizer *tokenizer;
    if (gaze_tokenizer_new(&tokenizer) != GAZE_OK)
      abort();
    if (open_bytes(tokenizer, text, size) == GAZE_OK)
      encode(tokenizer, text, size);
    gaze_tokenizer_free(tokenizer);
  }
  free(text);
  return 0;
}
