/* Questions answered without looking at anything: by the answer that the same question had most often. */
#ifndef GAZE_FUSION_QUESTION_LOOK_UP_H
#define GAZE_FUSION_QUESTION_LOOK_UP_H

#include "core/base/error.h"

typedef struct gaze_known_answer {
  char *question, *answer; /* as gaze_caption_words, gaze_vqa_normalise have them */
} gaze_known_answer;

typedef struct gaze_question_look_up {
  gaze_known_answer *items; /* [n], sorted */
  size_t n, capacity;
  const char *usual; /* the answer that is there most often; NULL: there is none */
} gaze_question_look_up;

/* paths: sets of samples with questions. Zeroed; to be ended by gaze_question_look_up_fini in any case. */
GAZE_CHECKED gaze_err gaze_question_look_up_init(gaze_question_look_up *known, const char *const *paths, size_t n);
void gaze_question_look_up_fini(gaze_question_look_up *known);
/* *answer: borrowed; the usual one to a question that was never asked. */
GAZE_CHECKED gaze_err gaze_question_look_up_get(const gaze_question_look_up *known, const char *question,
                                                const char **answer);

#endif
