/* Muon: the iteration against its definition in double, what it does to singular values, and whole steps. */
#include "core/base/random.h"
#include "core/nn/muon.h"
#include "core/nn/optimizer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 96, ROOM = MOST * MOST };

static gaze_kernels kernels;
static const gaze_compute compute = {.kernels = &kernels};

static int set_up(void **state) {
  gaze_kernels_init(&kernels, gaze_cpu_detect());
  return 0;
}

static void fill(float *x, size_t n, uint64_t seed) {
  gaze_random random;
  gaze_random_init(&random, seed, 0);
  for (size_t i = 0; i < n; i++)
    x[i] = (float)gaze_random_normal(&random);
}

/* y [m, n] += a [m, k] b [k, n]. */
static void multiply(double *y, const double *a, const double *b, size_t m, size_t n, size_t k) {
  for (size_t i = 0; i < m; i++)
    for (size_t j = 0; j < n; j++)
      for (size_t l = 0; l < k; l++)
        y[i * n + j] += a[i * k + l] * b[l * n + j];
}

/* x <- 3.4445 x - 4.7750 (x x^T) x + 2.0315 (x x^T)^2 x, five times, of x scaled to length one. */
static void orthogonalise_in_double(double *x, size_t rows, size_t columns) {
  static double transposed[ROOM], gram[ROOM], cube[ROOM], fifth[ROOM];
  double norm = 0;
  for (size_t i = 0; i < rows * columns; i++)
    norm += x[i] * x[i];
  for (size_t i = 0; i < rows * columns; i++)
    x[i] /= sqrt(norm);
  for (int step = 0; step < 5; step++) {
    memset(gram, 0, sizeof gram);
    memset(cube, 0, sizeof cube);
    memset(fifth, 0, sizeof fifth);
    for (size_t i = 0; i < rows; i++)
      for (size_t j = 0; j < columns; j++)
        transposed[j * rows + i] = x[i * columns + j];
    multiply(gram, x, transposed, rows, rows, columns);
    multiply(cube, gram, x, rows, columns, rows);
    multiply(fifth, gram, cube, rows, columns, rows);
    for (size_t i = 0; i < rows * columns; i++)
      x[i] = 3.4445 * x[i] - 4.7750 * cube[i] + 2.0315 * fifth[i];
  }
}

static void check_iteration(size_t rows, size_t columns) {
  static float x[ROOM], scratch[4 * ROOM];
  static double expected[ROOM];
  double difference = 0, length = 0;
  assert_true(gaze_muon_scratch(rows, columns) <= 4 * ROOM);
  fill(x, rows * columns, rows * 1000 + columns);
  for (size_t i = 0; i < rows * columns; i++)
    expected[i] = x[i];
  orthogonalise_in_double(expected, rows, columns);
  gaze_orthogonalise(&compute, x, rows, columns, scratch);
  for (size_t i = 0; i < rows * columns; i++) {
    difference += (x[i] - expected[i]) * (x[i] - expected[i]);
    length += expected[i] * expected[i];
  }
  assert_true(sqrt(difference / length) < 1e-5);
}

static void test_iteration(void **state) {
  static const size_t shapes[][2] = {{8, 8}, {8, 40}, {40, 8}, {1, 17}, {17, 1}, {64, 96}, {96, 64}};
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
    check_iteration(shapes[i][0], shapes[i][1]);
}

/* Of a wide random matrix: every row has a length near one, and rows are nearly at right angles. */
static void test_rows_become_orthogonal(void **state) {
  enum { ROWS = 12, COLUMNS = 90 };
  static float x[ROWS * COLUMNS], scratch[4 * ROOM];
  fill(x, ROWS * COLUMNS, 3);
  gaze_orthogonalise(&compute, x, ROWS, COLUMNS, scratch);
  for (size_t i = 0; i < ROWS; i++)
    for (size_t j = 0; j <= i; j++) {
      float product = kernels.dot(x + i * COLUMNS, x + j * COLUMNS, COLUMNS);
      assert_true(i == j ? product > 0.45f && product < 1.3f : fabsf(product) < 0.3f);
    }
}

