/* config.json of a CLIP that gaze trained, as transformers reads it. */
#include "core/nn/config.h"
#include "fusion/clip.h"

static json_t *tower_write(const gaze_block_config *block, size_t layers, size_t projection, const char *type) {
  return json_pack("{s:s, s:I, s:I, s:I, s:I, s:s, s:f, s:I, s:f}", "model_type", type, "hidden_size",
                   (json_int_t)block->dim, "intermediate_size", (json_int_t)block->mlp_dim, "num_hidden_layers",
                   (json_int_t)layers, "num_attention_heads", (json_int_t)block->attention.heads, "hidden_act",
                   gaze_config_activation_name(block->activation), "layer_norm_eps", gaze_config_decimal(block->eps),
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
