#include "fusion/picture_names.h"

#include "core/base/file.h"
#include "core/base/memory.h"

#include <stdlib.h>
#include <string.h>

gaze_err gaze_picture_names_add(gaze_picture_names *names, const gaze_dataset *set) {
  for (size_t i = 0; i < gaze_dataset_size(set); i++) {
    const gaze_sample *sample = gaze_dataset_get(set, i);
    if (!sample->picture || !sample->file)
      continue;
    GAZE_TRY(gaze_grow(&names->items, &names->capacity, names->n + 1, sizeof *names->items));
    names->items[names->n++] = sample;
  }
  return GAZE_OK;
}

static int compare(const void *a, const void *b) {
  return strcmp((*(const gaze_sample *const *)a)->file, (*(const gaze_sample *const *)b)->file);
}

void gaze_picture_names_sort(gaze_picture_names *names) {
  if (names->n)
    qsort(names->items, names->n, sizeof *names->items, compare);
}

void gaze_picture_names_fini(gaze_picture_names *names) {
  free(names->items);
  *names = (gaze_picture_names){0};
}

static bool are_same(const gaze_sample *one, const gaze_sample *other) {
  return one->picture_size == other->picture_size && memcmp(one->picture, other->picture, one->picture_size) == 0;
}

gaze_err gaze_picture_names_find(const gaze_picture_names *names, const gaze_sample *sample, const gaze_sample **out) {
  const gaze_sample **found = NULL, **end = names->items + names->n;
  *out = sample;
  if (sample->path && names->n && !gaze_file_exists(sample->path))
    found = bsearch(&sample, names->items, names->n, sizeof *names->items, compare);
  if (!found)
    return GAZE_OK;
  while (found > names->items && compare(found - 1, &sample) == 0)
    found--;
  *out = *found;
  for (found++; found < end && compare(found, &sample) == 0; found++)
    if (!are_same(*found, *out))
      return gaze_fail(GAZE_ERR_FORMAT,
                       "several pictures are called %s: nobody can say which one is meant: give each tar names of its "
                       "own, or put JSON beside its pictures in a folder",
                       sample->file);
  return GAZE_OK;
}
