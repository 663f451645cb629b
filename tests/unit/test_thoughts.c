/* Where thoughts end and an answer begins. */
#include "fusion/thoughts.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "data_files.h"

static void check(gaze_thinking thinking, const char *written, const char *thoughts, const char *answer) {
  char *text = strdup(written), *found;
  assert_int_equal(gaze_thoughts_part(thinking, text, &found), GAZE_OK);
  assert_string_equal(text, answer);
  if (thoughts) {
    assert_non_null(found);
    assert_string_equal(found, thoughts);
  } else {
    assert_null(found);
  }
  free(found);
  free(text);
}

static void own_thoughts_are_parted(void **state) {
  (void)state;
  check(GAZE_THINKING_OWN, "<think>\nTwo and two.\n</think>\n\nFour.", "Two and two.", "Four.");
  check(GAZE_THINKING_OWN, "\n<think>a\n\nb</think>c", "a\n\nb", "c");
  check(GAZE_THINKING_OWN, "<think>\n\n</think>\n\nFour.", NULL, "Four.");
  check(GAZE_THINKING_OWN, "Four, </think> they say.", NULL, "Four, </think> they say.");
  check(GAZE_THINKING_OWN, "<think>\nTwo and", "Two and", "");
  check(GAZE_THINKING_OWN, "<think>", NULL, "");
  check(GAZE_THINKING_OWN, "", NULL, "");
}

static void the_last_answer_counts(void **state) {
  (void)state;
  check(GAZE_THINKING_ASKED, "Two and two.\nAnswer: 4", "Two and two.", "4");
  check(GAZE_THINKING_ASKED, "Answer: 5?\nNo.\n\n**Answer:** 4", "Answer: 5?\nNo.", "4");
  check(GAZE_THINKING_ASKED, "So:\nanswer:\n\n4 apples", "So:", "4 apples");
  check(GAZE_THINKING_ASKED, "Answer: 4", NULL, "4");
  check(GAZE_THINKING_ASKED, "I say: Answer: 4", NULL, "I say: Answer: 4");
  check(GAZE_THINKING_ASKED, "Hm.\nAnswer:", NULL, "Hm.\nAnswer:");
  check(GAZE_THINKING_ASKED, "", NULL, "");
  check(GAZE_THINKING_NONE, "<think>a</think>\nAnswer: b", NULL, "<think>a</think>\nAnswer: b");
}

/* A listener hears nothing of thoughts, and all of an answer. */
static void it_is_told_in_time(void **state) {
  (void)state;
  assert_int_equal(gaze_thoughts_end(GAZE_THINKING_OWN, "", false), SIZE_MAX);
  assert_int_equal(gaze_thoughts_end(GAZE_THINKING_OWN, "<thi", false), SIZE_MAX);
  assert_int_equal(gaze_thoughts_end(GAZE_THINKING_OWN, "<this", false), 0);
  assert_int_equal(gaze_thoughts_end(GAZE_THINKING_OWN, "<think>a</think", false), SIZE_MAX);
  assert_int_equal(gaze_thoughts_end(GAZE_THINKING_OWN, "<think>a</think>\n", false), 17);
  assert_int_equal(gaze_thoughts_end(GAZE_THINKING_OWN, "<think>a</think>\n\nb", false), 18);
  assert_int_equal(gaze_thoughts_end(GAZE_THINKING_ASKED, "a\nAnswer: b", false), SIZE_MAX);
  assert_int_equal(gaze_thoughts_end(GAZE_THINKING_ASKED, "a\nAnswer: b", true), 10);
  assert_int_equal(gaze_thoughts_end(GAZE_THINKING_NONE, "a", false), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(own_thoughts_are_parted),
                                     cmocka_unit_test(the_last_answer_counts), cmocka_unit_test(it_is_told_in_time)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
