/* What an assistant is asked to be measured: rows of a set of samples, with whose picture each is shown. */
#ifndef GAZE_FUSION_EVAL_QUESTIONS_H
#define GAZE_FUSION_EVAL_QUESTIONS_H

#include "fusion/eval_set.h"
#include "gaze_ask.h"

typedef struct gaze_eval_row {
  const gaze_sample *sample;
  const gaze_sample *shown;  /* whose picture; NULL: none */
  const char *question;      /* as the set has it; of a caption, NULL */
  char *prompt;              /* what is asked */
  const char *const *truths; /* [n_truths >= 1] */
  size_t n_truths;
  char *answer; /* without space around it; NULL: there is none */
} gaze_eval_row;

typedef struct gaze_eval_questions {
  gaze_eval_set set;
  gaze_eval_row *rows; /* [n] */
  size_t n, capacity;
} gaze_eval_questions;

/* Lists questions with their answers, or pictures with their captions. What has none goes to the set's `failed`. All
 * is zeroed; to be ended by gaze_eval_questions_fini in any case. */
GAZE_CHECKED gaze_err gaze_eval_questions_open(gaze_eval_questions *all, const char *const *paths, size_t n_paths,
                                               const gaze_eval_options *options, bool captions);
void gaze_eval_questions_fini(gaze_eval_questions *all);
/* Asks what has no answer yet. Rows that cannot be asked go to `failed`. */
GAZE_CHECKED gaze_err gaze_eval_questions_ask(gaze_eval_questions *all, gaze_assistant *assistant,
                                              const gaze_eval_options *options);
/* "shown", "withheld", "shuffled" */
const char *gaze_eval_pictures_name(gaze_eval_pictures pictures);
/* The error where there are more failures than options allow; GAZE_ERR_FORMAT where no row is left to be asked. */
GAZE_CHECKED gaze_err gaze_eval_questions_check(const gaze_eval_questions *all, const gaze_eval_options *options);

#endif
