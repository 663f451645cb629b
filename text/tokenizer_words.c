/* vocab.txt: BERT's vocabulary, a WordPiece a line. */
#include "core/base/file.h"
#include "text/tokenizer_config.h"

#include <string.h>

enum { WORD_MAX = 100 /* characters; BERT's longer words are unknown */ };

/* Without the white space at its end, as tokenizers reads it. */
static size_t trim(const char *line, size_t size) {
  size_t kept = 0;
  for (size_t i = 0; i < size;) {
    int32_t point;
    i += gaze_point_decode((const uint8_t *)line + i, size - i, &point);
    if (!gaze_point_is_space(point))
      kept = i;
  }
  return kept;
}

static gaze_err read_lines(gaze_vocabulary *vocabulary, const char *text, size_t size, const char *path) {
  const char *end = text + size;
  for (int32_t id = 0; text < end; id++) {
    const char *stop = memchr(text, '\n', (size_t)(end - text));
    size_t kept = trim(text, (size_t)((stop ? stop : end) - text));
    GAZE_TRY(gaze_vocabulary_reserve(vocabulary, (size_t)id + 1));
    if (kept)
      GAZE_TRY(gaze_vocabulary_add_again(vocabulary, text, kept, id, path));
    text = stop ? stop + 1 : end;
  }
  return GAZE_OK;
}

static gaze_err set_steps(gaze_tokenizer *tokenizer, const json_t *config) {
  bool lower, spread, strip;
  GAZE_TRY(gaze_json_bool(config, "do_lower_case", true, &lower));
  GAZE_TRY(gaze_json_bool(config, "tokenize_chinese_chars", true, &spread));
  GAZE_TRY(gaze_json_bool(config, "strip_accents", lower, &strip));
  if (!gaze_normalizer_add_bert(&tokenizer->normalizer, true, spread, strip, lower))
    return gaze_fail(GAZE_ERR_LIMIT, "too many steps before BERT's: %zu: use a tokenizer.json",
                     tokenizer->normalizer.n);
  gaze_cutter_add_words(&tokenizer->cutter, true);
  return GAZE_OK;
}

static gaze_err read_words(gaze_tokenizer *tokenizer, const gaze_map *map, const json_t *config, const char *path) {
  static const char *const keys[][2] = {{"unk_token", "[UNK]"}, {"sep_token", "[SEP]"},   {"pad_token", "[PAD]"},
                                        {"cls_token", "[CLS]"}, {"mask_token", "[MASK]"}, {NULL}};
  tokenizer->model = GAZE_TOKENIZER_WORDPIECE;
  GAZE_TRY(read_lines(&tokenizer->vocabulary, (const char *)map->data, map->size, path));
  GAZE_TRY(gaze_wordpiece_init(&tokenizer->wordpiece, &tokenizer->vocabulary, "##",
                               gaze_tokenizer_config_token(config, "unk_token", "[UNK]"), WORD_MAX, path));
  GAZE_TRY(set_steps(tokenizer, config));
  GAZE_TRY(gaze_tokenizer_config_add_tokens(tokenizer, config, keys, path));
  tokenizer->unknown = tokenizer->wordpiece.unknown;
  tokenizer->start = gaze_tokenizer_config_find(tokenizer, config, "cls_token", "[CLS]");
  tokenizer->end = gaze_tokenizer_config_find(tokenizer, config, "sep_token", "[SEP]");
  tokenizer->pad = gaze_tokenizer_config_find(tokenizer, config, "pad_token", "[PAD]");
  if (tokenizer->start < 0 || tokenizer->end < 0)
    return gaze_fail(GAZE_ERR_FORMAT, "no [CLS] and [SEP] in the vocabulary: %s: use BERT's", path);
  tokenizer->before = (gaze_around){{tokenizer->start}, 1};
  tokenizer->behind = (gaze_around){{tokenizer->end}, 1};
  return GAZE_OK;
}

gaze_err gaze_tokenizer_load_words(gaze_tokenizer *tokenizer, const char *path, const json_t *config) {
  gaze_map map;
  GAZE_TRY(gaze_map_open(path, &map));
  gaze_err err = read_words(tokenizer, &map, config, path);
  gaze_map_close(&map);
  return err;
}
