/* A tokenizer of a SentencePiece model. */
#include "text/sentencepiece.h"
#include "text/tokenizer_parts.h"

#include <stdlib.h>
#include <string.h>

static gaze_err fill_unigram(gaze_tokenizer *tokenizer, const gaze_sentencepiece_model *m) {
  gaze_unigram *unigram = &tokenizer->unigram;
  tokenizer->model = GAZE_TOKENIZER_UNIGRAM;
  unigram->single = true;
  unigram->byte_fallback = m->byte_fallback;
  unigram->unknown = tokenizer->unknown;
  for (size_t i = 0; i < m->n; i++) {
    const gaze_sentencepiece *p = &m->pieces[i];
    gaze_piece_kind kind = p->kind == GAZE_SENTENCEPIECE_NORMAL ? GAZE_PIECE_NORMAL
                           : p->kind == GAZE_SENTENCEPIECE_USER ? GAZE_PIECE_USER
                                                                : GAZE_PIECE_NEVER;
    if (gaze_vocabulary_find(&tokenizer->vocabulary, p->text, p->size) >= 0)
      return gaze_fail(GAZE_ERR_FORMAT, "a piece twice: \"%.*s\" in %s: get the file again", (int)p->size, p->text,
                       m->name);
    GAZE_TRY(gaze_unigram_add(unigram, &tokenizer->vocabulary, p->text, p->size, p->score, kind, m->name));
  }
  return gaze_unigram_finish(unigram, m->name);
}

/* What has a higher score is joined first. */
static int compare_pieces(const void *a, const void *b) {
  float left = (*(const gaze_sentencepiece *const *)a)->score, right = (*(const gaze_sentencepiece *const *)b)->score;
  return left > right ? -1 : left < right;
}

static gaze_err rank_pieces(gaze_bpe *bpe, const gaze_sentencepiece_model *m) {
  const gaze_sentencepiece **order;
  GAZE_TRY(gaze_alloc(m->n, sizeof *order, &order));
  gaze_err err = gaze_alloc(m->n, sizeof *bpe->ranks, &bpe->ranks);
  for (size_t i = 0; i < m->n; i++)
    order[i] = &m->pieces[i];
  qsort(order, m->n, sizeof *order, compare_pieces);
  uint32_t rank = 0;
  for (size_t i = 0; i < m->n && err == GAZE_OK; i++) {
    rank += i > 0 && order[i]->score < order[i - 1]->score;
    bool joins = order[i]->kind == GAZE_SENTENCEPIECE_NORMAL || order[i]->kind == GAZE_SENTENCEPIECE_USER;
    bpe->ranks[order[i] - m->pieces] = joins ? rank : GAZE_BPE_NEVER;
  }
  free(order);
  return err;
}

static gaze_err fill_bpe(gaze_tokenizer *tokenizer, const gaze_sentencepiece_model *m) {
  gaze_bpe *bpe = &tokenizer->bpe;
  tokenizer->model = GAZE_TOKENIZER_BPE;
  bpe->style = GAZE_BPE_OF_SPELLINGS;
  bpe->byte_fallback = m->byte_fallback;
  bpe->unknown = tokenizer->unknown;
  for (size_t i = 0; i < m->n; i++) {
    const gaze_sentencepiece *p = &m->pieces[i];
    GAZE_TRY(gaze_vocabulary_add(&tokenizer->vocabulary, p->text, p->size, (int32_t)i, m->name));
    if (p->kind == GAZE_SENTENCEPIECE_USER)
      GAZE_TRY(gaze_trie_add(&bpe->fixed, p->text, p->size, (int32_t)i));
  }
  GAZE_TRY(gaze_bpe_finish(bpe, m->name));
  return rank_pieces(bpe, m);
}

static gaze_err check_bytes(const gaze_tokenizer *tokenizer, const gaze_sentencepiece_model *m) {
  int32_t bytes[256];
  gaze_vocabulary_find_bytes(&tokenizer->vocabulary, bytes);
  for (size_t i = 0; i < 256 && m->byte_fallback; i++)
    if (bytes[i] < 0)
      return gaze_fail(GAZE_ERR_FORMAT, "no piece for byte %zu in a model with byte_fallback: %s: get the file again",
                       i, m->name);
  return GAZE_OK;
}

static gaze_err fill_normalizer(gaze_normalizer *normalizer, const gaze_sentencepiece_model *m) {
  gaze_normalizer_add(normalizer, GAZE_NORMALIZE_SENTENCEPIECE);
  normalizer->dummy_prefix = m->dummy_prefix;
  normalizer->fold_spaces = m->fold_spaces;
  normalizer->escape_spaces = m->escape_spaces;
  for (size_t i = 0; i < m->n; i++)
    if (m->pieces[i].kind == GAZE_SENTENCEPIECE_USER)
      GAZE_TRY(gaze_trie_add(&normalizer->fixed, m->pieces[i].text, m->pieces[i].size, 0));
  return m->charsmap_size ? gaze_charsmap_init(&normalizer->charsmap, m->charsmap, m->charsmap_size, m->name) : GAZE_OK;
}

/* The id of a control piece by its spelling, -1: none. */
static int32_t find_control(const gaze_tokenizer *tokenizer, const gaze_sentencepiece_model *m, const char *spelling,
                            size_t size, const char *usual) {
  int32_t id =
      gaze_vocabulary_find(&tokenizer->vocabulary, spelling ? spelling : usual, spelling ? size : strlen(usual));
  return id >= 0 && m->pieces[id].kind == GAZE_SENTENCEPIECE_CONTROL ? id : -1;
}

gaze_err gaze_tokenizer_fill_sentencepiece(gaze_tokenizer *tokenizer, const gaze_sentencepiece_model *m) {
  for (size_t i = 0; i < m->n; i++) {
    gaze_sentencepiece_kind kind = m->pieces[i].kind;
    if (kind == GAZE_SENTENCEPIECE_UNKNOWN)
      tokenizer->unknown = (int32_t)i;
    if (kind == GAZE_SENTENCEPIECE_UNKNOWN || kind == GAZE_SENTENCEPIECE_CONTROL)
      GAZE_TRY(gaze_tokenizer_mark_special(tokenizer, (int32_t)i));
  }
  GAZE_TRY(m->type == GAZE_SENTENCEPIECE_BPE ? fill_bpe(tokenizer, m) : fill_unigram(tokenizer, m));
  GAZE_TRY(check_bytes(tokenizer, m));
  GAZE_TRY(fill_normalizer(&tokenizer->normalizer, m));
  tokenizer->decoding = (gaze_decoding){GAZE_DECODE_SIGNS, GAZE_SPACE_SIGN, m->byte_fallback, false, m->dummy_prefix};
  tokenizer->start = find_control(tokenizer, m, m->begin, m->begin_size, "<s>");
  tokenizer->end = find_control(tokenizer, m, m->end, m->end_size, "</s>");
  tokenizer->pad = find_control(tokenizer, m, m->pad, m->pad_size, "<pad>");
  return GAZE_OK;
}

gaze_err gaze_tokenizer_read_sentencepiece(gaze_tokenizer *tokenizer, const uint8_t *bytes, size_t size, bool fairseq,
                                           const char *name) {
  gaze_sentencepiece_model model;
  GAZE_TRY(gaze_sentencepiece_read(&model, bytes, size, fairseq, name));
  gaze_err err = gaze_tokenizer_fill_sentencepiece(tokenizer, &model);
  gaze_sentencepiece_fini(&model);
  return err;
}
