#include "text/prompt_lookup.h"

#include "core/base/random.h"

#include "data_files.h"

#include <string.h>

static void check(const int32_t *ids, size_t n, size_t room, const int32_t *wanted, size_t n_wanted) {
  int32_t draft[16];
  assert_int_equal(gaze_prompt_lookup_draft(ids, n, GAZE_PROMPT_LOOKUP_LONGEST, draft, room), n_wanted);
  assert_memory_equal(draft, wanted, n_wanted * sizeof *draft);
}

#define IDS(...) (const int32_t[]){__VA_ARGS__}, sizeof(int32_t[]){__VA_ARGS__} / sizeof(int32_t)

static void drafts(void **state) {
  check(IDS(1, 2, 3, 4, 5, 1, 2, 3), 2, IDS(4, 5));
  check(IDS(1, 2, 3, 4, 5, 1, 2, 3), 16, IDS(4, 5, 1, 2, 3));
  check(IDS(1, 2, 3, 7, 9, 2, 3, 8, 2, 3), 1, IDS(8));    /* as long, but later */
  check(IDS(1, 2, 3, 7, 9, 2, 3, 8, 1, 2, 3), 1, IDS(7)); /* longer, though earlier */
  check(IDS(5, 6, 5), 3, IDS(6, 5));                      /* one id is better than none */
  check(IDS(4, 4, 4), 3, IDS(4));                         /* what overlaps its own copy */
  check(IDS(-1, -1, -1, -1), 3, NULL, 0);                 /* pictures say nothing */
  check(IDS(1, 2, -1, 7, 1, 2), 3, NULL, 0);              /* nor are they drafted */
  check(IDS(1, 2, 9, -1, 7, 1, 2), 3, IDS(9));
  check(IDS(1, 2, 3), 3, NULL, 0);
  check(IDS(1), 3, NULL, 0);
  check(NULL, 0, 3, NULL, 0);
  check(IDS(1, 2, 1), 0, NULL, 0);
}

/* The draft by its definition, with longest first, then latest. */
static size_t draft_slowly(const int32_t *ids, size_t n, int32_t *draft, size_t room) {
  for (size_t length = GAZE_PROMPT_LOOKUP_LONGEST; length > 0; length--)
    for (size_t end = n - 1; end >= length && n > length; end--)
      if (!memcmp(ids + end - length, ids + n - length, length * sizeof *ids)) {
        size_t drafted = n - end < room ? n - end : room;
        memcpy(draft, ids + end, drafted * sizeof *ids);
        return drafted;
      }
  return 0;
}

static void random_ids(void **state) {
  gaze_random random;
  gaze_random_init(&random, 5, 0);
  for (int round = 0; round < 20000; round++) {
    int32_t ids[30], draft[8], wanted[8];
    size_t n = 1 + gaze_random_below(&random, 30);
    for (size_t i = 0; i < n; i++)
      ids[i] = (int32_t)gaze_random_below(&random, 4);
    size_t drafted = draft_slowly(ids, n, wanted, 8);
    assert_int_equal(gaze_prompt_lookup_draft(ids, n, GAZE_PROMPT_LOOKUP_LONGEST, draft, 8), drafted);
    assert_memory_equal(draft, wanted, drafted * sizeof *draft);
  }
}

static void acceptance(void **state) {
  const int32_t draft[] = {3, 4, 5}, same[] = {3, 4, 5, 6}, other[] = {3, 9, 5, 6}, none[] = {8};
  assert_int_equal(gaze_prompt_lookup_accepted(draft, 3, same), 3);
  assert_int_equal(gaze_prompt_lookup_accepted(draft, 3, other), 1);
  assert_int_equal(gaze_prompt_lookup_accepted(draft, 1, none), 0);
  assert_int_equal(gaze_prompt_lookup_accepted(draft, 0, none), 0);
}

/* Where nothing is right few ids are guessed, and where all are each step soon guesses as many as it may. */
static void pace(void **state) {
  gaze_lookup_pace wrong = GAZE_LOOKUP_PACE, right = GAZE_LOOKUP_PACE;
  size_t guessed = 0, steps = 0;
  for (; steps < 1000; steps++) {
    size_t n = gaze_lookup_pace_next(&wrong);
    guessed += n;
    gaze_lookup_pace_learn(&wrong, n, 0);
  }
  assert_in_range(guessed, 1000 / (1 + GAZE_LOOKUP_PAUSE_MOST), 40);
  for (steps = 0; gaze_lookup_pace_next(&right) < 7; steps++)
    gaze_lookup_pace_learn(&right, right.most, right.most);
  assert_int_equal(steps, 3);
  gaze_lookup_pace_learn(&right, 7, 2);
  assert_int_equal(gaze_lookup_pace_next(&right), 3); /* one more than was right */
  gaze_lookup_pace_learn(&right, 3, 0);
  assert_int_equal(gaze_lookup_pace_next(&right), 0);
  assert_int_equal(gaze_lookup_pace_next(&right), 1);
  gaze_lookup_pace_learn(&right, 0, 0); /* nothing like it was said */
  assert_int_equal(gaze_lookup_pace_next(&right), 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(drafts),
      cmocka_unit_test(random_ids),
      cmocka_unit_test(acceptance),
      cmocka_unit_test(pace),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
