#include "fusion/llava_config_parts.h"

#include <string.h>

gaze_err gaze_llava_unsupported(const char *key, const char *why) {
  return gaze_fail(GAZE_ERR_UNSUPPORTED, "not implemented: %s: %s", key, why);
}

static const gaze_tower_defaults clip_tower = {768, 3072, 12, "quick_gelu", 1e-5},
                                 siglip_tower = {768, 3072, 12, "gelu_pytorch_tanh", 1e-6},
                                 idefics_tower = {1152, 3072, 16, "gelu_pytorch_tanh", 1e-6};

static const struct {
  const char *type;
  const gaze_tower_defaults *defaults;
  int64_t patch_size;
  gaze_vit_kind kind;
} towers[] = {{"clip_vision_model", &clip_tower, 32, GAZE_VIT_CLIP},
              {"siglip_vision_model", &siglip_tower, 16, GAZE_VIT_SIGLIP},
              {"idefics3", &idefics_tower, 32, GAZE_VIT_SIGLIP}};

gaze_err gaze_llava_read_tower(const json_t *vision, const char *type, gaze_vit_config *out) {
  if (!type)
    GAZE_TRY(gaze_json_string(vision, "model_type", "", &type));
  for (size_t i = 0; i < sizeof towers / sizeof *towers; i++) {
    if (strcmp(type, towers[i].type) != 0)
      continue;
    *out = (gaze_vit_config){.kind = towers[i].kind, .output = GAZE_VIT_ROWS};
    GAZE_TRY(gaze_config_tower(vision, towers[i].defaults, &out->block, &out->layers));
    GAZE_TRY(gaze_config_size(vision, "image_size", 224, &out->image_size));
    GAZE_TRY(gaze_config_size(vision, "patch_size", towers[i].patch_size, &out->patch_size));
    out->dim_out = out->block.dim;
    return gaze_config_check_vision(out);
  }
  return gaze_fail(GAZE_ERR_UNSUPPORTED,
                   "unknown image encoder: vision_config, model_type \"%s\": this version runs clip_vision_model and "
                   "siglip_vision_model",
                   type);
}

gaze_err gaze_llava_use_layer(gaze_vit_config *vision, const char *key, int64_t layer) {
  int64_t used = layer < 0 ? (int64_t)vision->layers + 1 + layer : layer;
  if (used < 1 || used > (int64_t)vision->layers)
    return gaze_fail(GAZE_ERR_MISMATCH, "layer out of range: \"%s\" is %lld: the image encoder has %zu", key,
                     (long long)layer, vision->layers);
  vision->layers = (size_t)used;
  return GAZE_OK;
}

static gaze_err read_layer(const json_t *json, int64_t otherwise, gaze_vit_config *vision) {
  int64_t layer;
  if (json_is_array(json_object_get(json, "vision_feature_layer")))
    return gaze_llava_unsupported("vision_feature_layer", "only one layer is followed, not a list");
  GAZE_TRY(gaze_json_integer(json, "vision_feature_layer", otherwise, &layer));
  return gaze_llava_use_layer(vision, "vision_feature_layer", layer);
}

static gaze_err read_selection(const json_t *json, const char *otherwise, gaze_vit_config *vision) {
  const char *strategy;
  GAZE_TRY(gaze_json_string(json, "vision_feature_select_strategy", otherwise, &strategy));
  vision->drops_class_token = strcmp(strategy, "default") == 0;
  if (!vision->drops_class_token && strcmp(strategy, "full") != 0)
    return gaze_llava_unsupported("vision_feature_select_strategy", "only \"default\" and \"full\" are followed");
  if (vision->drops_class_token && vision->kind == GAZE_VIT_SIGLIP)
    return gaze_llava_unsupported("vision_feature_select_strategy",
                                  "\"default\" would drop a patch of an image encoder that has no class token");
  return GAZE_OK;
}

static gaze_err read_text(const json_t *json, gaze_llava_config *config) {
  json_t *text;
  const char *type;
  GAZE_TRY(gaze_config_object(json, "text_config", &text));
  if (!text)
    return gaze_fail(GAZE_ERR_FORMAT,
                     "no language model: \"text_config\" is missing: use the config.json of the model");
  GAZE_TRY(gaze_json_string(text, "model_type", "llama", &type));
  bool known = strcmp(type, "llama") == 0 || strcmp(type, "mistral") == 0 || strcmp(type, "qwen2") == 0;
  config->text = text;
  return gaze_config_size(text, "hidden_size", known ? 4096 : 0, &config->projector.D);
}

/* Both spellings are written. */
static gaze_err read_image_token(const json_t *json, int64_t otherwise, int64_t *out) {
  GAZE_TRY(gaze_json_integer(json, "image_token_index", otherwise, out));
  return gaze_json_integer(json, "image_token_id", *out, out);
}

static gaze_err read_mlp(const json_t *json, gaze_llava_config *config) {
  gaze_projector_config *p = &config->projector;
  const char *activation;
  GAZE_TRY(gaze_json_string(json, "projector_hidden_act", "gelu", &activation));
  GAZE_TRY(gaze_config_activation(activation, &p->activation));
  GAZE_TRY(gaze_json_bool(json, "multimodal_projector_bias", true, &p->biased));
  p->kind = GAZE_PROJECTOR_MLP;
  p->hidden = p->D;
  return GAZE_OK;
}

