/* GGUF files: what the package gguf wrote is read, bytes that lie are refused, and what is written is read again. */
#include "data_files.h"

#include "core/base/file.h"
#include "core/nn/parameters.h"
#include "core/tensor/weights.h"
#include "fusion/gguf_make.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *gguf_path(const char *name) {
  static char paths[4][1024];
  static int turn;
  char *path = paths[turn++ % 4];
  const char *root = getenv("GAZE_SOURCE_ROOT");
  snprintf(path, sizeof paths[0], "%s/tests/golden/data/gguf/%s", root ? root : ".", name);
  return path;
}

static gaze_gguf *open_all(void) {
  gaze_gguf *file;
  if (gaze_gguf_open(gguf_path("all.gguf"), &file) != GAZE_OK)
    fail_msg("%s", gaze_last_error());
  return file;
}

static int64_t integer_of(const gaze_gguf *file, const char *key) {
  int64_t value = 7;
  assert_int_equal(gaze_gguf_integer(file, key, INT64_MIN, INT64_MAX, &value), GAZE_OK);
  return value;
}

static double number_of(const gaze_gguf *file, const char *key) {
  double value = 7;
  assert_int_equal(gaze_gguf_number(file, key, &value), GAZE_OK);
  return value;
}

static void test_values(void **state) {
  gaze_gguf *file = open_all();
  gaze_gguf_text text = {0};
  bool yes = false, no = true;
  assert_int_equal(integer_of(file, "test.u8"), 200);
  assert_int_equal(integer_of(file, "test.i8"), -100);
  assert_int_equal(integer_of(file, "test.u16"), 60000);
  assert_int_equal(integer_of(file, "test.i16"), -30000);
  assert_int_equal(integer_of(file, "test.u32"), 4000000000);
  assert_int_equal(integer_of(file, "test.i32"), -2000000000);
  assert_true(integer_of(file, "test.i64") == -(INT64_C(1) << 62));
  assert_true(integer_of(file, "test.u64") == INT64_MAX);
  assert_int_equal(integer_of(file, "test.absent"), 7);
  assert_true(number_of(file, "test.f32") == 0.5);
  assert_true(number_of(file, "test.f64") == 1e-300);
  assert_true(number_of(file, "test.u64") == 0x1p64);
  assert_int_equal(gaze_gguf_flag(file, "test.yes", &yes), GAZE_OK);
  assert_int_equal(gaze_gguf_flag(file, "test.no", &no), GAZE_OK);
  assert_true(yes && !no);
  assert_int_equal(gaze_gguf_string(file, "test.string", &text), GAZE_OK);
  assert_int_equal(text.length, sizeof "한국 \0 text" - 1);
  assert_memory_equal(text.bytes, "한국 \0 text", text.length);
  assert_int_equal(gaze_gguf_require(file, "test.u8"), GAZE_OK);
  check_fails(gaze_gguf_require(file, "test.absent"), GAZE_ERR_FORMAT, "test.absent", "all.gguf", NULL);
  gaze_gguf_close(file);
}

static void test_arrays(void **state) {
  gaze_gguf *file = open_all();
  const gaze_gguf_value *strings, *integers, *numbers, *absent;
  assert_int_equal(gaze_gguf_strings(file, "test.strings", &strings), GAZE_OK);
  assert_int_equal(strings->n, 3);
  assert_true(gaze_gguf_text_is(gaze_gguf_string_at(strings, 0), "one"));
  assert_true(gaze_gguf_text_is(gaze_gguf_string_at(strings, 1), ""));
  assert_true(gaze_gguf_text_is(gaze_gguf_string_at(strings, 2), "세 개"));
  assert_int_equal(gaze_gguf_integers(file, "test.integers", &integers), GAZE_OK);
  assert_int_equal(integers->n, 3);
  assert_int_equal(gaze_gguf_integer_at(integers, 0), -1);
  assert_int_equal(gaze_gguf_integer_at(integers, 2), INT32_MAX);
  assert_int_equal(gaze_gguf_numbers(file, "test.numbers", &numbers), GAZE_OK);
  assert_true(gaze_gguf_number_at(numbers, 1) == -2);
  assert_int_equal(gaze_gguf_strings(file, "test.absent", &absent), GAZE_OK);
  assert_null(absent);
  check_fails(gaze_gguf_strings(file, "test.integers", &absent), GAZE_ERR_FORMAT, "array of i32", "all.gguf", NULL);
  check_fails(gaze_gguf_integers(file, "test.u8", &absent), GAZE_ERR_FORMAT, "test.u8 is u8", NULL);
  gaze_gguf_close(file);
}

