/* Questions answered without looking at anything: by the answer that the same question had most often; one that was
 * never asked by that of the questions that begin with the same two words, else of all. */
#ifndef GAZE_FUSION_QUESTION_LOOK_UP_H
#define GAZE_FUSION_QUESTION_LOOK_UP_H

#include "core/base/error.h"

typedef struct gaze_known_answer {
  char *key;    /* words of the question, its type and "*", or "*" */
  char *answer; /* as gaze_vqa_normalise has it */
} gaze_known_answer;

typedef struct gaze_question_look_up {
  gaze_known_answer *items; /* [n], sorted */
  size_t n, capacity;
} gaze_question_look_up;

/* paths: sets of samples with questions. Zeroed; to be ended by gaze_question_look_up_fini in any case. */
GAZE_CHECKED gaze_err gaze_question_look_up_init(gaze_question_look_up *known, const char *const *paths, size_t n);
void gaze_question_look_up_fini(gaze_question_look_up *known);
/* *answer: borrowed. */
GAZE_CHECKED gaze_err gaze_question_look_up_get(const gaze_question_look_up *known, const char *question,
                                                const char **answer);

#endif
