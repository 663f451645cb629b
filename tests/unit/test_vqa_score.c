/* What golden data do not hold of the scores of answers: kinds, types, and yes and no as POPE counts them. */
#include "data_files.h"

#include "fusion/vqa_score.h"
#include "fusion/yes_no.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void test_kinds(void **state) {
  assert_int_equal(gaze_vqa_kind("yes"), GAZE_ANSWER_YES_NO);
  assert_int_equal(gaze_vqa_kind("no"), GAZE_ANSWER_YES_NO);
  assert_int_equal(gaze_vqa_kind("네"), GAZE_ANSWER_YES_NO);
  assert_int_equal(gaze_vqa_kind("아니요"), GAZE_ANSWER_YES_NO);
  assert_int_equal(gaze_vqa_kind("네 개"), GAZE_ANSWER_OTHER);
  assert_int_equal(gaze_vqa_kind("12"), GAZE_ANSWER_NUMBER);
  assert_int_equal(gaze_vqa_kind("2.5"), GAZE_ANSWER_NUMBER);
  assert_int_equal(gaze_vqa_kind("2 dogs"), GAZE_ANSWER_OTHER);
  assert_int_equal(gaze_vqa_kind("yes no"), GAZE_ANSWER_OTHER);
  assert_int_equal(gaze_vqa_kind(""), GAZE_ANSWER_OTHER);
}

static void check_type(const char *question, const char *wanted) {
  char *type;
  assert_int_equal(gaze_vqa_question_type(question, &type), GAZE_OK);
  assert_string_equal(type, wanted);
  free(type);
}

static void test_types(void **state) {
  check_type("What color is the bus?", "what color");
  check_type("how many ?", "how many");
  check_type("Why?", "why");
  check_type("What's on it?", "what 's");
  check_type("버스는 무슨 색이야?", "버스는 무슨");
  check_type(" ?", "");
}

static void test_yes_as_pope_reads_it(void **state) {
  static const char *const yes[] = {"yes", "Yes, there is a dog.", "a dog", "nothing", "north", "Yes. No.", "NO",
                                    "",    "네, 개가 보입니다.",   "아니",  "no.1"};
  static const char *const no[] = {
      "no",  "No", "No, there is none", "there is not a dog", "it is, no doubt", "n,o", "아니요, 개는 없습니다.",
      "아뇨"};
  for (size_t i = 0; i + 1 < sizeof yes / sizeof *yes; i++)
    if (!gaze_yes_no_says_yes(yes[i]))
      fail_msg("\"%s\" was read as no", yes[i]);
  assert_false(gaze_yes_no_says_yes(yes[sizeof yes / sizeof *yes - 1])); /* the first sentence is "no" */
  for (size_t i = 0; i < sizeof no / sizeof *no; i++)
    if (gaze_yes_no_says_yes(no[i]))
      fail_msg("\"%s\" was read as yes", no[i]);
}

static void test_yes_of_truths(void **state) {
  assert_true(gaze_yes_no_is_yes("yes") && gaze_yes_no_is_yes("네") && gaze_yes_no_is_yes("예"));
  assert_false(gaze_yes_no_is_yes("no") || gaze_yes_no_is_yes("아니요") || gaze_yes_no_is_yes("네 개"));
}

static void test_figures_of_yes_and_no(void **state) {
  /* 6 found, 2 false yes, 3 missed, 9 rightly no */
  const gaze_yes_no_counts counts = {.said = {[1] = {[1] = 6, [0] = 2}, [0] = {[1] = 3, [0] = 9}}}, none = {0};
  gaze_yes_no_figures figures = gaze_yes_no_measure(&counts);
  assert_true(fabs(figures.accuracy - 15.0 / 20) < 1e-12);
  assert_true(fabs(figures.precision - 6.0 / 8) < 1e-12);
  assert_true(fabs(figures.recall - 6.0 / 9) < 1e-12);
  assert_true(fabs(figures.f1 - 2 * 0.75 * (6.0 / 9) / (0.75 + 6.0 / 9)) < 1e-12);
  assert_true(fabs(figures.yes_ratio - 8.0 / 20) < 1e-12);
  figures = gaze_yes_no_measure(&none);
  assert_true(figures.accuracy + figures.precision + figures.recall + figures.f1 + figures.yes_ratio < 1e-12);
}

static void test_agreement(void **state) {
  static const char *const truths[] = {"red", "red", "blue", "red", "red", "green", "red", "pink", "red", "red"};
  assert_true(gaze_vqa_is_exact("blue", truths, 10));
  assert_false(gaze_vqa_is_exact("", truths, 10));
  assert_true(fabs(gaze_vqa_consensus("red", truths, 10) - 1) < 1e-12);
  assert_true(fabs(gaze_vqa_consensus("blue", truths, 10) - 0.3) < 1e-12); /* nine times a third, once nobody */
  assert_true(gaze_vqa_consensus("yellow", truths, 10) < 1e-12);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_kinds),
      cmocka_unit_test(test_types),
      cmocka_unit_test(test_yes_as_pope_reads_it),
      cmocka_unit_test(test_yes_of_truths),
      cmocka_unit_test(test_figures_of_yes_and_no),
      cmocka_unit_test(test_agreement),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
