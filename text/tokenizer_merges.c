/* Vocabularies without tokenizer.json: vocab.json with merges.txt, and a merges file alone. */
#include "core/base/file.h"
#include "core/base/memory.h"
#include "text/cutter_families.h"
#include "text/tokenizer_config.h"
#include "text/tokenizer_json.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define CLEAN_START "<start_of_text>"
#define CLEAN_END "<end_of_text>"

/* CLIP's merges file goes on after the merges that its vocabulary of 49,408 holds. */
enum { CLIP_MERGES = 49152 - 256 - 2, FILE_MAX = 1 << 26, CHUNK = 1 << 16 };

/* All of a file, plain or gzip, ended by 0. *out is yours: free(). */
static gaze_err read_text(const char *path, char **out) {
  gzFile file = gzopen(path, "rb");
  if (!file)
    return gaze_fail_errno(GAZE_ERR_NOT_FOUND, "cannot open a merges file: %s", path);
  char *text = NULL;
  size_t size = 0, capacity = 0;
  int got = 0;
  gaze_err err;
  do {
    size += (size_t)got;
    GAZE_TRY_DONE(gaze_grow(&text, &capacity, size + CHUNK + 1, 1));
    got = gzread(file, text + size, CHUNK);
  } while (got > 0 && size < FILE_MAX);
  if (got)
    GAZE_TRY_DONE(gaze_fail(got < 0 ? GAZE_ERR_FORMAT : GAZE_ERR_LIMIT,
                            "damaged, or larger than %d bytes: %s: fetch the merges file again", FILE_MAX, path));
  text[size] = 0;
  *out = text;
  text = NULL;
done:
  free(text);
  gzclose(file);
  return err;
}

typedef struct merge_line {
  const char *left, *right; /* within the text */
  size_t left_size, right_size;
} merge_line;

/* Takes the next line of *text that has a space; false at the end. */
static bool next_merge(const char **text, merge_line *line) {
  while (**text) {
    const char *start = *text;
    size_t size = strcspn(start, "\r\n"), left = strcspn(start, " \r\n");
    *text = start + size + (start[size] != 0);
    if (left > 0 && left + 1 < size) {
      *line = (merge_line){start, start + left + 1, left, size - left - 1};
      return true;
    }
  }
  return false;
}

static const char *skip_line(const char *text) {
  text += strcspn(text, "\n");
  return text + (*text != 0);
}

static gaze_err add_merges(gaze_bpe *bpe, const char *text, size_t n, const char *path) {
  merge_line line;
  for (size_t rank = 0; rank < n && next_merge(&text, &line); rank++)
    GAZE_TRY(gaze_bpe_add_merge(bpe, line.left, line.left_size, line.right, line.right_size, (uint32_t)rank, path));
  return gaze_bpe_finish(bpe, path);
}

/* As transformers' CLIPTokenizer has them. */
static gaze_err set_clip(gaze_tokenizer *tokenizer, const char *name) {
  gaze_tokenizer_set_clip_rules(&tokenizer->normalizer, &tokenizer->cutter);
  GAZE_TRY(gaze_tokenizer_find_ends(tokenizer, name));
  tokenizer->bpe.unknown = tokenizer->unknown = tokenizer->pad = tokenizer->end;
  gaze_added_token start = {.id = tokenizer->start, .special = true}, end = {.id = tokenizer->end, .special = true};
  GAZE_TRY(gaze_tokenizer_add_token(tokenizer, GAZE_TOKEN_START, &start));
  return gaze_tokenizer_add_token(tokenizer, GAZE_TOKEN_END, &end);
}

/* As transformers' GPT2Tokenizer or Qwen2Tokenizer has them. */
static gaze_err set_decoder(gaze_tokenizer *tokenizer, bool qwen, const json_t *config, const char *name) {
  static const char *const keys[][2] = {
      {"bos_token", ""}, {"eos_token", GAZE_TOKEN_END}, {"unk_token", GAZE_TOKEN_END}, {"pad_token", ""}, {NULL}};
  gaze_cutter_family family;
  bool front, before;
  GAZE_TRY(gaze_json_bool(config, "add_prefix_space", false, &front));
  GAZE_TRY(gaze_json_bool(config, "add_bos_token", false, &before));
  if (qwen)
    gaze_normalizer_add(&tokenizer->normalizer, GAZE_NORMALIZE_FORM)->form = GAZE_FORM_NFC;
  gaze_cutter_add_family(&tokenizer->cutter, qwen ? "qwen2" : "gpt2", qwen ? 5 : 4, &family);
  tokenizer->cutter.steps[0].prefix = front && !qwen ? GAZE_PREFIX_ALWAYS : GAZE_PREFIX_NEVER;
  tokenizer->decoding.kind = GAZE_DECODE_BYTES;
  GAZE_TRY(gaze_tokenizer_config_add_tokens(tokenizer, config, keys, name));
  tokenizer->bpe.unknown = tokenizer->unknown =
      gaze_tokenizer_config_find(tokenizer, config, "unk_token", GAZE_TOKEN_END);
  GAZE_TRY(gaze_tokenizer_set_around(tokenizer, config, before, false));
  return gaze_tokenizer_config_finish(tokenizer, config);
}

