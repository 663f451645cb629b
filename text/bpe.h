/* Byte-pair encoding: a vocabulary of spellings, the ranks of its merges, and the merging of one piece of text.
 *
 * A spelling is UTF-8 in CLIP's byte alphabet: every byte is written as a visible character, and a piece's last
 * character carries "</w>". */
#ifndef GAZE_TEXT_BPE_H
#define GAZE_TEXT_BPE_H

#include "core/base/error.h"

#define GAZE_BPE_WORD_END "</w>"
enum { GAZE_BPE_BYTES = 256, GAZE_BPE_VOCABULARY_MAX = 1 << 20, GAZE_BPE_SPELLING_MAX = 1024 };

typedef struct gaze_bpe_merge {
  int32_t left, right, into; /* ids; left -1: an empty slot */
  uint32_t rank;             /* lower merges first */
} gaze_bpe_merge;

typedef struct gaze_bpe {
  size_t size; /* V: 1 + the largest id */
  char *pool;  /* the spellings, each ended by 0 */
  size_t pool_size, pool_capacity;
  struct gaze_bpe_spelling *spellings; /* [V] */
  struct gaze_bpe_slot *slots;         /* hash table of ids by spelling [n_slots] */
  size_t n_slots;
  gaze_bpe_merge *merges; /* hash table [merge_slots] */
  size_t merge_slots;
  int32_t inner[GAZE_BPE_BYTES], last[GAZE_BPE_BYTES]; /* a byte's id within a piece, and at its end; -1: none */
  int32_t unknown;                                     /* stands for a byte without id; -1: such a byte is left out */
} gaze_bpe;

/* Reserves a vocabulary of ids below size, and room for n_merges. */
GAZE_CHECKED gaze_err gaze_bpe_init(gaze_bpe *bpe, size_t size, size_t n_merges);
void gaze_bpe_fini(gaze_bpe *bpe);
/* name is for messages. */
GAZE_CHECKED gaze_err gaze_bpe_add(gaze_bpe *bpe, const char *spelling, size_t size, int32_t id, const char *name);
/* Adds left and right joined. */
GAZE_CHECKED gaze_err gaze_bpe_add_joined(gaze_bpe *bpe, const char *left, size_t left_size, const char *right,
                                          size_t right_size, int32_t id, const char *name);
/* The spellings of a merge, not ended by 0, which must be in the vocabulary, joined too. */
GAZE_CHECKED gaze_err gaze_bpe_add_merge(gaze_bpe *bpe, const char *left, size_t left_size, const char *right,
                                         size_t right_size, uint32_t rank, const char *name);
/* CLIP's first 512 entries: the byte alphabet, and the same at a piece's end. */
GAZE_CHECKED gaze_err gaze_bpe_add_letters(gaze_bpe *bpe);
/* Looks up the ids of single bytes: after all additions. */
void gaze_bpe_finish(gaze_bpe *bpe);
/* Borrowed until the next gaze_bpe_add; NULL: no such id. */
const char *gaze_bpe_text(const gaze_bpe *bpe, int32_t id);
int32_t gaze_bpe_find(const gaze_bpe *bpe, const char *spelling, size_t size); /* -1: none */

/* Spelling of the index-th character of CLIP's byte alphabet, which stands for byte *byte (may be NULL). */
void gaze_bpe_letter(size_t index, char spelling[5], uint8_t *byte);

/* Memory of an encoding in progress; begin with zeroes. */
typedef struct gaze_bpe_work {
  struct gaze_bpe_symbol *symbols; /* the piece so far, a linked list */
  struct gaze_bpe_candidate *heap; /* merges that could be made, the best in front */
  size_t n, n_heap, symbols_capacity, heap_capacity;
} gaze_bpe_work;

void gaze_bpe_work_fini(gaze_bpe_work *work);
/* Appends the ids of one piece (n bytes) to *ids, as gaze_tokenizer_encode does. O(n log n). */
GAZE_CHECKED gaze_err gaze_bpe_encode(const gaze_bpe *bpe, gaze_bpe_work *work, const uint8_t *bytes, size_t n,
                                      int32_t **ids, size_t *n_ids, size_t *capacity);

#endif
