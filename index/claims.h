/* A set of content hashes: the pictures that were looked at in this run. */
#ifndef GAZE_INDEX_CLAIMS_H
#define GAZE_INDEX_CLAIMS_H

#include "core/base/error.h"

#include <xxhash.h>

typedef struct gaze_claims {
  XXH128_hash_t *slots; /* [capacity], a power of two; a zero hash marks an empty slot */
  size_t n, capacity;
} gaze_claims;

/* *first: whether nobody had claimed the hash before. A zero {0} set is empty. */
GAZE_CHECKED gaze_err gaze_claims_add(gaze_claims *claims, XXH128_hash_t hash, bool *first);
void gaze_claims_fini(gaze_claims *claims);

#endif
