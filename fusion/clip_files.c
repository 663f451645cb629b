/* A CLIP as a Hugging Face folder: weights in and out. */
#include "fusion/clip.h"

#include "core/base/file.h"
#include "core/tensor/weights.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A projection has two sides, a vector one; patches lie as [C, 3, p, p], a scalar has rank 0. */
static void expected_shape(const gaze_clip *clip, const gaze_parameter *parameter, gaze_tensor *out) {
  size_t p = clip->config.vision.patch_size;
  *out = (gaze_tensor){.rank = 2, .shape = {parameter->rows, parameter->columns}};
  if (strcmp(parameter->name, "vision.patch_weight") == 0)
    *out = (gaze_tensor){.rank = 4, .shape = {parameter->rows, 3, p, p}};
  else if (strncmp(parameter->name, "logit_", 6) == 0)
    out->rank = 0;
  else if (parameter->columns == 1)
    out->rank = 1;
}

/* Parameters that only training has, such as the head towards a teacher, have no name in the layout. */
static bool is_part_of_model(const gaze_parameter *parameter) {
  char name[160];
  return gaze_clip_tensor_name(parameter->name, name, sizeof name);
}

static bool same_shape(const gaze_tensor *a, const gaze_tensor *b) {
  return a->rank == b->rank && memcmp(a->shape, b->shape, (size_t)a->rank * sizeof *a->shape) == 0;
}

static gaze_err find_tensor(const gaze_clip *clip, const gaze_parameter *parameter, const gaze_tensor **out) {
  char name[160], wanted[64], found[64];
  gaze_tensor expected;
  gaze_clip_tensor_name(parameter->name, name, sizeof name);
  const gaze_tensor *tensor = gaze_weights_find(clip->weights, name);
  const char *path = gaze_weights_path(clip->weights, name);
  if (!tensor)
    return gaze_fail(GAZE_ERR_MISMATCH,
                     "missing tensor: %s in %s: configuration and weights belong to different models", name, path);
  expected_shape(clip, parameter, &expected);
  if (!same_shape(tensor, &expected)) {
    gaze_tensor_shape_text(&expected, wanted, sizeof wanted);
    gaze_tensor_shape_text(tensor, found, sizeof found);
    return gaze_fail(GAZE_ERR_MISMATCH, "wrong shape of %s: %s has %s where config.json says %s", name, path, found,
                     wanted);
  }
  if (tensor->dtype != GAZE_DTYPE_F32 && tensor->dtype != GAZE_DTYPE_F16 && tensor->dtype != GAZE_DTYPE_BF16)
    return gaze_fail(GAZE_ERR_UNSUPPORTED, "weights of dtype %s: %s in %s: save them as F32, F16 or BF16",
                     gaze_dtype_name(tensor->dtype), name, path);
  *out = tensor;
  return GAZE_OK;
}

static bool is_leftover(const char *name) {
  size_t length = strlen(name), tail = strlen("position_ids");
  return length >= tail && strcmp(name + length - tail, "position_ids") == 0;
}

/* Every tensor of the files must have been asked for: what is left over would belong to another model. */
static gaze_err check_unused(const gaze_clip *clip) {
  for (size_t i = 0; i < gaze_weights_count(clip->weights); i++) {
    const char *name = gaze_weights_get(clip->weights, i)->name;
    bool used = is_leftover(name);
    char known[160];
    for (size_t j = 0; j < clip->parameters.n && !used; j++)
      used = gaze_clip_tensor_name(clip->parameters.items[j].name, known, sizeof known) && strcmp(known, name) == 0;
    if (!used)
      return gaze_fail(GAZE_ERR_MISMATCH,
                       "tensor nobody uses: %s in %s: configuration and weights belong to different models", name,
                       gaze_weights_path(clip->weights, name));
  }
  return GAZE_OK;
}

static void widen(const gaze_kernels *kernels, float *values, const gaze_tensor *tensor) {
  size_t count = gaze_tensor_count(tensor);
  if (tensor->dtype == GAZE_DTYPE_F16)
    kernels->f32_from_f16(values, tensor->data, count);
  else if (tensor->dtype == GAZE_DTYPE_BF16)
    kernels->f32_from_bf16(values, tensor->data, count);
  else
    memcpy(values, tensor->data, count * sizeof *values);
}

static bool can_borrow(const gaze_clip *clip, const gaze_tensor *tensor) {
  return !clip->values && !clip->vision.stack.gradients && tensor->dtype == GAZE_DTYPE_F32 &&
         (uintptr_t)tensor->data % _Alignof(float) == 0;
}

