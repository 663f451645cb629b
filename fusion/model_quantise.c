/* A model's folder with the matrices of its linear layers in fewer bits. Tensors keep the names they have; in int8 each
 * NAME has NAME.scales [rows], and NAME.columns [columns] where columns were raised (core/kernels/matmul_int8.c). */
#include "core/base/memory.h"
#include "core/tensor/weights.h"
#include "fusion/model.h"
#include "fusion/model_folder.h"

#include <stdlib.h>
#include <string.h>

/* Tensors to write; memory of their own in `owned`. */
typedef struct quantisation {
  gaze_model *model; /* says which tensors are matrices; nothing of it is widened */
  gaze_precision precision;
  gaze_weights *weights;
  gaze_named_tensor *tensors;
  size_t n, capacity;
  void **owned;
  size_t n_owned, owned_capacity;
} quantisation;

static void quantisation_fini(quantisation *q) {
  for (size_t i = 0; i < q->n_owned; i++)
    free(q->owned[i]);
  free(q->owned);
  free(q->tensors);
  gaze_weights_close(q->weights);
  gaze_model_close(q->model);
}

static gaze_err own(quantisation *q, size_t count, size_t size, void *out_pointer) {
  void *block;
  GAZE_TRY(gaze_grow(&q->owned, &q->owned_capacity, q->n_owned + 1, sizeof *q->owned));
  GAZE_TRY(gaze_alloc(count, size, &block));
  q->owned[q->n_owned++] = block;
  memcpy(out_pointer, &block, sizeof block);
  return GAZE_OK;
}

static gaze_err add(quantisation *q, char *name, const void *data, gaze_dtype dtype, const gaze_tensor *shape) {
  GAZE_TRY(gaze_grow(&q->tensors, &q->capacity, q->n + 1, sizeof *q->tensors));
  gaze_tensor tensor = *shape;
  tensor.data = data;
  tensor.dtype = dtype;
  q->tensors[q->n++] = (gaze_named_tensor){.name = name, .tensor = tensor};
  return GAZE_OK;
}

static gaze_err add_vector(quantisation *q, const char *name, const char *ending, const float *data, size_t n) {
  char *full;
  GAZE_TRY(own(q, strlen(name) + strlen(ending) + 1, 1, &full));
  strcpy(full, name);
  strcat(full, ending);
  return add(q, full, data, GAZE_DTYPE_F32, &(gaze_tensor){.rank = 1, .shape = {n}});
}

static gaze_err add_int8(quantisation *q, char *name, const gaze_tensor *tensor, const float *values) {
  size_t rows = tensor->shape[0], columns = gaze_tensor_count(tensor) / rows;
  gaze_int8 *stored;
  GAZE_TRY(own(q, 1, sizeof *stored, &stored));
  GAZE_TRY(own(q, rows, columns, &stored->values));
  GAZE_TRY(own(q, rows, sizeof(float), &stored->scales));
  GAZE_TRY(own(q, columns, sizeof(float), &stored->columns));
  bool raised;
  GAZE_TRY(gaze_int8_quantise(&q->model->kernels, rows, columns, values, columns, stored, &raised));
  GAZE_TRY(add(q, name, stored->values, GAZE_DTYPE_I8, tensor));
  GAZE_TRY(add_vector(q, name, ".scales", stored->scales, rows));
  return raised ? add_vector(q, name, ".columns", stored->columns, columns) : GAZE_OK;
}

static gaze_err add_product(quantisation *q, char *name, const gaze_tensor *tensor) {
  float *values;
  uint16_t *halves;
  size_t count = gaze_tensor_count(tensor);
  GAZE_TRY(gaze_alloc(count, sizeof *values, &values));
  gaze_weight_widen(&q->model->kernels, values, (gaze_weight){.data = tensor->data, .dtype = tensor->dtype}, 0, count);
  gaze_err err = GAZE_OK;
  if (q->precision == GAZE_PRECISION_INT8)
    err = add_int8(q, name, tensor, values);
  else if ((err = own(q, count, sizeof *halves, &halves)) == GAZE_OK) {
    q->model->kernels.bf16_from_f32(halves, values, count);
    err = add(q, name, halves, GAZE_DTYPE_BF16, tensor);
  }
  free(values);
  return err;
}

/* Whether a tensor is a matrix of linear layers, rows being what comes out. */
static bool is_product(const gaze_clip *clip, const char *name) {
  gaze_tensor_place place;
  for (size_t i = 0; i < clip->parameters.n; i++)
    for (size_t turn = 0; gaze_parameter_is_product(&clip->parameters.items[i]) &&
                          gaze_tensor_place_next(&gaze_clip_names, clip->parameters.items[i].name, &turn, &place);)
      if (!place.transposed && strcmp(place.name, name) == 0)
        return true;
  return false;
}

static gaze_err fill(quantisation *q) {
  for (size_t i = 0; i < gaze_weights_count(q->weights); i++) {
    const gaze_named_tensor *named = gaze_weights_get(q->weights, i);
    if (named->tensor.dtype == GAZE_DTYPE_I8)
      return gaze_fail(GAZE_ERR_ARGUMENT, "already in int8: %s: name the model that it was made of",
                       gaze_weights_path(q->weights, named->name));
    GAZE_TRY(is_product(&q->model->clip, named->name)
                 ? add_product(q, named->name, &named->tensor)
                 : add(q, named->name, named->tensor.data, named->tensor.dtype, &named->tensor));
  }
  return GAZE_OK;
}

gaze_err gaze_model_quantise(const char *name, gaze_precision precision, const char *folder) {
  quantisation q = {.precision = precision};
  gaze_err err;
  if (precision != GAZE_PRECISION_BF16 && precision != GAZE_PRECISION_INT8)
    return gaze_fail(GAZE_ERR_ARGUMENT, "nothing to make smaller: f32: choose int8 or bf16");
  GAZE_TRY_DONE(gaze_model_open_towers(name, NULL, &q.model));
  GAZE_TRY_DONE(gaze_weights_open(q.model->folder, &q.weights));
  GAZE_TRY_DONE(fill(&q));
  GAZE_TRY_DONE(gaze_model_folder_write(q.model->folder, q.tensors, q.n, folder));
done:
  quantisation_fini(&q);
  return err;
}
