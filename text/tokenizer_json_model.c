/* The "model" of a tokenizer.json: BPE, Unigram or WordPiece. */
#include "text/tokenizer_json.h"

#include <string.h>

/* "left right", or the newer ["left", "right"]. */
static gaze_err read_merge(gaze_bpe *bpe, gaze_json_walk *walk, uint32_t rank, char left[GAZE_BPE_SPELLING_MAX]) {
  const char *text = NULL, *space;
  size_t size = 0, left_size;
  bool pair = gaze_json_walk_take(walk, '[');
  if (gaze_json_walk_peek(walk) != '"')
    goto bad;
  GAZE_TRY(gaze_json_walk_string(walk, &text, &size));
  space = pair ? text + size : memchr(text, ' ', size);
  if (!space)
    goto bad;
  left_size = (size_t)(space - text);
  if (!pair)
    return gaze_bpe_add_merge(bpe, text, left_size, space + 1, size - left_size - 1, rank, walk->name);
  if (size > GAZE_BPE_SPELLING_MAX || !gaze_json_walk_take(walk, ',') || gaze_json_walk_peek(walk) != '"')
    goto bad;
  memcpy(left, text, size); /* the next string may take its place */
  GAZE_TRY(gaze_json_walk_string(walk, &text, &size));
  if (gaze_json_walk_take(walk, ']'))
    return gaze_bpe_add_merge(bpe, left, left_size, text, size, rank, walk->name);
bad:
  return gaze_fail(GAZE_ERR_FORMAT, "merge %u is not a pair of spellings: %s: write it anew", rank, walk->name);
}

gaze_err gaze_tokenizer_read_merges_list(gaze_tokenizer *tokenizer, gaze_json_walk *walk) {
  char left[GAZE_BPE_SPELLING_MAX];
  if (!gaze_json_walk_take(walk, '['))
    return gaze_json_walk_fail(walk, "a list of merges");
  for (uint32_t rank = 0;; rank++) {
    bool more;
    GAZE_TRY(gaze_json_walk_more(walk, ']', rank == 0, &more));
    if (!more)
      return GAZE_OK;
    GAZE_TRY(read_merge(&tokenizer->bpe, walk, rank, left));
  }
}

static gaze_err read_entry(gaze_tokenizer *tokenizer, gaze_json_walk *walk) {
  const char *spelling;
  size_t size;
  int32_t id;
  GAZE_TRY(gaze_json_walk_key(walk, &spelling, &size));
  if (!gaze_json_walk_id(walk, &id) || id >= GAZE_VOCABULARY_MAX)
    return gaze_fail(GAZE_ERR_FORMAT, "not an id below %d: \"%.*s\" in %s: write it anew", GAZE_VOCABULARY_MAX,
                     (int)(size < 80 ? size : 80), spelling, walk->name);
  return gaze_vocabulary_add(&tokenizer->vocabulary, spelling, size, id, walk->name);
}

/* ["spelling", score], its id its place. */
static gaze_err read_scored(gaze_tokenizer *tokenizer, gaze_json_walk *walk) {
  const char *spelling;
  size_t size;
  double score;
  if (!gaze_json_walk_take(walk, '['))
    return gaze_json_walk_fail(walk, "[spelling, score]");
  GAZE_TRY(gaze_json_walk_string(walk, &spelling, &size));
  if (!gaze_json_walk_take(walk, ','))
    return gaze_json_walk_fail(walk, "a comma");
  GAZE_TRY(gaze_json_walk_number(walk, &score));
  if (!gaze_json_walk_take(walk, ']'))
    return gaze_json_walk_fail(walk, "[spelling, score]");
  return gaze_unigram_add(&tokenizer->unigram, &tokenizer->vocabulary, spelling, size, score, GAZE_PIECE_NORMAL,
                          walk->name);
}

gaze_err gaze_tokenizer_read_vocabulary(gaze_tokenizer *tokenizer, gaze_json_walk *walk) {
  bool list = gaze_json_walk_take(walk, '[');
  if (!list && !gaze_json_walk_take(walk, '{'))
    return gaze_json_walk_fail(walk, "{spelling: id, ...}");
  for (bool first = true, more;; first = false) {
    GAZE_TRY(gaze_json_walk_more(walk, list ? ']' : '}', first, &more));
    if (!more)
      return GAZE_OK;
    GAZE_TRY(list ? read_scored(tokenizer, walk) : read_entry(tokenizer, walk));
  }
}

/* Whether the last step puts text into the byte alphabet: CLIP's, or ByteLevel. */
static bool is_bytes(const gaze_cutter *cutter) {
  gaze_cutter_kind last = cutter->n ? cutter->steps[cutter->n - 1].kind : GAZE_CUT_PATTERN;
  return last == GAZE_CUT_CLIP || last == GAZE_CUT_BYTES;
}

static bool has_all_bytes(const gaze_bpe *bpe) {
  for (size_t i = 0; i < GAZE_BPE_BYTES; i++)
    if (bpe->inner[i] < 0 || bpe->last[i] < 0)
      return false;
  return true;
}

