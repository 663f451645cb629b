/* Every entry of the kernel table, on every level this processor has, against double references.
 * `test_kernels LEVEL` tests one level; `test_kernels --bench` prints the speed of each entry instead. */
#include "tests/kernels/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_TESTS 256

static const char *const level_names[] = {"c", "avx2", "avx512", "vnni", "bf16", "neon"};
enum { LEVELS = sizeof level_names / sizeof *level_names };

/* Fills the table of one level; false when this processor lacks it. */
static bool open_level(const char *level, gaze_kernels *kernels) {
  unsigned mask, have = gaze_cpu_detect();
  if (gaze_cpu_mask(level, &mask) != GAZE_OK || (mask & ~have))
    return false;
  gaze_kernels_init(kernels, mask);
  return true;
}

static void processor_lacks_level(void **state) {
  print_message("SKIP: this processor has no %s\n", (const char *)*state);
  skip();
}

static size_t add_checks(struct CMUnitTest *tests, size_t count, const check *list, gaze_kernels *kernels) {
  for (const check *c = list; c->name; c++) {
    char *name;
    assert_true(asprintf(&name, "%s: %s", kernels->level, c->name) > 0 && count < MOST_TESTS);
    tests[count++] = (struct CMUnitTest){.name = name, .test_func = c->run, .initial_state = kernels};
  }
  return count;
}

static size_t add_level(struct CMUnitTest *tests, size_t count, gaze_kernels *kernels) {
  const check *lists[] = {conversion_checks, vector_checks, norm_checks,     activation_checks,
                          gemm_checks,       matmul_checks, quantised_checks};
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
    count = add_checks(tests, count, lists[i], kernels);
  return strcmp(kernels->level, "c") == 0 ? add_checks(tests, count, onednn_checks, kernels) : count;
}

int main(int argc, char **argv) {
  static gaze_kernels tables[LEVELS];
  static struct CMUnitTest tests[MOST_TESTS];
  static char names[LEVELS][16];
  bool bench = argc > 1 && strcmp(argv[1], "--bench") == 0;
  const char *only = argc > 1 && !bench ? argv[1] : NULL;
  size_t count = 0;
  for (int i = 0; i < LEVELS; i++) {
    if (only && strcmp(only, level_names[i]) != 0)
      continue;
    snprintf(names[i], sizeof names[i], "%s", level_names[i]);
    if (!open_level(names[i], &tables[i]))
      tests[count++] =
          (struct CMUnitTest){.name = names[i], .test_func = processor_lacks_level, .initial_state = names[i]};
    else if (bench)
      bench_kernels(&tables[i]);
    else
      count = add_level(tests, count, &tables[i]);
  }
  if (bench)
    return 0;
  int failed = _cmocka_run_group_tests("kernels", tests, count, NULL, NULL);
  for (size_t i = 0; i < count; i++)
    if (strchr(tests[i].name, ':'))
      free((void *)(uintptr_t)tests[i].name);
  return failed;
}
