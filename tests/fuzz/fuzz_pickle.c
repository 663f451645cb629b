/* A file of torch.save, or the pickle of one (told by its first byte): every tensor that is handed out lies within the
 * file, and nothing in it is called. */
#include "core/tensor/pickle.h"
#include "core/tensor/torch_file.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct storage {
  uint8_t *bytes;
  size_t size;
} storage;

/* A pickle alone has one storage, whatever it asks for. */
static bool find(void *user, const char *key, size_t length, const uint8_t **data, size_t *size) {
  const storage *s = user;
  *data = s->bytes;
  *size = s->size;
  return length < 4;
}

static void check(const gaze_named_tensor *item, const uint8_t *data, size_t size) {
  const gaze_tensor *tensor = &item->tensor;
  size_t bytes = gaze_tensor_count(tensor) * gaze_dtype_size(tensor->dtype);
  const uint8_t *at = tensor->data;
  volatile uint8_t sum = 0;
  if (strlen(item->name) == 0 || at < data || bytes > size || (size_t)(at - data) > size - bytes)
    abort();
  for (size_t i = 0; i < bytes; i++)
    sum = (uint8_t)(sum + at[i]);
}

static void parse_pickle(const uint8_t *data, size_t size) {
  storage s = {malloc(64), 64};
  gaze_named_tensor *tensors;
  size_t n;
  if (!s.bytes)
    return;
  memset(s.bytes, 1, s.size);
  if (gaze_pickle_parse(data, size, "fuzz.pkl", find, &s, &tensors, &n) == GAZE_OK) {
    for (size_t i = 0; i < n; i++)
      check(&tensors[i], s.bytes, s.size);
    gaze_named_tensors_free(tensors, n);
  }
  free(s.bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  gaze_torch_file *file;
  if (size && data[0] == 0x80)
    parse_pickle(data, size);
  if (gaze_torch_file_parse(data, size, "fuzz.bin", &file) != GAZE_OK)
    return 0;
  for (size_t i = 0; i < gaze_torch_file_count(file); i++)
    check(gaze_torch_file_get(file, i), data, size);
  gaze_torch_file_close(file);
  return 0;
}
