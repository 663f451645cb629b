/* The words of the training texts: normalised and cut as the encoder does, counted. */
#include "core/base/memory.h"
#include "text/tokenizer_parts.h"
#include "text/train_tokenizer.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

/* A longer word (a line without a space) would cost time in every merge, and teaches nothing. */
enum { WORD_BYTES_MAX = 256 };

void gaze_words_fini(gaze_words *words) {
  free(words->words);
  free(words->slots);
  free(words->symbols);
  *words = (gaze_words){0};
}

static uint32_t *word_slot(const gaze_words *words, const int32_t *symbols, size_t n) {
  size_t slot = XXH3_64bits(symbols, n * sizeof *symbols) & (words->n_slots - 1);
  for (;; slot = (slot + 1) & (words->n_slots - 1)) {
    const gaze_word *found = words->slots[slot] ? &words->words[words->slots[slot] - 1] : NULL;
    if (!found || (found->n == n && !memcmp(words->symbols + found->start, symbols, n * sizeof *symbols)))
      return &words->slots[slot];
  }
}

static gaze_err grow_slots(gaze_words *words) {
  if (2 * (words->n + 1) <= words->n_slots)
    return GAZE_OK;
  size_t larger = words->n_slots ? 2 * words->n_slots : 1024;
  uint32_t *slots;
  GAZE_TRY(gaze_alloc(larger, sizeof *slots, &slots));
  free(words->slots);
  words->slots = slots;
  words->n_slots = larger;
  for (size_t i = 0; i < words->n; i++)
    *word_slot(words, words->symbols + words->words[i].start, words->words[i].n) = (uint32_t)i + 1;
  return GAZE_OK;
}

static gaze_err count_word(gaze_words *words, const int32_t *symbols, size_t n) {
  GAZE_TRY(grow_slots(words));
  uint32_t *slot = word_slot(words, symbols, n);
  if (*slot) {
    words->words[*slot - 1].count++;
    return GAZE_OK;
  }
  if (words->n == UINT32_MAX - 1)
    return gaze_fail(GAZE_ERR_LIMIT, "more than %u different words: the training texts: give fewer", UINT32_MAX - 1);
  GAZE_TRY(gaze_grow(&words->words, &words->capacity, words->n + 1, sizeof *words->words));
  GAZE_TRY(gaze_grow(&words->symbols, &words->symbols_capacity, words->n_symbols + n, sizeof *words->symbols));
  memcpy(words->symbols + words->n_symbols, symbols, n * sizeof *symbols);
  words->words[words->n++] = (gaze_word){words->n_symbols, n, 1};
  words->n_symbols += n;
  *slot = (uint32_t)words->n;
  return GAZE_OK;
}

/* What the texts' pieces are counted with. */
typedef struct counter {
  gaze_words *words;
  bool word_ends;
  gaze_normalizer normalizer;
  gaze_cutter cutter;
  int32_t ids[GAZE_BPE_BYTES]; /* of the 256 bytes */
  gaze_points raw, normal;
  gaze_pieces pieces, spare;
} counter;

static void counter_init(counter *c, gaze_words *words, const gaze_learned_kind *kind) {
  *c = (counter){.words = words, .word_ends = kind->word_ends};
  gaze_learned_kind_rules(kind, &c->normalizer, &c->cutter);
  for (size_t i = 0; i < GAZE_BPE_BYTES; i++) {
    char spelling[5];
    uint8_t byte;
    gaze_bpe_letter(i, spelling, &byte);
    c->ids[byte] = (int32_t)i;
  }
}

static void counter_fini(counter *c) {
  gaze_points_fini(&c->raw);
  gaze_points_fini(&c->normal);
  gaze_pieces_fini(&c->pieces);
  gaze_pieces_fini(&c->spare);
  gaze_normalizer_fini(&c->normalizer);
}

static gaze_err count_piece(counter *c, const int32_t *points, size_t n_points) {
  int32_t symbols[WORD_BYTES_MAX + 4];
  size_t n = 0;
  for (size_t i = 0; i < n_points && n <= WORD_BYTES_MAX; i++) {
    uint8_t bytes[4];
    size_t size = gaze_point_encode(points[i], bytes);
    for (size_t k = 0; k < size; k++)
      symbols[n++] = c->ids[bytes[k]];
  }
  if (n > WORD_BYTES_MAX)
    return GAZE_OK;
  if (c->word_ends)
    symbols[n - 1] += GAZE_BPE_BYTES;
  return count_word(c->words, symbols, n);
}

static gaze_err count_text(counter *c, const gaze_text_part *text) {
  bool front;
  size_t start = 0;
  GAZE_TRY(gaze_points_decode(&c->raw, text->text, text->size));
  GAZE_TRY(gaze_normalize(&c->normalizer, c->raw.at, c->raw.n, &c->normal, &front));
  GAZE_TRY(gaze_cut(&c->cutter, c->normal.at, c->normal.n, front, &c->pieces, &c->spare));
  for (size_t i = 0; i < c->pieces.n; start = c->pieces.at[i++].end)
    GAZE_TRY(count_piece(c, c->pieces.points.at + start, c->pieces.at[i].end - start));
  return GAZE_OK;
}

gaze_err gaze_words_count(gaze_words *words, const gaze_learned_kind *kind, const gaze_text_part *texts, size_t n) {
  counter c;
  counter_init(&c, words, kind);
  gaze_err err = GAZE_OK;
  for (size_t i = 0; i < n && err == GAZE_OK; i++)
    err = count_text(&c, &texts[i]);
  counter_fini(&c);
  return err;
}
