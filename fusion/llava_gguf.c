/* The metadata of llama.cpp's mmproj files: an image encoder and a projector whose language model lies in another GGUF.
 * What the metadata leave open, the tensors say. */
#include "fusion/llava_config_parts.h"

#include <stdio.h>
#include <string.h>

static gaze_err read_size(const gaze_gguf *file, const char *key, size_t *out) {
  int64_t value;
  GAZE_TRY(gaze_gguf_require(file, key));
  GAZE_TRY(gaze_gguf_integer(file, key, 1, 1000000, &value));
  *out = (size_t)value;
  return GAZE_OK;
}

/* Without a word it is CLIP's; "gelu" is the tanh approximation there. */
static gaze_err read_activation(const gaze_gguf *file, gaze_activation *out) {
  bool gelu = false, silu = false;
  GAZE_TRY(gaze_gguf_flag(file, "clip.use_gelu", &gelu));
  GAZE_TRY(gaze_gguf_flag(file, "clip.use_silu", &silu));
  *out = silu ? GAZE_SILU : gelu ? GAZE_GELU_TANH : GAZE_QUICK_GELU;
  return GAZE_OK;
}

/* Blocks behind the one whose rows are read were left out when the file was made; newer ones name it as well. */
static gaze_err read_layers(const gaze_gguf *file, gaze_vit_config *vision) {
  const gaze_gguf_value *layers;
  GAZE_TRY(read_size(file, "clip.vision.block_count", &vision->layers));
  GAZE_TRY(gaze_gguf_integers(file, "clip.vision.feature_layer", &layers));
  if (!layers || !layers->n)
    return GAZE_OK;
  if (layers->n > 1)
    return gaze_llava_unsupported("clip.vision.feature_layer", "only one layer is followed, not a list");
  return gaze_llava_use_layer(vision, "clip.vision.feature_layer", gaze_gguf_integer_at(layers, 0));
}

static gaze_err read_encoder(const gaze_gguf *file, const gaze_weights *weights, gaze_vit_config *vision) {
  gaze_block_config *block = &vision->block;
  double eps = 1e-5;
  size_t heads;
  bool class = gaze_weights_find(weights, "v.class_embd") != NULL;
  *vision = (gaze_vit_config){.kind = class ? GAZE_VIT_CLIP : GAZE_VIT_SIGLIP,
                              .output = GAZE_VIT_ROWS,
                              .drops_class_token = class,
                              .block = {.norm = GAZE_LAYER_NORM, .biased = true}};
  GAZE_TRY(read_size(file, "clip.vision.image_size", &vision->image_size));
  GAZE_TRY(read_size(file, "clip.vision.patch_size", &vision->patch_size));
  GAZE_TRY(read_size(file, "clip.vision.embedding_length", &block->dim));
  GAZE_TRY(read_size(file, "clip.vision.feed_forward_length", &block->mlp_dim));
  GAZE_TRY(read_size(file, "clip.vision.attention.head_count", &heads));
  GAZE_TRY(gaze_gguf_number(file, "clip.vision.attention.layer_norm_epsilon", &eps));
  GAZE_TRY(read_activation(file, &block->activation));
  GAZE_TRY(read_layers(file, vision));
  block->eps = (float)eps;
  vision->dim_out = block->dim;
  gaze_config_heads(block, heads);
  return gaze_config_check_vision(vision);
}

static gaze_err read_three(const gaze_gguf *file, const char *key, float out[3]) {
  const gaze_gguf_value *values;
  GAZE_TRY(gaze_gguf_numbers(file, key, &values));
  if (!values)
    return GAZE_OK;
  for (size_t c = 0; c < 3; c++) {
    out[c] = c < values->n ? (float)gaze_gguf_number_at(values, c) : 0;
    if (!(out[c] >= 0 && out[c] < 1e6f))
      return gaze_fail(GAZE_ERR_FORMAT, "senseless colours: %s: \"%s\": three numbers are needed", gaze_gguf_name(file),
                       key);
  }
  return GAZE_OK;
}

