/* Answers of yes and no, in English or Korean, counted as POPE does (Li et al. 2023). */
#ifndef GAZE_FUSION_YES_NO_H
#define GAZE_FUSION_YES_NO_H

#include <stdbool.h>
#include <stddef.h>

/* Whether a truth, normalised, is such an answer. */
bool gaze_yes_no_is_yes(const char *truth);
bool gaze_yes_no_is_no(const char *truth);

/* POPE's reading of an answer as it was given: no where its first sentence has "no", "not" or a Korean no as a word,
 * else yes. */
bool gaze_yes_no_says_yes(const char *answer);

/* Questions by what was said and what is true. */
typedef struct gaze_yes_no_counts {
  size_t said[2][2]; /* [said yes][is yes] */
} gaze_yes_no_counts;

typedef struct gaze_yes_no_figures {
  double accuracy, precision, recall, f1, yes_ratio; /* yes is what is looked for; 0 where it is 0 of 0 */
} gaze_yes_no_figures;

gaze_yes_no_figures gaze_yes_no_measure(const gaze_yes_no_counts *counts);

#endif
