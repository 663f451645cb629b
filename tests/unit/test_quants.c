/* Numbers in blocks: read as the package gguf reads them, made as it makes them or at least as well. */
#include "data_files.h"

#include "core/kernels/quants.h"
#include "core/nn/parameters.h"
#include "core/tensor/safetensors.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static gaze_safetensors *golden;

static int open_golden(void **state) {
  char path[512];
  const char *root = getenv("GAZE_SOURCE_ROOT");
  snprintf(path, sizeof path, "%s/tests/golden/data/quants/quants.safetensors", root ? root : ".");
  if (gaze_safetensors_open(path, &golden) != GAZE_OK)
    fail_msg("%s", gaze_last_error());
  return make_folder(state);
}

static int close_golden(void **state) {
  gaze_safetensors_close(golden);
  return remove_folder(state);
}

static const gaze_tensor *golden_tensor(gaze_dtype dtype, const char *what) {
  char name[32];
  snprintf(name, sizeof name, "%s.%s", gaze_dtype_name(dtype), what);
  const gaze_tensor *found = gaze_safetensors_find(golden, name);
  assert_non_null(found);
  return found;
}

#define EACH_QUANTISED(dtype) (gaze_dtype dtype = GAZE_DTYPE_Q8_0; dtype < GAZE_DTYPES; dtype++)

static void test_read_bit_for_bit(void **state) {
  for
    EACH_QUANTISED(dtype) {
      const gaze_tensor *blocks = golden_tensor(dtype, "blocks"), *values = golden_tensor(dtype, "values");
      size_t n = gaze_tensor_count(values);
      assert_int_equal(gaze_dtype_bytes(dtype, n), gaze_tensor_count(blocks));
      float *y = malloc(n * sizeof *y);
      gaze_dequantise(y, blocks->data, dtype, n);
      assert_memory_equal(y, values->data, n * sizeof *y);
      free(y);
    }
}

/* Blocks lie on any boundary, and some in the middle are read as all are. */
static void test_part_of_a_weight(void **state) {
  gaze_kernels kernels;
  gaze_kernels_init(&kernels, 0);
  for
    EACH_QUANTISED(dtype) {
      const gaze_tensor *blocks = golden_tensor(dtype, "blocks"), *values = golden_tensor(dtype, "values");
      size_t block = gaze_dtype_block(dtype), bytes = gaze_tensor_count(blocks);
      uint8_t *moved = malloc(bytes + 1);
      float *y = malloc(3 * block * sizeof *y);
      memcpy(moved + 1, blocks->data, bytes);
      gaze_weight_widen(&kernels, y, (gaze_weight){.data = moved + 1, .dtype = dtype}, 2 * block, 3 * block);
      assert_memory_equal(y, (const float *)values->data + 2 * block, 3 * block * sizeof *y);
      free(y);
      free(moved);
    }
}

/* Root of the mean square of what blocks miss of a row of 256. */
static double miss(const float *x, const uint8_t *blocks, gaze_dtype dtype) {
  float y[256];
  double sum = 0;
  gaze_dequantise(y, blocks, dtype, 256);
  for (size_t i = 0; i < 256; i++)
    sum += ((double)y[i] - (double)x[i]) * ((double)y[i] - (double)x[i]);
  return sqrt(sum / 256);
}

static void check_row(gaze_dtype dtype, size_t row, const float *x, const uint8_t *made, const uint8_t *wanted) {
  double ours = miss(x, made, dtype), theirs = miss(x, wanted, dtype);
  if (!(ours <= 1.001 * theirs))
    fail_msg("%s of row %zu: off by %g, the reference by %g", gaze_dtype_name(dtype), row, ours, theirs);
}

static void test_made_as_the_reference(void **state) {
  const gaze_tensor *x = gaze_safetensors_find(golden, "x");
  size_t n = gaze_tensor_count(x);
  for
    EACH_QUANTISED(dtype) {
      const uint8_t *wanted = golden_tensor(dtype, "made")->data;
      size_t bytes = gaze_dtype_bytes(dtype, n), row_bytes = gaze_dtype_bytes(dtype, 256);
      uint8_t *made = malloc(bytes);
      gaze_quantise(made, x->data, dtype, n);
      if (gaze_dtype_block(dtype) == 32)
        assert_memory_equal(made, wanted, bytes);
      for (size_t row = 0; row < n / 256; row++)
        check_row(dtype, row, (const float *)x->data + row * 256, made + row * row_bytes, wanted + row * row_bytes);
      free(made);
    }
}

/* Numbers that no block can hold make bad numbers, but do no harm. */
static void test_numbers_beyond(void **state) {
  static const float beyond[] = {NAN, INFINITY, -INFINITY, 3e38f, -3e38f, 1e-44f};
  for
    EACH_QUANTISED(dtype)
  for (size_t i = 0; i < sizeof beyond / sizeof *beyond; i++) {
    float x[256] = {0}, y[256];
    uint8_t blocks[512];
    x[3] = beyond[i], x[77] = -beyond[i], x[100] = 1;
    gaze_quantise(blocks, x, dtype, 256);
    gaze_dequantise(y, blocks, dtype, 256);
  }
}

static void test_nothing(void **state) {
  for
    EACH_QUANTISED(dtype) {
      gaze_dequantise(NULL, NULL, dtype, 0);
      gaze_quantise(NULL, NULL, dtype, 0);
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_read_bit_for_bit),
      cmocka_unit_test(test_part_of_a_weight),
      cmocka_unit_test(test_made_as_the_reference),
      cmocka_unit_test(test_numbers_beyond),
      cmocka_unit_test(test_nothing),
  };
  return cmocka_run_group_tests(tests, open_golden, close_golden);
}