static void test_values_of_another_type(void **state) {
  gaze_gguf *file = open_all();
  int64_t integer;
  double number;
  bool flag;
  gaze_gguf_text text;
  check_fails(gaze_gguf_integer(file, "test.f32", 0, 9, &integer), GAZE_ERR_FORMAT, "test.f32 is f32", NULL);
  check_fails(gaze_gguf_integer(file, "test.yes", 0, 9, &integer), GAZE_ERR_FORMAT, "test.yes is bool", NULL);
  check_fails(gaze_gguf_integer(file, "test.u8", 0, 199, &integer), GAZE_ERR_FORMAT, "test.u8 is 200", NULL);
  check_fails(gaze_gguf_integer(file, "test.i8", 0, 199, &integer), GAZE_ERR_FORMAT, "test.i8 is -100", NULL);
  check_fails(gaze_gguf_number(file, "test.string", &number), GAZE_ERR_FORMAT, "test.string is string", NULL);
  check_fails(gaze_gguf_flag(file, "test.u8", &flag), GAZE_ERR_FORMAT, "no bool", NULL);
  check_fails(gaze_gguf_string(file, "test.strings", &text), GAZE_ERR_FORMAT, "array of string", NULL);
  gaze_gguf_close(file);
}

/* As f32 and of the shape that the reference says, under the file's dtype. */
static void check_tensors(const gaze_weights *weights) {
  gaze_kernels kernels;
  gaze_safetensors *wanted;
  gaze_kernels_init(&kernels, 0);
  assert_int_equal(gaze_safetensors_open(gguf_path("all.safetensors"), &wanted), GAZE_OK);
  assert_int_equal(gaze_weights_count(weights), gaze_safetensors_count(wanted));
  for (size_t i = 0; i < gaze_weights_count(weights); i++) {
    const gaze_named_tensor *got = gaze_weights_get(weights, i);
    const gaze_tensor *expected = gaze_safetensors_find(wanted, got->name);
    size_t n = gaze_tensor_count(&got->tensor);
    float *y = malloc(n * sizeof *y);
    assert_non_null(expected);
    assert_int_equal(got->tensor.rank, expected->rank);
    assert_memory_equal(got->tensor.shape, expected->shape, (size_t)expected->rank * sizeof(size_t));
    if (strncmp(got->name, "blk.0.", 6) == 0)
      assert_string_equal(got->name + 6, gaze_dtype_name(got->tensor.dtype));
    gaze_weight_widen(&kernels, y, (gaze_weight){.data = got->tensor.data, .dtype = got->tensor.dtype}, 0, n);
    assert_memory_equal(y, expected->data, n * sizeof *y);
    free(y);
  }
  gaze_safetensors_close(wanted);
}

static gaze_weights *open_weights(const char *path) {
  gaze_weights *weights = NULL;
  if (gaze_weights_open(path, &weights) != GAZE_OK)
    fail_msg("%s", gaze_last_error());
  return weights;
}

/* One file, or either of two parts. */
static void test_tensors(void **state) {
  static const char *const names[] = {"all.gguf", "parts-00001-of-00002.gguf", "parts-00002-of-00002.gguf"};
  for (size_t i = 0; i < 3; i++) {
    gaze_weights *weights = open_weights(gguf_path(names[i]));
    int64_t part = 0;
    check_tensors(weights);
    assert_non_null(gaze_weights_gguf(weights));
    assert_int_equal(gaze_gguf_integer(gaze_weights_gguf(weights), "split.no", 0, 1, &part), GAZE_OK);
    assert_int_equal(part, 0);
    gaze_weights_close(weights);
  }
}

static void link_part(const char *fixture, const char *name) {
  assert_int_equal(symlink(gguf_path(fixture), test_path(name)), 0);
}

static void refused_path(const char *name, gaze_err expected, const char *first, const char *second) {
  gaze_weights *weights = NULL;
  check_fails(gaze_weights_open(test_path(name), &weights), expected, first, second, NULL);
  assert_null(weights);
}