static gaze_err read_colours(const gaze_gguf *file, gaze_preprocess *p) {
  GAZE_TRY(read_three(file, "clip.vision.image_mean", p->mean));
  GAZE_TRY(read_three(file, "clip.vision.image_std", p->deviation));
  for (int c = 0; c < 3; c++)
    if (!(p->deviation[c] > 0))
      return gaze_fail(GAZE_ERR_FORMAT, "senseless colours: %s: \"clip.vision.image_std\": numbers above 0 are needed",
                       gaze_gguf_name(file));
  return GAZE_OK;
}

/* Rows of a matrix that must be there. */
static gaze_err read_rows(const gaze_weights *weights, const char *name, size_t *rows) {
  const gaze_tensor *tensor = gaze_weights_find(weights, name);
  if (!tensor || tensor->rank != 2)
    return gaze_fail(GAZE_ERR_MISMATCH, "missing matrix: %s in %s: the file is none of LLaVA's or SmolVLM's projectors",
                     name, gaze_weights_path(weights, name));
  *rows = tensor->shape[0];
  return GAZE_OK;
}

/* Widths first. */
static gaze_err read_grids(const gaze_gguf *file, const gaze_gguf_value *list, gaze_tiling *tiling) {
  gaze_gguf_text merge = {0};
  json_t *pairs = json_array();
  GAZE_TRY(gaze_gguf_string(file, "clip.vision.mm_patch_merge_type", &merge));
  for (size_t i = 0; i + 1 < list->n && i < 2 * GAZE_GRIDS_MAX + 2; i += 2)
    json_array_append_new(pairs, json_pack("[I, I]", (json_int_t)gaze_gguf_integer_at(list, i),
                                           (json_int_t)gaze_gguf_integer_at(list, i + 1)));
  gaze_err err =
      gaze_gguf_text_is(merge, "spatial_unpad")
          ? gaze_llava_read_pinpoints(pairs, false, tiling)
          : gaze_llava_unsupported("clip.vision.mm_patch_merge_type", "only \"spatial_unpad\" is followed with tiles");
  json_decref(pairs);
  return err;
}

/* image_aspect_ratio as in LLaVA's own configuration; without it pictures are padded to squares, or lie in tiles. */
static gaze_err read_ratio(const gaze_gguf *file, gaze_llava_config *config) {
  gaze_gguf_text said = {"pad", 3};
  char ratio[32];
  gaze_tiling *tiling = &config->tiling;
  GAZE_TRY(gaze_gguf_string(file, "clip.vision.image_aspect_ratio", &said));
  snprintf(ratio, sizeof ratio, "%.*s", said.length < sizeof ratio ? (int)said.length : 0, said.bytes);
  tiling->lone = gaze_llava_parse_most(ratio, tiling);
  tiling->preprocess.fit = strcmp(ratio, "square") != 0           ? GAZE_FIT_SQUARE
                           : config->vision.kind == GAZE_VIT_CLIP ? GAZE_FIT_CROP
                                                                  : GAZE_FIT_SQUASH;
  if (tiling->lone || tiling->preprocess.fit != GAZE_FIT_SQUARE || strcmp(ratio, "pad") == 0 ||
      strcmp(ratio, "anyres") == 0)
    return GAZE_OK;
  return gaze_llava_unsupported("clip.vision.image_aspect_ratio",
                                "only \"pad\", \"square\", \"anyres\" and \"anyres_max_N\" are followed");
}

