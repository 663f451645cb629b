/* A vocabulary: spellings (UTF-8) and their ids, each found by the other. */
#ifndef GAZE_TEXT_VOCABULARY_H
#define GAZE_TEXT_VOCABULARY_H

#include "core/base/error.h"

enum { GAZE_VOCABULARY_MAX = 1 << 20, GAZE_SPELLING_MAX = 2048 /* bytes */ };

/* Where a spelling stands in the pool; size 0: the id has none. */
typedef struct gaze_spelling {
  uint32_t offset, size;
} gaze_spelling;

typedef struct gaze_vocabulary {
  size_t size; /* V: 1 + the largest id */
  char *pool;  /* the spellings, each ended by 0 */
  size_t pool_size, pool_capacity;
  gaze_spelling *spellings; /* [V] */
  size_t spellings_capacity;
  struct gaze_vocabulary_slot *slots; /* hash table of ids by spelling [n_slots] */
  size_t n_slots, n_used;
} gaze_vocabulary;

/* Begin with zeroes. */
void gaze_vocabulary_fini(gaze_vocabulary *vocabulary);
/* Ids below size exist, with a spelling or without. */
GAZE_CHECKED gaze_err gaze_vocabulary_reserve(gaze_vocabulary *vocabulary, size_t size);
/* An id or a spelling that is there already is an error. name is for messages. */
GAZE_CHECKED gaze_err gaze_vocabulary_add(gaze_vocabulary *vocabulary, const char *spelling, size_t size, int32_t id,
                                          const char *name);
/* The same, but a spelling that is there already is found as the new id from now on. */
GAZE_CHECKED gaze_err gaze_vocabulary_add_again(gaze_vocabulary *vocabulary, const char *spelling, size_t size,
                                                int32_t id, const char *name);
int32_t gaze_vocabulary_find(const gaze_vocabulary *vocabulary, const char *spelling, size_t size); /* -1: none */
/* The same in two parts, for tables that do not fit into the caches: the first asks for the memory that the second
 * reads. */
uint32_t gaze_vocabulary_ask(const gaze_vocabulary *vocabulary, const char *spelling, size_t size);
int32_t gaze_vocabulary_answer(const gaze_vocabulary *vocabulary, const char *spelling, size_t size, uint32_t asked);
/* Both borrowed until the next gaze_vocabulary_add; NULL: no such id. */
const char *gaze_vocabulary_text(const gaze_vocabulary *vocabulary, int32_t id);
const char *gaze_vocabulary_spelling(const gaze_vocabulary *vocabulary, int32_t id, size_t *size);
/* Ids of the 256 spellings <0x00> to <0xFF>, by which SentencePiece writes single bytes; -1: none. */
void gaze_vocabulary_find_bytes(const gaze_vocabulary *vocabulary, int32_t ids[256]);

#endif
