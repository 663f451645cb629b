#include "fusion/clip_config.h"

#include "core/base/file.h"
#include "core/base/memory.h"
#include "fusion/llava_config.h"
#include "fusion/model_files.h"
#include "text/decoder.h"

#include <stdlib.h>
#include <string.h>

#define LAYERS_LIMIT 1000 /* beyond any model */

void gaze_config_heads(gaze_block_config *block, size_t heads) {
  block->attention.heads = block->attention.kv_heads = heads;
  block->attention.head_dim = block->dim / heads;
}

gaze_err gaze_config_tower(const json_t *json, const gaze_tower_defaults *defaults, gaze_block_config *block,
                           size_t *layers) {
  const char *activation;
  double eps;
  size_t heads;
  *block = (gaze_block_config){.norm = GAZE_LAYER_NORM, .biased = true};
  GAZE_TRY(gaze_config_size(json, "hidden_size", defaults->dim, &block->dim));
  GAZE_TRY(gaze_config_size(json, "intermediate_size", defaults->mlp_dim, &block->mlp_dim));
  GAZE_TRY(gaze_config_size(json, "num_attention_heads", defaults->heads, &heads));
  GAZE_TRY(gaze_config_size(json, "num_hidden_layers", 12, layers));
  GAZE_TRY(gaze_json_string(json, "hidden_act", defaults->activation, &activation));
  GAZE_TRY(gaze_config_activation(activation, &block->activation));
  GAZE_TRY(gaze_json_number(json, "layer_norm_eps", defaults->eps, &eps));
  block->eps = (float)eps;
  gaze_config_heads(block, heads);
  return GAZE_OK;
}

/* A tower's configuration: NULL where nothing is said of it. Folders from before 2023 also have NAME_dict; where it is
 * there it is all that counts, its class's defaults included, as transformers has it. */
static gaze_err tower_find(const json_t *json, const char *name, const char *name_dict, json_t **out) {
  GAZE_TRY(gaze_config_object(json, name_dict, out));
  return *out ? GAZE_OK : gaze_config_object(json, name, out);
}

static gaze_err read_clip(const json_t *json, gaze_clip_config *config) {
  static const gaze_tower_defaults image = {768, 3072, 12, "quick_gelu", 1e-5},
                                   words = {512, 2048, 8, "quick_gelu", 1e-5};
  json_t *vision, *text;
  GAZE_TRY(tower_find(json, "vision_config", "vision_config_dict", &vision));
  GAZE_TRY(tower_find(json, "text_config", "text_config_dict", &text));
  GAZE_TRY(gaze_config_tower(vision, &image, &config->vision.block, &config->vision.layers));
  GAZE_TRY(gaze_config_tower(text, &words, &config->text.block, &config->text.layers));
  config->family = "clip";
  config->text.block.attention.causal = true;
  GAZE_TRY(gaze_config_size(vision, "image_size", 224, &config->vision.image_size));
  GAZE_TRY(gaze_config_size(vision, "patch_size", 32, &config->vision.patch_size));
  GAZE_TRY(gaze_config_size(text, "vocab_size", 49408, &config->text.vocabulary));
  GAZE_TRY(gaze_config_size(text, "max_position_embeddings", 77, &config->text.context));
  GAZE_TRY(gaze_json_integer(text, "eos_token_id", 49407, &config->end_of_text));
  GAZE_TRY(gaze_config_size(json, "projection_dim", 512, &config->dim));
  return gaze_json_bool(json, "gaze_sigmoid", false, &config->sigmoid);
}

/* Its checkpoints of a fixed resolution say "siglip". */
static gaze_err refuse_naflex(const json_t *json, gaze_clip_config *config) {
  return gaze_fail(GAZE_ERR_UNSUPPORTED, "not implemented: model_type siglip2, pictures of any shape (NaFlex): use a "
                                         "SigLIP 2 of a fixed resolution");
}

