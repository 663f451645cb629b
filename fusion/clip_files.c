/* A CLIP as a Hugging Face folder. */
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
