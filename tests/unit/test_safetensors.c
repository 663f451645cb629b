/* Weight files: written and read again, and refused where header and bytes do not fit. */
#include "data_files.h"

#include "core/tensor/safetensors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static gaze_err parse(const char *header, size_t data_bytes, gaze_safetensors **out) {
  static uint8_t bytes[4096];
  uint64_t length = strlen(header);
  memset(bytes, 0, sizeof bytes);
  memcpy(bytes, &length, sizeof length);
  memcpy(bytes + 8, header, length);
  return gaze_safetensors_parse(bytes, 8 + length + data_bytes, "weights", out);
}

static void refused(const char *header, size_t data_bytes, gaze_err err, const char *word) {
  gaze_safetensors *file;
  check_fails(parse(header, data_bytes, &file), err, word, "weights", NULL);
}

static void test_written_is_read(void **state) {
  const float a[6] = {1, 2, 3, 4, 5, 6};
  const uint16_t b[3] = {7, 8, 9};
  char names[3][8] = {"zebra", "ant", "none"};
  const gaze_named_tensor tensors[3] = {{names[0], {.data = a, .dtype = GAZE_DTYPE_F32, .rank = 2, .shape = {2, 3}}, 0},
                                        {names[1], {.data = b, .dtype = GAZE_DTYPE_F16, .rank = 1, .shape = {3}}, 0},
                                        {names[2], {.data = b, .dtype = GAZE_DTYPE_BF16, .rank = 1, .shape = {0}}, 0}};
  const char *path = test_path("three.safetensors");
  gaze_safetensors *file;
  assert_int_equal(gaze_safetensors_save(path, tensors, 3), GAZE_OK);
  assert_int_equal(gaze_safetensors_open(path, &file), GAZE_OK);
  assert_int_equal(gaze_safetensors_count(file), 3);
  assert_string_equal(gaze_safetensors_get(file, 0)->name, "ant");
  const gaze_tensor *zebra = gaze_safetensors_find(file, "zebra");
  assert_non_null(zebra);
  assert_int_equal(zebra->rank, 2);
  assert_int_equal(zebra->shape[1], 3);
  assert_memory_equal(zebra->data, a, sizeof a);
  assert_int_equal((uintptr_t)zebra->data % sizeof(float), 0);
  assert_memory_equal(gaze_safetensors_find(file, "ant")->data, b, sizeof b);
  assert_int_equal(gaze_tensor_count(gaze_safetensors_find(file, "none")), 0);
  assert_null(gaze_safetensors_find(file, "bee"));
  gaze_safetensors_close(file);
}

/* Every length below the whole is an error: nothing at the end is optional. */
static void test_cut_short(void **state) {
  const float a[4] = {1, 2, 3, 4};
  char name[] = "a";
  const gaze_named_tensor tensor = {name, {.data = a, .dtype = GAZE_DTYPE_F32, .rank = 1, .shape = {4}}, 0};
  assert_int_equal(gaze_safetensors_save(test_path("cut.safetensors"), &tensor, 1), GAZE_OK);
  FILE *stream = fopen(test_path("cut.safetensors"), "rb");
  uint8_t bytes[512];
  size_t size = fread(bytes, 1, sizeof bytes, stream);
  fclose(stream);
  gaze_safetensors *file;
  for (size_t n = 0; n < size; n++) {
    uint8_t *exact = malloc(n ? n : 1);
    memcpy(exact, bytes, n);
    check_fails(gaze_safetensors_parse(exact, n, "weights", &file), GAZE_ERR_FORMAT, "weights", NULL);
    free(exact);
  }
  assert_int_equal(gaze_safetensors_parse(bytes, size, "weights", &file), GAZE_OK);
  gaze_safetensors_close(file);
}

/* Lengths of a header beyond the file, beyond the limit, and beyond what a sum can hold. */
static void test_length_of_header(void **state) {
  static const uint64_t lengths[] = {3, (uint64_t)2 << 30, (uint64_t)1 << 63, UINT64_MAX, UINT64_MAX - 7};
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
    uint8_t *bytes = malloc(10);
    gaze_safetensors *file;
    memcpy(bytes, &lengths[i], 8);
    memcpy(bytes + 8, "{}", 2);
    check_fails(gaze_safetensors_parse(bytes, 10, "weights", &file), GAZE_ERR_FORMAT, "cut short", "weights", NULL);
    free(bytes);
  }
}

static void test_headers_that_lie(void **state) {
  refused("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 4, GAZE_ERR_FORMAT, "place of tensor a");
  refused("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}}", 8, GAZE_ERR_FORMAT, "place of tensor a");
  refused("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,0]}}", 8, GAZE_ERR_FORMAT, "place of tensor a");
  refused("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[-4,0]}}", 8, GAZE_ERR_FORMAT, "place of tensor a");
  refused("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[9223372036854775803,9223372036854775807]}}", 8,
          GAZE_ERR_FORMAT, "place of tensor a");
  refused("{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}", 8, GAZE_ERR_FORMAT, "place of tensor a");
  refused("{\"a\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}}", 8, GAZE_ERR_FORMAT, "shape of tensor a");
  refused("{\"a\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296,4],\"data_offsets\":[0,0]}}", 8, GAZE_ERR_FORMAT,
          "shape of tensor a");
  refused("{\"a\":{\"dtype\":\"F32\",\"shape\":[1,1,1,1,1,1,1,1,1,1],\"data_offsets\":[0,4]}}", 8, GAZE_ERR_FORMAT,
          "shape of tensor a");
  refused("{\"a\":{\"dtype\":\"Q7\",\"shape\":[1],\"data_offsets\":[0,4]}}", 8, GAZE_ERR_UNSUPPORTED, "Q7");
  refused("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
          "\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]}}",
          12, GAZE_ERR_FORMAT, "overlap");
  refused("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
          "\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}",
          4, GAZE_ERR_FORMAT, "duplicate");
  refused("[1]", 0, GAZE_ERR_FORMAT, "header");
  refused("{\"a\":", 0, GAZE_ERR_FORMAT, "");
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_written_is_read), cmocka_unit_test(test_cut_short),
                                     cmocka_unit_test(test_length_of_header), cmocka_unit_test(test_headers_that_lie)};
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
