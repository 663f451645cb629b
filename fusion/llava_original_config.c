/* config.json of LLaVA's own layout, in which LLaVA-NeXT and LLaVA-OneVision came out, and of nanoLLaVA, which came of
 * it: the language model's configuration with keys that begin with mm_. The image encoder is named, and may lie
 * elsewhere. */
#include "fusion/llava_config_parts.h"

#include "core/base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What two names of encoders mean, where their own configuration is not on this machine. */
static const struct {
  const char *name;
  gaze_vit_config config;
} known[] = {
    {"openai/clip-vit-large-patch14-336",
     {.image_size = 336,
      .patch_size = 14,
      .block = {.dim = 1024,
                .mlp_dim = 4096,
                .attention = {.heads = 16, .kv_heads = 16, .head_dim = 64},
                .activation = GAZE_QUICK_GELU,
                .biased = true,
                .eps = 1e-5f},
      .layers = 24,
      .dim_out = 1024,
      .kind = GAZE_VIT_CLIP,
      .output = GAZE_VIT_ROWS}},
    {"google/siglip-so400m-patch14-384",
     {.image_size = 384,
      .patch_size = 14,
      .block = {.dim = 1152,
                .mlp_dim = 4304,
                .attention = {.heads = 16, .kv_heads = 16, .head_dim = 72},
                .activation = GAZE_GELU_TANH,
                .biased = true,
                .eps = 1e-6f},
      .layers = 27,
      .dim_out = 1152,
      .kind = GAZE_VIT_SIGLIP,
      .output = GAZE_VIT_ROWS}},
};

/* config.json of an encoder alone, or of the pair that it belongs to. */
static gaze_err read_tower_file(const json_t *json, gaze_vit_config *out) {
  json_t *vision;
  const char *type;
  GAZE_TRY(gaze_json_string(json, "model_type", "", &type));
  GAZE_TRY(gaze_config_object(json, "vision_config", &vision));
  if (!vision)
    return gaze_llava_read_tower(json, NULL, out);
  return gaze_llava_read_tower(vision, strcmp(type, "siglip") == 0 ? "siglip_vision_model" : "clip_vision_model", out);
}

static gaze_err find_tower(const gaze_llava_files *files, gaze_llava_config *config) {
  GAZE_TRY(gaze_json_string(files->model, "mm_vision_tower", "", &config->tower));
  if (files->tower)
    return read_tower_file(files->tower, &config->vision);
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (strcmp(config->tower, known[i].name) == 0) {
      config->vision = known[i].config;
      return GAZE_OK;
    }
  return gaze_fail(GAZE_ERR_NOT_FOUND,
                   "image encoder not found: mm_vision_tower \"%s\": pull it, or put its folder into the model's as "
                   "vision_tower",
                   config->tower);
}

/* Of SigLIP the last layer is thrown away, whatever the configuration says. */
static gaze_err select_rows(const json_t *json, gaze_vit_config *vision) {
  int64_t layer;
  const char *feature;
  GAZE_TRY(gaze_json_integer(json, "mm_vision_select_layer", -2, &layer));
  GAZE_TRY(gaze_json_string(json, "mm_vision_select_feature", "patch", &feature));
  vision->drops_class_token = strcmp(feature, "patch") == 0;
  if (!vision->drops_class_token && strcmp(feature, "cls_patch") != 0)
    return gaze_llava_unsupported("mm_vision_select_feature", "only \"patch\" and \"cls_patch\" are followed");
  return gaze_llava_use_layer(vision, "mm_vision_select_layer", vision->kind == GAZE_VIT_SIGLIP ? -2 : layer);
}

static gaze_err read_projector(const json_t *json, gaze_llava_config *config) {
  gaze_projector_config *p = &config->projector;
  const char *type;
  size_t width;
  GAZE_TRY(gaze_json_string(json, "mm_projector_type", "linear", &type));
  GAZE_TRY(gaze_config_size(json, "hidden_size", 4096, &p->D));
  GAZE_TRY(gaze_config_size(json, "mm_hidden_size", (int64_t)config->vision.block.dim, &width));
  if (width != config->vision.block.dim)
    return gaze_fail(GAZE_ERR_MISMATCH,
                     "image encoder of another model: mm_hidden_size is %zu and its rows have %zu numbers: use the "
                     "encoder that mm_vision_tower names",
                     width, config->vision.block.dim);
  p->kind = strcmp(type, "linear") == 0 ? GAZE_PROJECTOR_LINEAR : GAZE_PROJECTOR_MLP;
  p->activation = GAZE_GELU;
  p->hidden = p->D;
  p->biased = true;
  if (p->kind == GAZE_PROJECTOR_MLP && strcmp(type, "mlp2x_gelu") != 0)
    return gaze_llava_unsupported("mm_projector_type", "only \"linear\" and \"mlp2x_gelu\" are followed");
  return GAZE_OK;
}