gaze_err gaze_clip_config_read(const json_t *json, gaze_clip_config *out) {
  static const struct {
    const char *type;
    gaze_err (*read)(const json_t *json, gaze_clip_config *config);
  } families[] = {{"clip", read_clip},
                  {"siglip", gaze_clip_config_read_siglip},
                  {"chinese_clip", gaze_clip_config_read_chinese},
                  {"siglip2", refuse_naflex},
                  {"bert", gaze_clip_config_read_bert}};
  const char *type;
  gaze_clip_config config = {0};
  GAZE_TRY(gaze_json_string(json, "model_type", "", &type));
  for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
    if (strcmp(type, families[i].type) != 0)
      continue;
    GAZE_TRY(families[i].read(json, &config));
    config.vision.dim_out = config.text.dim_out = config.dim;
    GAZE_TRY(gaze_clip_config_check(&config));
    *out = config;
    return GAZE_OK;
  }
  if (gaze_llava_is_family(type) || gaze_decoder_is_family(type))
    return gaze_fail(GAZE_ERR_UNSUPPORTED,
                     "a model that answers and gives no vectors: model_type \"%s\": use it with gaze ask, or name a "
                     "CLIP or SigLIP",
                     type);
  return gaze_fail(GAZE_ERR_UNSUPPORTED,
                   "unknown model family: model_type \"%s\": pictures and words are compared with clip, siglip, "
                   "chinese_clip and bert; what answers in words runs with gaze ask",
                   type);
}

static gaze_err tower_check(const char *tower, const gaze_block_config *block, size_t layers) {
  if (layers > LAYERS_LIMIT)
    return gaze_fail(GAZE_ERR_FORMAT, "size out of range: %s tower of %zu layers: the configuration is damaged", tower,
                     layers);
  if (!block->dim || !layers || !block->attention.heads || block->dim % block->attention.heads)
    return gaze_fail(GAZE_ERR_MISMATCH,
                     "impossible sizes: %s tower of width %zu with %zu heads: width must be a multiple", tower,
                     block->dim, block->attention.heads);
  return GAZE_OK;
}

gaze_err gaze_config_check_vision(const gaze_vit_config *vision) {
  GAZE_TRY(tower_check("vision", &vision->block, vision->layers));
  if (!vision->patch_size || vision->image_size < vision->patch_size || gaze_vit_patches(vision) > UINT16_MAX ||
      vision->image_size > 4096)
    return gaze_fail(GAZE_ERR_MISMATCH,
                     "impossible sizes: pictures of %zu pixels with patches of %zu: check the configuration",
                     vision->image_size, vision->patch_size);
  return GAZE_OK;
}

static gaze_err vision_check(const gaze_vit_config *vision, size_t dim) {
  GAZE_TRY(gaze_config_check_vision(vision));
  if (vision->kind == GAZE_VIT_SIGLIP && vision->block.dim != dim)
    return gaze_fail(GAZE_ERR_MISMATCH,
                     "impossible sizes: a picture's vector of width %zu in a space of %zu: check the configuration",
                     vision->block.dim, dim);
  return GAZE_OK;
}

gaze_err gaze_clip_config_check(const gaze_clip_config *config) {
  if (!config->text_only)
    GAZE_TRY(vision_check(&config->vision, config->dim));
  GAZE_TRY(tower_check("text", &config->text.block, config->text.layers));
  if (config->text.positions && config->text.positions < config->text.position_offset + config->text.context)
    return gaze_fail(GAZE_ERR_MISMATCH, "impossible sizes: context %zu with %zu positions: check the configuration",
                     config->text.context, config->text.positions);
  if (config->dim > GAZE_DIM_MAX || config->text.context < 2 || config->text.vocabulary < 2)
    return gaze_fail(GAZE_ERR_MISMATCH,
                     "impossible sizes: dimension %zu, context %zu, vocabulary %zu: check the configuration",
                     config->dim, config->text.context, config->text.vocabulary);
  return GAZE_OK;
}

