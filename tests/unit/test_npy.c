#include "data_files.h"

#include "core/base/file.h"
#include "fusion/npy.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* bytes at an aligned place of exactly this size, so that a sanitizer sees reads behind them. */
static gaze_err parse_copy(const void *bytes, size_t size, gaze_tensor *out) {
  void *copy = calloc(1, size ? size : 1);
  memcpy(copy, bytes, size);
  gaze_err err = gaze_npy_parse(copy, size, "copy.npy", out);
  free(copy);
  return err;
}

/* A version 1 file with this header text, and data_size bytes behind it. */
static size_t make_npy(uint8_t *bytes, const char *text, size_t data_size) {
  memcpy(bytes, "\x93NUMPY\1\0\x76\0", 10);
  memset(bytes + 10, ' ', 118);
  memcpy(bytes + 10, text, strlen(text));
  bytes[127] = '\n';
  memset(bytes + 128, 0, data_size);
  return 128 + data_size;
}

static void test_header_is_numpys(void **state) {
  static const float data[6] = {1, -2, 0.5f, 4, 5, 6};
  assert_int_equal(gaze_npy_save(test_path("a.npy"), data, 2, 3), GAZE_OK);
  gaze_map map;
  assert_int_equal(gaze_map_open(test_path("a.npy"), &map), GAZE_OK);
  static const char header[] = "\x93NUMPY\1\0\x76\0{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }";
  assert_int_equal(map.size, 128 + sizeof data);
  assert_memory_equal(map.data, header, sizeof header - 1);
  assert_memory_equal(map.data + 128, data, sizeof data);
  gaze_map_close(&map);
}

static void test_shared_vectors_come_back_equal(void **state) {
  const char *path = shared_path("vectors/corel500-clip-vit-b32.npy");
  if (!path)
    skip();
  gaze_map theirs, ours;
  gaze_tensor tensor;
  assert_int_equal(gaze_map_open(path, &theirs), GAZE_OK);
  assert_int_equal(gaze_npy_parse(theirs.data, theirs.size, path, &tensor), GAZE_OK);
  assert_int_equal(tensor.dtype, GAZE_DTYPE_F32);
  assert_int_equal(tensor.rank, 2);
  assert_int_equal(tensor.shape[0], 500);
  assert_int_equal(tensor.shape[1], 512);
  assert_int_equal(gaze_npy_save(test_path("b.npy"), tensor.data, 500, 512), GAZE_OK);
  assert_int_equal(gaze_map_open(test_path("b.npy"), &ours), GAZE_OK);
  assert_int_equal(ours.size, theirs.size);
  assert_memory_equal(ours.data, theirs.data, ours.size);
  gaze_map_close(&ours);
  gaze_map_close(&theirs);
}

static void test_kinds(void **state) {
  static const struct {
    const char *text;
    size_t data_size;
    gaze_err err;
  } cases[] = {
      {"{'descr': '<f2', 'fortran_order': False, 'shape': (384,), }", 768, GAZE_OK},
      {"{'shape':(2,3),'fortran_order':False,'descr':'<f4'}", 24, GAZE_OK},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (0, 5), }", 0, GAZE_OK},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", 20, GAZE_ERR_FORMAT},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", 28, GAZE_ERR_FORMAT},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3, }", 24, GAZE_ERR_FORMAT},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775807, 4), }", 0, GAZE_ERR_FORMAT},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }", 0, GAZE_ERR_FORMAT},
      {"{'descr': '<f4', 'fortran_order': False, }", 24, GAZE_ERR_FORMAT},
      {"{'descr': '<f4', 'shape': (2, 3), }", 24, GAZE_ERR_FORMAT},
      {"{'descr': '<f4' 'fortran_order': False, 'shape': (2, 3), }", 24, GAZE_ERR_FORMAT},
      {"{'descr': '<f4", 24, GAZE_ERR_FORMAT},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }", 24, GAZE_ERR_UNSUPPORTED},
      {"{'descr': '>f4', 'fortran_order': False, 'shape': (6,), }", 24, GAZE_ERR_UNSUPPORTED},
      {"{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }", 24, GAZE_ERR_UNSUPPORTED},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (), }", 4, GAZE_ERR_UNSUPPORTED},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2, 3), }", 24, GAZE_ERR_UNSUPPORTED},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,1), }", 4, GAZE_ERR_FORMAT},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    uint8_t bytes[1024];
    gaze_tensor tensor;
    size_t size = make_npy(bytes, cases[i].text, cases[i].data_size);
    gaze_err err = parse_copy(bytes, size, &tensor);
    if (err != cases[i].err)
      fail_msg("%s: %s", cases[i].text, gaze_err_name(err));
  }
}