static void test_parts_that_do_not_fit(void **state) {
  link_part("parts-00001-of-00002.gguf", "lone.gguf");
  refused_path("lone.gguf", GAZE_ERR_MISMATCH, "part 1 of 2", "lone.gguf");
  link_part("parts-00001-of-00002.gguf", "half-00001-of-00002.gguf");
  refused_path("half-00001-of-00002.gguf", GAZE_ERR_NOT_FOUND, "missing", "half-00002-of-00002.gguf");
  link_part("all.gguf", "half-00002-of-00002.gguf");
  refused_path("half-00001-of-00002.gguf", GAZE_ERR_MISMATCH, "in two files", "blk.0");
  link_part("parts-00002-of-00002.gguf", "turned-00001-of-00002.gguf");
  link_part("parts-00001-of-00002.gguf", "turned-00002-of-00002.gguf");
  refused_path("turned-00002-of-00002.gguf", GAZE_ERR_MISMATCH, "part 2 of 2", "turned-00001-of-00002.gguf");
  refused_path("absent.gguf", GAZE_ERR_NOT_FOUND, "missing", "absent.gguf");
}

/* Every length below the last tensor's end is an error. */
static void test_cut_short(void **state) {
  gaze_map map;
  gaze_gguf *file = open_all();
  size_t end = 0;
  assert_int_equal(gaze_map_open(gguf_path("all.gguf"), &map), GAZE_OK);
  gaze_gguf_close(file);
  assert_int_equal(gaze_gguf_parse(map.data, map.size, "cut", &file), GAZE_OK);
  for (size_t i = 0; i < gaze_gguf_count(file); i++) {
    const gaze_tensor *tensor = &gaze_gguf_get(file, i)->tensor;
    size_t last =
        (size_t)((const uint8_t *)tensor->data - map.data) + gaze_dtype_bytes(tensor->dtype, gaze_tensor_count(tensor));
    end = last > end ? last : end;
  }
  gaze_gguf_close(file);
  for (size_t n = 0; n < end; n++) {
    uint8_t *exact = malloc(n ? n : 1);
    memcpy(exact, map.data, n);
    check_fails(gaze_gguf_parse(exact, n, "cut", &file), GAZE_ERR_FORMAT, "cut", NULL);
    free(exact);
  }
  gaze_map_close(&map);
}

/* A file by hand. */
static uint8_t made[4096];
static size_t used;

static void put(const void *bytes, size_t size) {
  assert_true(used + size <= sizeof made);
  memcpy(made + used, bytes, size);
  used += size;
}
static void put_u32(uint32_t value) { put(&value, sizeof value); }
static void put_u64(uint64_t value) { put(&value, sizeof value); }
static void put_text(const char *text) {
  put_u64(strlen(text));
  put(text, strlen(text));
}

static void begin(uint32_t version, uint64_t tensors, uint64_t values) {
  used = 0;
  put("GGUF", 4);
  put_u32(version);
  put_u64(tensors);
  put_u64(values);
}

static void put_u32_value(const char *key, uint32_t value) {
  put_text(key);
  put_u32(GAZE_GGUF_U32);
  put_u32(value);
}

static void put_tensor(const char *name, uint32_t rank, const uint64_t *sides, uint32_t type, uint64_t offset) {
  put_text(name);
  put_u32(rank);
  for (uint32_t i = 0; i < rank; i++)
    put_u64(sides[i]);
  put_u32(type);
  put_u64(offset);
}

/* The file with `data` bytes of tensors, in memory of exactly that size. */
static gaze_err parse(size_t data, gaze_gguf **out) {
  size_t size = data ? (used + 31) / 32 * 32 + data : used;
  uint8_t *exact = calloc(size, 1);
  memcpy(exact, made, used);
  gaze_err err = gaze_gguf_parse(exact, size, "made.gguf", out);
  if (err == GAZE_OK)
    gaze_gguf_close(*out);
  free(exact);
  return err;
}

static void refused(size_t data, gaze_err expected, const char *word) {
  gaze_gguf *file;
  check_fails(parse(data, &file), expected, word, "made.gguf", NULL);
}

