/* Merging one piece of text. */
#include "text/bpe.h"

#include "core/base/memory.h"
#include "text/points.h"

#include <stdlib.h>

typedef struct gaze_bpe_symbol {
  int32_t id;             /* -1: no spelling of the vocabulary, or not yet one */
  uint32_t before, after; /* places in the list; NONE at its ends */
  uint32_t start, size;   /* its bytes */
  bool fixed;             /* is not joined */
} symbol;

typedef struct gaze_bpe_candidate {
  uint32_t rank, place; /* of the left symbol */
  int32_t left, right, into;
} candidate;

static const uint32_t NONE = UINT32_MAX;
static const int32_t GONE = -2; /* id of what was joined to the symbol before it */

void gaze_bpe_work_fini(gaze_bpe_work *work) {
  free(work->symbols);
  free(work->heap);
  free(work->spelling);
  *work = (gaze_bpe_work){0};
}

static bool precedes(candidate a, candidate b) { return a.rank < b.rank || (a.rank == b.rank && a.place < b.place); }

static void heap_push(gaze_bpe_work *work, candidate added) {
  size_t i = work->n_heap++;
  for (; i > 0 && precedes(added, work->heap[(i - 1) / 2]); i = (i - 1) / 2)
    work->heap[i] = work->heap[(i - 1) / 2];
  work->heap[i] = added;
}

static candidate heap_pop(gaze_bpe_work *work) {
  candidate top = work->heap[0], moved = work->heap[--work->n_heap];
  size_t i = 0, child;
  while ((child = 2 * i + 1) < work->n_heap) {
    if (child + 1 < work->n_heap && precedes(work->heap[child + 1], work->heap[child]))
      child++;
    if (!precedes(work->heap[child], moved))
      break;
    work->heap[i] = work->heap[child];
    i = child;
  }
  work->heap[i] = moved;
  return top;
}

static int32_t find(const gaze_bpe *bpe, const uint8_t *bytes, size_t size) {
  int32_t id = gaze_vocabulary_find(bpe->vocabulary, (const char *)bytes, size);
  return id < bpe->n_ids ? id : -1;
}

/* The merge of two neighbours, if there is one. */
static bool find_merge(const gaze_bpe *bpe, const gaze_bpe_work *work, const symbol *left, const symbol *right,
                       candidate *found) {
  if (bpe->style == GAZE_BPE_OF_SPELLINGS) {
    bool fixed = left->fixed || right->fixed;
    found->into = fixed ? -1 : find(bpe, work->bytes + left->start, left->size + right->size);
    found->rank = found->into < 0 ? GAZE_BPE_NEVER : bpe->ranks[found->into];
    return found->rank != GAZE_BPE_NEVER;
  }
  const gaze_bpe_merge *merge = gaze_bpe_find_merge(bpe, left->id, right->id);
  found->into = merge->into;
  found->rank = merge->rank;
  return merge->left >= 0;
}

/* Puts the merge of the symbols at place and behind it, if there is one, on the heap. */
static void consider(const gaze_bpe *bpe, gaze_bpe_work *work, uint32_t place) {
  if (place == NONE || work->symbols[place].after == NONE)
    return;
  const symbol *left = &work->symbols[place], *right = &work->symbols[left->after];
  candidate found = {.place = place, .left = left->id, .right = right->id};
  if (find_merge(bpe, work, left, right, &found))
    heap_push(work, found);
}

static void join(gaze_bpe_work *work, uint32_t place, int32_t into) {
  symbol *left = &work->symbols[place], *right = &work->symbols[left->after];
  left->id = into;
  left->size += right->size;
  left->after = right->after;
  right->id = GONE;
  if (left->after != NONE)
    work->symbols[left->after].before = place;
}

static void add_symbol(gaze_bpe_work *work, int32_t id, size_t start, size_t size, bool fixed) {
  uint32_t place = (uint32_t)work->n++;
  work->symbols[place] = (symbol){id, place ? place - 1 : NONE, NONE, (uint32_t)start, (uint32_t)size, fixed};
  if (place)
    work->symbols[place - 1].after = place;
}

static void split_bytes(const gaze_bpe *bpe, gaze_bpe_work *work, size_t n) {
  for (size_t i = 0; i < n; i++) {
    int32_t id = i + 1 < n ? bpe->inner[work->bytes[i]] : bpe->last[work->bytes[i]];
    if (id < 0)
      id = bpe->unknown;
    if (id >= 0)
      add_symbol(work, id, i, 1, false);
  }
}

static bool add_byte_symbols(const gaze_bpe *bpe, gaze_bpe_work *work, size_t start, size_t size) {
  for (size_t i = 0; i < size; i++)
    if (!bpe->byte_fallback || bpe->inner[work->bytes[start + i]] < 0)
      return false;
  for (size_t i = 0; i < size; i++)
    add_symbol(work, bpe->inner[work->bytes[start + i]], start + i, 1, false);
  return true;
}

/* As tokenizers does it: an unknown waits for the next character with an id, so that it comes behind bytes that follow
 * it. */