static gaze_err read_pair(gaze_tokenizer *tokenizer, gaze_json_walk *vocabulary, const char *text, const char *merges,
                          const json_t *config) {
  const char *lines = strncmp(text, "#version", 8) ? text : skip_line(text);
  bool qwen = gaze_tokenizer_config_is(config, "Qwen2Tokenizer");
  bool decoder = qwen || gaze_tokenizer_config_is(config, "GPT2Tokenizer");
  tokenizer->bpe.word_end = decoder ? "" : GAZE_BPE_WORD_END;
  GAZE_TRY(gaze_tokenizer_read_vocabulary(tokenizer, vocabulary));
  if (gaze_json_walk_peek(vocabulary))
    return gaze_json_walk_fail(vocabulary, "its end");
  GAZE_TRY(add_merges(&tokenizer->bpe, lines, GAZE_VOCABULARY_MAX, merges));
  return decoder ? set_decoder(tokenizer, qwen, config, vocabulary->name) : set_clip(tokenizer, vocabulary->name);
}

gaze_err gaze_tokenizer_load_pair(gaze_tokenizer *tokenizer, const char *vocabulary, const char *merges,
                                  const json_t *config) {
  gaze_map map;
  char *text;
  GAZE_TRY(gaze_map_open(vocabulary, &map));
  const char *bytes = (const char *)map.data;
  gaze_json_walk walk = {.at = bytes, .end = bytes + map.size, .name = vocabulary, .start = bytes};
  gaze_err err = read_text(merges, &text);
  if (err == GAZE_OK) {
    err = read_pair(tokenizer, &walk, text, merges, config);
    free(text);
  }
  gaze_json_walk_fini(&walk);
  gaze_map_close(&map);
  return err;
}

/* Ids in open_clip's order: 256 bytes, 256 bytes at a word's end, the merges, start and end. */
static gaze_err number_merges(gaze_vocabulary *vocabulary, const char *text, size_t n, const char *path) {
  GAZE_TRY(gaze_bpe_add_letters(vocabulary, true));
  int32_t id = 2 * GAZE_BPE_BYTES;
  merge_line line;
  for (size_t i = 0; i < n && next_merge(&text, &line); i++)
    GAZE_TRY(gaze_bpe_add_joined(vocabulary, line.left, line.left_size, line.right, line.right_size, id++, path));
  GAZE_TRY(gaze_vocabulary_add(vocabulary, CLEAN_START, strlen(CLEAN_START), id, path));
  return gaze_vocabulary_add(vocabulary, CLEAN_END, strlen(CLEAN_END), id + 1, path);
}

gaze_err gaze_tokenizer_read_merges(gaze_tokenizer *tokenizer, const char *text, const char *name) {
  const char *lines = skip_line(text);
  GAZE_TRY(number_merges(&tokenizer->vocabulary, lines, CLIP_MERGES, name));
  GAZE_TRY(add_merges(&tokenizer->bpe, lines, CLIP_MERGES, name));
  int32_t last = (int32_t)tokenizer->vocabulary.size - 1;
  tokenizer->before = (gaze_around){{last - 1}, 1};
  tokenizer->behind = (gaze_around){{last}, 1};
  gaze_tokenizer_set_ends(tokenizer);
  gaze_cutter_add(&tokenizer->cutter, GAZE_CUT_CLIP)->rules =
      (gaze_split_rules){.literals = {CLEAN_START, CLEAN_END}, .fold_case = true};
  tokenizer->pad = 0; /* as open_clip fills rows up */
  tokenizer->ends_at_end = true;
  tokenizer->cleaning = GAZE_CLEAN_LOWER;
  return GAZE_OK;
}

gaze_err gaze_tokenizer_load_merges(gaze_tokenizer *tokenizer, const char *path) {
  char *text;
  GAZE_TRY(read_text(path, &text));
  gaze_err err = gaze_tokenizer_read_merges(tokenizer, text, path);
  free(text);
  return err;
}
