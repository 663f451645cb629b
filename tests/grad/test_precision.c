/* A whole step in f32 and in bf16, at every kernel level, against the same in double that precision_double makes. */
#include "tests/grad/precision.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { OUTPUTS = 5 };         /* results before the gradients */
enum { BF16_COARSER = 5000 }; /* measured: outputs within 0.008, gradients within 0.037 */

static const char *double_program;

typedef struct comparison {
  char where[64];
  FILE *reference; /* what precision_double writes */
  size_t compared; /* results so far */
  double keys;     /* norm of the gradient of the last block's keys */
  double coarser;  /* times the tolerance of f32 */
} comparison;

static double *next_reference(comparison *c, const char *name, size_t n) {
  precision_header header;
  assert_int_equal(fread(&header, sizeof header, 1, c->reference), 1);
  assert_string_equal(header.name, name);
  assert_int_equal(header.n, n);
  double *wanted = malloc(n * sizeof *wanted);
  assert_non_null(wanted);
  assert_int_equal(fread(wanted, sizeof *wanted, n, c->reference), n);
  return wanted;
}

/* Outputs come first, then gradients. That of the keys' bias is zero but for rounding, since softmax does not see what
 * is added to all keys: it is measured against that of their weights. */
static double tolerance_of(const comparison *c, const char *name) {
  return c->coarser * (c->compared < OUTPUTS ? 4e-6 : strstr(name, "k_bias") ? 3e-7 : 1e-5);
}

static void compare_result(void *user, const char *name, const float *values, size_t n) {
  comparison *c = user;
  double *wanted = next_reference(c, name, n), squares = 0, of_difference = 0;
  for (size_t i = 0; i < n; i++) {
    double difference = (double)values[i] - wanted[i];
    squares += wanted[i] * wanted[i];
    of_difference += difference * difference;
  }
  free(wanted);
  double size = strstr(name, "k_bias") ? c->keys : sqrt(squares), error = sqrt(of_difference) / size;
  if (strstr(name, "k_weight"))
    c->keys = size;
  if (!(error <= tolerance_of(c, name)))
    fail_msg("%s: %s is off by %.3g", c->where, name, error);
  c->compared++;
}

static void check_run(size_t run, const char *level, unsigned cpu_flags, bool bf16) {
  comparison c = {.coarser = bf16 ? BF16_COARSER : 1};
  gaze_kernels kernels;
  gaze_matmul *matmul = NULL;
  char command[4096];
  snprintf(c.where, sizeof c.where, "run %zu, level %s%s", run, level, bf16 ? ", bf16" : "");
  snprintf(command, sizeof command, "'%s' %zu", double_program, run);
  c.reference = popen(command, "r");
  assert_non_null(c.reference);
  gaze_kernels_init(&kernels, cpu_flags);
  assert_int_equal(gaze_matmul_new(&kernels, cpu_flags, bf16 ? GAZE_PRECISION_BF16 : GAZE_PRECISION_F32, &matmul),
                   GAZE_OK);
  precision_run(run, &kernels, matmul, compare_result, &c);
  gaze_matmul_free(matmul);
  assert_int_equal(fgetc(c.reference), EOF);
  assert_int_equal(pclose(c.reference), 0);
}

static void check_levels(size_t run, bool bf16) {
  static const char *const levels[] = {"c", "avx2", "avx512", "vnni", "bf16", "neon"};
  for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
    unsigned mask;
    assert_int_equal(gaze_cpu_mask(levels[i], &mask), GAZE_OK);
    if ((gaze_cpu_detect() & mask) == mask)
      check_run(run, levels[i], mask, bf16);
  }
}

static void info_nce(void **state) { check_levels(0, false); }
static void sigmoid_loss_in_parts(void **state) { check_levels(1, false); }
static void info_nce_bf16(void **state) { check_levels(0, true); }
static void sigmoid_loss_in_parts_bf16(void **state) { check_levels(1, true); }

int main(int argc, char **argv) {
  if (argc != 2)
    return fprintf(stderr, "usage: test_precision PRECISION_DOUBLE\n"), 1;
  double_program = argv[1];
  const struct CMUnitTest tests[] = {cmocka_unit_test(info_nce), cmocka_unit_test(sigmoid_loss_in_parts),
                                     cmocka_unit_test(info_nce_bf16), cmocka_unit_test(sigmoid_loss_in_parts_bf16)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
