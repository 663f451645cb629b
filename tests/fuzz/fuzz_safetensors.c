/* A weight file: every tensor that is handed out lies within the file, and no two share a byte. */
#include "core/tensor/safetensors.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t bytes_of(const gaze_tensor *tensor) { return gaze_tensor_count(tensor) * gaze_dtype_size(tensor->dtype); }

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  gaze_safetensors *file;
  if (gaze_safetensors_parse(data, size, "fuzz.safetensors", &file) != GAZE_OK)
    return 0;
  size_t total = 0;
  volatile uint8_t sum = 0;
  for (size_t i = 0; i < gaze_safetensors_count(file); i++) {
    const gaze_named_tensor *item = gaze_safetensors_get(file, i);
    size_t bytes = bytes_of(&item->tensor);
    for (size_t k = 0; k < bytes; k++)
      sum = (uint8_t)(sum + ((const uint8_t *)item->tensor.data)[k]);
    total += bytes;
    if (gaze_safetensors_find(file, item->name) != &item->tensor)
      abort();
  }
  if (total > size)
    abort();
  gaze_safetensors_close(file);
  return 0;
}