static gaze_err read_unknown(gaze_tokenizer *tokenizer, const json_t *model) {
  const char *unknown;
  GAZE_TRY(gaze_json_string(model, "unk_token", "", &unknown));
  tokenizer->unknown = tokenizer->bpe.unknown = gaze_vocabulary_find(&tokenizer->vocabulary, unknown, strlen(unknown));
  return GAZE_OK;
}

static gaze_err read_bpe(gaze_tokenizer *tokenizer, const json_t *model, const char *name) {
  gaze_bpe *bpe = &tokenizer->bpe;
  const json_t *dropout = json_object_get(model, "dropout");
  bool bytes = is_bytes(&tokenizer->cutter);
  bool clip = bytes && tokenizer->cutter.steps[0].kind == GAZE_CUT_CLIP;
  bpe->style = bytes ? GAZE_BPE_OF_BYTES : GAZE_BPE_OF_CHARACTERS;
  bpe->word_end = clip ? GAZE_BPE_WORD_END : "";
  GAZE_TRY(gaze_tokenizer_require(model, "continuing_subword_prefix", "", name));
  GAZE_TRY(gaze_tokenizer_require(model, "end_of_word_suffix", bpe->word_end, name));
  GAZE_TRY(gaze_json_bool(model, "fuse_unk", false, &bpe->fuse_unknown));
  GAZE_TRY(gaze_json_bool(model, "byte_fallback", false, &bpe->byte_fallback));
  GAZE_TRY(gaze_json_bool(model, "ignore_merges", false, &bpe->whole_first));
  if (dropout && !json_is_null(dropout))
    return gaze_tokenizer_refuse(name, "dropout", "set");
  GAZE_TRY(gaze_bpe_finish(bpe, name));
  if (bytes && (bpe->fuse_unknown || bpe->byte_fallback) && (clip || !has_all_bytes(bpe)))
    return gaze_tokenizer_refuse(name, "model with ByteLevel", bpe->byte_fallback ? "byte_fallback" : "fuse_unk");
  if (clip && bpe->whole_first)
    return gaze_tokenizer_refuse(name, "model with CLIP's pieces", "ignore_merges");
  return read_unknown(tokenizer, model);
}

static gaze_err read_unigram(gaze_tokenizer *tokenizer, const json_t *model, const char *name) {
  int64_t unknown;
  GAZE_TRY(gaze_json_integer(model, "unk_id", -1, &unknown));
  GAZE_TRY(gaze_json_bool(model, "byte_fallback", false, &tokenizer->unigram.byte_fallback));
  tokenizer->unknown = unknown >= 0 && unknown < GAZE_VOCABULARY_MAX ? (int32_t)unknown : -1;
  tokenizer->unigram.unknown = tokenizer->unknown;
  return gaze_unigram_finish(&tokenizer->unigram, name);
}

static gaze_err read_wordpiece(gaze_tokenizer *tokenizer, const json_t *model, const char *name) {
  const char *prefix, *unknown;
  int64_t longest;
  GAZE_TRY(gaze_json_string(model, "continuing_subword_prefix", "##", &prefix));
  GAZE_TRY(gaze_json_string(model, "unk_token", "[UNK]", &unknown));
  GAZE_TRY(gaze_json_integer(model, "max_input_chars_per_word", 100, &longest));
  GAZE_TRY(gaze_wordpiece_init(&tokenizer->wordpiece, &tokenizer->vocabulary, prefix, unknown,
                               longest > 0 ? (size_t)longest : 0, name));
  tokenizer->unknown = tokenizer->wordpiece.unknown;
  return GAZE_OK;
}

/* Files from before tokenizers 0.10 do not say which model they hold. */
static const char *guess_type(const gaze_tokenizer *tokenizer) {
  if (!tokenizer->vocabulary.size)
    return "none";
  return tokenizer->unigram.n ? "Unigram" : tokenizer->bpe.n_waiting ? "BPE" : "WordPiece";
}

gaze_err gaze_tokenizer_read_model(gaze_tokenizer *tokenizer, const json_t *model, const char *name) {
  static const struct {
    const char *type;
    gaze_tokenizer_model model;
    gaze_err (*read)(gaze_tokenizer *, const json_t *, const char *);
  } kinds[] = {{"BPE", GAZE_TOKENIZER_BPE, read_bpe},
               {"Unigram", GAZE_TOKENIZER_UNIGRAM, read_unigram},
               {"WordPiece", GAZE_TOKENIZER_WORDPIECE, read_wordpiece}};
  const char *type;
  GAZE_TRY(gaze_json_string(model, "type", guess_type(tokenizer), &type));
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    if (strcmp(type, kinds[i].type))
      continue;
    if (kinds[i].model != GAZE_TOKENIZER_BPE && is_bytes(&tokenizer->cutter))
      return gaze_tokenizer_refuse(name, "model with ByteLevel", type);
    tokenizer->model = kinds[i].model;
    return kinds[i].read(tokenizer, model, name);
  }
  return gaze_tokenizer_refuse(name, "model", type);
}
