#include "text/bpe.h"

#include "core/base/memory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

/* Where a spelling stands in the pool; size 0: the id has none. */
typedef struct gaze_bpe_spelling {
  size_t offset, size;
} gaze_bpe_spelling;

typedef struct gaze_bpe_slot {
  uint32_t hash;
  int32_t id; /* -1: empty */
} gaze_bpe_slot;

static size_t table_size(size_t n) {
  size_t slots = 16;
  while (slots < 2 * n)
    slots *= 2;
  return slots;
}

gaze_err gaze_bpe_init(gaze_bpe *bpe, size_t size, size_t n_merges) {
  *bpe = (gaze_bpe){.size = size, .n_slots = table_size(size), .merge_slots = table_size(n_merges), .unknown = -1};
  GAZE_TRY(gaze_alloc(size, sizeof *bpe->spellings, &bpe->spellings));
  GAZE_TRY(gaze_alloc(bpe->n_slots, sizeof *bpe->slots, &bpe->slots));
  GAZE_TRY(gaze_alloc(bpe->merge_slots, sizeof *bpe->merges, &bpe->merges));
  for (size_t i = 0; i < bpe->n_slots; i++)
    bpe->slots[i].id = -1;
  for (size_t i = 0; i < bpe->merge_slots; i++)
    bpe->merges[i].left = -1;
  return GAZE_OK;
}

void gaze_bpe_fini(gaze_bpe *bpe) {
  free(bpe->pool);
  free(bpe->spellings);
  free(bpe->slots);
  free(bpe->merges);
  *bpe = (gaze_bpe){0};
}

const char *gaze_bpe_text(const gaze_bpe *bpe, int32_t id) {
  bool known = id >= 0 && (size_t)id < bpe->size && bpe->spellings[id].size;
  return known ? bpe->pool + bpe->spellings[id].offset : NULL;
}

/* The slot that holds spelling, or the empty one where it would go. */
static gaze_bpe_slot *find_slot(const gaze_bpe *bpe, const char *spelling, size_t size, uint32_t hash) {
  for (size_t i = hash & (bpe->n_slots - 1);; i = (i + 1) & (bpe->n_slots - 1)) {
    gaze_bpe_slot *slot = &bpe->slots[i];
    if (slot->id < 0)
      return slot;
    gaze_bpe_spelling known = bpe->spellings[slot->id];
    if (slot->hash == hash && known.size == size && !memcmp(bpe->pool + known.offset, spelling, size))
      return slot;
  }
}

int32_t gaze_bpe_find(const gaze_bpe *bpe, const char *spelling, size_t size) {
  return find_slot(bpe, spelling, size, (uint32_t)XXH3_64bits(spelling, size))->id;
}