/* As the encoder's own file says, else as its family does. */
static gaze_err read_preprocessing(const gaze_llava_files *files, gaze_llava_config *config) {
  int size = (int)config->vision.image_size;
  gaze_preprocess *p = &config->tiling.preprocess;
  const json_t *pictures = files->pictures ? files->pictures : files->tower_pictures;
  if (pictures)
    return gaze_preprocess_read(pictures, size, p);
  gaze_preprocess_default(p, size);
  if (config->vision.kind == GAZE_VIT_CLIP)
    return GAZE_OK;
  p->fit = GAZE_FIT_SQUASH;
  for (int c = 0; c < 3; c++)
    p->mean[c] = p->deviation[c] = 0.5f;
  return GAZE_OK;
}

/* "(1x1),...,(6x6)": all grids of so many tiles, widths first. */
static gaze_err read_range(const char *text, gaze_tiling *tiling) {
  const char *last = strrchr(text, '(');
  int from[2], to[2], size = tiling->preprocess.size;
  json_t *pairs = json_array();
  bool read =
      last && sscanf(text, " (%3dx%3d)", &from[0], &from[1]) == 2 && sscanf(last, "(%3dx%3d)", &to[0], &to[1]) == 2;
  for (int i = read ? from[0] : 1; read && i <= to[0]; i++)
    for (int j = from[1]; j <= to[1] && json_array_size(pairs) <= GAZE_GRIDS_MAX; j++)
      json_array_append_new(pairs, json_pack("[i, i]", i * size, j * size));
  gaze_err err = gaze_llava_read_pinpoints(pairs, false, tiling);
  json_decref(pairs);
  return err;
}

/* A list of pairs as Python prints it, where tuples have round brackets. */
static gaze_err read_printed(const char *text, gaze_tiling *tiling) {
  char *list;
  GAZE_TRY(gaze_strdup(text, &list));
  for (char *c = list; *c; c++)
    *c = *c == '(' ? '[' : *c == ')' ? ']' : *c;
  json_t *pairs = json_loads(list, 0, NULL);
  free(list);
  gaze_err err = gaze_llava_read_pinpoints(pairs, false, tiling);
  json_decref(pairs);
  return err;
}

static gaze_err read_pinpoints(const json_t *json, gaze_tiling *tiling) {
  const json_t *said = json_object_get(json, "image_grid_pinpoints");
  const char *text = json_string_value(said);
  if (!text)
    return gaze_llava_read_pinpoints(said, false, tiling);
  return strchr(text, 'x') ? read_range(text, tiling) : read_printed(text, tiling);
}

static gaze_err read_any_resolution(const json_t *json, gaze_llava_config *config) {
  const char *merge;
  GAZE_TRY(gaze_json_string(json, "mm_patch_merge_type", "flat", &merge));
  if (strcmp(merge, "spatial_unpad") != 0)
    return gaze_llava_unsupported("mm_patch_merge_type", "only \"spatial_unpad\" is followed with tiles");
  if (config->tiling.tile_rows != config->tiling.side * config->tiling.side)
    return gaze_llava_unsupported("mm_vision_select_feature", "\"cls_patch\" leaves a class token in every tile");
  config->tiling.kind = GAZE_TILING_GRID;
  config->projector.newline = true;
  return read_pinpoints(json, &config->tiling);
}

/* With a bound of tiles, several pictures were squares in training. */
static gaze_err read_tiling(const gaze_llava_files *files, gaze_llava_config *config) {
  const char *ratio;
  gaze_tiling *tiling = &config->tiling;
  gaze_llava_fill_tiling(config);
  GAZE_TRY(read_preprocessing(files, config));
  GAZE_TRY(gaze_json_string(files->model, "image_aspect_ratio", "square", &ratio));
  tiling->lone = gaze_llava_parse_most(ratio, tiling);
  if (tiling->lone || strcmp(ratio, "anyres") == 0)
    return read_any_resolution(files->model, config);
  if (strcmp(ratio, "pad") == 0)
    tiling->preprocess.fit = GAZE_FIT_SQUARE;
  else if (strcmp(ratio, "square") != 0)
    return gaze_llava_unsupported("image_aspect_ratio",
                                  "only \"pad\", \"square\", \"anyres\" and \"anyres_max_N\" are followed");
  return GAZE_OK;
}

/* As transformers calls what works alike. */
static const char *family_of(const gaze_tiling *tiling) {
  return tiling->lone ? "llava_onevision" : tiling->kind == GAZE_TILING_GRID ? "llava_next" : "llava";
}

gaze_err gaze_llava_read_original(const gaze_llava_files *files, gaze_llava_config *config) {
  bool nano = strcmp(config->family, "llava-qwen2") == 0, between;
  const json_t *json = files->model;
  config->original = true;
  config->image_token = GAZE_NO_IMAGE_TOKEN;
  config->text = json;
  GAZE_TRY(gaze_json_bool(json, "mm_use_im_start_end", false, &between));
  if (between)
    return gaze_llava_unsupported("mm_use_im_start_end", "true wants tokens around pictures that are not made");
  GAZE_TRY(find_tower(files, config));
  GAZE_TRY(select_rows(json, &config->vision));
  GAZE_TRY(read_projector(json, config));
  GAZE_TRY(read_tiling(files, config));
  config->family = nano ? config->family : family_of(&config->tiling);
  return GAZE_OK;
}
