#include "zip_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void append(uint8_t **bytes, size_t *size, const void *more, size_t n) {
  *bytes = realloc(*bytes, *size + n + 1);
  assert_non_null(*bytes);
  if (n)
    memcpy(*bytes + *size, more, n);
  *size += n;
}

/* Little-endian, as the machine. */
static void append_number(uint8_t **bytes, size_t *size, uint64_t number, size_t n) { append(bytes, size, &number, n); }

void zip_add(test_zip *zip, const char *name, const void *data, size_t size) {
  size_t offset = zip->size, length = strlen(name);
  const uint8_t common[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}; /* flags, method, time, date, checksum */
  append(&zip->bytes, &zip->size, "PK\3\4\24", 6);
  append(&zip->bytes, &zip->size, common, sizeof common);
  append(&zip->directory, &zip->directory_size, "PK\1\2\24\0\24", 8);
  append(&zip->directory, &zip->directory_size, common, sizeof common);
  for (int i = 0; i < 2; i++) {
    append_number(&zip->bytes, &zip->size, size, 4);
    append_number(&zip->directory, &zip->directory_size, size, 4);
  }
  append_number(&zip->bytes, &zip->size, length, 4);
  append_number(&zip->directory, &zip->directory_size, length, 4);
  append_number(&zip->directory, &zip->directory_size, 0, 8);
  append_number(&zip->directory, &zip->directory_size, 0, 2);
  append_number(&zip->directory, &zip->directory_size, offset, 4);
  append(&zip->directory, &zip->directory_size, name, length);
  append(&zip->bytes, &zip->size, name, length);
  append(&zip->bytes, &zip->size, data, size);
  zip->n++;
}

static void end_64(test_zip *zip, size_t start) {
  size_t place = zip->size;
  append(&zip->bytes, &zip->size, "PK\6\6\x2c\0\0\0\0\0\0\0\x2d\0\x2d\0\0\0\0\0\0\0\0", 24);
  append_number(&zip->bytes, &zip->size, zip->n, 8);
  append_number(&zip->bytes, &zip->size, zip->n, 8);
  append_number(&zip->bytes, &zip->size, zip->directory_size, 8);
  append_number(&zip->bytes, &zip->size, start, 8);
  append(&zip->bytes, &zip->size, "PK\6\7\0\0\0", 8);
  append_number(&zip->bytes, &zip->size, place, 8);
  append_number(&zip->bytes, &zip->size, 1, 4);
}

void zip_end(test_zip *zip, bool zip64) {
  size_t start = zip->size;
  append(&zip->bytes, &zip->size, zip->directory, zip->directory_size);
  if (zip64)
    end_64(zip, start);
  append(&zip->bytes, &zip->size, "PK\5\6\0\0\0", 8);
  append_number(&zip->bytes, &zip->size, zip64 ? UINT64_MAX : zip->n, 2);
  append_number(&zip->bytes, &zip->size, zip64 ? UINT64_MAX : zip->n, 2);
  append_number(&zip->bytes, &zip->size, zip64 ? UINT64_MAX : zip->directory_size, 4);
  append_number(&zip->bytes, &zip->size, zip64 ? UINT64_MAX : start, 4);
  append_number(&zip->bytes, &zip->size, 0, 2);
}

void zip_free(test_zip *zip) {
  free(zip->bytes);
  free(zip->directory);
  *zip = (test_zip){0};
}

const char *weights_path(const char *name) {
  static char paths[8][1024];
  static int turn;
  char *path = paths[turn++ % 8];
  const char *root = getenv("GAZE_SOURCE_ROOT");
  snprintf(path, sizeof paths[0], "%s/tests/golden/data/weights/%s", root ? root : ".", name);
  return path;
}

typedef struct test_pickle {
  uint8_t *bytes;
  size_t size;
} test_pickle;

static void add_code(test_pickle *p, const char *codes) { append(&p->bytes, &p->size, codes, strlen(codes)); }

static void add_text(test_pickle *p, const char *text) {
  add_code(p, "X");
  append_number(&p->bytes, &p->size, strlen(text), 4);
  add_code(p, text);
}

static void add_number(test_pickle *p, size_t number) {
  add_code(p, "J");
  append_number(&p->bytes, &p->size, number, 4);
}

/* What torch._utils._rebuild_tensor_v2 is called with. */
static void add_tensor(test_pickle *p, const gaze_named_tensor *item, size_t i) {
  const gaze_tensor *tensor = &item->tensor;
  char key[32];
  snprintf(key, sizeof key, "%zu", i);
  add_text(p, item->name);
  add_code(p, "ctorch._utils\n_rebuild_tensor_v2\n((");
  add_text(p, "storage");
  add_code(p, "ctorch\nFloatStorage\n");
  add_text(p, key);
  add_text(p, "cpu");
  add_number(p, gaze_tensor_count(tensor));
  add_code(p, "tQ");
  add_number(p, 0);
  add_code(p, "(");
  for (int d = 0; d < tensor->rank; d++)
    add_number(p, tensor->shape[d]);
  add_code(p, "t(");
  size_t stride = gaze_tensor_count(tensor);
  for (int d = 0; d < tensor->rank; d++)
    add_number(p, stride /= tensor->shape[d]);
  add_code(p, "t\x89N");
  add_code(p, "tR");
}

void write_torch_file(const char *path, const gaze_named_tensor *tensors, size_t n) {
  test_zip zip = {0};
  test_pickle pickle = {0};
  add_code(&pickle, "\x80\2}(");
  for (size_t i = 0; i < n; i++)
    add_tensor(&pickle, &tensors[i], i);
  add_code(&pickle, "u.");
  zip_add(&zip, "model/data.pkl", pickle.bytes, pickle.size);
  zip_add(&zip, "model/byteorder", "little", 6);
  for (size_t i = 0; i < n; i++) {
    char name[64];
    snprintf(name, sizeof name, "model/data/%zu", i);
    assert_int_equal(tensors[i].tensor.dtype, GAZE_DTYPE_F32);
    zip_add(&zip, name, tensors[i].tensor.data, gaze_tensor_count(&tensors[i].tensor) * sizeof(float));
  }
  zip_end(&zip, false);
  write_file(path, zip.bytes, zip.size);
  zip_free(&zip);
  free(pickle.bytes);
}

void check_same_tensor(const gaze_named_tensor *got, const gaze_named_tensor *wanted) {
  const gaze_tensor *a = &got->tensor, *b = &wanted->tensor;
  assert_string_equal(got->name, wanted->name);
  assert_int_equal(a->dtype, b->dtype);
  assert_int_equal(a->rank, b->rank);
  for (int i = 0; i < a->rank; i++)
    assert_int_equal(a->shape[i], b->shape[i]);
  assert_memory_equal(a->data, b->data, gaze_tensor_count(a) * gaze_dtype_size(a->dtype));
}
