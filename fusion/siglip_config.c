/* config.json of SigLIP, and of SigLIP2 at fixed resolution, which says "siglip" too. */
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