gaze_err gaze_bpe_add(gaze_bpe *bpe, const char *spelling, size_t size, int32_t id, const char *name) {
  uint32_t hash = (uint32_t)XXH3_64bits(spelling, size);
  if (!size || size > 2 * GAZE_BPE_SPELLING_MAX)
    return gaze_fail(GAZE_ERR_FORMAT, "a vocabulary entry of %zu bytes: %s: write it anew", size, name);
  gaze_bpe_slot *slot = find_slot(bpe, spelling, size, hash);
  if (id < 0 || (size_t)id >= bpe->size || bpe->spellings[id].size || slot->id >= 0)
    return gaze_fail(GAZE_ERR_FORMAT, "vocabulary entry or id twice: \"%.*s\" %d in %s: write it anew", (int)size,
                     spelling, id, name);
  GAZE_TRY(gaze_grow(&bpe->pool, &bpe->pool_capacity, bpe->pool_size + size + 1, 1));
  memcpy(bpe->pool + bpe->pool_size, spelling, size);
  bpe->pool[bpe->pool_size + size] = 0;
  bpe->spellings[id] = (gaze_bpe_spelling){bpe->pool_size, size};
  bpe->pool_size += size + 1;
  *slot = (gaze_bpe_slot){hash, id};
  return GAZE_OK;
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

gaze_err gaze_bpe_add_joined(gaze_bpe *bpe, const char *left, size_t left_size, const char *right, size_t right_size,
                             int32_t id, const char *name) {
  char joined[2 * GAZE_BPE_SPELLING_MAX];
  GAZE_TRY(join_spellings(left, left_size, right, right_size, joined, name));
  return gaze_bpe_add(bpe, joined, left_size + right_size, id, name);
}

static gaze_bpe_merge *merge_slot(const gaze_bpe *bpe, int32_t left, int32_t right) {
  uint64_t key = (uint64_t)(uint32_t)left << 32 | (uint32_t)right;
  key *= 0x9E3779B97F4A7C15u; /* Fibonacci hashing: the high bits are the well mixed ones */
  size_t slot = (key >> 32) & (bpe->merge_slots - 1);
  for (;; slot = (slot + 1) & (bpe->merge_slots - 1)) {
    gaze_bpe_merge *merge = &bpe->merges[slot];
    if (merge->left < 0 || (merge->left == left && merge->right == right))
      return merge;
  }
}

gaze_err gaze_bpe_add_merge(gaze_bpe *bpe, const char *left, size_t left_size, const char *right, size_t right_size,
                            uint32_t rank, const char *name) {
  char joined[2 * GAZE_BPE_SPELLING_MAX];
  GAZE_TRY(join_spellings(left, left_size, right, right_size, joined, name));
  int32_t ids[3] = {gaze_bpe_find(bpe, left, left_size), gaze_bpe_find(bpe, right, right_size),
                    gaze_bpe_find(bpe, joined, left_size + right_size)};
  if (ids[0] < 0 || ids[1] < 0 || ids[2] < 0)
    return gaze_fail(GAZE_ERR_MISMATCH,
                     "a merge is not in the vocabulary: \"%.*s %.*s\" in %s: take both from one model", (int)left_size,
                     left, (int)right_size, right, name);
  *merge_slot(bpe, ids[0], ids[1]) = (gaze_bpe_merge){ids[0], ids[1], ids[2], rank};
  return GAZE_OK;
}

/* Bytes that are their own character: visible ones of Latin-1. */
static bool is_visible(unsigned byte) {
  return (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
}

void gaze_bpe_letter(size_t index, char spelling[5], uint8_t *byte) {
  assert(index < GAZE_BPE_BYTES);
  size_t visible = 0, hidden = 0, n_visible = '~' - '!' + 1 + 0xAC - 0xA1 + 1 + 0xFF - 0xAE + 1;
  unsigned found = 0;
  while (is_visible(found) ? visible++ != index : n_visible + hidden++ != index)
    found++;
  unsigned point = is_visible(found) ? found : 0x100 + (unsigned)(index - n_visible);
  size_t size = 0;
  if (point >= 0x80)
    spelling[size++] = (char)(0xC0 | point >> 6);
  spelling[size++] = (char)(point >= 0x80 ? 0x80 | (point & 0x3F) : point);
  spelling[size] = 0;
  if (byte)
    *byte = (uint8_t)found;
}

gaze_err gaze_bpe_add_letters(gaze_bpe *bpe) {
  for (size_t i = 0; i < GAZE_BPE_BYTES; i++) {
    char spelling[5 + sizeof GAZE_BPE_WORD_END];
    gaze_bpe_letter(i, spelling, NULL);
    GAZE_TRY(gaze_bpe_add(bpe, spelling, strlen(spelling), (int32_t)i, "the byte alphabet"));
    strcat(spelling, GAZE_BPE_WORD_END);
    GAZE_TRY(gaze_bpe_add(bpe, spelling, strlen(spelling), (int32_t)(GAZE_BPE_BYTES + i), "the byte alphabet"));
  }
  return GAZE_OK;
}

void gaze_bpe_finish(gaze_bpe *bpe) {
  for (size_t i = 0; i < GAZE_BPE_BYTES; i++) {
    char spelling[5 + sizeof GAZE_BPE_WORD_END];
    uint8_t byte;
    gaze_bpe_letter(i, spelling, &byte);
    bpe->inner[byte] = gaze_bpe_find(bpe, spelling, strlen(spelling));
    strcat(spelling, GAZE_BPE_WORD_END);
    bpe->last[byte] = gaze_bpe_find(bpe, spelling, strlen(spelling));
  }
}

typedef struct gaze_bpe_symbol {
  int32_t id;
  uint32_t before, after; /* places in the list; NONE at its ends */
} symbol;

typedef struct gaze_bpe_candidate {
  uint32_t rank, place; /* of the left symbol */
  int32_t left, right, into;
} candidate;

static const uint32_t NONE = UINT32_MAX;

void gaze_bpe_work_fini(gaze_bpe_work *work) {
  free(work->symbols);
  free(work->heap);
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

/* Puts the merge of the symbols at place and behind it, if there is one, on the heap. */
static void consider(const gaze_bpe *bpe, gaze_bpe_work *work, uint32_t place) {
  if (place == NONE || work->symbols[place].after == NONE)
    return;
  int32_t left = work->symbols[place].id, right = work->symbols[work->symbols[place].after].id;
  const gaze_bpe_merge *merge = merge_slot(bpe, left, right);
  if (merge->left >= 0)
    heap_push(work, (candidate){merge->rank, place, left, right, merge->into});
}

/* Joins the symbol at place with the one behind it, which leaves the list. */
static void join(gaze_bpe_work *work, uint32_t place, int32_t into) {
  symbol *left = &work->symbols[place], *right = &work->symbols[left->after];
  left->id = into;
  left->after = right->after;
  right->id = -1;
  if (left->after != NONE)
    work->symbols[left->after].before = place;
}

/* Every join takes one candidate and offers at most two, so 3 n are enough room. */
static gaze_err start_piece(const gaze_bpe *bpe, gaze_bpe_work *work, const uint8_t *bytes, size_t n) {
  if (n >= UINT32_MAX / 3)
    return gaze_fail(GAZE_ERR_LIMIT, "a word is too long: %zu bytes: cut the text", n);
  GAZE_TRY(gaze_grow(&work->symbols, &work->symbols_capacity, n, sizeof(symbol)));
  GAZE_TRY(gaze_grow(&work->heap, &work->heap_capacity, 3 * n, sizeof(candidate)));
  work->n = work->n_heap = 0;
  for (size_t i = 0; i < n; i++) {
    int32_t id = i + 1 < n ? bpe->inner[bytes[i]] : bpe->last[bytes[i]];
    if (id < 0)
      id = bpe->unknown;
    if (id < 0)
      continue;
    uint32_t place = (uint32_t)work->n++;
    work->symbols[place] = (symbol){id, place ? place - 1 : NONE, NONE};
    if (place)
      work->symbols[place - 1].after = place;
  }
  for (uint32_t place = 0; place < work->n; place++)
    consider(bpe, work, place);
  return GAZE_OK;
}

gaze_err gaze_bpe_encode(const gaze_bpe *bpe, gaze_bpe_work *work, const uint8_t *bytes, size_t n, int32_t **ids,
                         size_t *n_ids, size_t *capacity) {
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
  GAZE_TRY(gaze_grow(ids, capacity, *n_ids + work->n, sizeof **ids));
  for (uint32_t place = work->n ? 0 : NONE; place != NONE; place = work->symbols[place].after)
    (*ids)[(*n_ids)++] = work->symbols[place].id;
  return GAZE_OK;
}
