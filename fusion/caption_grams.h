/* The n-grams of a text of words, counted. One is known by a hash of its words. */
#ifndef GAZE_FUSION_CAPTION_GRAMS_H
#define GAZE_FUSION_CAPTION_GRAMS_H

#include "fusion/caption_score.h"

typedef struct gaze_gram {
  uint64_t hash[2];
  uint32_t size; /* words, 1 to GAZE_GRAM_LONGEST */
  uint32_t count;
  double weight; /* the user's */
} gaze_gram;

typedef struct gaze_grams {
  gaze_gram *items; /* [n], each once, in an order that is the same everywhere */
  size_t n, capacity;
  size_t words; /* of the text */
} gaze_grams;

/* grams: zeroed; to be ended by gaze_grams_fini in any case. */
GAZE_CHECKED gaze_err gaze_grams_init(gaze_grams *grams, const char *text);
void gaze_grams_fini(gaze_grams *grams);
/* Appends copies of more [n]; gaze_grams_gather puts all into order again and counts of the same together. */
GAZE_CHECKED gaze_err gaze_grams_append(gaze_grams *grams, const gaze_gram *more, size_t n);
void gaze_grams_gather(gaze_grams *grams);
/* NULL: it is not there. Not between append and gather. */
const gaze_gram *gaze_grams_find(const gaze_grams *grams, const gaze_gram *wanted);

#endif
