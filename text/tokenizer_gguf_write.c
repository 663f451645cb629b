#include "text/tokenizer_gguf.h"

#include "core/base/memory.h"
#include "text/cutter_families.h"
#include "text/tokenizer_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY(name) "tokenizer.ggml." name

enum { FILLING_SIZE = 32 /* bytes of "[PAD1048575]" and its end, and then some */ };

/* Arrays with an element an id, [n]. */
typedef struct lists {
  gaze_gguf_text *tokens;
  int32_t *types; /* gaze_sentencepiece_kind */
  float *scores;
  char *fillings; /* [n, FILLING_SIZE]: spellings of ids that have none */
  size_t n;
} lists;

static gaze_err refuse(const char *what, const char *name) {
  return gaze_fail(GAZE_ERR_UNSUPPORTED, "no GGUF for a tokenizer: %s in %s: it has no word for that", what, name);
}

static void fill_tokens(lists *l, const gaze_tokenizer *tokenizer) {
  for (size_t id = 0; id < l->n; id++) {
    size_t size;
    const char *text = gaze_vocabulary_spelling(&tokenizer->vocabulary, (int32_t)id, &size);
    char *filling = l->fillings + id * FILLING_SIZE;
    if (!text)
      snprintf(filling, FILLING_SIZE, "[PAD%zu]", id);
    l->tokens[id] = text ? (gaze_gguf_text){text, size} : (gaze_gguf_text){filling, strlen(filling)};
    l->types[id] = !text                                               ? GAZE_SENTENCEPIECE_UNUSED
                   : gaze_tokenizer_is_special(tokenizer, (int32_t)id) ? GAZE_SENTENCEPIECE_CONTROL
                                                                       : GAZE_SENTENCEPIECE_NORMAL;
  }
  for (size_t i = 0; i < tokenizer->n_added; i++)
    l->types[tokenizer->added[i].id] =
        tokenizer->added[i].special ? GAZE_SENTENCEPIECE_CONTROL : GAZE_SENTENCEPIECE_USER;
}

static bool is_one_point(gaze_gguf_text text) {
  int32_t point;
  return gaze_point_decode((const uint8_t *)text.bytes, text.length, &point) == text.length;
}

/* The score of a piece is how early it is joined; what merges never make must not be joined either. */
static void score_by_merges(lists *l, const gaze_tokenizer *tokenizer) {
  const gaze_bpe *bpe = &tokenizer->bpe;
  for (size_t id = 0; id < l->n; id++)
    l->scores[id] = 1;
  for (size_t slot = 0; slot < bpe->n_slots; slot++) {
    const gaze_bpe_merge *merge = &bpe->merges[slot];
    if (merge->left >= 0 && (l->scores[merge->into] > 0 || -(float)merge->rank > l->scores[merge->into]))
      l->scores[merge->into] = -(float)merge->rank;
  }
  for (size_t id = 0; id < l->n; id++) {
    if (l->scores[id] > 0 && l->types[id] == GAZE_SENTENCEPIECE_NORMAL && !is_one_point(l->tokens[id]))
      l->types[id] = GAZE_SENTENCEPIECE_UNUSED;
    if (l->scores[id] > 0)
      l->scores[id] = 0;
  }
}

static void score_by_ranks(lists *l, const gaze_tokenizer *tokenizer) {
  for (size_t id = 0; id < tokenizer->vocabulary.size; id++) {
    gaze_gguf_text text = l->tokens[id];
    uint32_t rank = tokenizer->bpe.ranks[id];
    l->scores[id] = rank == GAZE_BPE_NEVER ? 0 : -(float)rank;
    if (rank != GAZE_BPE_NEVER && tokenizer->bpe.fixed.n &&
        gaze_trie_longest(&tokenizer->bpe.fixed, (const uint8_t *)text.bytes, text.length, NULL) == text.length)
      l->types[id] = GAZE_SENTENCEPIECE_USER;
  }
}

