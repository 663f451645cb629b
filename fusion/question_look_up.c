#include "fusion/question_look_up.h"

#include "core/base/memory.h"
#include "fusion/caption_words.h"
#include "fusion/eval_set.h"
#include "fusion/vqa_score.h"

#include <stdlib.h>
#include <string.h>

static int compare_answers(const void *left, const void *right) {
  const gaze_known_answer *a = left, *b = right;
  return strcmp(a->answer, b->answer);
}

static int compare_known(const void *left, const void *right) {
  const gaze_known_answer *a = left, *b = right;
  int order = strcmp(a->question, b->question);
  return order ? order : compare_answers(a, b);
}

static int compare_questions(const void *left, const void *right) {
  const gaze_known_answer *a = left, *b = right;
  return strcmp(a->question, b->question);
}

/* The answer that stands most often in items [n], equal ones side by side; of several the first. */
static const char *find_usual(const gaze_known_answer *items, size_t n) {
  const char *usual = NULL;
  size_t most = 0, run = 0;
  for (size_t i = 0; i < n; i++) {
    run = i && compare_answers(&items[i - 1], &items[i]) == 0 ? run + 1 : 1;
    if (run > most) {
      most = run;
      usual = items[i].answer;
    }
  }
  return usual;
}

static gaze_err add(gaze_question_look_up *known, const gaze_sample_question *question) {
  for (size_t i = 0; i < question->n_answers; i++) {
    GAZE_TRY(gaze_grow(&known->items, &known->capacity, known->n + 1, sizeof *known->items));
    gaze_known_answer *item = &known->items[known->n];
    GAZE_TRY(gaze_caption_words(question->text, &item->question));
    gaze_err err = gaze_vqa_normalise(question->answers[i], &item->answer);
    if (err != GAZE_OK)
      free(item->question);
    GAZE_TRY(err);
    known->n++;
  }
  return GAZE_OK;
}

static gaze_err add_sets(gaze_question_look_up *known, const char *const *paths, size_t n) {
  gaze_eval_set set = {0};
  gaze_err err = gaze_eval_set_open(&set, paths, n, NULL);
  for (size_t i = 0; i < set.n && err == GAZE_OK; i++)
    for (size_t j = 0; j < set.samples[i]->n_questions && err == GAZE_OK; j++)
      err = add(known, &set.samples[i]->questions[j]);
  gaze_eval_set_fini(&set);
  return err;
}

gaze_err gaze_question_look_up_init(gaze_question_look_up *known, const char *const *paths, size_t n) {
  GAZE_TRY(add_sets(known, paths, n));
  if (!known->n)
    return gaze_fail(GAZE_ERR_MISMATCH, "no questions: %s: name a set with questions and answers", paths[0]);
  qsort(known->items, known->n, sizeof *known->items, compare_answers);
  known->usual = find_usual(known->items, known->n);
  qsort(known->items, known->n, sizeof *known->items, compare_known);
  return GAZE_OK;
}

void gaze_question_look_up_fini(gaze_question_look_up *known) {
  for (size_t i = 0; i < known->n; i++) {
    free(known->items[i].question);
    free(known->items[i].answer);
  }
  free(known->items);
}

gaze_err gaze_question_look_up_get(const gaze_question_look_up *known, const char *question, const char **answer) {
  gaze_known_answer wanted = {0};
  GAZE_TRY(gaze_caption_words(question, &wanted.question));
  const gaze_known_answer *found = bsearch(&wanted, known->items, known->n, sizeof *known->items, compare_questions);
  *answer = known->usual;
  if (found) {
    const gaze_known_answer *first = found, *end = found;
    while (first > known->items && compare_questions(first - 1, found) == 0)
      first--;
    while (end < known->items + known->n && compare_questions(end, found) == 0)
      end++;
    *answer = find_usual(first, (size_t)(end - first));
  }
  free(wanted.question);
  return GAZE_OK;
}
