#include "text/vocabulary.h"

#include "core/base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

typedef struct gaze_vocabulary_slot {
  uint32_t hash;
  int32_t id;             /* -1: empty */
  gaze_spelling spelling; /* of the id, so that looking it up touches one place less */
} slot;

void gaze_vocabulary_fini(gaze_vocabulary *vocabulary) {
  free(vocabulary->pool);
  free(vocabulary->spellings);
  free(vocabulary->slots);
  *vocabulary = (gaze_vocabulary){0};
}

gaze_err gaze_vocabulary_reserve(gaze_vocabulary *vocabulary, size_t size) {
  if (size > GAZE_VOCABULARY_MAX)
    return gaze_fail(GAZE_ERR_FORMAT, "a vocabulary of %zu entries: at most %d are taken: use a smaller one", size,
                     GAZE_VOCABULARY_MAX);
  if (size <= vocabulary->size)
    return GAZE_OK;
  GAZE_TRY(gaze_grow(&vocabulary->spellings, &vocabulary->spellings_capacity, size, sizeof *vocabulary->spellings));
  memset(vocabulary->spellings + vocabulary->size, 0, (size - vocabulary->size) * sizeof *vocabulary->spellings);
  vocabulary->size = size;
  return GAZE_OK;
}

/* The slot that holds spelling, or the empty one where it would go. */
static slot *find_slot(const gaze_vocabulary *vocabulary, const char *spelling, size_t size, uint32_t hash) {
  size_t mask = vocabulary->n_slots - 1;
  for (size_t i = hash & mask;; i = (i + 1) & mask) {
    slot *found = &vocabulary->slots[i];
    if (found->id < 0)
      return found;
    if (found->hash != hash)
      continue;
    if (found->spelling.size == size && !memcmp(vocabulary->pool + found->spelling.offset, spelling, size))
      return found;
  }
}

/* Twice as many slots, so that at most half are used. */
static gaze_err grow_slots(gaze_vocabulary *vocabulary) {
  size_t n = vocabulary->n_slots ? 2 * vocabulary->n_slots : 1024;
  slot *slots;
  GAZE_TRY(gaze_alloc(n, sizeof *slots, &slots));
  for (size_t i = 0; i < n; i++)
    slots[i].id = -1;
  for (size_t i = 0; i < vocabulary->n_slots; i++) {
    slot old = vocabulary->slots[i];
    size_t place = old.hash & (n - 1);
    while (slots[place].id >= 0)
      place = (place + 1) & (n - 1);
    slots[place] = old;
  }
  free(vocabulary->slots);
  vocabulary->slots = slots;
  vocabulary->n_slots = n;
  return GAZE_OK;
}

uint32_t gaze_vocabulary_ask(const gaze_vocabulary *vocabulary, const char *spelling, size_t size) {
  uint32_t hash = (uint32_t)XXH3_64bits(spelling, size);
  if (vocabulary->n_slots)
    __builtin_prefetch(&vocabulary->slots[hash & (vocabulary->n_slots - 1)]);
  return hash;
}

int32_t gaze_vocabulary_answer(const gaze_vocabulary *vocabulary, const char *spelling, size_t size, uint32_t asked) {
  return vocabulary->n_slots ? find_slot(vocabulary, spelling, size, asked)->id : -1;
}

int32_t gaze_vocabulary_find(const gaze_vocabulary *vocabulary, const char *spelling, size_t size) {
  return gaze_vocabulary_answer(vocabulary, spelling, size, (uint32_t)XXH3_64bits(spelling, size));
}

static gaze_err add(gaze_vocabulary *vocabulary, const char *spelling, size_t size, int32_t id, bool again,
                    const char *name) {
  if (!size || size > GAZE_SPELLING_MAX)
    return gaze_fail(GAZE_ERR_FORMAT, "a vocabulary entry of %zu bytes: %s: write it anew", size, name);
  if (id < 0 || id >= GAZE_VOCABULARY_MAX)
    return gaze_fail(GAZE_ERR_FORMAT, "not an id below %d: \"%.*s\" in %s: write it anew", GAZE_VOCABULARY_MAX,
                     (int)size, spelling, name);
  GAZE_TRY(gaze_vocabulary_reserve(vocabulary, (size_t)id + 1));
  if (2 * (vocabulary->n_used + 1) > vocabulary->n_slots)
    GAZE_TRY(grow_slots(vocabulary));
  uint32_t hash = (uint32_t)XXH3_64bits(spelling, size);
  slot *place = find_slot(vocabulary, spelling, size, hash);
  if (vocabulary->spellings[id].size || (place->id >= 0 && !again))
    return gaze_fail(GAZE_ERR_FORMAT, "vocabulary entry or id twice: \"%.*s\" %d in %s: write it anew", (int)size,
                     spelling, id, name);
  GAZE_TRY(gaze_grow(&vocabulary->pool, &vocabulary->pool_capacity, vocabulary->pool_size + size + 1, 1));
  memcpy(vocabulary->pool + vocabulary->pool_size, spelling, size);
  vocabulary->pool[vocabulary->pool_size + size] = 0;
  vocabulary->spellings[id] = (gaze_spelling){(uint32_t)vocabulary->pool_size, (uint32_t)size};
  vocabulary->pool_size += size + 1;
  vocabulary->n_used += place->id < 0;
  *place = (slot){hash, id, vocabulary->spellings[id]};
  return GAZE_OK;
}

gaze_err gaze_vocabulary_add(gaze_vocabulary *vocabulary, const char *spelling, size_t size, int32_t id,
                             const char *name) {
  return add(vocabulary, spelling, size, id, false, name);
}

gaze_err gaze_vocabulary_add_again(gaze_vocabulary *vocabulary, const char *spelling, size_t size, int32_t id,
                                   const char *name) {
  return add(vocabulary, spelling, size, id, true, name);
}

const char *gaze_vocabulary_spelling(const gaze_vocabulary *vocabulary, int32_t id, size_t *size) {
  bool known = id >= 0 && (size_t)id < vocabulary->size && vocabulary->spellings[id].size;
  *size = known ? vocabulary->spellings[id].size : 0;
  return known ? vocabulary->pool + vocabulary->spellings[id].offset : NULL;
}

const char *gaze_vocabulary_text(const gaze_vocabulary *vocabulary, int32_t id) {
  size_t size;
  return gaze_vocabulary_spelling(vocabulary, id, &size);
}

void gaze_vocabulary_find_bytes(const gaze_vocabulary *vocabulary, int32_t ids[256]) {
  for (unsigned byte = 0; byte < 256; byte++) {
    char spelling[8];
    snprintf(spelling, sizeof spelling, "<0x%02X>", byte);
    ids[byte] = gaze_vocabulary_find(vocabulary, spelling, strlen(spelling));
  }
}
