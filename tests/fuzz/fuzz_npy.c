#include "fusion/npy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  gaze_tensor tensor;
  if (gaze_npy_parse(data, size, "fuzz.npy", &tensor) != GAZE_OK)
    return 0;
  volatile uint8_t sum = 0;
  size_t bytes = gaze_tensor_count(&tensor) * gaze_dtype_size(tensor.dtype);
  for (size_t i = 0; i < bytes; i++)
    sum = (uint8_t)(sum + ((const uint8_t *)tensor.data)[i]);
  return 0;
}
