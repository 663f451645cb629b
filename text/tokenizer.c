#include "text/tokenizer_parts.h"

#include <stdlib.h>
#include <string.h>

gaze_err gaze_tokenizer_new(gaze_tokenizer **out) {
  gaze_tokenizer *tokenizer;
  GAZE_TRY(gaze_alloc(1, sizeof *tokenizer, &tokenizer));
  tokenizer->start = tokenizer->end = tokenizer->pad = tokenizer->unknown = tokenizer->opening = -1;
  tokenizer->bpe.vocabulary = tokenizer->unigram.vocabulary = &tokenizer->vocabulary;
  tokenizer->bpe.unknown = -1;
  tokenizer->bpe.word_end = GAZE_BPE_WORD_END;
  *out = tokenizer;
  return GAZE_OK;
}

void gaze_tokenizer_free(gaze_tokenizer *tokenizer) {
  if (!tokenizer)
    return;
  gaze_vocabulary_fini(&tokenizer->vocabulary);
  gaze_bpe_fini(&tokenizer->bpe);
  gaze_unigram_fini(&tokenizer->unigram);
  gaze_wordpiece_fini(&tokenizer->wordpiece);
  gaze_normalizer_fini(&tokenizer->normalizer);
  for (size_t i = 0; i < tokenizer->n_added; i++)
    gaze_points_fini(&tokenizer->added[i].content);
  free(tokenizer->added);
  free(tokenizer->special);
  free(tokenizer);
}

size_t gaze_tokenizer_size(const gaze_tokenizer *tokenizer) { return tokenizer->vocabulary.size; }
int32_t gaze_tokenizer_start(const gaze_tokenizer *tokenizer) { return tokenizer->start; }

int32_t gaze_tokenizer_opening(const gaze_tokenizer *tokenizer) {
  return tokenizer->opening >= 0 ? tokenizer->opening : tokenizer->start;
}

int32_t gaze_tokenizer_end(const gaze_tokenizer *tokenizer) { return tokenizer->end; }
int32_t gaze_tokenizer_pad(const gaze_tokenizer *tokenizer) { return tokenizer->pad; }
int32_t gaze_tokenizer_unknown(const gaze_tokenizer *tokenizer) { return tokenizer->unknown; }
bool gaze_tokenizer_pads_left(const gaze_tokenizer *tokenizer) { return tokenizer->padding == GAZE_PADDING_LEFT; }

const char *gaze_tokenizer_text(const gaze_tokenizer *tokenizer, int32_t id) {
  return gaze_vocabulary_text(&tokenizer->vocabulary, id);
}

bool gaze_tokenizer_is_special(const gaze_tokenizer *tokenizer, int32_t id) {
  return id >= 0 && (size_t)id < tokenizer->n_special && tokenizer->special[id];
}

size_t gaze_tokenizer_stops(const gaze_tokenizer *tokenizer, const int32_t **ids) {
  *ids = tokenizer->stops.ids;
  return tokenizer->stops.n;
}

int32_t gaze_tokenizer_find(const gaze_tokenizer *tokenizer, const char *spelling) {
  return gaze_vocabulary_find(&tokenizer->vocabulary, spelling, strlen(spelling));
}

gaze_err gaze_tokenizer_mark_special(gaze_tokenizer *tokenizer, int32_t id) {
  size_t size = (size_t)id + 1, before = tokenizer->n_special;
  GAZE_TRY(gaze_grow(&tokenizer->special, &tokenizer->special_capacity, size, 1));
  if (size > before) {
    memset(tokenizer->special + before, 0, size - before);
    tokenizer->n_special = size;
  }
  tokenizer->special[id] = 1;
  return GAZE_OK;
}

gaze_err gaze_tokenizer_add_token(gaze_tokenizer *tokenizer, const char *content, const gaze_added_token *token) {
  static const gaze_normalizer none = {.n = 0};
  GAZE_TRY(gaze_grow(&tokenizer->added, &tokenizer->added_capacity, tokenizer->n_added + 1, sizeof *tokenizer->added));
  gaze_added_token *added = &tokenizer->added[tokenizer->n_added++];
  *added = *token;
  added->content = (gaze_points){0};
  if (token->special)
    GAZE_TRY(gaze_tokenizer_mark_special(tokenizer, token->id));
  gaze_points plain = {0};
  bool front;
  gaze_err err = gaze_points_decode(&plain, content, strlen(content));
  if (err == GAZE_OK)
    err =
        gaze_normalize(token->normalized ? &tokenizer->normalizer : &none, plain.at, plain.n, &added->content, &front);
  gaze_points_fini(&plain);
  if (err == GAZE_OK && added->content.n)
    tokenizer->added_first |= UINT64_C(1) << (added->content.at[0] % 64);
  return err;
}

bool gaze_around_add(gaze_around *around, int32_t id) {
  if (around->n == GAZE_AROUND_MAX)
    return false;
  around->ids[around->n++] = id;
  return true;
}

void gaze_tokenizer_set_ends(gaze_tokenizer *tokenizer) {
  const gaze_around *before = &tokenizer->before, *behind = &tokenizer->behind;
  tokenizer->start = before->n ? before->ids[0] : -1;
  tokenizer->end = behind->n ? behind->ids[behind->n - 1] : -1;
}

void gaze_tokenizer_set_clip_rules(gaze_normalizer *normalizer, gaze_cutter *cutter) {
  gaze_normalizer_add(normalizer, GAZE_NORMALIZE_FORM)->form = GAZE_FORM_NFC;
  gaze_normalizer_step *fold = gaze_normalizer_add(normalizer, GAZE_NORMALIZE_REPLACE);
  if (!gaze_pattern_read(&fold->pattern, "\\s+") || !gaze_normalizer_set_text(fold, " "))
    abort(); /* it reads its own pattern */
  gaze_normalizer_add(normalizer, GAZE_NORMALIZE_LOWER);
  gaze_cutter_add(cutter, GAZE_CUT_CLIP)->rules =
      (gaze_split_rules){.literals = {GAZE_TOKEN_START, GAZE_TOKEN_END}, .cut_literals = true};
}

gaze_err gaze_tokenizer_find_ends(gaze_tokenizer *tokenizer, const char *path) {
  tokenizer->start = gaze_tokenizer_find(tokenizer, GAZE_TOKEN_START);
  tokenizer->end = gaze_tokenizer_find(tokenizer, GAZE_TOKEN_END);
  if (tokenizer->start < 0 || tokenizer->end < 0)
    return gaze_fail(GAZE_ERR_FORMAT,
                     "no " GAZE_TOKEN_START " and " GAZE_TOKEN_END " in the vocabulary: %s: use a "
                     "tokenizer of CLIP's kind",
                     path);
  tokenizer->ends_at_end = true;
  tokenizer->before = (gaze_around){{tokenizer->start}, 1};
  tokenizer->behind = (gaze_around){{tokenizer->end}, 1};
  return GAZE_OK;
}
