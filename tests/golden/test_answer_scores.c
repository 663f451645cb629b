/* Scores of answers and captions against VQA's evaluation and pycocoevalcap, by the files of data/answer_scores that
 * answer_scores.py wrote. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fusion/caption_score.h"
#include "fusion/caption_tokens.h"
#include "fusion/vqa_score.h"
#include "tokenizer_cases.h"

static const double nearly = 1e-9;

typedef gaze_err make_text(const char *text, char **out);

/* A list of [text, what becomes of it]. */
static void check_texts(const char *name, make_text *make) {
  json_t *cases = open_json(name), *pair;
  size_t i;
  assert_true(json_array_size(cases) > 100);
  json_array_foreach(cases, i, pair) {
    const char *text = json_string_value(json_array_get(pair, 0)), *wanted = json_string_value(json_array_get(pair, 1));
    char *got;
    assert_int_equal(make(text, &got), GAZE_OK);
    if (strcmp(got, wanted) != 0)
      fail_msg("\"%s\" became \"%s\", the reference has \"%s\"", text, got, wanted);
    free(got);
  }
  json_decref(cases);
}

static void normalised_answers_are_the_reference(void **state) {
  check_texts("answer_scores/normalised.json", gaze_vqa_normalise);
}

static void words_are_the_reference(void **state) { check_texts("answer_scores/words.json", gaze_caption_tokens); }

static void consensus_is_the_reference(void **state) {
  json_t *cases = open_json("answer_scores/consensus.json"), *item, *truth;
  size_t i, j;
  json_array_foreach(cases, i, item) {
    const char *truths[16], *answer = json_string_value(json_object_get(item, "answer"));
    json_array_foreach(json_object_get(item, "truths"), j, truth) truths[j] = json_string_value(truth);
    double got = gaze_vqa_consensus(answer, truths, j), wanted = json_number_value(json_object_get(item, "accuracy"));
    if (!(fabs(got - wanted) < nearly))
      fail_msg("case %zu: %.12f, the reference has %.12f", i, got, wanted);
  }
  json_decref(cases);
}

enum { CAPTIONS_MOST = 32, REFERENCES_MOST = 5 };

/* Captions of a set with their words. */
typedef struct worded_set {
  gaze_scored_caption captions[CAPTIONS_MOST];
  const char *references[CAPTIONS_MOST][REFERENCES_MOST];
  char *texts[CAPTIONS_MOST * (REFERENCES_MOST + 1)];
  size_t n, n_texts;
} worded_set;

static const char *add_words(worded_set *set, const json_t *text) {
  assert_int_equal(gaze_caption_tokens(json_string_value(text), &set->texts[set->n_texts]), GAZE_OK);
  return set->texts[set->n_texts++];
}

static void fill_set(worded_set *set, const json_t *captions) {
  json_t *item, *reference;
  size_t j;
  json_array_foreach(captions, set->n, item) {
    set->captions[set->n].caption = add_words(set, json_object_get(item, "caption"));
    json_array_foreach(json_object_get(item, "references"), j, reference) set->references[set->n][j] =
        add_words(set, reference);
    set->captions[set->n].references = set->references[set->n];
    set->captions[set->n].n_references = j;
  }
}

static void check_score(size_t set, const char *name, const json_t *wanted, double got) {
  double value = json_number_value(wanted);
  assert_non_null(wanted);
  if (!(fabs(got - value) < nearly))
    fail_msg("set %zu: %s is %.12f, the reference has %.12f", set, name, got, value);
}

static void check_set(size_t i, const json_t *item) {
  static const char *const bleu[] = {"Bleu_1", "Bleu_2", "Bleu_3", "Bleu_4"};
  worded_set set = {0};
  gaze_caption_scores scores;
  double each[CAPTIONS_MOST];
  fill_set(&set, json_object_get(item, "captions"));
  assert_int_equal(gaze_caption_score(set.captions, set.n, &scores, each), GAZE_OK);
  const json_t *wanted = json_object_get(item, "scores");
  for (int k = 0; k < GAZE_GRAM_LONGEST; k++)
    check_score(i, bleu[k], json_object_get(wanted, bleu[k]), scores.bleu[k]);
  check_score(i, "ROUGE_L", json_object_get(wanted, "ROUGE_L"), scores.rouge_l);
  check_score(i, "CIDEr", json_object_get(wanted, "CIDEr"), scores.cider);
  for (size_t k = 0; k < set.n; k++)
    check_score(i, "CIDEr of one", json_array_get(json_object_get(item, "each_cider"), k), each[k]);
  while (set.n_texts)
    free(set.texts[--set.n_texts]);
}

static void caption_scores_are_the_reference(void **state) {
  json_t *sets = open_json("answer_scores/sets.json"), *item;
  size_t i;
  assert_true(json_array_size(sets) > 3);
  json_array_foreach(sets, i, item) check_set(i, item);
  json_decref(sets);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(normalised_answers_are_the_reference),
      cmocka_unit_test(words_are_the_reference),
      cmocka_unit_test(consensus_is_the_reference),
      cmocka_unit_test(caption_scores_are_the_reference),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
