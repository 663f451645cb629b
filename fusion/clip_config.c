#include "fusion/clip.h"

#include "core/base/file.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct {
  const char *name;
  gaze_activation activation;
} activations[] = {
    {"quick_gelu", GAZE_QUICK_GELU}, {"gelu", GAZE_GELU}, {"gelu_pytorch_tanh", GAZE_GELU_TANH}, {"silu", GAZE_SILU}};

static gaze_err activation_read(const char *name, gaze_activation *out) {
  for (size_t i = 0; i < sizeof activations / sizeof *activations; i++)
    if (strcmp(name, activations[i].name) == 0) {
      *out = activations[i].activation;
      return GAZE_OK;
    }
  return gaze_fail(GAZE_ERR_UNSUPPORTED, "unknown activation: %s: gaze knows quick_gelu, gelu, gelu_pytorch_tanh, silu",
                   name);
}

static const char *activation_name(gaze_activation activation) {
  for (size_t i = 0; i < sizeof activations / sizeof *activations; i++)
    if (activations[i].activation == activation)
      return activations[i].name;
  return "gelu";
}

#define SIZE_LIMIT 1000000 /* beyond any model; keeps products far from overflow */

static gaze_err size_read(const json_t *json, const char *key, int64_t otherwise, size_t *out) {
  int64_t value;
  GAZE_TRY(gaze_json_integer(json, key, otherwise, &value));
  if (value < 1 || value > SIZE_LIMIT)
    return gaze_fail(GAZE_ERR_FORMAT, "size out of range: \"%s\" is %lld: the configuration is damaged", key,
                     (long long)value);
  *out = (size_t)value;
  return GAZE_OK;
}

/* What both towers spell alike; the defaults are those of the tower's configuration class. */
static gaze_err tower_read(const json_t *json, int64_t dim, int64_t mlp, int64_t heads, gaze_block_config *block,
                           size_t *layers) {
  const char *activation;
  double eps;
  *block = (gaze_block_config){.norm = GAZE_LAYER_NORM, .biased = true};
  GAZE_TRY(size_read(json, "hidden_size", dim, &block->dim));
  GAZE_TRY(size_read(json, "intermediate_size", mlp, &block->mlp_dim));
  GAZE_TRY(size_read(json, "num_attention_heads", heads, &block->attention.heads));
  GAZE_TRY(size_read(json, "num_hidden_layers", 12, layers));
  GAZE_TRY(gaze_json_string(json, "hidden_act", "quick_gelu", &activation));
  GAZE_TRY(activation_read(activation, &block->activation));
  GAZE_TRY(gaze_json_number(json, "layer_norm_eps", 1e-5, &eps));
  block->eps = (float)eps;
  block->attention.kv_heads = block->attention.heads;
  block->attention.head_dim = block->dim / block->attention.heads;
  if (*layers > 1000)
    return gaze_fail(GAZE_ERR_FORMAT, "size out of range: \"num_hidden_layers\" is %zu: the configuration is damaged",
                     *layers);
  return GAZE_OK;
}

/* A tower's configuration: NULL where nothing is said of it. Folders from before 2023 also have NAME_dict; where it is
 * there it is all that counts, its class's defaults included, as transformers has it. */
static gaze_err tower_find(const json_t *json, const char *name, const char *name_dict, const json_t **out) {
  const char *keys[] = {name_dict, name};
  *out = NULL;
  for (size_t i = 0; i < sizeof keys / sizeof *keys && !*out; i++) {
    const json_t *value = json_object_get(json, keys[i]);
    if (!value || json_is_null(value))
      continue;
    if (!json_is_object(value))
      return gaze_fail(GAZE_ERR_FORMAT, "wrong type in JSON: \"%s\": expected an object", keys[i]);
    *out = value;
  }
  return GAZE_OK;
}

