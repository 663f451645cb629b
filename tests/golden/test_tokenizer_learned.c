/* Learning, against the plain learner of tokenizer.py and the files that transformers saves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/file.h"
#include "core/base/json.h"
#include "core/base/memory.h"
#include "tests/unit/data_files.h"
#include "text/token_stream.h"
#include "text/tokenizer.h"

enum { SIZE = 1200, MIN_FREQUENCY = 2 }; /* as in tokenizer.py */

static const char *data_path(const char *name) {
  static char path[1024];
  snprintf(path, sizeof path, "%s/tests/golden/data/tokenizer/%s", getenv("GAZE_SOURCE_ROOT"), name);
  return path;
}

static char *read_file(const char *path) {
  uint8_t *bytes;
  size_t size;
  if (gaze_file_read(path, 1 << 24, &bytes, &size) != GAZE_OK)
    fail_msg("%s", gaze_last_error());
  return (char *)bytes;
}

/* Learns from texts.txt into the test's folder. */
static void learn(size_t size) {
  char *text = read_file(data_path("texts.txt"));
  const char **lines = NULL;
  size_t n = 0, capacity = 0;
  for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
    assert_int_equal(gaze_grow(&lines, &capacity, n + 1, sizeof *lines), GAZE_OK);
    lines[n++] = line;
  }
  if (gaze_tokenizer_train(lines, n, size, MIN_FREQUENCY, test_folder) != GAZE_OK)
    fail_msg("%s", gaze_last_error());
  free(lines);
  free(text);
}

static json_t *open_json(const char *path) {
  json_t *json;
  if (gaze_json_open(path, &json) != GAZE_OK)
    fail_msg("%s", gaze_last_error());
  return json;
}

static void merges_equal_the_plain_learner(void **state) {
  learn(SIZE);
  char *got = read_file(test_path("merges.txt")), *wanted = read_file(data_path("merges.txt"));
  assert_string_equal(got, wanted);
  free(got);
  free(wanted);
}

static void a_smaller_vocabulary_is_its_beginning(void **state) {
  learn(514 + 100);
  char *got = read_file(test_path("merges.txt")), *wanted = read_file(data_path("merges.txt"));
  size_t lines = 0;
  for (const char *c = got; *c; c++)
    lines += *c == '\n';
  assert_int_equal(lines, 1 + 100);
  assert_memory_equal(got, wanted, strlen(got));
  free(got);
  free(wanted);
}

/* Merges as "left right", however the library that saved them spells a pair. */
static void join_merges(json_t *tokenizer) {
  json_t *merges = json_object_get(json_object_get(tokenizer, "model"), "merges"), *merge;
  size_t i;
  json_array_foreach(merges, i, merge) {
    const char *left = json_string_value(json_array_get(merge, 0)),
               *right = json_string_value(json_array_get(merge, 1));
    if (left && right)
      assert_int_equal(json_array_set_new(merges, i, json_sprintf("%s %s", left, right)), 0);
  }
}

static void tokenizer_json_equals_what_transformers_saves(void **state) {
  learn(SIZE);
  json_t *got = open_json(test_path("tokenizer.json")), *wanted = open_json(data_path("saved.json"));
  join_merges(got);
  join_merges(wanted);
  assert_true(json_object_size(got) > 5);
  assert_true(json_equal(got, wanted));
  json_decref(got);
  json_decref(wanted);
  got = open_json(test_path("vocab.json"));
  wanted = open_json(data_path("vocab.json"));
  assert_true(json_equal(got, wanted));
  json_decref(got);
  json_decref(wanted);
}

enum { LM_SIZE = 800 }; /* as in tokenizer_lm.py */

/* A text is two lines. */
static void learn_lm(void) {
  char *all = read_file(data_path("texts.txt"));
  gaze_text_part *texts = NULL;
  size_t n = 0, capacity = 0;
  for (char *line = all, *end; (end = strchr(line, '\n')); line = end + 1) {
    char *second = strchr(end + 1, '\n');
    end = second ? second : end;
    assert_int_equal(gaze_grow(&texts, &capacity, n + 1, sizeof *texts), GAZE_OK);
    texts[n++] = (gaze_text_part){.text = line, .size = (size_t)(end - line)};
  }
  if (gaze_tokenizer_train_kind("lm", texts, n, LM_SIZE, MIN_FREQUENCY, test_folder) != GAZE_OK)
    fail_msg("%s", gaze_last_error());
  free(texts);
  free(all);
}

static void lm_equals_what_tokenizers_saves(void **state) {
  learn_lm();
  char *got = read_file(test_path("merges.txt")), *wanted = read_file(data_path("../tokenizer_lm/merges.txt"));
  assert_string_equal(got, wanted);
  free(got);
  free(wanted);
  json_t *ours = open_json(test_path("tokenizer.json")),
         *theirs = open_json(data_path("../tokenizer_lm/tokenizer.json"));
  join_merges(ours);
  join_merges(theirs);
  assert_int_equal(json_object_size(ours), json_object_size(theirs));
  assert_true(json_equal(ours, theirs));
  json_decref(ours);
  json_decref(theirs);
}

/* The ids that tokenizers gives, and the text again from them. */
static void lm_gives_texts_back(void **state) {
  gaze_tokenizer *tokenizer;
  json_t *cases = open_json(data_path("../tokenizer_lm/ids.json")), *item;
  size_t i;
  learn_lm();
  assert_int_equal(gaze_tokenizer_open(test_folder, &tokenizer), GAZE_OK);
  json_array_foreach(cases, i, item) {
    const char *text = json_string_value(json_array_get(item, 0));
    const json_t *wanted = json_array_get(item, 1);
    int32_t *ids = NULL;
    size_t n = 0, capacity = 0;
    char *again;
    assert_int_equal(gaze_tokenizer_encode(tokenizer, text, strlen(text), &ids, &n, &capacity), GAZE_OK);
    assert_int_equal(n, json_array_size(wanted));
    for (size_t k = 0; k < n; k++)
      assert_int_equal(ids[k], json_integer_value(json_array_get(wanted, k)));
    assert_int_equal(gaze_tokenizer_decode(tokenizer, ids, n, false, &again), GAZE_OK);
    if (i < 20) /* others are not in normal form C */
      assert_string_equal(again, text);
    free(again);
    free(ids);
  }
  assert_true(i > 30);
  gaze_tokenizer_free(tokenizer);
  json_decref(cases);
}

static void a_kind_there_is_not(void **state) {
  assert_int_equal(gaze_tokenizer_train_kind("bert", NULL, 0, 800, 1, test_folder), GAZE_ERR_ARGUMENT);
  assert_int_equal(gaze_tokenizer_train_kind("lm", NULL, 0, 259, 1, test_folder), GAZE_ERR_ARGUMENT);
  assert_int_equal(gaze_tokenizer_train_kind("lm", NULL, 0, 260, 1, test_folder), GAZE_OK);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(merges_equal_the_plain_learner, make_folder, remove_folder),
      cmocka_unit_test_setup_teardown(a_smaller_vocabulary_is_its_beginning, make_folder, remove_folder),
      cmocka_unit_test_setup_teardown(tokenizer_json_equals_what_transformers_saves, make_folder, remove_folder),
      cmocka_unit_test_setup_teardown(lm_equals_what_tokenizers_saves, make_folder, remove_folder),
      cmocka_unit_test_setup_teardown(lm_gives_texts_back, make_folder, remove_folder),
      cmocka_unit_test_setup_teardown(a_kind_there_is_not, make_folder, remove_folder),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