static gaze_err load_parameters(gaze_clip *clip, const gaze_kernels *kernels) {
  bool borrowed = true;
  for (size_t i = 0; i < clip->parameters.n; i++) {
    const gaze_tensor *tensor;
    if (!is_part_of_model(&clip->parameters.items[i]))
      continue;
    GAZE_TRY(find_tensor(clip, &clip->parameters.items[i], &tensor));
    borrowed = borrowed && can_borrow(clip, tensor);
    clip->stored[tensor->dtype] += gaze_tensor_count(tensor);
  }
  GAZE_TRY(check_unused(clip));
  if (!borrowed && !clip->values)
    GAZE_TRY(gaze_clip_allocate(clip));
  for (size_t i = 0; i < clip->parameters.n; i++) {
    const gaze_parameter *parameter = &clip->parameters.items[i];
    const gaze_tensor *tensor;
    if (!is_part_of_model(parameter))
      continue;
    GAZE_TRY(find_tensor(clip, parameter, &tensor));
    if (borrowed)
      *parameter->weight = (gaze_weight){tensor->data, tensor->dtype};
    else
      widen(kernels, clip->values + (gaze_f32(*parameter->weight) - clip->values), tensor);
  }
  return GAZE_OK;
}

gaze_err gaze_clip_load(gaze_clip *clip, const gaze_kernels *kernels, const char *folder) {
  GAZE_TRY(gaze_weights_open(folder, &clip->weights));
  GAZE_TRY(load_parameters(clip, kernels));
  if (clip->values) { /* copied: the files are not needed any more */
    gaze_weights_close(clip->weights);
    clip->weights = NULL;
  }
  return GAZE_OK;
}

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

static gaze_err save_weights(const gaze_clip *clip, const gaze_kernels *kernels, const char *path, gaze_dtype dtype) {
  const gaze_parameters *list = &clip->parameters;
  gaze_named_tensor *tensors = NULL;
  char(*names)[160] = NULL;
  uint8_t *bytes = NULL;
  size_t offset = 0, n = 0;
  gaze_err err = GAZE_OK;
  GAZE_TRY_DONE(gaze_alloc(list->n, sizeof *tensors, &tensors));
  GAZE_TRY_DONE(gaze_alloc(list->n, sizeof *names, &names));
  GAZE_TRY_DONE(gaze_alloc(gaze_parameters_size(list), sizeof(float), &bytes));
  for (size_t i = 0; i < list->n; i++) {
    const gaze_parameter *parameter = &list->items[i];
    if (!gaze_clip_tensor_name(parameter->name, names[n], sizeof names[n]))
      continue;
    gaze_tensor *tensor = &tensors[n].tensor;
    expected_shape(clip, parameter, tensor);
    tensor->dtype = tensor->rank ? dtype : GAZE_DTYPE_F32;
    tensor->data = bytes + offset;
    tensors[n].name = names[n];
    narrow(kernels, bytes + offset, parameter, tensor->dtype);
    offset += (gaze_parameter_count(parameter) * gaze_dtype_size(tensor->dtype) + 3) / 4 * 4;
    n++;
  }
  err = gaze_safetensors_save(path, tensors, n);
done:
  free(tensors);
  free(names);
  free(bytes);
  return err;
}

static gaze_err save_preprocess(const gaze_preprocess *preprocess, const char *path) {
  json_t *json = gaze_preprocess_write(preprocess);
  if (!json)
    return gaze_fail(GAZE_ERR_MEMORY, "out of memory: writing %s: free memory", path);
  gaze_err err = gaze_json_save(path, json);
  json_decref(json);
  return err;
}

gaze_err gaze_clip_save(const gaze_clip *clip, const gaze_preprocess *preprocess, const gaze_kernels *kernels,
                        const char *folder, gaze_dtype dtype) {
  char *config = NULL, *weights = NULL, *pictures = NULL;
  gaze_err err = GAZE_OK;
  GAZE_TRY_DONE(gaze_folder_make(folder));
  GAZE_TRY_DONE(gaze_path_join(folder, "config.json", &config));
  GAZE_TRY_DONE(gaze_path_join(folder, "model.safetensors", &weights));
  GAZE_TRY_DONE(gaze_path_join(folder, "preprocessor_config.json", &pictures));
  GAZE_TRY_DONE(gaze_clip_config_write(&clip->config, config));
  GAZE_TRY_DONE(save_preprocess(preprocess, pictures));
  GAZE_TRY_DONE(save_weights(clip, kernels, weights, dtype));
done:
  free(config);
  free(weights);
  free(pictures);
  return err;
}
