/* A GGUF: every value and tensor that is handed out lies within the file, no two tensors share a byte, and every block
 * can be read. */
#include "core/kernels/quants.h"
#include "core/tensor/gguf.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile uint8_t sum;

static void touch(const void *bytes, size_t size) {
  for (size_t k = 0; k < size; k++)
    sum = (uint8_t)(sum + ((const uint8_t *)bytes)[k]);
}

static void use_value(const gaze_gguf *file, const gaze_gguf_value *value) {
  char key[64] = "";
  int64_t integer;
  double number;
  bool flag;
  gaze_gguf_text text;
  for (size_t i = 0; i < value->n; i++) {
    if (value->type == GAZE_GGUF_STRING) {
      text = gaze_gguf_string_at(value, i);
      touch(text.bytes, text.length);
    } else if (gaze_gguf_number_at(value, i) > 0 && gaze_gguf_integer_at(value, i) < 0 &&
               value->type != GAZE_GGUF_F32 && value->type != GAZE_GGUF_F64)
      abort();
  }
  if (value->key.length >= sizeof key || memchr(value->key.bytes, 0, value->key.length))
    return;
  memcpy(key, value->key.bytes, value->key.length);
  if (gaze_gguf_find(file, key) != value)
    abort();
  bool fits = gaze_gguf_integer(file, key, -9, 9, &integer) == GAZE_OK;
  if (fits && (value->array || integer < -9 || integer > 9))
    abort();
  fits = gaze_gguf_number(file, key, &number) == GAZE_OK || gaze_gguf_flag(file, key, &flag) == GAZE_OK ||
         gaze_gguf_string(file, key, &text) == GAZE_OK;
  if (fits && value->array)
    abort();
}

/* Bytes of it. */
static size_t use_tensor(const gaze_tensor *tensor) {
  const size_t block = gaze_dtype_block(tensor->dtype), n = gaze_tensor_count(tensor);
  float y[256];
  for (size_t i = 0; block > 1 && i < n / block; i++)
    gaze_dequantise(y, (const uint8_t *)tensor->data + i * gaze_dtype_size(tensor->dtype), tensor->dtype, block);
  touch(tensor->data, gaze_dtype_bytes(tensor->dtype, n));
  return gaze_dtype_bytes(tensor->dtype, n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  gaze_gguf *file;
  size_t total = 0;
  if (gaze_gguf_parse(data, size, "fuzz.gguf", &file) != GAZE_OK)
    return 0;
  for (size_t i = 0; i < gaze_gguf_value_count(file); i++)
    use_value(file, gaze_gguf_value_get(file, i));
  for (size_t i = 0; i < gaze_gguf_count(file); i++)
    total += use_tensor(&gaze_gguf_get(file, i)->tensor);
  if (total > size)
    abort();
  gaze_gguf_close(file);
  return 0;
}