static gaze_err read_vision(const json_t *json, const char *type, gaze_vit_config *out) {
  json_t *vision;
  GAZE_TRY(gaze_config_object(json, "vision_config", &vision));
  if (!vision)
    return gaze_fail(GAZE_ERR_FORMAT,
                     "no image encoder: \"vision_config\" is missing: use the config.json of the model");
  return gaze_llava_read_tower(vision, type, out);
}

typedef struct llava_defaults {
  int64_t layer, image_token;
  const char *strategy;
} llava_defaults;

static gaze_err read_llava(const gaze_llava_files *files, const llava_defaults *defaults, gaze_llava_config *config) {
  const json_t *json = files->model;
  GAZE_TRY(read_vision(json, NULL, &config->vision));
  GAZE_TRY(read_layer(json, defaults->layer, &config->vision));
  GAZE_TRY(read_selection(json, defaults->strategy, &config->vision));
  GAZE_TRY(read_text(json, config));
  GAZE_TRY(read_mlp(json, config));
  return read_image_token(json, defaults->image_token, &config->image_token);
}

static gaze_err read_whole_picture(const gaze_llava_files *files, gaze_llava_config *config) {
  GAZE_TRY(read_llava(files, &(llava_defaults){-2, 32000, "default"}, config));
  return gaze_llava_read_whole(files, config);
}

static gaze_err read_next(const gaze_llava_files *files, gaze_llava_config *config) {
  GAZE_TRY(read_llava(files, &(llava_defaults){-2, 32000, "default"}, config));
  return gaze_llava_read_grids(files, config);
}

static gaze_err read_onevision(const gaze_llava_files *files, gaze_llava_config *config) {
  GAZE_TRY(read_llava(files, &(llava_defaults){-1, 151646, "full"}, config));
  config->tiling.lone = true;
  return gaze_llava_read_grids(files, config);
}

gaze_err gaze_llava_use_shuffle(gaze_llava_config *config) {
  gaze_projector_config *p = &config->projector;
  p->side = config->vision.image_size / config->vision.patch_size;
  if (p->side % p->scale == 0)
    return GAZE_OK;
  return gaze_fail(GAZE_ERR_MISMATCH,
                   "impossible sizes: \"scale_factor\" %zu with %zu patches along a side: it must divide them",
                   p->scale, p->side);
}

static gaze_err read_smolvlm(const gaze_llava_files *files, gaze_llava_config *config) {
  const json_t *json = files->model;
  gaze_projector_config *p = &config->projector;
  config->family = "smolvlm";
  GAZE_TRY(read_vision(json, "idefics3", &config->vision));
  config->vision.output = GAZE_VIT_NORMED_ROWS;
  GAZE_TRY(read_text(json, config));
  GAZE_TRY(read_image_token(json, 128257, &config->image_token));
  GAZE_TRY(gaze_config_size(json, "scale_factor", 2, &p->scale));
  p->kind = GAZE_PROJECTOR_SHUFFLE;
  GAZE_TRY(gaze_llava_use_shuffle(config));
  return gaze_llava_read_splits(files, config);
}

void gaze_llava_fill_tiling(gaze_llava_config *config) {
  size_t rows = gaze_vit_feature_rows(&config->vision);
  config->projector.C = config->vision.block.dim;
  config->tiling.side = config->vision.image_size / config->vision.patch_size;
  config->tiling.tile_rows = gaze_projector_rows(&config->projector, rows);
}

static const struct {
  const char *type;
  gaze_err (*read)(const gaze_llava_files *files, gaze_llava_config *config);
} families[] = {{"llava", read_whole_picture},
                {"llava_next", read_next},
                {"llava_onevision", read_onevision},
                {"idefics3", read_smolvlm},
                {"smolvlm", read_smolvlm},
                {"llava_llama", gaze_llava_read_original},
                {"llava_mistral", gaze_llava_read_original},
                {"llava_qwen", gaze_llava_read_original},
                {"llava-qwen2", gaze_llava_read_original}};

bool gaze_llava_is_family(const char *type) {
  for (size_t i = 0; i < sizeof families / sizeof *families; i++)
    if (strcmp(type, families[i].type) == 0)
      return true;
  return false;
}

gaze_err gaze_llava_config_read(const gaze_llava_files *files, gaze_llava_config *out) {
  gaze_llava_config config = {0};
  const char *type;
  GAZE_TRY(gaze_json_string(files->model, "model_type", "", &type));
  bool original = strcmp(type, "llava") == 0 && json_object_get(files->model, "mm_vision_tower");
  for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
    if (strcmp(type, families[i].type) != 0)
      continue;
    config.family = families[i].type;
    GAZE_TRY((original ? gaze_llava_read_original : families[i].read)(files, &config));
    *out = config;
    return GAZE_OK;
  }
  return gaze_fail(
      GAZE_ERR_UNSUPPORTED,
      "unknown model family: \"%s\": this version looks with model_type llava, llava_llama, llava_mistral, "
      "llava_qwen, llava_next, llava_onevision, llava-qwen2, idefics3 and smolvlm",
      type);
}