static void test_headers(void **state) {
  gaze_gguf *file;
  begin(3, 0, 0);
  assert_int_equal(parse(0, &file), GAZE_OK);
  begin(2, 0, 0);
  assert_int_equal(parse(0, &file), GAZE_OK);
  begin(1, 0, 0), refused(0, GAZE_ERR_UNSUPPORTED, "version 1");
  begin(4, 0, 0), refused(0, GAZE_ERR_UNSUPPORTED, "version 4");
  begin(0, 0, 0), refused(0, GAZE_ERR_UNSUPPORTED, "version 0");
  begin(3u << 24, 0, 0), refused(0, GAZE_ERR_UNSUPPORTED, "big-endian");
  begin(3, 1, 0), refused(0, GAZE_ERR_FORMAT, "more tensors");
  begin(3, UINT64_MAX, 0), refused(0, GAZE_ERR_FORMAT, "more tensors");
  begin(3, 0, 1), refused(0, GAZE_ERR_FORMAT, "too early");
  begin(3, 0, UINT64_MAX), refused(0, GAZE_ERR_FORMAT, "too early");
  made[0] = 'g', refused(0, GAZE_ERR_FORMAT, "not a GGUF");
}

static void put_array(const char *key, uint32_t type, uint64_t n) {
  begin(3, 0, 1);
  put_text(key);
  put_u32(GAZE_GGUF_ARRAY);
  put_u32(type);
  put_u64(n);
}

static void test_values_that_lie(void **state) {
  gaze_gguf *file;
  begin(3, 0, 2), put_u32_value("twice", 1), put_u32_value("twice", 2);
  refused(0, GAZE_ERR_FORMAT, "twice");
  begin(3, 0, 1), put_u32_value("", 1), refused(0, GAZE_ERR_FORMAT, "without a key");
  begin(3, 0, 1), put_u64(UINT64_MAX), put_u64(0), refused(0, GAZE_ERR_FORMAT, "too early");
  begin(3, 0, 1), put_text("odd"), put_u32(13), put_u64(0), refused(0, GAZE_ERR_UNSUPPORTED, "unknown type 13");
  begin(3, 0, 1), put_text("text"), put_u32(GAZE_GGUF_STRING), put_u64(1), refused(0, GAZE_ERR_FORMAT, "too early");
  begin(3, 0, 1), put_text("flag"), put_u32(GAZE_GGUF_BOOL), put("\2", 1), refused(0, GAZE_ERR_FORMAT, "flag");
  put_array("nested", GAZE_GGUF_ARRAY, 1), refused(0, GAZE_ERR_UNSUPPORTED, "array of arrays");
  put_array("long", GAZE_GGUF_U64, (uint64_t)1 << 61), refused(0, GAZE_ERR_FORMAT, "too early");
  put_array("long", GAZE_GGUF_STRING, UINT64_MAX), refused(0, GAZE_ERR_FORMAT, "too early");
  put_array("long", GAZE_GGUF_U8, UINT64_MAX), refused(0, GAZE_ERR_FORMAT, "too early");
  put_array("none", GAZE_GGUF_STRING, 0);
  assert_int_equal(parse(0, &file), GAZE_OK);
  put_array("none", GAZE_GGUF_F64, 0);
  assert_int_equal(parse(0, &file), GAZE_OK);
  begin(3, 0, 1), put_u32_value("general.alignment", 24), refused(0, GAZE_ERR_FORMAT, "power of two");
  begin(3, 0, 1), put_u32_value("general.alignment", 0), refused(0, GAZE_ERR_FORMAT, "general.alignment");
  begin(3, 0, 1), put_u32_value("general.alignment", 1u << 31), refused(0, GAZE_ERR_FORMAT, "general.alignment");
}

static const uint64_t sides[8] = {32, 2, 1, 1, 1, 1, 1, 1};

static void one_tensor(uint32_t rank, const uint64_t *shape, uint32_t type, uint64_t offset) {
  begin(3, 1, 0);
  put_tensor("w", rank, shape, type, offset);
}

