/* The configuration of a model that looks and talks, from those of an image encoder and of a language model. */
#include "core/base/file.h"
#include "fusion/clip_config.h"
#include "fusion/llava.h"

#include <stdlib.h>
#include <string.h>

/* Which rows of which layer are looked at, as config.json has it. */
typedef struct sight {
  int layer;
  const char *strategy;
} sight;

/* Of CLIP the last but one block is usual, as LLaVA has it. */
static gaze_err choose_sight(const gaze_llava_parts *parts, bool clip, sight *out) {
  *out = (sight){clip ? -2 : -1, clip ? "default" : "full"};
  if (parts->layer)
    out->layer = parts->layer;
  if (parts->select && strcmp(parts->select, "patch") != 0 && strcmp(parts->select, "cls_patch") != 0)
    return gaze_fail(GAZE_ERR_ARGUMENT, "--vision-select %s: give patch or cls_patch", parts->select);
  if (parts->select && !clip && strcmp(parts->select, "cls_patch") == 0)
    return gaze_fail(GAZE_ERR_ARGUMENT, "--vision-select cls_patch: a SigLIP has no class token: leave it out");
  if (parts->select && clip)
    out->strategy = strcmp(parts->select, "patch") == 0 ? "default" : "full";
  return GAZE_OK;
}

/* Of a CLIP's or SigLIP's vision_config, whose model_type its folder may leave out. */
static gaze_err take_vision(const json_t *whole, const gaze_llava_parts *parts, json_t **out, sight *looked_at) {
  const char *folder = parts->vision;
  const char *type;
  json_t *vision = json_object_get(whole, "vision_config");
  GAZE_TRY(gaze_json_string(whole, "model_type", "", &type));
  bool clip = strcmp(type, "clip") == 0;
  if (!json_is_object(vision) || (!clip && strcmp(type, "siglip") != 0))
    return gaze_fail(GAZE_ERR_UNSUPPORTED,
                     "not an image encoder that can be used: %s (model_type \"%s\"): name a CLIP's or SigLIP's folder "
                     "in transformers' layout",
                     folder, type);
  GAZE_TRY(choose_sight(parts, clip, looked_at));
  *out = json_deep_copy(vision);
  if (*out &&
      json_object_set_new(*out, "model_type", json_string(clip ? "clip_vision_model" : "siglip_vision_model")) == 0 &&
      (clip || json_object_set_new(*out, "vision_use_head", json_false()) == 0))
    return GAZE_OK;
  return gaze_fail(GAZE_ERR_MEMORY, "out of memory: reading %s: free memory", folder);
}

/* vision and text are taken. */
static json_t *join(json_t *vision, json_t *text, const sight *looked_at, int64_t image_token) {
  return json_pack("{s:[s], s:s, s:I, s:s, s:i, s:s, s:b, s:o, s:o}", "architectures", "LlavaForConditionalGeneration",
                   "model_type", "llava", "image_token_index", (json_int_t)image_token, "projector_hidden_act", "gelu",
                   "vision_feature_layer", looked_at->layer, "vision_feature_select_strategy", looked_at->strategy,
                   "multimodal_projector_bias", true, "vision_config", vision, "text_config", text);
}

gaze_err gaze_llava_files_make(const gaze_llava_parts *parts, gaze_llava_files *out) {
  json_t *whole = NULL, *text = NULL, *vision = NULL;
  sight looked_at = {0};
  gaze_err err;
  *out = (gaze_llava_files){0};
  GAZE_TRY_DONE(gaze_json_open_in(parts->language, "config.json", &text));
  GAZE_TRY_DONE(gaze_json_open_in(parts->vision, "config.json", &whole));
  GAZE_TRY_DONE(take_vision(whole, parts, &vision, &looked_at));
  GAZE_TRY_DONE(gaze_config_open_pictures(parts->vision, false, &out->pictures));
  out->model = join(vision, text, &looked_at, parts->image_token);
  vision = text = NULL;
  if (!out->model)
    err = gaze_fail(GAZE_ERR_MEMORY, "out of memory: a new model's configuration: free memory");
done:
  json_decref(whole);
  json_decref(text);
  json_decref(vision);
  return err;
}

/* Blocks that are not run are not kept: the last one that is becomes the one that is looked at. */
gaze_err gaze_llava_files_settle(gaze_llava_files *files) {
  gaze_llava_config config;
  GAZE_TRY(gaze_llava_config_read(files, &config));
  json_t *vision = json_object_get(files->model, "vision_config");
  if (strcmp(config.family, "llava") != 0 || config.original || config.tiling.kind != GAZE_TILING_WHOLE)
    return gaze_fail(GAZE_ERR_UNSUPPORTED,
                     "not trained: model_type %s%s: gaze trains llava in transformers' layout, whose pictures are not "
                     "cut into tiles",
                     config.family, config.original ? " in LLaVA's own layout" : "");
  if (json_object_set_new(vision, "num_hidden_layers", json_integer((json_int_t)config.vision.layers)) == 0 &&
      json_object_set_new(files->model, "vision_feature_layer", json_integer(-1)) == 0)
    return GAZE_OK;
  return gaze_fail(GAZE_ERR_MEMORY, "out of memory: a model's configuration: free memory");
}