static void fill_pieces(lists *l, const gaze_tokenizer *tokenizer) {
  int32_t bytes[256];
  gaze_vocabulary_find_bytes(&tokenizer->vocabulary, bytes);
  for (size_t i = 0; i < 256 && tokenizer->bpe.byte_fallback; i++)
    if (bytes[i] >= 0)
      l->types[bytes[i]] = GAZE_SENTENCEPIECE_BYTE;
  if (tokenizer->unknown >= 0)
    l->types[tokenizer->unknown] = GAZE_SENTENCEPIECE_UNKNOWN;
  if (tokenizer->bpe.style == GAZE_BPE_OF_SPELLINGS)
    score_by_ranks(l, tokenizer);
  else
    score_by_merges(l, tokenizer);
}

static bool replaces_spaces(const gaze_normalizer_step *step) {
  static const int32_t space = ' ';
  return step->kind == GAZE_NORMALIZE_REPLACE && step->n_text == 1 && step->text[0] == GAZE_SPACE_SIGN &&
         gaze_pattern_match(&step->pattern, &space, 1, 0) == 1;
}

/* Signs for spaces, by the normalizer, by the cutter, or by both: *front: one goes in front. False: there is more. */
static bool find_signs(const gaze_tokenizer *tokenizer, bool *front, bool *fold) {
  const gaze_normalizer *normalizer = &tokenizer->normalizer;
  const gaze_cutter *cutter = &tokenizer->cutter;
  const gaze_normalizer_step *steps = normalizer->steps;
  bool prepends = normalizer->n && steps->kind == GAZE_NORMALIZE_PREPEND && steps->n_text == 1;
  bool pieces = normalizer->n == 1 && steps->kind == GAZE_NORMALIZE_SENTENCEPIECE && !normalizer->charsmap.n_units;
  bool replaces = normalizer->n == 1 + (size_t)prepends && replaces_spaces(&steps[prepends]);
  bool cuts = cutter->n == 1 && cutter->steps[0].kind == GAZE_CUT_METASPACE && cutter->steps[0].whole;
  *front = prepends || (pieces && normalizer->dummy_prefix) || (cuts && cutter->steps[0].prefix != GAZE_PREFIX_NEVER);
  *fold = pieces && normalizer->fold_spaces;
  return (pieces || replaces || (cuts && !normalizer->n)) && (cuts || !cutter->n);
}

static gaze_err put_pieces(const gaze_tokenizer *tokenizer, lists *l, const char *name, gaze_gguf_metadata *metadata) {
  bool front, fold;
  if (!find_signs(tokenizer, &front, &fold))
    return refuse("a normalizer or pre_tokenizer that is not LLaMA's", name);
  fill_pieces(l, tokenizer);
  GAZE_TRY(gaze_gguf_put_string(metadata, KEY("model"), "llama"));
  GAZE_TRY(gaze_gguf_put_string(metadata, KEY("pre"), "default"));
  GAZE_TRY(gaze_gguf_put_array(metadata, KEY("scores"), GAZE_GGUF_F32, l->scores, l->n));
  GAZE_TRY(gaze_gguf_put_flag(metadata, KEY("add_space_prefix"), front));
  return gaze_gguf_put_flag(metadata, KEY("remove_extra_whitespaces"), fold);
}

static int compare_ranks(const void *a, const void *b) {
  uint32_t left = ((const gaze_bpe_merge *)a)->rank, right = ((const gaze_bpe_merge *)b)->rank;
  return (left > right) - (left < right);
}

/* The merges of the hash table, by rank; *out: yours. */
static gaze_err list_merges(const gaze_bpe *bpe, gaze_bpe_merge **out, size_t *n) {
  GAZE_TRY(gaze_alloc(bpe->n_merges, sizeof **out, out));
  *n = 0;
  for (size_t slot = 0; slot < bpe->n_slots; slot++)
    if (bpe->merges[slot].left >= 0)
      (*out)[(*n)++] = bpe->merges[slot];
  qsort(*out, *n, sizeof **out, compare_ranks);
  return GAZE_OK;
}

