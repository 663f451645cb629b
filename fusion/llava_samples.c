#include "fusion/llava_samples.h"

#include <stdlib.h>

static size_t talking_sets_of(const gaze_llava_sources *sources) { return sources->n + sources->n_held_out; }
static size_t sets_of(const gaze_llava_sources *sources) { return talking_sets_of(sources) + sources->n_picture_sets; }

static const char *path_of(const gaze_llava_sources *sources, size_t set) {
  size_t talking = talking_sets_of(sources);
  if (set < sources->n)
    return sources->paths[set];
  return set < talking ? sources->held_out[set - sources->n] : sources->picture_sets[set - talking];
}

static gaze_err open_sets(gaze_llava_samples *samples, gaze_bad_rows *bad) {
  const gaze_llava_sources *sources = samples->sources;
  gaze_dataset_options options = {.pictures = sources->pictures,
                                  .folders = true,
                                  .texts_alone = true,
                                  .several = true,
                                  .pictures_missed = true,
                                  .failed = gaze_bad_rows_note,
                                  .user = bad};
  GAZE_TRY(gaze_alloc(sets_of(sources), sizeof *samples->sets, &samples->sets));
  for (size_t i = 0; i < sets_of(sources); i++) {
    bad->file = path_of(sources, i);
    GAZE_TRY(gaze_dataset_open(bad->file, &options, &samples->sets[i]));
    GAZE_TRY(gaze_picture_names_add(&samples->names, samples->sets[i]));
  }
  gaze_picture_names_sort(&samples->names);
  return GAZE_OK;
}

static gaze_err see(gaze_llava_samples *samples, const gaze_llava_sample *by, const gaze_sample *picture) {
  const gaze_sample *found;
  GAZE_TRY(gaze_grow(&samples->seen, &samples->seen_capacity, samples->n_seen + 1, sizeof *samples->seen));
  GAZE_TRY(gaze_picture_names_find(&samples->names, picture, &found));
  samples->seen[samples->n_seen++] =
      (gaze_llava_seen){.said = by->sample, .sample = found, .set = by->file, .which = SIZE_MAX};
  return GAZE_OK;
}

static gaze_err collect_sample(gaze_llava_samples *samples, const gaze_sample *sample, size_t set) {
  const gaze_llava_sources *sources = samples->sources;
  GAZE_TRY(gaze_grow(&samples->items, &samples->capacity, samples->n + 1, sizeof *samples->items));
  gaze_llava_sample *item = &samples->items[samples->n++];
  *item = (gaze_llava_sample){sample, path_of(sources, set), set >= sources->n, samples->n_seen, 0};
  if (sources->blind || (!sample->path && !sample->picture))
    return GAZE_OK;
  item->n = 1 + sample->n_others;
  GAZE_TRY(see(samples, item, sample));
  for (size_t i = 0; i < sample->n_others; i++)
    GAZE_TRY(see(samples, item, &sample->others[i]));
  return GAZE_OK;
}

gaze_err gaze_llava_samples_open(gaze_llava_samples *samples, const gaze_llava_sources *sources, gaze_bad_rows *bad) {
  *samples = (gaze_llava_samples){.sources = sources};
  GAZE_TRY(open_sets(samples, bad));
  for (size_t i = 0; i < talking_sets_of(sources); i++)
    for (size_t k = 0; k < gaze_dataset_size(samples->sets[i]); k++)
      GAZE_TRY(collect_sample(samples, gaze_dataset_get(samples->sets[i], k), i));
  return GAZE_OK;
}

bool gaze_llava_samples_are_seen(const gaze_llava_samples *samples, const gaze_llava_sample *sample) {
  for (size_t i = sample->first; i < sample->first + sample->n; i++)
    if (samples->seen[i].which == SIZE_MAX)
      return false;
  return true;
}

void gaze_llava_samples_fini(gaze_llava_samples *samples) {
  for (size_t i = 0; samples->sets && i < sets_of(samples->sources); i++)
    gaze_dataset_close(samples->sets[i]);
  free(samples->sets);
  gaze_picture_names_fini(&samples->names);
  free(samples->items);
  free(samples->seen);
  *samples = (gaze_llava_samples){0};
}
