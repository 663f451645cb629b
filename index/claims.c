#include "index/claims.h"

#include "core/base/memory.h"

#include <stdlib.h>

static bool is_empty(XXH128_hash_t hash) { return hash.low64 == 0 && hash.high64 == 0; }

/* The slot that holds the hash, or the empty one where it belongs. */
static XXH128_hash_t *find(const gaze_claims *claims, XXH128_hash_t hash) {
  size_t place = (size_t)hash.low64;
  for (;; place++) {
    XXH128_hash_t *slot = &claims->slots[place & (claims->capacity - 1)];
    if (is_empty(*slot) || XXH128_isEqual(*slot, hash))
      return slot;
  }
}

static gaze_err widen(gaze_claims *claims) {
  gaze_claims wider = {.n = claims->n, .capacity = claims->capacity ? claims->capacity * 2 : 1024};
  GAZE_TRY(gaze_alloc(wider.capacity, sizeof *wider.slots, &wider.slots));
  for (size_t i = 0; i < claims->capacity; i++)
    if (!is_empty(claims->slots[i]))
      *find(&wider, claims->slots[i]) = claims->slots[i];
  free(claims->slots);
  *claims = wider;
  return GAZE_OK;
}

gaze_err gaze_claims_add(gaze_claims *claims, XXH128_hash_t hash, bool *first) {
  if (is_empty(hash))
    hash.low64 = 1;
  if (claims->n * 2 >= claims->capacity)
    GAZE_TRY(widen(claims));
  XXH128_hash_t *slot = find(claims, hash);
  *first = is_empty(*slot);
  if (*first) {
    *slot = hash;
    claims->n++;
  }
  return GAZE_OK;
}

void gaze_claims_fini(gaze_claims *claims) {
  free(claims->slots);
  *claims = (gaze_claims){0};
}