/* "left right" of each merge into texts [n], their bytes into *pool; both yours. */
static gaze_err spell_merges(const lists *l, const gaze_bpe_merge *merges, size_t n, gaze_gguf_text *texts,
                             char **pool) {
  size_t size = 0;
  for (size_t i = 0; i < n; i++)
    size += l->tokens[merges[i].left].length + 1 + l->tokens[merges[i].right].length;
  GAZE_TRY(gaze_alloc(size, 1, pool));
  char *at = *pool;
  for (size_t i = 0; i < n; i++) {
    gaze_gguf_text left = l->tokens[merges[i].left], right = l->tokens[merges[i].right];
    texts[i] = (gaze_gguf_text){at, left.length + 1 + right.length};
    memcpy(at, left.bytes, left.length);
    at[left.length] = ' ';
    memcpy(at + left.length + 1, right.bytes, right.length);
    at += texts[i].length;
  }
  return GAZE_OK;
}

static gaze_err put_merges(const gaze_tokenizer *tokenizer, const lists *l, gaze_gguf_metadata *metadata) {
  gaze_bpe_merge *merges = NULL;
  gaze_gguf_text *texts = NULL;
  char *pool = NULL;
  size_t n;
  gaze_err err;
  GAZE_TRY_DONE(list_merges(&tokenizer->bpe, &merges, &n));
  GAZE_TRY_DONE(gaze_alloc(n, sizeof *texts, &texts));
  GAZE_TRY_DONE(spell_merges(l, merges, n, texts, &pool));
  GAZE_TRY_DONE(gaze_gguf_put_strings(metadata, KEY("merges"), texts, n));
done:
  free(merges);
  free(texts);
  free(pool);
  return err;
}

static gaze_err put_bytes(const gaze_tokenizer *tokenizer, lists *l, const char *name, gaze_gguf_metadata *metadata) {
  const char *pre = gaze_cutter_find_family(&tokenizer->cutter, tokenizer->bpe.whole_first);
  const gaze_normalizer *normalizer = &tokenizer->normalizer;
  if (*tokenizer->bpe.word_end || !pre)
    return refuse("a pre_tokenizer of no known family", name);
  if (normalizer->n > 1 || (normalizer->n && normalizer->steps[0].kind != GAZE_NORMALIZE_FORM))
    return refuse("a normalizer", name);
  GAZE_TRY(gaze_gguf_put_string(metadata, KEY("model"), "gpt2"));
  GAZE_TRY(gaze_gguf_put_string(metadata, KEY("pre"), pre));
  return put_merges(tokenizer, l, metadata);
}

static gaze_err put_id(gaze_gguf_metadata *metadata, const char *key, int32_t id) {
  return id < 0 ? GAZE_OK : gaze_gguf_put_integer(metadata, key, GAZE_GGUF_U32, id);
}

static gaze_err put_ids(const gaze_tokenizer *tokenizer, const gaze_tokenizer_surroundings *model,
                        gaze_gguf_metadata *metadata) {
  const gaze_around *before = &tokenizer->before, *behind = &tokenizer->behind;
  if (before->n > 1 || behind->n > 1)
    return refuse("several ids around a text", model->name);
  int32_t opening = gaze_tokenizer_opening(tokenizer);
  int32_t start = before->n ? before->ids[0] : opening >= 0 ? opening : model->start;
  GAZE_TRY(put_id(metadata, KEY("bos_token_id"), start));
  GAZE_TRY(put_id(metadata, KEY("eos_token_id"), behind->n ? behind->ids[0] : model->end));
  if (model->turn != model->end)
    GAZE_TRY(put_id(metadata, KEY("eot_token_id"), model->turn));
  GAZE_TRY(put_id(metadata, KEY("unknown_token_id"), tokenizer->unknown));
  GAZE_TRY(put_id(metadata, KEY("padding_token_id"), tokenizer->pad));
  GAZE_TRY(gaze_gguf_put_flag(metadata, KEY("add_bos_token"), before->n > 0));
  return gaze_gguf_put_flag(metadata, KEY("add_eos_token"), behind->n > 0);
}

