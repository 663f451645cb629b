/* Which of a folder's files a tokenizer is read from, and how. */
#include "core/base/file.h"
#include "core/base/memory.h"
#include "text/tokenizer_config.h"

#include <stdlib.h>
#include <string.h>

/* The names a folder may hold, in the order they are looked for. The first is for SigLIP alone, whose own tokenizer is
 * of the model, not of a tokenizer.json beside it. */
static const char *const file_names[] = {
    "spiece.model", "tokenizer.json", "vocab.json",   "bpe_simple_vocab_16e6.txt.gz", "bpe_simple_vocab_16e6.txt",
    "merges.txt",   "vocab.txt",      "spiece.model", "sentencepiece.bpe.model",      "tokenizer.model"};

static gaze_err find_file(const char *folder, const json_t *config, char **path) {
  for (size_t i = !gaze_tokenizer_config_is(config, "SiglipTokenizer"); i < sizeof file_names / sizeof *file_names;
       i++) {
    GAZE_TRY(gaze_path_join(folder, file_names[i], path));
    if (gaze_file_exists(*path))
      return GAZE_OK;
    free(*path);
    *path = NULL;
  }
  return gaze_fail(GAZE_ERR_NOT_FOUND,
                   "no tokenizer: %s: expected tokenizer.json, vocab.json with merges.txt, vocab.txt, a SentencePiece "
                   ".model, or a merges file",
                   folder);
}

static gaze_err load_beside(gaze_tokenizer *tokenizer, const char *vocabulary, const json_t *config) {
  const char *slash = strrchr(vocabulary, '/');
  char *merges;
  GAZE_TRY(gaze_format(&merges, "%.*smerges.txt", slash ? (int)(slash + 1 - vocabulary) : 0, vocabulary));
  gaze_err err = gaze_tokenizer_load_pair(tokenizer, vocabulary, merges, config);
  free(merges);
  return err;
}

static gaze_err set_xlm_roberta(gaze_tokenizer *tokenizer, const json_t *config, const char *path) {
  static const char *const keys[][2] = {{"bos_token", "<s>"},   {"pad_token", "<pad>"},   {"eos_token", "</s>"},
                                        {"unk_token", "<unk>"}, {"mask_token", "<mask>"}, {NULL}};
  GAZE_TRY(gaze_tokenizer_config_add_tokens(tokenizer, config, keys, path));
  return gaze_tokenizer_set_around(tokenizer, config, true, true);
}

void gaze_tokenizer_sign_first(gaze_tokenizer *tokenizer) {
  gaze_cutter_step *step = gaze_cutter_add(&tokenizer->cutter, GAZE_CUT_METASPACE);
  step->sign = GAZE_SPACE_SIGN;
  step->prefix = GAZE_PREFIX_FIRST;
  step->whole = true;
  tokenizer->normalizer.dummy_prefix = false;
}

/* LLaMA's family puts the start in front where nothing else is said, T5's the end behind. */
static gaze_err set_other(gaze_tokenizer *tokenizer, const json_t *config, bool t5, const char *path) {
  static const char *const none[][2] = {{NULL}};
  gaze_normalizer *normalizer = &tokenizer->normalizer;
  bool before, behind, legacy;
  GAZE_TRY(gaze_json_bool(config, "legacy", true, &legacy));
  GAZE_TRY(gaze_json_bool(config, "add_bos_token", !t5, &before));
  GAZE_TRY(gaze_json_bool(config, "add_eos_token", t5, &behind));
  normalizer->n = 0;
  GAZE_TRY(gaze_tokenizer_config_prepare(normalizer, config));
  gaze_normalizer_add(normalizer, GAZE_NORMALIZE_SENTENCEPIECE);
  if (!legacy && !t5 && normalizer->dummy_prefix)
    gaze_tokenizer_sign_first(tokenizer);
  GAZE_TRY(gaze_tokenizer_config_add_tokens(tokenizer, config, none, path));
  GAZE_TRY(gaze_tokenizer_add_special(tokenizer));
  GAZE_TRY(gaze_tokenizer_set_around(tokenizer, config, before, behind));
  return gaze_tokenizer_config_finish(tokenizer, config);
}

