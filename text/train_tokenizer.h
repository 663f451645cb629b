/* Learning a vocabulary: words with their counts, and merges of the most frequent pair, again and again
 * (Sennrich et al. 2016), with incremental counts. */
#ifndef GAZE_TEXT_TRAIN_TOKENIZER_H
#define GAZE_TEXT_TRAIN_TOKENIZER_H

#include "text/cutter.h"
#include "text/normalizer.h"
#include "text/tokenizer.h"
#include "text/vocabulary.h"

enum { GAZE_LEARNED_SPECIALS = 4 };

/* What a learned tokenizer is like. */
typedef struct gaze_learned_kind {
  const char *name;   /* "clip", "lm": as gaze_tokenizer_train_kind has them */
  const char *family; /* cuts so (text/cutter_families.h); NULL: as CLIP's, which folds case and white space */
  bool word_ends;     /* a byte at a piece's end has an id of its own */
  const char *specials[GAZE_LEARNED_SPECIALS + 1]; /* the last ids; NULL behind them */
  const char *tokenizer, *config, *specials_map;   /* JSON, without vocabulary, merges, ids and the family's pattern */
} gaze_learned_kind;

GAZE_CHECKED gaze_err gaze_learned_kind_find(const char *name, const gaze_learned_kind **out);
/* Normalizer and cutter begin empty. */
void gaze_learned_kind_rules(const gaze_learned_kind *kind, gaze_normalizer *normalizer, gaze_cutter *cutter);

/* A distinct piece of the texts. */
typedef struct gaze_word {
  size_t start, n; /* its symbols within gaze_words.symbols */
  int64_t count;
} gaze_word;

typedef struct gaze_words {
  gaze_word *words;
  uint32_t *slots;  /* hash table: index + 1 of a word, 0 empty */
  int32_t *symbols; /* at first ids of bytes in CLIP's order, the last byte's + 256 where word_ends */
  size_t n, capacity, n_slots, n_symbols, symbols_capacity;
} gaze_words;

void gaze_words_fini(gaze_words *words);
GAZE_CHECKED gaze_err gaze_words_count(gaze_words *words, const gaze_learned_kind *kind, const gaze_text_part *texts,
                                       size_t n);

/* A learned merge of two ids. */
typedef struct gaze_learned_merge {
  int32_t left, right;
} gaze_learned_merge;

/* Adds merges to vocabulary (which holds the letters) until `limit` ids exist or no pair is seen
 * min_frequency times. merges: room for limit; *n is how many. Words are changed. */
GAZE_CHECKED gaze_err gaze_words_learn(gaze_words *words, gaze_vocabulary *vocabulary, size_t limit,
                                       size_t min_frequency, gaze_learned_merge *merges, size_t *n);
/* The five files of a Hugging Face tokenizer. vocabulary: all ids, those of special tokens last. */
GAZE_CHECKED gaze_err gaze_tokenizer_save(const gaze_learned_kind *kind, const gaze_vocabulary *vocabulary,
                                          const gaze_learned_merge *merges, size_t n, const char *folder);

#endif