/* LLaMA's start, its unknown and GPT's end are narrow in any case. */
static bool takes_space_otherwise(const gaze_tokenizer *tokenizer, bool widens) {
  bool other = false;
  for (size_t i = 0; i < tokenizer->n_added; i++) {
    const gaze_added_token *added = &tokenizer->added[i];
    const char *text = gaze_tokenizer_text(tokenizer, added->id);
    bool wide = widens && added->special && text && strcmp(text, "<s>") && strcmp(text, "<unk>") &&
                strcmp(text, "<|endoftext|>");
    other |= added->takes_left || added->takes_right != wide;
  }
  return other;
}

/* What only gaze reads, and what nobody does. */
static gaze_err put_rest(const gaze_tokenizer *tokenizer, const gaze_tokenizer_surroundings *model,
                         gaze_gguf_metadata *metadata) {
  const gaze_normalizer *normalizer = &tokenizer->normalizer;
  const gaze_cutter *cutter = &tokenizer->cutter;
  bool bytes = tokenizer->bpe.style == GAZE_BPE_OF_BYTES;
  if (bytes && normalizer->n) {
    GAZE_TRY(gaze_gguf_put_string(metadata, GAZE_FORM_KEY, gaze_form_name(normalizer->steps[0].form)));
    gaze_warn("only gaze reads it from the GGUF: %s's normal form of text: for llama.cpp letters typed in parts become "
              "other tokens",
              model->name);
  }
  if (!bytes && cutter->n && cutter->steps[0].prefix == GAZE_PREFIX_FIRST) {
    GAZE_TRY(gaze_gguf_put_flag(metadata, GAZE_SIGN_FIRST_KEY, true));
    gaze_warn(
        "only gaze reads it from the GGUF: \"legacy\": false of %s: llama.cpp puts a space in front of text behind "
        "a special token",
        model->name);
  }
  if (takes_space_otherwise(tokenizer, model->widens && !bytes))
    gaze_warn("not in the GGUF: which special tokens of %s take the white space beside them: prompts may differ by it",
              model->name);
  return GAZE_OK;
}

gaze_err gaze_tokenizer_write_gguf(const gaze_tokenizer *tokenizer, const gaze_tokenizer_surroundings *model,
                                   gaze_gguf_metadata *metadata) {
  lists l = {.n = model->rows};
  gaze_err err;
  if (tokenizer->model != GAZE_TOKENIZER_BPE)
    return refuse("a model that is not of byte pairs", model->name);
  GAZE_TRY_DONE(gaze_alloc(l.n, sizeof *l.tokens, &l.tokens));
  GAZE_TRY_DONE(gaze_alloc(l.n, sizeof *l.types, &l.types));
  GAZE_TRY_DONE(gaze_alloc(l.n, sizeof *l.scores, &l.scores));
  GAZE_TRY_DONE(gaze_alloc(l.n, FILLING_SIZE, &l.fillings));
  fill_tokens(&l, tokenizer);
  GAZE_TRY_DONE(tokenizer->bpe.style == GAZE_BPE_OF_BYTES ? put_bytes(tokenizer, &l, model->name, metadata)
                                                          : put_pieces(tokenizer, &l, model->name, metadata));
  GAZE_TRY_DONE(gaze_gguf_put_strings(metadata, KEY("tokens"), l.tokens, l.n));
  GAZE_TRY_DONE(gaze_gguf_put_array(metadata, KEY("token_type"), GAZE_GGUF_I32, l.types, l.n));
  GAZE_TRY_DONE(put_ids(tokenizer, model, metadata));
  GAZE_TRY_DONE(put_rest(tokenizer, model, metadata));
done:
  free(l.tokens);
  free(l.types);
  free(l.scores);
  free(l.fillings);
  return err;
}
