/* The samples that a model which looks and talks learns from or is held to, of all files that are named, and the
 * pictures that they show. */
#ifndef GAZE_FUSION_LLAVA_SAMPLES_H
#define GAZE_FUSION_LLAVA_SAMPLES_H

#include "fusion/llava_features.h"
#include "fusion/picture_names.h"

/* All borrowed. */
typedef struct gaze_llava_sources {
  const char *const *paths; /* [n] */
  size_t n;
  const char *const *held_out; /* [n_held_out] as paths: what is not learned from */
  size_t n_held_out;
  const char *const *picture_sets; /* [n_picture_sets] tars in which pictures that JSON names are looked for, besides */
  size_t n_picture_sets;
  const char *pictures; /* folder, NULL: each file's own */
  bool captions;        /* each caption is a lesson, or each answer where there are none; else conversations are */
  bool blind;           /* pictures are not looked at */
  size_t context;       /* rows of the longest lesson */
} gaze_llava_sources;

typedef struct gaze_llava_sample {
  const gaze_sample *sample;
  const char *file; /* where it is from, for messages */
  bool held_out;
  size_t first, n; /* its pictures, of those that are seen */
} gaze_llava_sample;

typedef struct gaze_llava_samples {
  const gaze_llava_sources *sources; /* borrowed */
  gaze_dataset **sets;               /* [n + n_held_out + n_picture_sets] of the sources */
  gaze_picture_names names;          /* of all sets */
  gaze_llava_sample *items;          /* [n] */
  size_t n, capacity;
  gaze_llava_seen *seen; /* [n_seen] pictures of all samples, for gaze_llava_features_init */
  size_t n_seen, seen_capacity;
} gaze_llava_samples;

/* sources: kept. fini in any case. */
GAZE_CHECKED gaze_err gaze_llava_samples_open(gaze_llava_samples *samples, const gaze_llava_sources *sources,
                                              gaze_bad_rows *bad);
void gaze_llava_samples_fini(gaze_llava_samples *samples);
/* Whether all of its pictures are among the features. */
bool gaze_llava_samples_are_seen(const gaze_llava_samples *samples, const gaze_llava_sample *sample);

#endif
