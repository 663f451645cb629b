#include "core/tensor/tensor.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static const struct {
  const char *name;
  size_t block, size;
} dtypes[GAZE_DTYPES] = {
    [GAZE_DTYPE_F32] = {"F32", 1, 4},       [GAZE_DTYPE_F16] = {"F16", 1, 2},
    [GAZE_DTYPE_BF16] = {"BF16", 1, 2},     [GAZE_DTYPE_F64] = {"F64", 1, 8},
    [GAZE_DTYPE_I8] = {"I8", 1, 1},         [GAZE_DTYPE_U8] = {"U8", 1, 1},
    [GAZE_DTYPE_I32] = {"I32", 1, 4},       [GAZE_DTYPE_I64] = {"I64", 1, 8},
    [GAZE_DTYPE_Q8_0] = {"Q8_0", 32, 34},   [GAZE_DTYPE_Q4_0] = {"Q4_0", 32, 18},
    [GAZE_DTYPE_Q4_1] = {"Q4_1", 32, 20},   [GAZE_DTYPE_Q5_0] = {"Q5_0", 32, 22},
    [GAZE_DTYPE_Q5_1] = {"Q5_1", 32, 24},   [GAZE_DTYPE_Q4_K] = {"Q4_K", 256, 144},
    [GAZE_DTYPE_Q5_K] = {"Q5_K", 256, 176}, [GAZE_DTYPE_Q6_K] = {"Q6_K", 256, 210},
};

size_t gaze_dtype_block(gaze_dtype dtype) {
  assert((size_t)dtype < GAZE_DTYPES);
  return dtypes[dtype].block;
}

size_t gaze_dtype_size(gaze_dtype dtype) {
  assert((size_t)dtype < GAZE_DTYPES);
  return dtypes[dtype].size;
}

size_t gaze_dtype_bytes(gaze_dtype dtype, size_t n) {
  assert(n % gaze_dtype_block(dtype) == 0);
  return n / gaze_dtype_block(dtype) * gaze_dtype_size(dtype);
}

bool gaze_dtype_is_quantised(gaze_dtype dtype) { return gaze_dtype_block(dtype) > 1; }

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

bool gaze_tensor_same_shape(const gaze_tensor *a, const gaze_tensor *b) {
  return a->rank == b->rank && memcmp(a->shape, b->shape, (size_t)a->rank * sizeof *a->shape) == 0;
}

void gaze_tensor_shape_text(const gaze_tensor *tensor, char *text, size_t size) {
  size_t used = (size_t)snprintf(text, size, "[");
  for (int i = 0; i < tensor->rank && used < size; i++)
    used += (size_t)snprintf(text + used, size - used, i ? ", %zu" : "%zu", tensor->shape[i]);
  if (used < size)
    snprintf(text + used, size - used, "]");
}
