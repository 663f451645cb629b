#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/file.h"
#include "data_files.h"
#include "text/tokenizer.h"

static uint8_t *merges; /* merges.txt, as learned last */

static void learn(const char *const *texts, size_t n, size_t size, size_t min_frequency) {
  size_t bytes;
  free(merges);
  merges = NULL;
  if (gaze_tokenizer_train(texts, n, size, min_frequency, test_folder) != GAZE_OK ||
      gaze_file_read(test_path("merges.txt"), 1 << 20, &merges, &bytes) != GAZE_OK)
    fail_msg("%s", gaze_last_error());
}

static int forget(void **state) {
  free(merges);
  merges = NULL;
  return remove_folder(state);
}

static void check_merges(const char *const *texts, size_t n, size_t size, size_t min_frequency, const char *wanted) {
  learn(texts, n, size, min_frequency);
  const char *header = "#version: 0.2\n";
  assert_memory_equal(merges, header, strlen(header));
  assert_string_equal((const char *)merges + strlen(header), wanted);
}

static void the_most_frequent_pair_first(void **state) {
  const char *texts[] = {"ab ab abc", "xy xy"};
  check_merges(texts, 2, 600, 2, "a b</w>\nx y</w>\n");
  check_merges(texts, 2, 600, 1, "a b</w>\nx y</w>\na b\nab c</w>\n");
  check_merges(texts, 2, 600, 0, "a b</w>\nx y</w>\na b\nab c</w>\n");
  check_merges(texts, 2, 600, 3, "");
  check_merges(texts, 2, 515, 1, "a b</w>\n");
}

static void equal_counts_go_by_spelling(void **state) {
  const char *one_way[] = {"zb za yb ya"}, *other_way[] = {"ya yb za zb"};
  check_merges(one_way, 1, 600, 1, "y a</w>\ny b</w>\nz a</w>\nz b</w>\n");
  check_merges(other_way, 1, 600, 1, "y a</w>\ny b</w>\nz a</w>\nz b</w>\n");
}

static void repeated_letters_merge_from_the_left(void **state) {
  const char *texts[] = {"aaaaa"}; /* a a a a a</w> -> aa aa a</w> -> aa aaa</w> -> aaaaa</w> */
  check_merges(texts, 1, 600, 1, "a a\naa a</w>\naa aaa</w>\n");
}

static void capitals_and_forms_count_as_one(void **state) {
  const char *texts[] = {"\u00c9t", "e\u0301T"}; /* composed and not: one word, of the bytes C3 A9 and t */
  check_merges(texts, 2, 600, 2, "© t</w>\nÃ ©t</w>\n");
}

static void what_cannot_be_learned(void **state) {
  const char *texts[] = {"a", "", "   ", "!", "7 8 9"};
  check_merges(texts, 5, 600, 1, "");
  check_merges(NULL, 0, 514, 1, "");
  check_fails(gaze_tokenizer_train(texts, 5, 513, 1, test_folder), GAZE_ERR_ARGUMENT, "513", "514", NULL);
  check_fails(gaze_tokenizer_train(texts, 5, SIZE_MAX, 1, test_folder), GAZE_ERR_ARGUMENT, "vocabulary", NULL);
  write_text(test_path("taken"), "");
  assert_true(gaze_tokenizer_train(texts, 5, 514, 1, test_path("taken")) != GAZE_OK);
}

static void endless_words_are_passed_over(void **state) {
  enum { SIZE = 100000 };
  char *line = malloc(SIZE + 1);
  assert_non_null(line);
  memset(line, 'a', SIZE);
  line[SIZE] = 0;
  const char *texts[] = {line, "dog dog"};
  check_merges(texts, 2, 600, 2, "d o\ndo g</w>\n");
  free(line);
}

/* Every text comes back from its ids, byte by byte, whatever was learned. */
static void any_text_can_be_written(void **state) {
  const char *texts[] = {"a photo of a dog", "고양이 사진 고양이"};
  const char *others[] = {"zebra", "강아지", "😀👨‍👩‍👧", "ﷺ", "\x01\x7f", "日本語"};
  learn(texts, 2, 700, 1);
  gaze_tokenizer *tokenizer;
  assert_int_equal(gaze_tokenizer_open(test_folder, &tokenizer), GAZE_OK);
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
    int32_t *ids = NULL;
    size_t n = 0, capacity = 0, letters = 0;
    assert_int_equal(gaze_tokenizer_encode(tokenizer, others[i], strlen(others[i]), &ids, &n, &capacity), GAZE_OK);
    for (size_t k = 0; k < n; k++) {
      const char *spelling = gaze_tokenizer_text(tokenizer, ids[k]);
      assert_int_not_equal(ids[k], gaze_tokenizer_end(tokenizer));
      for (const char *c = spelling; *c && strcmp(c, "</w>"); c++)
        letters += (*c & 0xC0) != 0x80;
    }
    assert_int_equal(letters, strlen(others[i]));
    free(ids);
  }
  gaze_tokenizer_free(tokenizer);
}

static void the_three_forms_agree(void **state) {
  const char *texts[] = {"a photo of a dog", "the dogs ran; the cats slept", "고양이 사진"};
  static const char *const forms[] = {"tokenizer.json", "vocab.json", "merges.txt"};
  learn(texts, 3, 700, 1);
  int32_t ids[3][64];
  size_t n[3], cut;
  for (size_t i = 0; i < 3; i++) {
    gaze_tokenizer *tokenizer;
    assert_int_equal(gaze_tokenizer_open(test_path(forms[i]), &tokenizer), GAZE_OK);
    assert_int_equal(gaze_tokenizer_encode_context(tokenizer, texts[1], 64, ids[i], &n[i], &cut), GAZE_OK);
    assert_int_equal(n[i], n[0]);
    assert_memory_equal(ids[i], ids[0], n[0] * sizeof ids[0][0]);
    gaze_tokenizer_free(tokenizer);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(the_most_frequent_pair_first, make_folder, forget),
      cmocka_unit_test_setup_teardown(equal_counts_go_by_spelling, make_folder, forget),
      cmocka_unit_test_setup_teardown(repeated_letters_merge_from_the_left, make_folder, forget),
      cmocka_unit_test_setup_teardown(capitals_and_forms_count_as_one, make_folder, forget),
      cmocka_unit_test_setup_teardown(what_cannot_be_learned, make_folder, forget),
      cmocka_unit_test_setup_teardown(endless_words_are_passed_over, make_folder, forget),
      cmocka_unit_test_setup_teardown(any_text_can_be_written, make_folder, forget),
      cmocka_unit_test_setup_teardown(the_three_forms_agree, make_folder, forget),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
