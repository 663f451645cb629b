/* Rows that an assistant is asked to be measured: which, with whose picture; the file of their answers; looking up. */
#include "data_files.h"

#include "fusion/predictions.h"
#include "fusion/question_look_up.h"
#include "fusion/shuffled_pictures.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const gaze_eval_options plain = {.max_bad = 10};

/* Three pictures with three, no and one question; of the first, one has no answer. */
static const char *const *write_questions(void) {
  static const char *path;
  test_tar tar = {0};
  tar_add_png(&tar, "a", 4, 4, 0xff0000);
  tar_add_text(&tar, "a.json",
               "{\"qa\":[[\"what?\",\"red\"],[\"why?\",[]],[\"how many?\",[\"1\",{\"answer\":\"one\"}]]]}");
  tar_add_png(&tar, "b", 4, 4, 0x00ff00);
  tar_add_text(&tar, "b.json", "{\"captions\":[\"green\"]}");
  tar_add_png(&tar, "c", 4, 4, 0x0000ff);
  tar_add_text(&tar, "c.json", "{\"qa\":[[\"what?\",\"blue\"]]}");
  tar_write(&tar, test_path("questions.tar"));
  path = test_path("questions.tar");
  return &path;
}

static void open_questions(gaze_eval_questions *all, const gaze_eval_options *options, bool captions) {
  *all = (gaze_eval_questions){0};
  if (gaze_eval_questions_open(all, write_questions(), 1, options, captions) != GAZE_OK)
    fail_msg("%s", gaze_last_error());
}

static const char *error_of(const gaze_eval_questions *all, size_t i) {
  return json_string_value(json_object_get(json_array_get(all->set.failed, i), "error"));
}

static void test_rows(void **state) {
  gaze_eval_questions all;
  open_questions(&all, &plain, false);
  assert_int_equal(all.n, 3);
  assert_string_equal(all.rows[0].prompt, "what?");
  assert_string_equal(all.rows[0].truths[0], "red");
  assert_string_equal(all.rows[1].prompt, "how many?");
  assert_int_equal(all.rows[1].n_truths, 2);
  assert_string_equal(all.rows[1].truths[1], "one");
  assert_string_equal(all.rows[2].sample->key, "c");
  assert_ptr_equal(all.rows[2].shown, all.rows[2].sample);
  assert_int_equal(json_array_size(all.set.failed), 2);
  assert_non_null(strstr(error_of(&all, 0), "no answer is known: a: why?"));
  assert_non_null(strstr(error_of(&all, 1), "no answer is known: b"));
  gaze_eval_questions_fini(&all);
}

static void test_prompts_and_limits(void **state) {
  gaze_eval_questions all;
  gaze_eval_options options = plain;
  options.prompt = "Q: {} A:";
  options.limit = 2;
  options.pictures = GAZE_EVAL_WITHHELD;
  open_questions(&all, &options, false);
  assert_int_equal(all.n, 2);
  assert_string_equal(all.rows[1].prompt, "Q: how many? A:");
  assert_null(all.rows[1].shown);
  gaze_eval_questions_fini(&all);
  open_questions(&all, &plain, true);
  assert_int_equal(all.n, 3); /* the first question's answer will do as a caption */
  assert_string_equal(all.rows[1].prompt, "Describe the picture.");
  assert_string_equal(all.rows[1].truths[0], "green");
  assert_string_equal(all.rows[2].prompt, "what?");
  gaze_eval_questions_fini(&all);
  all = (gaze_eval_questions){0};
  options.limit = 0;
  options.max_bad = 1;
  check_fails(gaze_eval_questions_open(&all, write_questions(), 1, &options, false), GAZE_ERR_FORMAT, "2 bad rows",
              "--max-bad", NULL);
  gaze_eval_questions_fini(&all);
}