static void split_characters(const gaze_bpe *bpe, gaze_bpe_work *work, size_t n) {
  bool waiting = false;
  for (size_t start = 0, size; start < n; start += size) {
    size = gaze_point_length(work->bytes[start]);
    int32_t id = find(bpe, work->bytes + start, size);
    if (id < 0 && (add_byte_symbols(bpe, work, start, size) || bpe->unknown < 0))
      continue;
    if (waiting && (id >= 0 || !bpe->fuse_unknown))
      add_symbol(work, bpe->unknown, start, 0, false);
    waiting = id < 0;
    if (id >= 0)
      add_symbol(work, id, start, size, false);
  }
  if (waiting)
    add_symbol(work, bpe->unknown, n, 0, false);
}

static void split_spellings(const gaze_bpe *bpe, gaze_bpe_work *work, size_t n) {
  for (size_t start = 0, size; start < n; start += size) {
    int32_t id;
    size = bpe->fixed.n ? gaze_trie_longest(&bpe->fixed, work->bytes + start, n - start, &id) : 0;
    bool fixed = size > 0;
    if (!fixed) {
      size = gaze_point_length(work->bytes[start]);
      id = find(bpe, work->bytes + start, size);
    }
    add_symbol(work, id, start, size, fixed);
  }
}

/* Every join takes one candidate and offers at most two, so 3 n are enough room. */
static gaze_err start_piece(const gaze_bpe *bpe, gaze_bpe_work *work, const uint8_t *bytes, size_t n) {
  static void (*const split[])(const gaze_bpe *, gaze_bpe_work *, size_t) = {split_bytes, split_characters,
                                                                             split_spellings};
  if (n >= UINT32_MAX / 3)
    return gaze_fail(GAZE_ERR_LIMIT, "a word is too long: %zu bytes: cut the text", n);
  GAZE_TRY(gaze_grow(&work->symbols, &work->symbols_capacity, n, sizeof(symbol)));
  GAZE_TRY(gaze_grow(&work->heap, &work->heap_capacity, 3 * n, sizeof(candidate)));
  work->bytes = bytes;
  work->n = work->n_heap = 0;
  split[bpe->style](bpe, work, n);
  for (uint32_t place = 0; place < work->n; place++)
    consider(bpe, work, place);
  return GAZE_OK;
}

static gaze_err push_symbols(const gaze_bpe *bpe, const gaze_bpe_work *work, gaze_ids *ids) {
  bool unknown_before = false;
  for (uint32_t place = work->n ? 0 : NONE; place != NONE; place = work->symbols[place].after) {
    const symbol *now = &work->symbols[place];
    bool unknown = bpe->style == GAZE_BPE_OF_SPELLINGS && (now->id < 0 || now->id == bpe->unknown);
    if (!unknown)
      GAZE_TRY(gaze_ids_push(ids, now->id));
    for (size_t i = 0; unknown && bpe->byte_fallback && i < now->size; i++)
      GAZE_TRY(gaze_ids_push(ids, bpe->inner[work->bytes[now->start + i]]));
    if (unknown && !bpe->byte_fallback && !unknown_before)
      GAZE_TRY(gaze_ids_push(ids, bpe->unknown));
    unknown_before = unknown;
  }
  return GAZE_OK;
}

/* The id of a whole piece, -1: none. */
static gaze_err find_whole(const gaze_bpe *bpe, gaze_bpe_work *work, const uint8_t *bytes, size_t n, int32_t *id) {
  *id = -1;
  if (!bpe->whole_first || n > GAZE_SPELLING_MAX)
    return GAZE_OK;
  if (bpe->style != GAZE_BPE_OF_BYTES) {
    *id = find(bpe, bytes, n);
    return GAZE_OK;
  }
  size_t size = 0;
  GAZE_TRY(gaze_grow(&work->spelling, &work->spelling_capacity, 2 * n + 5, 1));
  for (size_t i = 0; i < n; i++) {
    char *letter = (char *)work->spelling + size;
    gaze_bpe_spell_byte(bytes[i], letter);
    size += letter[1] ? 2 : 1;
  }
  *id = find(bpe, work->spelling, size);
  return GAZE_OK;
}

gaze_err gaze_bpe_encode(const gaze_bpe *bpe, gaze_bpe_work *work, const uint8_t *bytes, size_t n, gaze_ids *ids) {
  int32_t whole;
  GAZE_TRY(find_whole(bpe, work, bytes, n, &whole));
  if (whole >= 0)
    return gaze_ids_push(ids, whole);
  GAZE_TRY(start_piece(bpe, work, bytes, n));
  while (work->n_heap) {
    candidate best = heap_pop(work);
    symbol *left = &work->symbols[best.place];
    if (left->id != best.left || left->after == NONE || work->symbols[left->after].id != best.right)
      continue;
    join(work, best.place, best.into);
    consider(bpe, work, best.place);
    consider(bpe, work, left->before);
  }
  return push_symbols(bpe, work, ids);
}