gaze_err gaze_clip_config_read(const json_t *json, gaze_clip_config *out) {
  const char *family;
  gaze_clip_config config = {0};
  GAZE_TRY(gaze_json_string(json, "model_type", "", &family));
  if (strcmp(family, "clip") != 0)
    return gaze_fail(GAZE_ERR_UNSUPPORTED, "unknown model family: \"%s\": this version runs model_type clip", family);
  const json_t *vision, *text;
  GAZE_TRY(tower_find(json, "vision_config", "vision_config_dict", &vision));
  GAZE_TRY(tower_find(json, "text_config", "text_config_dict", &text));
  GAZE_TRY(tower_read(vision, 768, 3072, 12, &config.vision.block, &config.vision.layers));
  GAZE_TRY(tower_read(text, 512, 2048, 8, &config.text.block, &config.text.layers));
  config.text.block.attention.causal = true;
  GAZE_TRY(size_read(vision, "image_size", 224, &config.vision.image_size));
  GAZE_TRY(size_read(vision, "patch_size", 32, &config.vision.patch_size));
  GAZE_TRY(size_read(text, "vocab_size", 49408, &config.text.vocabulary));
  GAZE_TRY(size_read(text, "max_position_embeddings", 77, &config.text.context));
  GAZE_TRY(gaze_json_integer(text, "eos_token_id", 49407, &config.end_of_text));
  GAZE_TRY(size_read(json, "projection_dim", 512, &config.dim));
  GAZE_TRY(gaze_json_bool(json, "gaze_sigmoid", false, &config.sigmoid));
  config.vision.dim_out = config.text.dim_out = config.dim;
  GAZE_TRY(gaze_clip_config_check(&config));
  *out = config;
  return GAZE_OK;
}

static gaze_err tower_check(const char *tower, const gaze_block_config *block, size_t layers) {
  if (!block->dim || !layers || !block->attention.heads || block->dim % block->attention.heads)
    return gaze_fail(GAZE_ERR_MISMATCH,
                     "impossible sizes: %s tower of width %zu with %zu heads: width must be a multiple", tower,
                     block->dim, block->attention.heads);
  return GAZE_OK;
}

gaze_err gaze_clip_config_check(const gaze_clip_config *config) {
  const gaze_vit_config *vision = &config->vision;
  GAZE_TRY(tower_check("vision", &vision->block, vision->layers));
  GAZE_TRY(tower_check("text", &config->text.block, config->text.layers));
  if (!vision->patch_size || vision->image_size < vision->patch_size || gaze_vit_patches(vision) > UINT16_MAX ||
      vision->image_size > 4096)
    return gaze_fail(GAZE_ERR_MISMATCH,
                     "impossible sizes: pictures of %zu pixels with patches of %zu: check the configuration",
                     vision->image_size, vision->patch_size);
  if (config->dim > GAZE_DIM_MAX || config->text.context < 2 || config->text.vocabulary < 2)
    return gaze_fail(GAZE_ERR_MISMATCH,
                     "impossible sizes: dimension %zu, context %zu, vocabulary %zu: check the configuration",
                     config->dim, config->text.context, config->text.vocabulary);
  return GAZE_OK;
}

#define HIGHEST_ID 2 /* eos_token_id of configurations from before 2023: what is pooled is the highest id */

gaze_err gaze_clip_config_check_tokenizer(const gaze_clip_config *config, const gaze_tokenizer *tokenizer,
                                          const char *folder) {
  size_t tokens = gaze_tokenizer_size(tokenizer);
  int64_t end = gaze_tokenizer_end(tokenizer);
  if (tokens > config->text.vocabulary)
    return gaze_fail(GAZE_ERR_MISMATCH,
                     "tokenizer of another model: %s: it has %zu tokens where config.json says vocab_size %zu", folder,
                     tokens, config->text.vocabulary);
  if (config->end_of_text == HIGHEST_ID && end != (int64_t)tokens - 1)
    return gaze_fail(GAZE_ERR_MISMATCH,
                     "tokenizer of another model: %s: its end token is %lld of %zu where config.json says eos_token_id "
                     "%d, which means the highest",
                     folder, (long long)end, tokens, HIGHEST_ID);
  if (config->end_of_text != HIGHEST_ID && end != config->end_of_text)
    return gaze_fail(GAZE_ERR_MISMATCH,
                     "tokenizer of another model: %s: its end token is %lld where config.json says eos_token_id %lld",
                     folder, (long long)end, (long long)config->end_of_text);
  return GAZE_OK;
}