/* LLaVA's: pictures in squares, or in tiles. */
static gaze_err read_llava(const gaze_gguf *file, const gaze_weights *weights, gaze_llava_config *config) {
  gaze_projector_config *p = &config->projector;
  gaze_tiling *tiling = &config->tiling;
  const gaze_gguf_value *grids;
  bool two = gaze_weights_find(weights, "mm.2.weight") != NULL;
  *p = (gaze_projector_config){.kind = two ? GAZE_PROJECTOR_MLP : GAZE_PROJECTOR_LINEAR,
                               .activation = GAZE_GELU,
                               .biased = gaze_weights_find(weights, "mm.0.bias") != NULL};
  GAZE_TRY(read_rows(weights, "mm.0.weight", &p->hidden));
  GAZE_TRY(read_rows(weights, two ? "mm.2.weight" : "mm.0.weight", &p->D));
  gaze_llava_fill_tiling(config);
  gaze_preprocess_default(&tiling->preprocess, (int)config->vision.image_size);
  GAZE_TRY(read_ratio(file, config));
  GAZE_TRY(read_colours(file, &tiling->preprocess));
  GAZE_TRY(gaze_gguf_integers(file, "clip.vision.image_grid_pinpoints", &grids));
  config->family = "llava";
  if (tiling->lone && (!grids || !grids->n))
    return gaze_fail(GAZE_ERR_FORMAT, "tiles of no grid: %s: \"clip.vision.image_grid_pinpoints\" is missing",
                     gaze_gguf_name(file));
  if (!grids || !grids->n)
    return GAZE_OK;
  config->family = tiling->lone ? "llava_onevision" : "llava_next";
  tiling->kind = GAZE_TILING_GRID;
  p->newline = true;
  return read_grids(file, grids, tiling);
}

static gaze_err read_idefics3(const gaze_gguf *file, const gaze_weights *weights, gaze_llava_config *config) {
  gaze_projector_config *p = &config->projector;
  gaze_tiling *tiling = &config->tiling;
  int side = (int)config->vision.image_size;
  int64_t scale = 2, longest = 4 * side;
  GAZE_TRY(gaze_gguf_integer(file, "clip.vision.projector.scale_factor", 1, 64, &scale));
  GAZE_TRY(gaze_gguf_integer(file, "clip.vision.preproc_image_size", 1, 1 << 24, &longest));
  *p = (gaze_projector_config){.kind = GAZE_PROJECTOR_SHUFFLE, .scale = (size_t)scale};
  GAZE_TRY(read_rows(weights, "mm.model.fc.weight", &p->D));
  GAZE_TRY(gaze_llava_use_shuffle(config));
  config->family = "smolvlm";
  config->vision.output = GAZE_VIT_NORMED_ROWS;
  gaze_llava_fill_splits(config);
  tiling->splits = true;
  GAZE_TRY(gaze_llava_set_longest(tiling, longest));
  return read_colours(file, &tiling->preprocess);
}

gaze_err gaze_llava_config_read_mmproj(const gaze_weights *weights, gaze_llava_config *out) {
  const gaze_gguf *file = gaze_weights_gguf(weights);
  gaze_llava_config config = {.image_token = GAZE_NO_IMAGE_TOKEN};
  gaze_gguf_text type = {0};
  if (!file)
    return gaze_fail(GAZE_ERR_ARGUMENT,
                     "no mmproj file: the weights lie in no GGUF: name the file that llama.cpp calls "
                     "mmproj");
  GAZE_TRY(gaze_gguf_string(file, "clip.projector_type", &type));
  GAZE_TRY(read_encoder(file, weights, &config.vision));
  if (gaze_gguf_text_is(type, "idefics3"))
    GAZE_TRY(read_idefics3(file, weights, &config));
  else if (gaze_gguf_text_is(type, "mlp") || !type.bytes)
    GAZE_TRY(read_llava(file, weights, &config));
  else
    return gaze_fail(GAZE_ERR_UNSUPPORTED,
                     "projector not implemented: %s: clip.projector_type: this version runs mlp "
                     "and idefics3",
                     gaze_gguf_name(file));
  *out = config;
  return GAZE_OK;
}
