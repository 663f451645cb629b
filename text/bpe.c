#include "text/bpe.h"

#include "core/base/memory.h"

#include <stdlib.h>
#include <string.h>

void gaze_bpe_fini(gaze_bpe *bpe) {
  free(bpe->waiting);
  free(bpe->list);
  free(bpe->merges);
  free(bpe->ranks);
  gaze_trie_fini(&bpe->fixed);
  *bpe = (gaze_bpe){0};
}

/* left and right in one. */
static gaze_err join_spellings(const char *left, size_t left_size, const char *right, size_t right_size,
                               char joined[2 * GAZE_BPE_SPELLING_MAX], const char *name) {
  if (left_size > GAZE_BPE_SPELLING_MAX || right_size > GAZE_BPE_SPELLING_MAX)
    return gaze_fail(GAZE_ERR_LIMIT, "a merge longer than %d bytes: %s: write it anew", GAZE_BPE_SPELLING_MAX, name);
  memcpy(joined, left, left_size);
  memcpy(joined + left_size, right, right_size);
  return GAZE_OK;
}

gaze_err gaze_bpe_add_joined(gaze_vocabulary *vocabulary, const char *left, size_t left_size, const char *right,
                             size_t right_size, int32_t id, const char *name) {
  char joined[2 * GAZE_BPE_SPELLING_MAX];
  GAZE_TRY(join_spellings(left, left_size, right, right_size, joined, name));
  return gaze_vocabulary_add(vocabulary, joined, left_size + right_size, id, name);
}

static size_t first_slot(const gaze_bpe *bpe, int32_t left, int32_t right) {
  uint64_t key = (uint64_t)(uint32_t)left << 32 | (uint32_t)right;
  key *= 0x9E3779B97F4A7C15u; /* Fibonacci hashing: the high bits are the well mixed ones */
  return (key >> 32) & (bpe->n_slots - 1);
}

/* The slot of a pair, or the empty one where it would go. */
static gaze_bpe_merge *find_slot(const gaze_bpe *bpe, int32_t left, int32_t right) {
  for (size_t slot = first_slot(bpe, left, right);; slot = (slot + 1) & (bpe->n_slots - 1)) {
    gaze_bpe_merge *merge = &bpe->merges[slot];
    if (merge->left < 0 || (merge->left == left && merge->right == right))
      return merge;
  }
}

const gaze_bpe_merge *gaze_bpe_find_merge(const gaze_bpe *bpe, int32_t left, int32_t right) {
  return find_slot(bpe, left, right);
}

enum { AHEAD = 8 /* merges that are looked up at once */ };

/* A merge whose memory has been asked for. */
typedef struct gaze_bpe_waiting {
  char joined[2 * GAZE_BPE_SPELLING_MAX];
  size_t left, size; /* bytes of the first, and of both */
  uint32_t asked[3]; /* for the two and for both */
  uint32_t rank;
} waiting;

static gaze_err enter(gaze_bpe *bpe, const waiting *w, const char *name) {
  const gaze_vocabulary *vocabulary = bpe->vocabulary;
  const char *right = w->joined + w->left;
  gaze_bpe_merge merge = {.left = gaze_vocabulary_answer(vocabulary, w->joined, w->left, w->asked[0]),
                          .right = gaze_vocabulary_answer(vocabulary, right, w->size - w->left, w->asked[1]),
                          .into = gaze_vocabulary_answer(vocabulary, w->joined, w->size, w->asked[2]),
                          .rank = w->rank};
  if (merge.left < 0 || merge.right < 0 || merge.into < 0)
    return gaze_fail(GAZE_ERR_MISMATCH,
                     "a merge is not in the vocabulary: \"%.*s %.*s\" in %s: take both from one model", (int)w->left,
                     w->joined, (int)(w->size - w->left), right, name);
  GAZE_TRY(gaze_grow(&bpe->list, &bpe->list_capacity, bpe->n_merges + 1, sizeof *bpe->list));
  bpe->list[bpe->n_merges++] = merge;
  return GAZE_OK;
}

gaze_err gaze_bpe_add_merge(gaze_bpe *bpe, const char *left, size_t left_size, const char *right, size_t right_size,
                            uint32_t rank, const char *name) {
  if (!bpe->waiting)
    GAZE_TRY(gaze_alloc(AHEAD, sizeof *bpe->waiting, &bpe->waiting));
  waiting *w = &bpe->waiting[bpe->n_waiting % AHEAD];
  if (bpe->n_waiting >= AHEAD)
    GAZE_TRY(enter(bpe, w, name));
  GAZE_TRY(join_spellings(left, left_size, right, right_size, w->joined, name));
  w->left = left_size;
  w->size = left_size + right_size;
  w->rank = rank;
  w->asked[0] = gaze_vocabulary_ask(bpe->vocabulary, w->joined, left_size);
  w->asked[1] = gaze_vocabulary_ask(bpe->vocabulary, w->joined + left_size, right_size);
  w->asked[2] = gaze_vocabulary_ask(bpe->vocabulary, w->joined, w->size);
  bpe->n_waiting++;
  return GAZE_OK;
}

static gaze_err enter_waiting(gaze_bpe *bpe, const char *name) {
  size_t n = bpe->n_waiting;
  for (size_t i = n < AHEAD ? 0 : n - AHEAD; i < n; i++)
    GAZE_TRY(enter(bpe, &bpe->waiting[i % AHEAD], name));
  free(bpe->waiting);
  bpe->waiting = NULL;
  bpe->n_waiting = 0;
  return GAZE_OK;
}

/* Into a table of its final size, each slot asked for some merges ahead: the table is larger than the caches. */
static gaze_err fill_slots(gaze_bpe *bpe) {
  bpe->n_slots = 16;
  while (bpe->n_slots < 2 * bpe->n_merges)
    bpe->n_slots *= 2;
  GAZE_TRY(gaze_alloc(bpe->n_slots, sizeof *bpe->merges, &bpe->merges));
  for (size_t i = 0; i < bpe->n_slots; i++)
    bpe->merges[i].left = -1;
  for (size_t i = 0; i < bpe->n_merges; i++) {
    const gaze_bpe_merge *merge = &bpe->list[i];
    if (i + AHEAD < bpe->n_merges)
      __builtin_prefetch(&bpe->merges[first_slot(bpe, merge[AHEAD].left, merge[AHEAD].right)], 1);
    *find_slot(bpe, merge->left, merge->right) = *merge;
  }
  free(bpe->list);
  bpe->list = NULL;
  bpe->list_capacity = 0;
  return GAZE_OK;
}

static void find_bytes(gaze_bpe *bpe) {
  if (bpe->style != GAZE_BPE_OF_BYTES) {
    gaze_vocabulary_find_bytes(bpe->vocabulary, bpe->inner);
    return;
  }
  for (unsigned byte = 0; byte < GAZE_BPE_BYTES; byte++) {
    char spelling[5 + sizeof GAZE_BPE_WORD_END];
    gaze_bpe_spell_byte((uint8_t)byte, spelling);
    bpe->inner[byte] = gaze_vocabulary_find(bpe->vocabulary, spelling, strlen(spelling));
    strcat(spelling, bpe->word_end);
    bpe->last[byte] = gaze_vocabulary_find(bpe->vocabulary, spelling, strlen(spelling));
  }
}

gaze_err gaze_bpe_finish(gaze_bpe *bpe, const char *name) {
  GAZE_TRY(enter_waiting(bpe, name));
  bpe->n_ids = (int32_t)bpe->vocabulary->size;
  find_bytes(bpe);
  return fill_slots(bpe);
}
