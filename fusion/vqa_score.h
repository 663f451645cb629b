/* Whether answers to questions about pictures are right, as the evaluation of VQA has it (Antol et al. 2015). */
#ifndef GAZE_FUSION_VQA_SCORE_H
#define GAZE_FUSION_VQA_SCORE_H

#include "core/base/error.h"

/* An answer in the form in which two are compared: lower case, without articles and most punctuation, number words as
 * digits, apostrophes where contractions lack them. *out is yours: free(). */
GAZE_CHECKED gaze_err gaze_vqa_normalise(const char *answer, char **out);

/* What most of n people said, to the letter; of answers that are said equally often the first. NULL: nobody. */
const char *gaze_vqa_usual(const char *const *answers, size_t n);

/* Whether the answer is one of the truths [n]. All are normalised, here and below. */
bool gaze_vqa_is_exact(const char *answer, const char *const *truths, size_t n);
/* What agreement with n >= 2 people is worth: a third for each who said the same, at most 1, as the mean over leaving
 * out one of them after another. */
double gaze_vqa_consensus(const char *answer, const char *const *truths, size_t n);

/* What a question is of by how it begins: its first two words, "what color", "how many". *out is yours: free(). */
GAZE_CHECKED gaze_err gaze_vqa_question_type(const char *question, char **out);

typedef enum gaze_answer_kind { GAZE_ANSWER_YES_NO, GAZE_ANSWER_NUMBER, GAZE_ANSWER_OTHER } gaze_answer_kind;
gaze_answer_kind gaze_vqa_kind(const char *truth);

#endif