static gaze_err read_json(const char *folder, const char *name, json_t **out) {
  char *path;
  GAZE_TRY(gaze_path_join(folder, name, &path));
  gaze_err err = gaze_json_open(path, out);
  free(path);
  return err;
}

/* transformers 5 writes the processors of a model into one file, and prefers it where it holds the pictures' own. */
static gaze_err read_pictures(const char *folder, json_t **out) {
  char *path;
  json_t *processors = NULL;
  GAZE_TRY(gaze_path_join(folder, "processor_config.json", &path));
  gaze_err err = gaze_file_exists(path) ? gaze_json_open(path, &processors) : GAZE_OK;
  free(path);
  GAZE_TRY(err);
  json_t *pictures = json_object_get(processors, "image_processor");
  *out = json_is_null(pictures) ? NULL : json_incref(pictures);
  json_decref(processors);
  return *out ? GAZE_OK : read_json(folder, "preprocessor_config.json", out);
}

gaze_err gaze_clip_config_open(const char *folder, gaze_clip_config *config, gaze_preprocess *preprocess) {
  json_t *json = NULL, *pictures = NULL;
  gaze_err err = read_json(folder, "config.json", &json);
  if (err == GAZE_OK)
    err = gaze_clip_config_read(json, config);
  if (err == GAZE_OK)
    err = read_pictures(folder, &pictures);
  if (err == GAZE_OK)
    err = gaze_preprocess_read(pictures, (int)config->vision.image_size, preprocess);
  json_decref(json);
  json_decref(pictures);
  return err;
}

static json_t *tower_write(const gaze_block_config *block, size_t layers, size_t projection, const char *type) {
  return json_pack("{s:s, s:I, s:I, s:I, s:I, s:s, s:f, s:I, s:f}", "model_type", type, "hidden_size",
                   (json_int_t)block->dim, "intermediate_size", (json_int_t)block->mlp_dim, "num_hidden_layers",
                   (json_int_t)layers, "num_attention_heads", (json_int_t)block->attention.heads, "hidden_act",
                   activation_name(block->activation), "layer_norm_eps", round((double)block->eps * 1e12) / 1e12,
                   "projection_dim", (json_int_t)projection, "attention_dropout", 0.0);
}

static bool set_integer(json_t *object, const char *key, int64_t value) {
  return json_object_set_new(object, key, json_integer(value)) == 0;
}

static json_t *vision_write(const gaze_vit_config *c, size_t projection) {
  json_t *json = tower_write(&c->block, c->layers, projection, "clip_vision_model");
  if (set_integer(json, "image_size", (int64_t)c->image_size) &&
      set_integer(json, "patch_size", (int64_t)c->patch_size) && set_integer(json, "num_channels", 3))
    return json;
  json_decref(json);
  return NULL;
}

static json_t *text_write(const gaze_text_config *c, size_t projection, int64_t end) {
  json_t *json = tower_write(&c->block, c->layers, projection, "clip_text_model");
  if (set_integer(json, "vocab_size", (int64_t)c->vocabulary) &&
      set_integer(json, "max_position_embeddings", (int64_t)c->context) && set_integer(json, "bos_token_id", end - 1) &&
      set_integer(json, "eos_token_id", end) && set_integer(json, "pad_token_id", end))
    return json;
  json_decref(json);
  return NULL;
}

gaze_err gaze_clip_config_write(const gaze_clip_config *config, const char *path) {
  json_t *vision = vision_write(&config->vision, config->dim);
  json_t *text = text_write(&config->text, config->dim, config->end_of_text);
  json_t *json = json_pack("{s:[s], s:s, s:I, s:f, s:b, s:o, s:o}", "architectures", "CLIPModel", "model_type", "clip",
                           "projection_dim", (json_int_t)config->dim, "logit_scale_init_value", 2.6592, "gaze_sigmoid",
                           config->sigmoid, "text_config", text, "vision_config", vision);
  if (!json)
    return gaze_fail(GAZE_ERR_MEMORY, "out of memory: writing %s: free memory", path);
  gaze_err err = gaze_json_save(path, json);
  json_decref(json);
  return err;
}
