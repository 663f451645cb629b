#include "fusion/same_pictures.h"

#include "core/base/memory.h"

#include <stdlib.h>

typedef struct hashed {
  uint64_t hash;
  size_t at;
} hashed;

static int compare_hashed(const void *a, const void *b) {
  const hashed *one = a, *other = b;
  if (one->hash != other->hash)
    return one->hash < other->hash ? -1 : 1;
  return one->at < other->at ? -1 : one->at > other->at;
}

/* firsts: [n] for each the first that is the same. */
static void find_firsts(hashed *all, size_t n, size_t *firsts) {
  qsort(all, n, sizeof *all, compare_hashed);
  for (size_t i = 0; i < n; i++) {
    bool again = i && all[i].hash && all[i].hash == all[i - 1].hash;
    firsts[all[i].at] = again ? firsts[all[i - 1].at] : all[i].at;
  }
}

/* What is a first gets the next number, all others that of theirs, which is before them. */
static void number(gaze_same_pictures *same, size_t n) {
  for (size_t i = 0; i < n; i++) {
    bool first = same->shown[i] == i;
    if (first)
      same->firsts[same->n] = i;
    same->shown[i] = first ? same->n++ : same->shown[same->shown[i]];
  }
}

gaze_err gaze_same_pictures_init(gaze_same_pictures *same, const uint64_t *hashes, size_t n) {
  hashed *all;
  *same = (gaze_same_pictures){0};
  GAZE_TRY(gaze_alloc(n, sizeof *same->shown, &same->shown));
  GAZE_TRY(gaze_alloc(n, sizeof *same->firsts, &same->firsts));
  GAZE_TRY(gaze_alloc(n, sizeof *all, &all));
  for (size_t i = 0; i < n; i++)
    all[i] = (hashed){hashes[i], i};
  find_firsts(all, n, same->shown);
  free(all);
  number(same, n);
  return GAZE_OK;
}

void gaze_same_pictures_fini(gaze_same_pictures *same) {
  free(same->shown);
  free(same->firsts);
  *same = (gaze_same_pictures){0};
}
