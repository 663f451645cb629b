#include "fusion/tensor_values.h"

#include "core/base/memory.h"
#include "core/nn/parameters.h"

#include <stdlib.h>

bool gaze_tensor_has_values(const gaze_tensor *tensor) {
  return tensor->dtype == GAZE_DTYPE_F32 || tensor->dtype == GAZE_DTYPE_F16 || tensor->dtype == GAZE_DTYPE_BF16;
}

gaze_err gaze_tensor_values(const gaze_kernels *kernels, const char *name, const gaze_tensor *tensor, float **out) {
  size_t n = gaze_tensor_count(tensor);
  if (!gaze_tensor_has_values(tensor))
    return gaze_fail(GAZE_ERR_UNSUPPORTED, "weights of dtype %s: %s: save them as F32, F16 or BF16",
                     gaze_dtype_name(tensor->dtype), name);
  GAZE_TRY(gaze_alloc(n, sizeof **out, out));
  gaze_weight_widen(kernels, *out, (gaze_weight){.data = tensor->data, .dtype = tensor->dtype}, 0, n);
  return GAZE_OK;
}

gaze_err gaze_tensor_values_replace(const gaze_kernels *kernels, gaze_weights *weights, const gaze_named_tensor *target,
                                    float *values) {
  gaze_tensor tensor = target->tensor;
  size_t n = gaze_tensor_count(&tensor);
  void *stored = values;
  if (tensor.dtype != GAZE_DTYPE_F32) {
    gaze_err err = gaze_alloc(n, gaze_dtype_size(tensor.dtype), &stored);
    if (err == GAZE_OK)
      gaze_weight_narrow(kernels, stored, values, tensor.dtype, n);
    free(values);
    GAZE_TRY(err);
  }
  tensor.data = stored;
  return gaze_weights_replace(weights, target->name, &tensor, stored);
}