static void test_tensors_that_lie(void **state) {
  enum { F32 = 0, Q8_0 = 8 };
  static const uint64_t huge[4] = {UINT64_C(1) << 32, UINT64_C(1) << 32, 1, 1}, odd[2] = {33, 2},
                        none[2] = {0, UINT64_MAX}, empty[2] = {0, 3};
  gaze_gguf *file;
  one_tensor(2, sides, F32, 0);
  assert_int_equal(parse(256, &file), GAZE_OK);
  refused(255, GAZE_ERR_FORMAT, "bad place");
  one_tensor(2, empty, F32, 0);
  assert_int_equal(parse(0, &file), GAZE_OK);
  one_tensor(0, NULL, F32, 0);
  assert_int_equal(parse(4, &file), GAZE_OK);
  one_tensor(2, sides, F32, 31), refused(1024, GAZE_ERR_FORMAT, "bad place");
  one_tensor(2, sides, F32, 64), refused(256, GAZE_ERR_FORMAT, "bad place");
  one_tensor(2, sides, F32, UINT64_MAX - 31), refused(256, GAZE_ERR_FORMAT, "bad place");
  one_tensor(5, sides, F32, 0), refused(256, GAZE_ERR_FORMAT, "bad shape");
  one_tensor(2, huge, F32, 0), refused(256, GAZE_ERR_FORMAT, "bad shape");
  one_tensor(2, none, F32, 0), refused(256, GAZE_ERR_FORMAT, "bad shape");
  one_tensor(1, huge, F32, 0), refused(256, GAZE_ERR_FORMAT, "bad place");
  one_tensor(2, odd, Q8_0, 0), refused(256, GAZE_ERR_FORMAT, "bad shape");
  one_tensor(2, sides, 10, 0), refused(256, GAZE_ERR_UNSUPPORTED, "Q2_K");
  one_tensor(2, sides, 39, 0), refused(256, GAZE_ERR_UNSUPPORTED, "MXFP4");
  one_tensor(2, sides, 4, 0), refused(256, GAZE_ERR_UNSUPPORTED, "unknown type 4");
  one_tensor(2, sides, UINT32_MAX, 0), refused(256, GAZE_ERR_UNSUPPORTED, "unknown type 4294967295");
  begin(3, 2, 0), put_tensor("w", 2, sides, F32, 0), put_tensor("w", 2, sides, F32, 256);
  refused(512, GAZE_ERR_FORMAT, "two tensors of one name");
  begin(3, 2, 0), put_tensor("v", 2, sides, F32, 0), put_tensor("w", 2, sides, F32, 224);
  refused(512, GAZE_ERR_FORMAT, "overlap");
  begin(3, 1, 0), put_tensor("", 2, sides, F32, 0), refused(256, GAZE_ERR_FORMAT, "proper name");
}

/* With another alignment the bytes lie elsewhere. */
static void test_alignment(void **state) {
  gaze_gguf *file;
  begin(3, 1, 1), put_u32_value("general.alignment", 512), put_tensor("w", 1, sides, 0, 0);
  made[512] = 1;
  assert_int_equal(gaze_gguf_parse(made, 512 + 128, "made.gguf", &file), GAZE_OK);
  assert_ptr_equal(gaze_gguf_get(file, 0)->tensor.data, made + 512);
  gaze_gguf_close(file);
}

static void fill_metadata(gaze_gguf_metadata *metadata) {
  const gaze_gguf_text words[2] = {{"a\0b", 3}, {"", 0}};
  const float scores[2] = {0.5f, -INFINITY};
  assert_int_equal(gaze_gguf_put_string(metadata, "general.architecture", "test"), GAZE_OK);
  assert_int_equal(gaze_gguf_put_integer(metadata, "test.u32", GAZE_GGUF_U32, 4000000000), GAZE_OK);
  assert_int_equal(gaze_gguf_put_integer(metadata, "test.i16", GAZE_GGUF_I16, -5), GAZE_OK);
  assert_int_equal(gaze_gguf_put_number(metadata, "test.f32", 0.25f), GAZE_OK);
  assert_int_equal(gaze_gguf_put_flag(metadata, "test.yes", true), GAZE_OK);
  assert_int_equal(gaze_gguf_put_strings(metadata, "test.words", words, 2), GAZE_OK);
  assert_int_equal(gaze_gguf_put_array(metadata, "test.scores", GAZE_GGUF_F32, scores, 2), GAZE_OK);
}

static void check_metadata(const gaze_gguf *file) {
  const gaze_gguf_value *words, *scores;
  assert_int_equal(gaze_gguf_value_count(file), 7);
  assert_int_equal(integer_of(file, "test.u32"), 4000000000);
  assert_int_equal(integer_of(file, "test.i16"), -5);
  assert_true(number_of(file, "test.f32") == 0.25);
  assert_int_equal(gaze_gguf_strings(file, "test.words", &words), GAZE_OK);
  assert_int_equal(gaze_gguf_string_at(words, 0).length, 3);
  assert_int_equal(gaze_gguf_numbers(file, "test.scores", &scores), GAZE_OK);
  assert_true(gaze_gguf_number_at(scores, 1) == -INFINITY);
}

