/* Pictures of the same bytes, by their hashes. */
#include "fusion/same_pictures.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { MOST = 8 };

static void check(const uint64_t *hashes, size_t n, const size_t *shown, const size_t *firsts, size_t n_firsts) {
  gaze_same_pictures same;
  assert_int_equal(gaze_same_pictures_init(&same, hashes, n), GAZE_OK);
  assert_int_equal(same.n, n_firsts);
  assert_memory_equal(same.shown, shown, n * sizeof *shown);
  assert_memory_equal(same.firsts, firsts, n_firsts * sizeof *firsts);
  gaze_same_pictures_fini(&same);
}

/* Numbers follow the order of pictures, not that of hashes. */
static void numbered_as_they_are_met(void **state) {
  static const uint64_t hashes[MOST] = {70, 9, 70, UINT64_MAX, 9, 70, 1, UINT64_MAX};
  static const size_t shown[MOST] = {0, 1, 0, 2, 1, 0, 3, 2}, firsts[] = {0, 1, 3, 6};
  check(hashes, MOST, shown, firsts, 4);
}

static void unreadable_ones_are_nobody_elses(void **state) {
  static const uint64_t hashes[] = {0, 5, 0, 5, 0};
  static const size_t shown[] = {0, 1, 2, 1, 3}, firsts[] = {0, 1, 2, 4};
  check(hashes, 5, shown, firsts, 4);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(numbered_as_they_are_met),
                                     cmocka_unit_test(unreadable_ones_are_nobody_elses)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
