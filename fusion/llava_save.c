/* The folder of a model that looks and talks, after it learned. */
#include "core/base/file.h"
#include "core/nn/save.h"
#include "fusion/llava.h"

#include <stdlib.h>
#include <string.h>

static void shape(const void *user, const gaze_parameter *parameter, gaze_tensor *tensor) {
  size_t p = ((const gaze_llava *)user)->eye.config.vision.patch_size;
  if (strcmp(parameter->name, "vision.patch_weight") == 0)
    *tensor = (gaze_tensor){.data = tensor->data, .rank = 4, .shape = {parameter->rows, 3, p, p}};
}

/* Names of both halves in one table; *patterns is yours: free(). */
static gaze_err join_names(gaze_name_pattern **patterns, gaze_name_table *out) {
  const gaze_name_table *tables[] = {&gaze_llava_names, &gaze_decoder_inner_names};
  GAZE_TRY(gaze_alloc(tables[0]->n + tables[1]->n, sizeof **patterns, patterns));
  memcpy(*patterns, tables[0]->patterns, tables[0]->n * sizeof **patterns);
  memcpy(*patterns + tables[0]->n, tables[1]->patterns, tables[1]->n * sizeof **patterns);
  *out = (gaze_name_table){*patterns, tables[0]->n + tables[1]->n};
  return GAZE_OK;
}

static gaze_err save_weights(const gaze_llava *l, const gaze_kernels *kernels, const char *path, gaze_dtype dtype) {
  gaze_name_pattern *patterns;
  gaze_save how = {.kernels = kernels, .dtype = dtype, .shape = shape, .user = l};
  GAZE_TRY(join_names(&patterns, &how.names));
  gaze_err err = gaze_parameters_save(&l->all, &how, path);
  free(patterns);
  return err;
}

/* The configuration with what is so now; json_decref. */
static json_t *config_of(const gaze_llava *l, gaze_dtype dtype) {
  static const char *const dtypes[GAZE_DTYPES] = {
      [GAZE_DTYPE_F32] = "float32", [GAZE_DTYPE_F16] = "float16", [GAZE_DTYPE_BF16] = "bfloat16"};
  json_t *json = json_deep_copy(l->files.model), *text = json_object_get(json, "text_config");
  json_t *vision = json_object_get(json, "vision_config");
  bool tied = l->decoder.config.tied;
  bool whole = json_object_set_new(json, "tie_word_embeddings", json_boolean(tied)) == 0 &&
               json_object_set_new(text, "tie_word_embeddings", json_boolean(tied)) == 0;
  json_t *const parts[] = {json, text, vision};
  for (size_t i = 0; i < 3; i++) {
    json_object_del(parts[i], "dtype");
    whole = whole && json_object_set_new(parts[i], "torch_dtype", json_string(dtypes[dtype])) == 0;
  }
  if (whole)
    return json;
  json_decref(json);
  return NULL;
}

/* json is taken. */
static gaze_err save_json(const char *folder, const char *name, json_t *json) {
  char *path = NULL;
  gaze_err err = json ? gaze_path_join(folder, name, &path)
                      : gaze_fail(GAZE_ERR_MEMORY, "out of memory: writing %s in %s: free memory", name, folder);
  if (err == GAZE_OK)
    err = gaze_json_save(path, json);
  free(path);
  json_decref(json);
  return err;
}

/* How transformers' processor counts a picture's rows; json_decref. */
static json_t *processor_of(const gaze_llava *l) {
  const gaze_vit_config *vision = &l->eye.config.vision;
  bool drops = vision->drops_class_token;
  size_t more = gaze_vit_rows(vision, gaze_vit_patches(vision)) - gaze_vit_patches(vision);
  return json_pack("{s:s, s:s, s:I, s:s, s:I}", "processor_class", "LlavaProcessor", "image_token", "<image>",
                   "patch_size", (json_int_t)vision->patch_size, "vision_feature_select_strategy",
                   drops ? "default" : "full", "num_additional_image_tokens", (json_int_t)more);
}

/* end: of answers, beside the mark behind texts; json_decref. */
static json_t *generation_of(const gaze_lm_marks *marks, int32_t end) {
  json_t *ends = end == marks->end ? json_integer(end) : json_pack("[i, i]", (int)marks->end, (int)end);
  return json_pack("{s:i, s:o, s:i}", "bos_token_id", (int)marks->front, "eos_token_id", ends, "pad_token_id",
                   (int)marks->end);
}

gaze_err gaze_llava_save(const gaze_llava *l, const gaze_kernels *kernels, const gaze_lm_marks *marks, int32_t end,
                         const char *folder, gaze_dtype dtype) {
  char *path;
  GAZE_TRY(gaze_folder_make(folder));
  GAZE_TRY(save_json(folder, "generation_config.json", generation_of(marks, end)));
  GAZE_TRY(save_json(folder, "preprocessor_config.json", gaze_preprocess_write(&l->eye.config.tiling.preprocess)));
  GAZE_TRY(save_json(folder, "processor_config.json", processor_of(l)));
  GAZE_TRY(save_json(folder, "config.json", config_of(l, dtype)));
  GAZE_TRY(gaze_path_join(folder, "model.safetensors", &path));
  gaze_err err = save_weights(l, kernels, path, dtype);
  free(path);
  return err;
}
