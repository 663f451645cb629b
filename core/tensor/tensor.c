#include "core/tensor/tensor.h"

#include <assert.h>
#include <stdio.h>

static const struct {
  const char *name;
  size_t size;
} dtypes[GAZE_DTYPES] = {
    [GAZE_DTYPE_F32] = {"F32", 4}, [GAZE_DTYPE_F16] = {"F16", 2}, [GAZE_DTYPE_BF16] = {"BF16", 2},
    [GAZE_DTYPE_F64] = {"F64", 8}, [GAZE_DTYPE_I8] = {"I8", 1},   [GAZE_DTYPE_U8] = {"U8", 1},
    [GAZE_DTYPE_I32] = {"I32", 4}, [GAZE_DTYPE_I64] = {"I64", 8},
};

size_t gaze_dtype_size(gaze_dtype dtype) {
  assert((size_t)dtype < GAZE_DTYPES);
  return dtypes[dtype].size;
}

const char *gaze_dtype_name(gaze_dtype dtype) {
  assert((size_t)dtype < GAZE_DTYPES);
  return dtypes[dtype].name;
}

size_t gaze_tensor_count(const gaze_tensor *tensor) {
  size_t count = 1;
  for (int i = 0; i < tensor->rank; i++)
    count *= tensor->shape[i];
  return count;
}

void gaze_tensor_shape_text(const gaze_tensor *tensor, char *text, size_t size) {
  size_t used = (size_t)snprintf(text, size, "[");
  for (int i = 0; i < tensor->rank && used < size; i++)
    used += (size_t)snprintf(text + used, size - used, i ? ", %zu" : "%zu", tensor->shape[i]);
  if (used < size)
    snprintf(text + used, size - used, "]");
}