/* A version 2 file of one half, its header padded to length. */
static size_t make_version_2(uint8_t *bytes, size_t length) {
  memcpy(bytes, "\x93NUMPY\2\0", 8);
  memcpy(bytes + 8, (uint8_t[]){(uint8_t)length, 0, 0, 0}, 4);
  memset(bytes + 12, ' ', length);
  static const char text[] = "{'descr': '<f2', 'fortran_order': False, 'shape': (1,), }";
  memcpy(bytes + 12, text, sizeof text - 1);
  memcpy(bytes + 12 + length, "\0\x3c", 2);
  return 14 + length;
}

static void test_versions(void **state) {
  uint8_t bytes[256];
  gaze_tensor tensor;
  assert_int_equal(parse_copy(bytes, make_version_2(bytes, 68), &tensor), GAZE_OK);
  assert_int_equal(tensor.dtype, GAZE_DTYPE_F16);
  assert_int_equal(tensor.rank, 1);
  check_fails(parse_copy(bytes, make_version_2(bytes, 67), &tensor), GAZE_ERR_FORMAT, "aligned", NULL);
  bytes[6] = 3;
  check_fails(parse_copy(bytes, 81, &tensor), GAZE_ERR_UNSUPPORTED, "version 3", "copy.npy", NULL);
}

static void test_truncated(void **state) {
  uint8_t bytes[256];
  gaze_tensor tensor;
  size_t size = make_npy(bytes, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", 24);
  for (size_t n = 0; n < size; n++)
    check_fails(parse_copy(bytes, n, &tensor), GAZE_ERR_FORMAT, "copy.npy", NULL);
  assert_int_equal(parse_copy(bytes, size, &tensor), GAZE_OK);
}

static void test_save_is_whole_or_absent(void **state) {
  static const float data[1] = {1};
  check_fails(gaze_npy_save(test_path("missing/a.npy"), data, 1, 1), GAZE_ERR_IO, "missing/a.npy", NULL);
  if (access("/dev/full", W_OK) != 0)
    return;
  fflush(stdout);
  int kept = dup(STDOUT_FILENO);
  assert_non_null(freopen("/dev/full", "w", stdout));
  gaze_err err = gaze_npy_save("-", data, 1, 1);
  clearerr(stdout);
  dup2(kept, STDOUT_FILENO);
  close(kept);
  check_fails(err, GAZE_ERR_IO, "standard output", NULL);
}

static void test_tensor(void **state) {
  gaze_tensor tensor = {.dtype = GAZE_DTYPE_BF16, .rank = 3, .shape = {2, 3, 512}};
  char text[64];
  gaze_tensor_shape_text(&tensor, text, sizeof text);
  assert_string_equal(text, "[2, 3, 512]");
  gaze_tensor_shape_text(&tensor, text, 6);
  assert_string_equal(text, "[2, 3");
  assert_int_equal(gaze_tensor_count(&tensor), 3072);
  assert_int_equal(gaze_tensor_count(&(gaze_tensor){0}), 1);
  assert_int_equal(gaze_dtype_size(GAZE_DTYPE_BF16), 2);
  assert_string_equal(gaze_dtype_name(GAZE_DTYPE_BF16), "BF16");
  for (int i = 0; i < GAZE_DTYPES; i++)
    assert_true(gaze_dtype_size(i) > 0 && gaze_dtype_name(i));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_header_is_numpys),
      cmocka_unit_test(test_shared_vectors_come_back_equal),
      cmocka_unit_test(test_kinds),
      cmocka_unit_test(test_versions),
      cmocka_unit_test(test_truncated),
      cmocka_unit_test(test_save_is_whole_or_absent),
      cmocka_unit_test(test_tensor),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
