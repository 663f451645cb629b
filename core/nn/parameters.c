#include "core/nn/parameters.h"

#include "core/base/random.h"
#include "core/kernels/quants.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FLOATS_A_LINE (GAZE_ALIGN / sizeof(float))

gaze_err gaze_parameters_add(gaze_parameters *list, const char *prefix, const char *name, gaze_weight *weight,
                             float **gradient, size_t rows, size_t columns) {
  GAZE_TRY(gaze_grow(&list->items, &list->capacity, list->n + 1, sizeof *list->items));
  gaze_parameter *added = &list->items[list->n++];
  *added =
      (gaze_parameter){.weight = weight, .gradient = gradient, .rows = rows, .columns = columns, .decay = columns > 1};
  int length = snprintf(added->name, sizeof added->name, "%s%s", prefix, name);
  assert(length > 0 && (size_t)length < sizeof added->name);
  (void)length;
  return GAZE_OK;
}

void gaze_parameters_fini(gaze_parameters *list) {
  free(list->items);
  *list = (gaze_parameters){0};
}

size_t gaze_parameter_count(const gaze_parameter *parameter) { return parameter->rows * parameter->columns; }

static size_t padded_count(const gaze_parameter *parameter) {
  return (gaze_parameter_count(parameter) + FLOATS_A_LINE - 1) / FLOATS_A_LINE * FLOATS_A_LINE;
}

size_t gaze_parameters_size(const gaze_parameters *list) {
  size_t size = 0;
  for (size_t i = 0; i < list->n; i++)
    size += padded_count(&list->items[i]);
  return size;
}

void gaze_parameters_bind(const gaze_parameters *list, float *values, float *gradients) {
  size_t offset = 0;
  for (size_t i = 0; i < list->n; i++) {
    const gaze_parameter *parameter = &list->items[i];
    *parameter->weight = (gaze_weight){.data = values + offset, .dtype = GAZE_DTYPE_F32};
    if (gradients && parameter->gradient)
      *parameter->gradient = gradients + offset;
    offset += padded_count(parameter);
  }
}

bool gaze_parameter_is_product(const gaze_parameter *parameter) {
  return parameter->columns > 1 &&
         (gaze_ends_with(parameter->name, "_weight") || gaze_ends_with(parameter->name, "projection"));
}

void gaze_parameter_randomise(const gaze_parameter *parameter, float *values, double deviation, uint64_t seed,
                              uint64_t stream) {
  float *own = values + (gaze_f32(*parameter->weight) - values);
  bool gain = gaze_ends_with(parameter->name, "gain"), bias = gaze_ends_with(parameter->name, "bias");
  size_t count = gaze_parameter_count(parameter);
  gaze_random random;
  gaze_random_init(&random, seed, stream);
  for (size_t i = 0; i < count; i++)
    own[i] = gain ? 1 : bias ? 0 : (float)(deviation * gaze_random_normal(&random));
}

void gaze_weight_widen(const gaze_kernels *kernels, float *values, gaze_weight weight, size_t first, size_t n) {
  if (weight.dtype == GAZE_DTYPE_F16)
    kernels->f32_from_f16(values, (const uint16_t *)weight.data + first, n);
  else if (weight.dtype == GAZE_DTYPE_BF16)
    kernels->f32_from_bf16(values, (const uint16_t *)weight.data + first, n);
  else if (gaze_dtype_is_quantised(weight.dtype))
    gaze_dequantise(values, (const uint8_t *)weight.data + gaze_dtype_bytes(weight.dtype, first), weight.dtype, n);
  else
    memcpy(values, gaze_f32(weight) + first, n * sizeof *values);
}

void gaze_weight_narrow(const gaze_kernels *kernels, void *out, const float *values, gaze_dtype dtype, size_t n) {
  if (dtype == GAZE_DTYPE_F16)
    kernels->f16_from_f32(out, values, n);
  else if (dtype == GAZE_DTYPE_BF16)
    kernels->bf16_from_f32(out, values, n);
  else if (gaze_dtype_is_quantised(dtype))
    gaze_quantise(out, values, dtype, n);
  else
    memcpy(out, values, n * sizeof *values);
}