static void test_shuffled_pictures(void **state) {
  enum { N = 40, PICTURES = 10 };
  gaze_sample samples[N] = {0};
  const gaze_sample *list[N], *shown[N], *again[N];
  char paths[PICTURES][16], copies[N][16];
  for (size_t i = 0; i < N; i++) {
    snprintf(paths[i % PICTURES], sizeof *paths, "%zu.png", i % PICTURES);
    samples[i].path = strcpy(copies[i], paths[i % PICTURES]); /* equal texts, not equal addresses */
    samples[i].key = copies[i];
    list[i] = &samples[i];
  }
  assert_int_equal(gaze_shuffle_pictures(list, N, 1, shown), GAZE_OK);
  size_t taken[PICTURES] = {0};
  for (size_t i = 0; i < N; i++) {
    assert_string_not_equal(shown[i]->path, list[i]->path);
    assert_ptr_equal(shown[i], shown[i % PICTURES]); /* samples of a picture share another */
    taken[(size_t)(shown[i] - samples) % PICTURES]++;
  }
  for (size_t i = 0; i < PICTURES; i++)
    assert_int_equal(taken[i], N / PICTURES);
  for (uint64_t seed = 0; seed < 20; seed++) { /* nobody's own by any seed */
    assert_int_equal(gaze_shuffle_pictures(list, N, seed, again), GAZE_OK);
    for (size_t i = 0; i < N; i++)
      assert_string_not_equal(again[i]->path, list[i]->path);
  }
  assert_int_equal(gaze_shuffle_pictures(list, N, 1, again), GAZE_OK);
  assert_memory_equal(shown, again, sizeof shown);
  assert_int_equal(gaze_shuffle_pictures(list, N, 2, again), GAZE_OK);
  assert_memory_not_equal(shown, again, sizeof shown);
  check_fails(gaze_shuffle_pictures(list, 1, 1, shown), GAZE_ERR_MISMATCH, "a single picture", NULL);
}

static void set_answer(gaze_eval_row *row, const char *answer) {
  free(row->answer);
  row->answer = strdup(answer);
}

static void write_predictions(gaze_eval_questions *all, const char *path) {
  gaze_predictions predictions;
  assert_int_equal(gaze_predictions_init(&predictions, path, false, all->rows, all->n), GAZE_OK);
  set_answer(&all->rows[0], "red \xff\"\n");
  set_answer(&all->rows[2], "파랑");
  assert_int_equal(gaze_predictions_add(&predictions, &all->rows[0], 0), GAZE_OK);
  assert_int_equal(gaze_predictions_add(&predictions, &all->rows[2], 2), GAZE_OK);
  gaze_predictions_fini(&predictions);
}

static void append(const char *path, const char *text) {
  FILE *file = fopen(path, "a");
  assert_non_null(file);
  fputs(text, file);
  fclose(file);
}

/* What was written comes back; a line that was cut goes. */
static void test_predictions_are_resumed(void **state) {
  char path[1024];
  gaze_eval_questions all;
  gaze_predictions predictions;
  snprintf(path, sizeof path, "%s", test_path("answers.jsonl"));
  open_questions(&all, &plain, false);
  write_predictions(&all, path);
  append(path, "{\"row\": 1, \"key\"");
  gaze_eval_questions_fini(&all);
  for (int turn = 0; turn < 2; turn++) {
    open_questions(&all, &plain, false);
    assert_int_equal(gaze_predictions_init(&predictions, path, true, all.rows, all.n), GAZE_OK);
    assert_string_equal(all.rows[0].answer, "red \xef\xbf\xbd\"\n");
    assert_string_equal(all.rows[2].answer, "파랑");
    if (turn == 0) {
      assert_null(all.rows[1].answer);
      set_answer(&all.rows[1], "2");
      assert_int_equal(gaze_predictions_add(&predictions, &all.rows[1], 1), GAZE_OK);
    } else {
      assert_string_equal(all.rows[1].answer, "2");
    }
    gaze_predictions_fini(&predictions);
    gaze_eval_questions_fini(&all);
  }
}