static void test_zeros_stay(void **state) {
  float x[6] = {0}, scratch[64];
  gaze_orthogonalise(&compute, x, 2, 3, scratch);
  for (int i = 0; i < 6; i++)
    assert_true(x[i] == 0);
}

/* Two steps with decay and clipping: what is orthogonalised is Nesterov's momentum of the scaled gradients. */
static void test_steps(void **state) {
  enum { ROWS = 6, COLUMNS = 10, N = ROWS * COLUMNS };
  float weight[N], momentum[N] = {0}, gradient[N], scratch[4 * N + 72], update[N];
  double expected[N], sum[N] = {0};
  const gaze_muon_step step = {.lr = 0.1f, .momentum = 0.9f, .weight_decay = 0.5f, .gradient_scale = 0.25f};
  fill(weight, N, 1);
  for (int i = 0; i < N; i++)
    expected[i] = weight[i];
  for (uint64_t k = 0; k < 2; k++) {
    fill(gradient, N, 10 + k);
    for (int i = 0; i < N; i++) {
      sum[i] = 0.9 * sum[i] + 0.25 * gradient[i];
      update[i] = (float)(0.9 * sum[i] + 0.25 * gradient[i]);
    }
    gaze_orthogonalise(&compute, update, ROWS, COLUMNS, scratch);
    for (int i = 0; i < N; i++)
      expected[i] = expected[i] * (1 - 0.1 * 0.5) - 0.1 * 0.2 * sqrt(COLUMNS) * update[i];
    gaze_muon_step_run(&compute, weight, momentum, gradient, ROWS, COLUMNS, &step, scratch);
    for (int i = 0; i < N; i++)
      assert_true(fabs(weight[i] - expected[i]) < 1e-5);
  }
}

/* Matrices inside of blocks go Muon's way, all else AdamW's, whose first step has the size lr in every entry. */
static void test_optimizer_chooses(void **state) {
  gaze_parameters list = {0};
  gaze_weight weights[3];
  float *gradients[3], *values, *slopes;
  assert_int_equal(gaze_parameters_add(&list, "vision.block00.", "q_weight", &weights[0], &gradients[0], 4, 8),
                   GAZE_OK);
  assert_int_equal(gaze_parameters_add(&list, "vision.block00.", "q_bias", &weights[1], &gradients[1], 4, 1), GAZE_OK);
  assert_int_equal(gaze_parameters_add(&list, "vision.", "patch_weight", &weights[2], &gradients[2], 4, 8), GAZE_OK);
  size_t size = gaze_parameters_size(&list);
  assert_int_equal(gaze_alloc(size, sizeof *values, &values), GAZE_OK);
  assert_int_equal(gaze_alloc(size, sizeof *slopes, &slopes), GAZE_OK);
  gaze_parameters_bind(&list, values, slopes);
  fill(slopes, size, 5);
  gaze_optimizer optimizer;
  assert_int_equal(gaze_optimizer_init(&optimizer, &list, values, slopes), GAZE_OK);
  assert_int_equal(gaze_optimizer_use_muon(&optimizer, &list), GAZE_OK);
  assert_true(gaze_optimizer_step(&optimizer, &compute, &list, 0.01) > 0);
  for (size_t p = 0; p < 3; p++)
    for (size_t i = 0; i < gaze_parameter_count(&list.items[p]); i++)
      assert_true((fabsf(fabsf(gaze_f32(weights[p])[i]) - 0.01f) < 1e-6f) == (p > 0));
  gaze_optimizer_fini(&optimizer);
  gaze_parameters_fini(&list);
  free(values);
  free(slopes);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_iteration),         cmocka_unit_test(test_rows_become_orthogonal),
      cmocka_unit_test(test_zeros_stay),        cmocka_unit_test(test_steps),
      cmocka_unit_test(test_optimizer_chooses),
  };
  return cmocka_run_group_tests(tests, set_up, NULL);
}
