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

/* ids: of the 256 bytes. */
static gaze_err count_text(gaze_words *words, const gaze_split_rules *rules, const gaze_points *points,
                           const int32_t ids[GAZE_BPE_BYTES]) {
  gaze_split split = {.rules = rules, .points = points->at, .n = points->n};
  while (gaze_split_next(&split)) {
    int32_t symbols[WORD_BYTES_MAX + 4];
    size_t n = 0;
    for (size_t i = split.start; i < split.end && n <= WORD_BYTES_MAX; i++) {
      uint8_t bytes[4];
      size_t size = gaze_point_encode(points->at[i], bytes);
      for (size_t k = 0; k < size; k++)
        symbols[n++] = ids[bytes[k]];
    }
    if (n > WORD_BYTES_MAX)
      continue;
    symbols[n - 1] += GAZE_BPE_BYTES;
    GAZE_TRY(count_word(words, symbols, n));
  }
  return GAZE_OK;
}

gaze_err gaze_words_count(gaze_words *words, const char *const *texts, size_t n) {
  gaze_normalizer normalizer = {.n = 0};
  gaze_cutter cutter = {.n = 0};
  gaze_tokenizer_set_clip_rules(&normalizer, &cutter);
  int32_t ids[GAZE_BPE_BYTES];
  for (size_t i = 0; i < GAZE_BPE_BYTES; i++) {
    char spelling[5];
    uint8_t byte;
    gaze_bpe_letter(i, spelling, &byte);
    ids[byte] = (int32_t)i;
  }
  gaze_points raw = {0}, normal = {0};
  bool front;
  gaze_err err = GAZE_OK;
  for (size_t i = 0; i < n; i++) {
    GAZE_TRY_DONE(gaze_points_decode(&raw, texts[i], strlen(texts[i])));
    GAZE_TRY_DONE(gaze_normalize(&normalizer, raw.at, raw.n, &normal, &front));
    GAZE_TRY_DONE(count_text(words, &cutter.steps[0].rules, &normal, ids));
  }
done:
  gaze_points_fini(&raw);
  gaze_points_fini(&normal);
  return err;
}