static void check_refused(const gaze_eval_options *options, const char *name, gaze_err err, const char *words) {
  gaze_eval_questions all;
  gaze_predictions predictions;
  open_questions(&all, options, false);
  check_fails(gaze_predictions_init(&predictions, test_path(name), true, all.rows, all.n), err, words, NULL);
  gaze_predictions_fini(&predictions);
  gaze_eval_questions_fini(&all);
}

/* Those of another prompt, of other pictures, of fewer rows; and what are none. */
static void test_other_predictions_are_refused(void **state) {
  static const char others[] = "others.jsonl", wrong[] = "wrong.jsonl";
  gaze_eval_questions all;
  gaze_eval_options options = plain;
  open_questions(&all, &plain, false);
  write_predictions(&all, test_path(others));
  gaze_eval_questions_fini(&all);
  options.prompt = "{}!";
  check_refused(&options, others, GAZE_ERR_MISMATCH, "line 1");
  options = plain;
  options.pictures = GAZE_EVAL_WITHHELD;
  check_refused(&options, others, GAZE_ERR_MISMATCH, "line 1");
  options.pictures = GAZE_EVAL_SHUFFLED;
  check_refused(&options, others, GAZE_ERR_MISMATCH, "another run");
  options = plain;
  options.limit = 2;
  check_refused(&options, others, GAZE_ERR_MISMATCH, "line 2");
  write_text(test_path(wrong), "{\"row\": -1, \"answer\": \"\"}\n");
  check_refused(&plain, wrong, GAZE_ERR_MISMATCH, "another run");
  write_text(test_path(wrong), "{\"row\": 0}\n");
  check_refused(&plain, wrong, GAZE_ERR_FORMAT, "no predictions: line 1");
  write_text(test_path(wrong), "not JSON\n");
  check_refused(&plain, wrong, GAZE_ERR_FORMAT, "wrong.jsonl");
}

static void check_look_up(const gaze_question_look_up *known, const char *question, const char *wanted) {
  const char *answer;
  assert_int_equal(gaze_question_look_up_get(known, question, &answer), GAZE_OK);
  assert_string_equal(answer, wanted);
}

static void test_looking_up(void **state) {
  gaze_question_look_up known = {0};
  test_tar tar = {0};
  tar_add_png(&tar, "a", 4, 4, 0);
  tar_add_text(
      &tar, "a.json",
      "{\"qa\":[[\"What color is it?\",\"Red.\"],[\"what color is it ?\",\"red\"],[\"what color is it?\",\"a blue\"],"
      "[\"what color is she?\",\"blue\"],[\"what color is he?\",\"blue\"],[\"is it?\",\"yes\"],"
      "[\"is it?\",\"yes\"],[\"is she?\",\"yes\"],[\"is he?\",\"yes\"],[\"who?\",\"b\"],[\"who?\",\"aa\"]]}");
  tar_write(&tar, test_path("known.tar"));
  const char *path = test_path("known.tar"), *none = write_questions()[0];
  assert_int_equal(gaze_question_look_up_init(&known, &path, 1), GAZE_OK);
  check_look_up(&known, "What color is it", "red");
  check_look_up(&known, "what color is the bus?", "blue"); /* as questions that begin so */
  check_look_up(&known, "where?", "yes");                  /* as all */
  check_look_up(&known, "who?", "aa");                     /* of as many the first by name */
  gaze_question_look_up_fini(&known);
  known = (gaze_question_look_up){0};
  assert_int_equal(gaze_question_look_up_init(&known, &none, 1), GAZE_OK);
  check_look_up(&known, "how many?", "1");
  gaze_question_look_up_fini(&known);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_rows),
      cmocka_unit_test(test_prompts_and_limits),
      cmocka_unit_test(test_shuffled_pictures),
      cmocka_unit_test(test_predictions_are_resumed),
      cmocka_unit_test(test_other_predictions_are_refused),
      cmocka_unit_test(test_looking_up),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
