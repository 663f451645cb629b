#include "fusion/shuffled_pictures.h"

#include "core/base/memory.h"
#include "core/base/random.h"

#include <stdlib.h>
#include <string.h>

typedef struct placed_sample {
  const gaze_sample *sample;
  size_t place;
} placed_sample;

static int compare_pictures(const gaze_sample *a, const gaze_sample *b) {
  if (a->path && b->path)
    return strcmp(a->path, b->path);
  return (a->picture > b->picture) - (a->picture < b->picture);
}

static int compare_placed(const void *left, const void *right) {
  const placed_sample *a = left, *b = right;
  int order = compare_pictures(a->sample, b->sample);
  return order ? order : (a->place > b->place) - (a->place < b->place);
}

/* first: [n], the place of the first sample with the same picture. */
static gaze_err find_first(const gaze_sample *const *samples, size_t n, size_t *first) {
  placed_sample *sorted;
  GAZE_TRY(gaze_alloc(n, sizeof *sorted, &sorted));
  for (size_t i = 0; i < n; i++)
    sorted[i] = (placed_sample){samples[i], i};
  qsort(sorted, n, sizeof *sorted, compare_placed);
  for (size_t i = 0; i < n; i++) {
    bool same = i && compare_pictures(sorted[i - 1].sample, sorted[i].sample) == 0;
    first[sorted[i].place] = same ? first[sorted[i - 1].place] : sorted[i].place;
  }
  free(sorted);
  return GAZE_OK;
}

/* One cycle through all of them (Sattolo 1986): none stays where it is. */
static void rotate(const gaze_sample **pictures, size_t n, uint64_t seed) {
  gaze_random random;
  gaze_random_init(&random, seed, 0);
  for (size_t i = n - 1; i > 0; i--) {
    size_t j = gaze_random_below(&random, i);
    const gaze_sample *kept = pictures[i];
    pictures[i] = pictures[j];
    pictures[j] = kept;
  }
}

static gaze_err shuffle(const gaze_sample *const *samples, size_t n, uint64_t seed, size_t *which,
                        const gaze_sample **pictures, const gaze_sample **shown) {
  size_t n_pictures = 0;
  GAZE_TRY(find_first(samples, n, which));
  for (size_t i = 0; i < n; i++) {
    if (which[i] == i)
      pictures[n_pictures] = samples[i];
    which[i] = which[i] == i ? n_pictures++ : which[which[i]];
  }
  if (n_pictures < 2)
    return gaze_fail(GAZE_ERR_MISMATCH, "a single picture: %s: it cannot be shuffled with others", samples[0]->key);
  rotate(pictures, n_pictures, seed);
  for (size_t i = 0; i < n; i++)
    shown[i] = pictures[which[i]];
  return GAZE_OK;
}

gaze_err gaze_shuffle_pictures(const gaze_sample *const *samples, size_t n, uint64_t seed, const gaze_sample **shown) {
  size_t *which = NULL; /* of the distinct pictures */
  const gaze_sample **pictures = NULL;
  gaze_err err;
  GAZE_TRY_DONE(gaze_alloc(n, sizeof *which, &which));
  GAZE_TRY_DONE(gaze_alloc(n, sizeof *pictures, &pictures));
  err = shuffle(samples, n, seed, which, pictures, shown);
done:
  free(which);
  free(pictures);
  return err;
}
