#include "core/nn/save.h"

#include "core/tensor/safetensors.h"

#include <stdlib.h>
#include <string.h>

/* Values of a parameter as dtype into bytes. */
static void narrow(const gaze_kernels *kernels, void *bytes, const gaze_parameter *parameter, gaze_dtype dtype) {
  size_t count = gaze_parameter_count(parameter);
  const float *values = gaze_f32(*parameter->weight);
  if (dtype == GAZE_DTYPE_F16)
    kernels->f16_from_f32(bytes, values, count);
  else if (dtype == GAZE_DTYPE_BF16)
    kernels->bf16_from_f32(bytes, values, count);
  else
    memcpy(bytes, values, count * sizeof *values);
}

static gaze_tensor tensor_of(const gaze_parameter *parameter, const gaze_save *how, const void *bytes) {
  gaze_tensor tensor = {
      .data = bytes, .rank = parameter->columns == 1 ? 1 : 2, .shape = {parameter->rows, parameter->columns}};
  if (how->shape)
    how->shape(how->user, parameter, &tensor);
  tensor.dtype = tensor.rank ? how->dtype : GAZE_DTYPE_F32;
  return tensor;
}

gaze_err gaze_parameters_save(const gaze_parameters *list, const gaze_save *how, const char *path) {
  gaze_named_tensor *tensors = NULL;
  gaze_tensor_place *places = NULL;
  uint8_t *bytes = NULL;
  size_t offset = 0, n = 0;
  gaze_err err = GAZE_OK;
  GAZE_TRY_DONE(gaze_alloc(list->n, sizeof *tensors, &tensors));
  GAZE_TRY_DONE(gaze_alloc(list->n, sizeof *places, &places));
  GAZE_TRY_DONE(gaze_alloc(gaze_parameters_size(list), sizeof(float), &bytes));
  for (size_t i = 0; i < list->n; i++) {
    const gaze_parameter *parameter = &list->items[i];
    size_t turn = 0;
    if (!gaze_tensor_place_next(&how->names, parameter->name, &turn, &places[n]))
      continue;
    tensors[n] = (gaze_named_tensor){.name = places[n].name, .tensor = tensor_of(parameter, how, bytes + offset)};
    narrow(how->kernels, bytes + offset, parameter, tensors[n].tensor.dtype);
    offset += (gaze_parameter_count(parameter) * gaze_dtype_size(tensors[n].tensor.dtype) + 3) / 4 * 4;
    n++;
  }
  err = gaze_safetensors_save(path, tensors, n);
done:
  free(tensors);
  free(places);
  free(bytes);
  return err;
}