gaze_err gaze_clip_config_check_tokenizer(const gaze_clip_config *config, const gaze_tokenizer *tokenizer,
                                          const char *folder) {
  size_t tokens = gaze_tokenizer_size(tokenizer);
  int64_t end = gaze_tokenizer_end(tokenizer);
  if (tokens > config->text.vocabulary)
    return gaze_fail(GAZE_ERR_MISMATCH,
                     "tokenizer of another model: %s: it has %zu tokens where config.json says vocab_size %zu", folder,
                     tokens, config->text.vocabulary);
  if (config->end_of_text == GAZE_ANY_END)
    return GAZE_OK;
  if (config->end_of_text == GAZE_HIGHEST_ID && end != (int64_t)tokens - 1)
    return gaze_fail(GAZE_ERR_MISMATCH,
                     "tokenizer of another model: %s: its end token is %lld of %zu where config.json says eos_token_id "
                     "%d, which means the highest",
                     folder, (long long)end, tokens, GAZE_HIGHEST_ID);
  if (config->end_of_text != GAZE_HIGHEST_ID && end != config->end_of_text)
    return gaze_fail(GAZE_ERR_MISMATCH,
                     "tokenizer of another model: %s: its end token is %lld where config.json says eos_token_id %lld",
                     folder, (long long)end, (long long)config->end_of_text);
  return GAZE_OK;
}

/* optional: NULL where there is no such file. */
static gaze_err read_json(const char *folder, const char *name, bool optional, json_t **out) {
  char *path;
  *out = NULL;
  GAZE_TRY(gaze_path_join(folder, name, &path));
  gaze_err err = GAZE_OK;
  if (gaze_file_exists(path))
    err = gaze_json_open(path, out);
  else if (!optional)
    err = gaze_fail(GAZE_ERR_NOT_FOUND,
                    "the model is not whole: no %s: copy that too, or fetch all with gaze model pull", path);
  free(path);
  return err;
}

/* transformers 5 writes the processors of a model into one file, and prefers it where it holds the pictures' own. */
gaze_err gaze_config_open_pictures(const char *folder, bool optional, json_t **out) {
  json_t *processors = NULL;
  GAZE_TRY(read_json(folder, "processor_config.json", true, &processors));
  json_t *pictures = json_object_get(processors, "image_processor");
  *out = json_is_null(pictures) ? NULL : json_incref(pictures);
  json_decref(processors);
  return *out ? GAZE_OK : read_json(folder, "preprocessor_config.json", optional, out);
}

static gaze_err open_transformers(const char *folder, gaze_clip_config *config, gaze_preprocess *preprocess) {
  json_t *json = NULL, *pictures = NULL;
  *preprocess = (gaze_preprocess){0};
  gaze_err err = read_json(folder, "config.json", false, &json);
  if (err == GAZE_OK)
    err = gaze_clip_config_read(json, config);
  if (err == GAZE_OK && config->text_only)
    err = gaze_clip_config_open_sentences(folder, config);
  else if (err == GAZE_OK)
    err = gaze_config_open_pictures(folder, false, &pictures);
  if (err == GAZE_OK && pictures)
    err = gaze_preprocess_read(pictures, (int)config->vision.image_size, preprocess);
  json_decref(json);
  json_decref(pictures);
  return err;
}

/* The configuration of the text tower that lies in a folder of the model's; *out NULL: there is none. */
static gaze_err open_words(const char *folder, const json_t *json, json_t **out) {
  char *name, *path = NULL;
  GAZE_TRY(gaze_open_clip_words(json, &name));
  if (!name)
    return GAZE_OK;
  gaze_err err = gaze_path_join(folder, name, &path);
  if (err == GAZE_OK && gaze_file_exists(path))
    err = gaze_json_open(path, out);
  free(name);
  free(path);
  return err;
}

static gaze_err open_open_clip(const char *folder, const char *path, gaze_clip_config *config,
                               gaze_preprocess *preprocess) {
  json_t *json, *words = NULL;
  GAZE_TRY(gaze_json_open(path, &json));
  gaze_err err = open_words(folder, json, &words);
  if (err == GAZE_OK)
    err = gaze_clip_config_read_open_clip(json, words, config, preprocess);
  json_decref(json);
  json_decref(words);
  return err;
}

gaze_err gaze_clip_config_open(const char *folder, gaze_clip_config *config, gaze_preprocess *preprocess) {
  char *path;
  GAZE_TRY(gaze_open_clip_path(folder, &path));
  gaze_err err =
      path ? open_open_clip(folder, path, config, preprocess) : open_transformers(folder, config, preprocess);
  free(path);
  return err;
}
