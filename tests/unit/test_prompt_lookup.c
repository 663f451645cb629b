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

/* A step of 1 + n ids takes 1 + n * price; as many are right as `right` says. Returns how long 1000 steps took. */
static double run_pace(double price, size_t right, size_t *written) {
  gaze_lookup_pace pace = GAZE_LOOKUP_PACE;
  double took = 0;
  *written = 0;
  for (size_t step = 0; step < 1000; step++) {
    size_t n = gaze_lookup_pace_next(&pace);
    n = n < 7 ? n : 7;
    size_t accepted = n < right ? n : right;
    gaze_lookup_pace_learn(&pace, n, accepted, 1 + (double)n * price);
    took += 1 + (double)n * price;
    *written += 1 + accepted;
  }
  return took;
}

/* However dear guesses are and however few are right, hardly any time is lost; where they are cheap it is gained. */
static void pace(void **state) {
  size_t written;
  for (double price = 0; price <= 1; price += 0.125) /* as dear as a step of its own */
    for (size_t right = 0; right < 8; right++)
      assert_true(run_pace(price, right, &written) < 1.03 * (double)written);
  assert_true(run_pace(0.05, 7, &written) < 0.2 * (double)written);
  assert_true(run_pace(0.05, 2, &written) < 0.5 * (double)written);
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
