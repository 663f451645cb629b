#include "fusion/question_look_up.h"

#include "core/base/memory.h"
#include "fusion/caption_tokens.h"
#include "fusion/eval_set.h"
#include "fusion/vqa_score.h"

#include <stdlib.h>
#include <string.h>

enum { KEYS = 3 }; /* of a question: itself, its type, all */

static int compare_keys(const void *left, const void *right) {
  const gaze_known_answer *a = left, *b = right;
  return strcmp(a->key, b->key);
}

static int compare_known(const void *left, const void *right) {
  const gaze_known_answer *a = left, *b = right;
  int order = compare_keys(a, b);
  return order ? order : strcmp(a->answer, b->answer);
}

static void free_keys(char *keys[KEYS]) {
  for (int k = 0; k < KEYS; k++)
    free(keys[k]);
}

/* keys: zeroed; yours in any case: free_keys. */
static gaze_err list_keys(const char *question, char *keys[KEYS]) {
  char *type;
  GAZE_TRY(gaze_caption_tokens(question, &keys[0]));
  GAZE_TRY(gaze_vqa_question_type(question, &type));
  gaze_err err = gaze_format(&keys[1], "%s *", type);
  free(type);
  GAZE_TRY(err);
  return gaze_strdup("*", &keys[2]);
}

/* The key becomes the list's. */
static gaze_err add(gaze_question_look_up *known, char **key, const char *answer) {
  GAZE_TRY(gaze_grow(&known->items, &known->capacity, known->n + 1, sizeof *known->items));
  gaze_known_answer *item = &known->items[known->n];
  GAZE_TRY(gaze_vqa_normalise(answer, &item->answer));
  item->key = *key;
  *key = NULL;
  known->n++;
  return GAZE_OK;
}

static gaze_err add_question(gaze_question_look_up *known, const gaze_sample_question *question) {
  for (size_t i = 0; i < question->n_answers; i++) {
    char *keys[KEYS] = {0};
    gaze_err err = list_keys(question->text, keys);
    for (int k = 0; k < KEYS && err == GAZE_OK; k++)
      err = add(known, &keys[k], question->answers[i]);
    free_keys(keys);
    GAZE_TRY(err);
  }
  return GAZE_OK;
}

static gaze_err add_sets(gaze_question_look_up *known, const char *const *paths, size_t n) {
  static const gaze_dataset_options how = {.folders = true, .texts_alone = true, .columns_fixed = true};
  gaze_eval_set set = {0};
  gaze_err err = gaze_eval_set_open(&set, paths, n, &how);
  for (size_t i = 0; i < set.n && err == GAZE_OK; i++)
    for (size_t j = 0; j < set.samples[i]->n_questions && err == GAZE_OK; j++)
      err = add_question(known, &set.samples[i]->questions[j]);
  gaze_eval_set_fini(&set);
  return err;
}

gaze_err gaze_question_look_up_init(gaze_question_look_up *known, const char *const *paths, size_t n) {
  GAZE_TRY(add_sets(known, paths, n));
  if (!known->n)
    return gaze_fail(GAZE_ERR_MISMATCH, "no questions: %s: name a set with questions and answers", paths[0]);
  qsort(known->items, known->n, sizeof *known->items, compare_known);
  return GAZE_OK;
}

void gaze_question_look_up_fini(gaze_question_look_up *known) {
  for (size_t i = 0; i < known->n; i++) {
    free(known->items[i].key);
    free(known->items[i].answer);
  }
  free(known->items);
}

/* The answer that stands most often under a key, of several the first; NULL: none does. */
static const char *find_usual(const gaze_question_look_up *known, char *key) {
  const gaze_known_answer wanted = {.key = key};
  const gaze_known_answer *end = known->items + known->n;
  const gaze_known_answer *at = bsearch(&wanted, known->items, known->n, sizeof *known->items, compare_keys);
  const char *usual = NULL;
  size_t most = 0, run = 0;
  if (!at)
    return NULL;
  while (at > known->items && compare_keys(at - 1, at) == 0)
    at--;
  for (; at < end && strcmp(at->key, key) == 0; at++) {
    run = run && strcmp(at[-1].answer, at->answer) == 0 ? run + 1 : 1;
    if (run > most) {
      most = run;
      usual = at->answer;
    }
  }
  return usual;
}

gaze_err gaze_question_look_up_get(const gaze_question_look_up *known, const char *question, const char **answer) {
  char *keys[KEYS] = {0};
  gaze_err err = list_keys(question, keys);
  *answer = NULL;
  for (int k = 0; k < KEYS && err == GAZE_OK && !*answer; k++)
    *answer = find_usual(known, keys[k]);
  free_keys(keys);
  return err;
}