#define ROWS 8
#define COLUMNS 256

static void test_written_is_read(void **state) {
  static float x[ROWS * COLUMNS], y[ROWS * COLUMNS];
  gaze_kernels kernels;
  gaze_gguf_metadata metadata = {0};
  gaze_gguf_item items[GAZE_DTYPES + 2];
  size_t n = 0;
  gaze_kernels_init(&kernels, 0);
  for (size_t i = 0; i < ROWS * COLUMNS; i++)
    x[i] = sinf((float)(i * i % 1000));
  const gaze_tensor matrix = {.data = x, .rank = 2, .shape = {ROWS, COLUMNS}};
  for (gaze_dtype dtype = GAZE_DTYPE_F32; dtype < GAZE_DTYPES; dtype++)
    if (dtype <= GAZE_DTYPE_BF16 || gaze_dtype_is_quantised(dtype))
      items[n++] = (gaze_gguf_item){.name = gaze_dtype_name(dtype), .source = matrix, .dtype = dtype};
  items[n++] = (gaze_gguf_item){.name = "turned", .source = matrix, .dtype = GAZE_DTYPE_F32, .heads = 2};
  items[n++] =
      (gaze_gguf_item){.name = "none", .source = {.data = x, .rank = 2, .shape = {0, 3}}, .dtype = GAZE_DTYPE_F16};
  fill_metadata(&metadata);
  assert_int_equal(gaze_gguf_make(test_path("made.gguf"), &metadata, items, n, &kernels), GAZE_OK);
  gaze_gguf_metadata_fini(&metadata);
  gaze_weights *weights = open_weights(test_path("made.gguf"));
  check_metadata(gaze_weights_gguf(weights));
  assert_int_equal(gaze_weights_count(weights), n);
  for (size_t i = 0; i < n - 2; i++) {
    const gaze_tensor *got = gaze_weights_find(weights, items[i].name);
    assert_int_equal(got->dtype, items[i].dtype);
    assert_int_equal(got->shape[0], ROWS);
    gaze_weight_widen(&kernels, y, (gaze_weight){.data = got->data, .dtype = got->dtype}, 0, ROWS * COLUMNS);
    for (size_t k = 0; k < ROWS * COLUMNS; k++)
      assert_float_equal(y[k], x[k], got->dtype <= GAZE_DTYPE_BF16 ? 0.005 : 0.15);
  }
  const float *turned = gaze_weights_find(weights, "turned")->data;
  static const size_t from[ROWS] = {0, 2, 1, 3, 4, 6, 5, 7};
  for (size_t row = 0; row < ROWS; row++)
    assert_memory_equal(turned + row * COLUMNS, x + from[row] * COLUMNS, COLUMNS * sizeof *x);
  gaze_weights_close(weights);
}

static void test_what_fits(void **state) {
  static const struct {
    gaze_dtype wanted;
    size_t columns;
    gaze_dtype got;
  } cases[] = {{GAZE_DTYPE_Q4_K, 512, GAZE_DTYPE_Q4_K}, {GAZE_DTYPE_Q4_K, 288, GAZE_DTYPE_Q5_0},
               {GAZE_DTYPE_Q5_K, 32, GAZE_DTYPE_Q5_1},  {GAZE_DTYPE_Q6_K, 864, GAZE_DTYPE_Q8_0},
               {GAZE_DTYPE_Q4_K, 40, GAZE_DTYPE_F16},   {GAZE_DTYPE_Q8_0, 64, GAZE_DTYPE_Q8_0},
               {GAZE_DTYPE_Q8_0, 172, GAZE_DTYPE_F16},  {GAZE_DTYPE_F16, 7, GAZE_DTYPE_F16}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const gaze_tensor matrix = {.rank = 2, .shape = {3, cases[i].columns}};
    const gaze_tensor vector = {.rank = 1, .shape = {cases[i].columns}};
    assert_int_equal(gaze_gguf_fitting(cases[i].wanted, &matrix), cases[i].got);
    assert_int_equal(gaze_gguf_fitting(cases[i].wanted, &vector), GAZE_DTYPE_F32);
  }
}

