/* config.json of SigLIP, and of SigLIP2 at fixed resolution, which says "siglip" too; of Chinese-CLIP. */
#include "fusion/clip_config.h"

static gaze_err check_head(const json_t *vision) {
  bool head;
  GAZE_TRY(gaze_json_bool(vision, "vision_use_head", true, &head));
  return head ? GAZE_OK
              : gaze_fail(GAZE_ERR_UNSUPPORTED, "an image encoder without its head: vision_use_head is false: such "
                                                "models are for a language model, not for search");
}

gaze_err gaze_clip_config_read_siglip(const json_t *json, gaze_clip_config *config) {
  static const gaze_tower_defaults both = {768, 3072, 12, "gelu_pytorch_tanh", 1e-6};
  json_t *vision, *text;
  int64_t pad;
  GAZE_TRY(gaze_config_object(json, "vision_config", &vision));
  GAZE_TRY(gaze_config_object(json, "text_config", &text));
  GAZE_TRY(gaze_config_tower(vision, &both, &config->vision.block, &config->vision.layers));
  GAZE_TRY(gaze_config_tower(text, &both, &config->text.block, &config->text.layers));
  GAZE_TRY(check_head(vision));
  config->family = "siglip";
  config->vision.kind = GAZE_VIT_SIGLIP;
  config->dim = config->vision.block.dim;
  config->sigmoid = true;
  config->end_of_text = GAZE_ANY_END;
  GAZE_TRY(gaze_config_size(vision, "image_size", 224, &config->vision.image_size));
  GAZE_TRY(gaze_config_size(vision, "patch_size", 16, &config->vision.patch_size));
  GAZE_TRY(gaze_config_size(text, "vocab_size", 32000, &config->text.vocabulary));
  GAZE_TRY(gaze_config_size(text, "max_position_embeddings", 64, &config->text.context));
  GAZE_TRY(gaze_json_integer(text, "pad_token_id", 1, &pad));
  size_t projection;
  GAZE_TRY(gaze_config_size(text, "projection_size", (int64_t)config->text.block.dim, &projection));
  config->text.filled = config->text.biased_projection = true;
  config->text.pad = (int32_t)pad;
  if (projection != config->dim)
    return gaze_fail(GAZE_ERR_MISMATCH,
                     "pictures of %zu numbers and texts of %zu: configuration: hidden_size of the vision tower and "
                     "projection_size of the text tower must agree",
                     config->dim, projection);
  return GAZE_OK;
}

/* A text tower of BERT: the row of [CLS] through a projection. */
static gaze_err read_bert(const json_t *text, gaze_text_config *config) {
  static const gaze_tower_defaults bert = {768, 3072, 12, "gelu", 1e-12};
  const char *positions;
  GAZE_TRY(gaze_config_tower(text, &bert, &config->block, &config->layers));
  GAZE_TRY(gaze_config_size(text, "vocab_size", 30522, &config->vocabulary));
  GAZE_TRY(gaze_config_size(text, "max_position_embeddings", 512, &config->context));
  GAZE_TRY(gaze_config_size(text, "type_vocab_size", 2, &config->token_types));
  GAZE_TRY(gaze_json_string(text, "position_embedding_type", "absolute", &positions));
  config->block.post_norm = true;
  config->pooling = GAZE_POOL_FIRST;
  if (positions[0] != 'a')
    return gaze_fail(GAZE_ERR_UNSUPPORTED, "positions of another kind: position_embedding_type \"%s\": only absolute",
                     positions);
  return GAZE_OK;
}

gaze_err gaze_clip_config_read_chinese(const json_t *json, gaze_clip_config *config) {
  static const gaze_tower_defaults image = {768, 3072, 12, "quick_gelu", 1e-5};
  json_t *vision, *text;
  GAZE_TRY(gaze_config_object(json, "vision_config", &vision));
  GAZE_TRY(gaze_config_object(json, "text_config", &text));
  GAZE_TRY(gaze_config_tower(vision, &image, &config->vision.block, &config->vision.layers));
  GAZE_TRY(read_bert(text, &config->text));
  config->family = "chinese_clip";
  config->end_of_text = GAZE_ANY_END;
  GAZE_TRY(gaze_config_size(vision, "image_size", 224, &config->vision.image_size));
  GAZE_TRY(gaze_config_size(vision, "patch_size", 32, &config->vision.patch_size));
  return gaze_config_size(json, "projection_dim", 512, &config->dim);
}
