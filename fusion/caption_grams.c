#include "fusion/caption_grams.h"

#include "core/base/memory.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

static int compare(const void *left, const void *right) {
  const gaze_gram *a = left, *b = right;
  if (a->size != b->size)
    return a->size < b->size ? -1 : 1;
  for (int i = 0; i < 2; i++)
    if (a->hash[i] != b->hash[i])
      return a->hash[i] < b->hash[i] ? -1 : 1;
  return 0;
}

void gaze_grams_fini(gaze_grams *grams) {
  free(grams->items);
  *grams = (gaze_grams){0};
}

gaze_err gaze_grams_append(gaze_grams *grams, const gaze_gram *more, size_t n) {
  GAZE_TRY(gaze_grow(&grams->items, &grams->capacity, grams->n + n + 1, sizeof *grams->items));
  if (n)
    memcpy(grams->items + grams->n, more, n * sizeof *more);
  grams->n += n;
  return GAZE_OK;
}

void gaze_grams_gather(gaze_grams *grams) {
  size_t kept = 0;
  if (grams->n)
    qsort(grams->items, grams->n, sizeof *grams->items, compare);
  for (size_t i = 0; i < grams->n; i++)
    if (kept && compare(&grams->items[kept - 1], &grams->items[i]) == 0)
      grams->items[kept - 1].count += grams->items[i].count;
    else
      grams->items[kept++] = grams->items[i];
  grams->n = kept;
}

/* Of the n-grams that begin at text. */
static gaze_err add_from(gaze_grams *grams, const char *text) {
  const char *end = text;
  for (uint32_t size = 1; size <= GAZE_GRAM_LONGEST; size++) {
    end += strcspn(end, " ");
    XXH128_hash_t hash = XXH3_128bits(text, (size_t)(end - text));
    gaze_gram gram = {.hash = {hash.low64, hash.high64}, .size = size, .count = 1};
    GAZE_TRY(gaze_grams_append(grams, &gram, 1));
    if (!*end++)
      return GAZE_OK;
  }
  return GAZE_OK;
}

gaze_err gaze_grams_init(gaze_grams *grams, const char *text) {
  while (*text) {
    GAZE_TRY(add_from(grams, text));
    grams->words++;
    text += strcspn(text, " ");
    text += *text != 0;
  }
  gaze_grams_gather(grams);
  return GAZE_OK;
}

const gaze_gram *gaze_grams_find(const gaze_grams *grams, const gaze_gram *wanted) {
  return grams->n ? bsearch(wanted, grams->items, grams->n, sizeof *grams->items, compare) : NULL;
}