/* What cannot be held leaves no file. */
static void test_whole_or_absent(void **state) {
  static float x[64];
  gaze_kernels kernels;
  const gaze_gguf_metadata metadata = {0};
  gaze_gguf_item item = {.name = "w", .source = {.data = x, .rank = 2, .shape = {2, 32}}, .dtype = GAZE_DTYPE_Q8_0};
  gaze_kernels_init(&kernels, 0);
  x[40] = NAN;
  check_fails(gaze_gguf_make(test_path("bad.gguf"), &metadata, &item, 1, &kernels), GAZE_ERR_FORMAT, "tensor w", "Q8_0",
              NULL);
  x[40] = 70000;
  item.dtype = GAZE_DTYPE_F16;
  check_fails(gaze_gguf_make(test_path("bad.gguf"), &metadata, &item, 1, &kernels), GAZE_ERR_FORMAT, "F16", NULL);
  item.name = "a name of a tensor that is a good deal longer than the sixty-three bytes of ggml";
  item.dtype = GAZE_DTYPE_F32;
  check_fails(gaze_gguf_make(test_path("bad.gguf"), &metadata, &item, 1, &kernels), GAZE_ERR_LIMIT, "63", NULL);
  assert_false(gaze_file_exists(test_path("bad.gguf")));
}

/* The package gguf reads what was written (by test_written_is_read). */
static void test_read_by_the_package(void **state) {
  const char *python = getenv("GAZE_PYTHON"), *root = getenv("GAZE_SOURCE_ROOT");
  char command[2400];
  snprintf(command, sizeof command, "%s '%s/tests/golden/check_gguf.py' '%s'", python ? python : "python3",
           root ? root : ".", test_path("made.gguf"));
  int status = system(command);
  if (WIFEXITED(status) && (WEXITSTATUS(status) == 77 || WEXITSTATUS(status) == 127)) {
    print_message("SKIP: no Python with the package gguf; GAZE_PYTHON may name one\n");
    skip();
  }
  assert_int_equal(status, 0);
}

static void test_vocabulary_of_llama(void **state) {
  const char *path = shared_path("tokenizers/ggml-vocab-llama-spm.gguf");
  const gaze_gguf_value *tokens, *scores;
  gaze_gguf *file;
  if (!path)
    skip();
  assert_int_equal(gaze_gguf_open(path, &file), GAZE_OK);
  assert_int_equal(gaze_gguf_count(file), 0);
  assert_int_equal(integer_of(file, "llama.vocab_size"), 32000);
  assert_int_equal(gaze_gguf_strings(file, "tokenizer.ggml.tokens", &tokens), GAZE_OK);
  assert_int_equal(gaze_gguf_numbers(file, "tokenizer.ggml.scores", &scores), GAZE_OK);
  assert_int_equal(tokens->n, 32000);
  assert_true(gaze_gguf_text_is(gaze_gguf_string_at(tokens, 2), "</s>"));
  assert_true(gaze_gguf_number_at(scores, 31999) < 0);
  gaze_gguf_close(file);
}

static void test_info(void **state) {
  char *json;
  assert_int_equal(gaze_gguf_info_json(gguf_path("all.gguf"), &json), GAZE_OK);
  static const char *const words[] = {
      "\"architecture\": \"test\"",          "\"chat_template\": false",  "\"Q4_K\": 1024",
      "\"test.strings\": \"(3 of string)\"", "\"test.i32\": -2000000000", "\"tensors\": 12"};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (!strstr(json, words[i]))
      fail_msg("no %s in %s", words[i], json);
  free(json);
  check_fails(gaze_gguf_info_json(test_path("absent.gguf"), &json), GAZE_ERR_NOT_FOUND, "absent.gguf", NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_values),
      cmocka_unit_test(test_arrays),
      cmocka_unit_test(test_values_of_another_type),
      cmocka_unit_test(test_tensors),
      cmocka_unit_test(test_parts_that_do_not_fit),
      cmocka_unit_test(test_cut_short),
      cmocka_unit_test(test_headers),
      cmocka_unit_test(test_values_that_lie),
      cmocka_unit_test(test_tensors_that_lie),
      cmocka_unit_test(test_alignment),
      cmocka_unit_test(test_written_is_read),
      cmocka_unit_test(test_what_fits),
      cmocka_unit_test(test_whole_or_absent),
      cmocka_unit_test(test_read_by_the_package),
      cmocka_unit_test(test_vocabulary_of_llama),
      cmocka_unit_test(test_info),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
