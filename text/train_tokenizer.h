/* Learning a vocabulary: words with their counts, and merges of the most frequent pair, again and again
 * (Sennrich et al. 2016), with incremental counts. */
#ifndef GAZE_TEXT_TRAIN_TOKENIZER_H
#define GAZE_TEXT_TRAIN_TOKENIZER_H

#include "text/vocabulary.h"

/* A distinct piece of the texts. */
typedef struct gaze_word {
  size_t start, n; /* its symbols within gaze_words.symbols */
  int64_t count;
} gaze_word;

typedef struct gaze_words {
  gaze_word *words;
  uint32_t *slots;  /* hash table: index + 1 of a word, 0 empty */
  int32_t *symbols; /* at first ids of bytes in CLIP's order, the last byte's + 256 */
  size_t n, capacity, n_slots, n_symbols, symbols_capacity;
} gaze_words;

void gaze_words_fini(gaze_words *words);
GAZE_CHECKED gaze_err gaze_words_count(gaze_words *words, const char *const *texts, size_t n);

/* A learned merge of two ids. */
typedef struct gaze_learned_merge {
  int32_t left, right;
} gaze_learned_merge;

/* Adds merges to vocabulary (which holds the 512 letters) until `limit` ids exist or no pair is seen
 * min_frequency times. merges: room for limit; *n is how many. Words are changed. */
GAZE_CHECKED gaze_err gaze_words_learn(gaze_words *words, gaze_vocabulary *vocabulary, size_t limit,
                                       size_t min_frequency, gaze_learned_merge *merges, size_t *n);
/* The five files of a Hugging Face CLIP tokenizer. vocabulary: all ids, start and end last. */
GAZE_CHECKED gaze_err gaze_tokenizer_save(const gaze_vocabulary *vocabulary, const gaze_learned_merge *merges, size_t n,
                                          const char *folder);

#endif