static gaze_err read_pieces(gaze_tokenizer *tokenizer, const gaze_map *map, const json_t *config, const char *path) {
  bool named = gaze_tokenizer_config_has_class(config);
  bool siglip = named ? gaze_tokenizer_config_is(config, "SiglipTokenizer") : gaze_ends_with(path, "spiece.model");
  bool fairseq =
      named ? gaze_tokenizer_config_is(config, "XLMRobertaTokenizer") : gaze_ends_with(path, "sentencepiece.bpe.model");
  if (!fairseq && gaze_ends_with(path, "sentencepiece.bpe.model"))
    return gaze_fail(GAZE_ERR_UNSUPPORTED, "unsupported tokenizer_class: \"%s\" with %s: only XLMRobertaTokenizer",
                     json_string_value(json_object_get(config, "tokenizer_class")), path);
  GAZE_TRY(gaze_tokenizer_read_sentencepiece(tokenizer, map->data, map->size, fairseq, path));
  if (siglip)
    return gaze_tokenizer_set_siglip(tokenizer, config, path);
  return fairseq ? set_xlm_roberta(tokenizer, config, path)
                 : set_other(tokenizer, config, gaze_tokenizer_config_is(config, "T5Tokenizer"), path);
}

static gaze_err load_pieces(gaze_tokenizer *tokenizer, const char *path, const json_t *config) {
  gaze_map map;
  GAZE_TRY(gaze_map_open(path, &map));
  gaze_err err = read_pieces(tokenizer, &map, config, path);
  gaze_map_close(&map);
  return err;
}

static gaze_err load_file(gaze_tokenizer *tokenizer, const char *path, const json_t *config) {
  if (gaze_ends_with(path, "vocab.json"))
    return load_beside(tokenizer, path, config);
  if (gaze_ends_with(path, ".json"))
    return gaze_tokenizer_load_json(tokenizer, path, config);
  if (gaze_ends_with(path, "vocab.txt"))
    return gaze_tokenizer_load_words(tokenizer, path, config);
  if (gaze_ends_with(path, ".txt") || gaze_ends_with(path, ".gz"))
    return gaze_tokenizer_load_merges(tokenizer, path);
  if (gaze_ends_with(path, ".gguf"))
    return gaze_tokenizer_load_gguf(tokenizer, path);
  if (gaze_ends_with(path, ".model"))
    return load_pieces(tokenizer, path, config);
  return gaze_fail(GAZE_ERR_UNSUPPORTED, "not a tokenizer file: %s: expected .gguf, .model, .json, .txt or .gz", path);
}

gaze_err gaze_tokenizer_open(const char *path, gaze_tokenizer **out) {
  char *found = NULL;
  json_t *config = NULL;
  gaze_tokenizer *tokenizer = NULL;
  gaze_err err;
  if (gaze_folder_exists(path)) {
    GAZE_TRY_DONE(gaze_tokenizer_config_open(path, &config));
    GAZE_TRY_DONE(find_file(path, config, &found));
  } else {
    GAZE_TRY_DONE(gaze_strdup(path, &found));
  }
  GAZE_TRY_DONE(gaze_tokenizer_new(&tokenizer));
  GAZE_TRY_DONE(load_file(tokenizer, found, config));
  GAZE_TRY_DONE(gaze_tokenizer_config_read_padding(tokenizer, config));
  if (gaze_tokenizer_config_token(config, "bos_token", NULL))
    tokenizer->opening = gaze_tokenizer_config_find(tokenizer, config, "bos_token", "");
  if (gaze_folder_exists(path))
    GAZE_TRY_DONE(gaze_tokenizer_read_open_clip(tokenizer, path));
  *out = tokenizer;
  tokenizer = NULL;
done:
  gaze_tokenizer_free(tokenizer);
  json_decref(config);
  free(found);
  return err;
}
