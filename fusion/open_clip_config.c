/* open_clip_config.json, as open_clip writes it into a model's folder: the towers that it describes itself, timm's
 * image encoders of SigLIP, and XLM-R as text encoder. */
#include "fusion/clip_config.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static gaze_err refuse(const char *key, const char *value) {
  return gaze_fail(GAZE_ERR_UNSUPPORTED, "not implemented: open_clip_config.json, %s%s%s: this version cannot run it",
                   key, *value ? " " : "", value);
}

/* Every member is one that is read, or says no more than its absence would. */
static gaze_err check_keys(json_t *json, const char *const *known, size_t n) {
  const char *key;
  json_t *value;
  json_object_foreach(json, key, value) {
    bool silent =
        json_is_null(value) || json_is_false(value) || (json_is_number(value) && json_number_value(value) == 0);
    for (size_t i = 0; i < n && !silent; i++)
      silent = strcmp(key, known[i]) == 0;
    if (!silent)
      return refuse(key, "");
  }
  return GAZE_OK;
}

static gaze_err check_word(const json_t *json, const char *key, const char *only) {
  const char *value;
  GAZE_TRY(gaze_json_string(json, key, only, &value));
  return strcmp(value, only) == 0 ? GAZE_OK : refuse(key, value);
}

/* eps of the norms, GELU's approximation. */
static gaze_err read_details(const json_t *json, bool quick, gaze_block_config *block) {
  json_t *norm, *activation;
  const char *approximate;
  double eps;
  GAZE_TRY(gaze_config_object(json, "norm_kwargs", &norm));
  GAZE_TRY(gaze_config_object(json, "act_kwargs", &activation));
  GAZE_TRY(gaze_json_number(norm, "eps", 1e-5, &eps));
  GAZE_TRY(gaze_json_string(activation, "approximate", "none", &approximate));
  block->norm = GAZE_LAYER_NORM;
  block->biased = true;
  block->eps = (float)eps;
  block->activation = quick ? GAZE_QUICK_GELU : strcmp(approximate, "tanh") == 0 ? GAZE_GELU_TANH : GAZE_GELU;
  return GAZE_OK;
}

/* int(width * mlp_ratio), as open_clip and timm compute it. */
static gaze_err read_mlp(const json_t *json, gaze_block_config *block) {
  double ratio;
  GAZE_TRY(gaze_json_number(json, "mlp_ratio", 4.0, &ratio));
  if (!(ratio > 0 && ratio < 100))
    return gaze_fail(GAZE_ERR_FORMAT, "size out of range: \"mlp_ratio\" is %g: the configuration is damaged", ratio);
  block->mlp_dim = (size_t)((double)block->dim * ratio);
  return GAZE_OK;
}

static gaze_err read_own_vision(json_t *json, bool quick, gaze_vit_config *vision) {
  static const char *const known[] = {
      "layers",     "width",         "head_width",          "mlp_ratio",         "patch_size",
      "image_size", "act_kwargs",    "norm_kwargs",         "pool_type",         "pos_embed_type",
      "block_type", "patch_dropout", "attn_pooler_queries", "attn_pooler_heads", "timm_pool",
      "timm_proj"};
  size_t head_width;
  GAZE_TRY(check_keys(json, known, sizeof known / sizeof *known));
  GAZE_TRY(check_word(json, "pool_type", "tok"));
  GAZE_TRY(check_word(json, "pos_embed_type", "learnable"));
  GAZE_TRY(check_word(json, "block_type", "default"));
  GAZE_TRY(gaze_config_size(json, "width", 768, &vision->block.dim));
  GAZE_TRY(gaze_config_size(json, "head_width", 64, &head_width));
  GAZE_TRY(gaze_config_size(json, "layers", 12, &vision->layers));
  GAZE_TRY(gaze_config_size(json, "patch_size", 16, &vision->patch_size));
  GAZE_TRY(read_mlp(json, &vision->block));
  if (vision->block.dim < head_width)
    return refuse("head_width", "larger than width");
  gaze_config_heads(&vision->block, vision->block.dim / head_width);
  return read_details(json, quick, &vision->block);
}

/* timm's registered sizes: vit_SIZE_patchN_siglip_PIXELS. Which of them use the tanh approximation is written there
 * model by model; every other uses the exact GELU. */
static gaze_err read_timm_vision(json_t *json, const char *name, gaze_vit_config *vision) {
  static const struct {
    const char *size;
    size_t dim, mlp_dim, layers, heads;
  } sizes[] = {{"base", 768, 3072, 12, 12},
               {"large", 1024, 4096, 24, 16},
               {"so400m", 1152, 4304, 27, 16},
               {"giantopt", 1536, 6144, 40, 16}};
  static const char *const by_tanh[] = {"vit_base_patch32_siglip_256",    "vit_large_patch16_siglip_512",
                                        "vit_so400m_patch16_siglip_256",  "vit_so400m_patch16_siglip_384",
                                        "vit_so400m_patch16_siglip_512",  "vit_giantopt_patch16_siglip_256",
                                        "vit_giantopt_patch16_siglip_384"};
  char size[16];
  int patch, pixels, end = 0;
  static const char *const known[] = {"image_size", "timm_model_name", "timm_pool", "timm_proj"};
  GAZE_TRY(check_keys(json, known, sizeof known / sizeof *known));
  GAZE_TRY(check_word(json, "timm_pool", "map"));
  GAZE_TRY(check_word(json, "timm_proj", "none"));
  if (sscanf(name, "vit_%15[a-z0-9]_patch%d_siglip_%d%n", size, &patch, &pixels, &end) != 3 || name[end] || patch < 1)
    return refuse("timm_model_name", name);
  vision->kind = GAZE_VIT_SIGLIP;
  vision->patch_size = (size_t)patch;
  vision->block = (gaze_block_config){.norm = GAZE_LAYER_NORM, .biased = true, .eps = 1e-6f, .activation = GAZE_GELU};
  for (size_t i = 0; i < sizeof by_tanh / sizeof *by_tanh; i++)
    if (strcmp(name, by_tanh[i]) == 0)
      vision->block.activation = GAZE_GELU_TANH;
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
    if (strcmp(size, sizes[i].size) == 0) {
      vision->block.dim = sizes[i].dim;
      vision->block.mlp_dim = sizes[i].mlp_dim;
      vision->layers = sizes[i].layers;
      gaze_config_heads(&vision->block, sizes[i].heads);
      return GAZE_OK;
    }
  return refuse("timm_model_name", name);
}

static gaze_err read_vision(json_t *json, bool quick, gaze_vit_config *vision) {
  const char *timm;
  GAZE_TRY(gaze_json_string(json, "timm_model_name", "", &timm));
  GAZE_TRY(*timm ? read_timm_vision(json, timm, vision) : read_own_vision(json, quick, vision));
  return gaze_config_size(json, "image_size", 224, &vision->image_size);
}

static gaze_err read_own_text(json_t *json, bool quick, gaze_clip_config *config) {
  static const char *const known[] = {
      "context_length",      "vocab_size",       "width",         "heads",       "layers",     "mlp_ratio",
      "no_causal_mask",      "pool_type",        "proj_bias",     "norm_kwargs", "act_kwargs", "hf_tokenizer_name",
      "tokenizer_mode",      "tokenizer_kwargs", "block_type",    "proj_type",   "pad_id",     "eos_id",
      "hf_model_pretrained", "hf_proj_type",     "hf_pooler_type"};
  gaze_text_config *text = &config->text;
  const char *pool;
  bool both_ways;
  size_t heads;
  int64_t pad;
  GAZE_TRY(check_keys(json, known, sizeof known / sizeof *known));
  GAZE_TRY(check_word(json, "block_type", "default"));
  GAZE_TRY(check_word(json, "proj_type", "linear"));
  GAZE_TRY(gaze_config_size(json, "context_length", 77, &text->context));
  GAZE_TRY(gaze_config_size(json, "vocab_size", 49408, &text->vocabulary));
  GAZE_TRY(gaze_config_size(json, "width", 512, &text->block.dim));
  GAZE_TRY(gaze_config_size(json, "heads", 8, &heads));
  GAZE_TRY(gaze_config_size(json, "layers", 12, &text->layers));
  GAZE_TRY(gaze_json_bool(json, "no_causal_mask", false, &both_ways));
  GAZE_TRY(gaze_json_bool(json, "proj_bias", false, &text->biased_projection));
  GAZE_TRY(gaze_json_string(json, "pool_type", "argmax", &pool));
  GAZE_TRY(gaze_json_integer(json, "pad_id", 0, &pad));
  GAZE_TRY(read_mlp(json, &text->block));
  GAZE_TRY(read_details(json, quick, &text->block));
  gaze_config_heads(&text->block, heads);
  text->block.attention.causal = !both_ways;
  text->filled = strcmp(pool, "last") == 0;
  text->pad = (int32_t)pad;
  config->end_of_text = text->filled ? GAZE_ANY_END : GAZE_HIGHEST_ID;
  bool sound = text->filled || (strcmp(pool, "argmax") == 0 && !both_ways);
  return sound ? GAZE_OK : refuse("pool_type", pool);
}

/* The sizes of what open_clip names without saying them. */
static gaze_err read_named_text(const char *name, gaze_text_config *text) {
  bool large = strcmp(name, "xlm-roberta-large") == 0 || strcmp(name, "FacebookAI/xlm-roberta-large") == 0;
  if (!large && strcmp(name, "xlm-roberta-base") != 0 && strcmp(name, "FacebookAI/xlm-roberta-base") != 0)
    return refuse("hf_model_name", name);
  text->block = (gaze_block_config){.dim = large ? 1024 : 768,
                                    .mlp_dim = large ? 4096 : 3072,
                                    .norm = GAZE_LAYER_NORM,
                                    .activation = GAZE_GELU,
                                    .biased = true,
                                    .post_norm = true,
                                    .eps = 1e-5f};
  gaze_config_heads(&text->block, large ? 16 : 12);
  text->layers = large ? 24 : 12;
  text->vocabulary = 250002;
  text->positions = 514;
  text->position_offset = 2;
  text->token_types = 1;
  return GAZE_OK;
}

/* The text towers of transformers. */
static gaze_err read_foreign_text(json_t *json, const json_t *words, const char *name, gaze_clip_config *config) {
  static const char *const known[] = {
      "hf_model_name",    "hf_tokenizer_name",   "hf_pooler_type", "hf_proj_type", "context_length", "vocab_size",
      "tokenizer_kwargs", "hf_model_pretrained", "width",          "heads",        "layers"};
  gaze_text_config *text = &config->text;
  const char *projection;
  GAZE_TRY(check_keys(json, known, sizeof known / sizeof *known));
  GAZE_TRY(check_word(json, "hf_pooler_type", "mean_pooler"));
  GAZE_TRY(gaze_json_string(json, "hf_proj_type", "mlp", &projection));
  if (strcmp(projection, "mlp") != 0 && strcmp(projection, "linear") != 0)
    return refuse("hf_proj_type", projection);
  GAZE_TRY(words ? gaze_text_config_read_xlmr(words, text) : read_named_text(name, text));
  GAZE_TRY(gaze_config_size(json, "context_length", 77, &text->context));
  text->pooling = GAZE_POOL_MEAN;
  text->projection_hidden = strcmp(projection, "mlp") == 0 ? (text->block.dim + config->dim) / 2 : 0;
  config->end_of_text = GAZE_ANY_END;
  return GAZE_OK;
}

static gaze_err read_colours(const json_t *json, const char *key, float out[3]) {
  const json_t *list = json_object_get(json, key);
  for (size_t c = 0; c < 3 && list; c++) {
    const json_t *value = json_array_get(list, c);
    if (!json_is_number(value) || !isfinite(json_number_value(value)))
      return gaze_fail(GAZE_ERR_FORMAT, "open_clip_config.json, %s: three numbers are needed", key);
    out[c] = (float)json_number_value(value);
  }
  return GAZE_OK;
}

static gaze_err read_preprocess(const json_t *json, size_t image_size, gaze_preprocess *out) {
  const char *mode, *filter;
  gaze_preprocess_default(out, (int)image_size);
  out->even_crop = true;
  GAZE_TRY(gaze_json_string(json, "resize_mode", "shortest", &mode));
  GAZE_TRY(gaze_json_string(json, "interpolation", "bicubic", &filter));
  GAZE_TRY(read_colours(json, "mean", out->mean));
  GAZE_TRY(read_colours(json, "std", out->deviation));
  for (int c = 0; c < 3; c++)
    if (!(out->deviation[c] > 0))
      return gaze_fail(GAZE_ERR_FORMAT, "open_clip_config.json, std: numbers above 0 are needed");
  out->filter = strcmp(filter, "bilinear") == 0 ? GAZE_BILINEAR : GAZE_BICUBIC;
  out->fit = strcmp(mode, "squash") == 0 ? GAZE_FIT_SQUASH : GAZE_FIT_CROP;
  if (strcmp(mode, "squash") != 0 && strcmp(mode, "shortest") != 0)
    return refuse("resize_mode", mode);
  return strcmp(filter, "bilinear") == 0 || strcmp(filter, "bicubic") == 0 ? GAZE_OK : refuse("interpolation", filter);
}

gaze_err gaze_clip_config_read_open_clip(const json_t *json, const json_t *words, gaze_clip_config *out,
                                         gaze_preprocess *preprocess) {
  json_t *model, *vision, *text, *pictures;
  const char *foreign;
  bool quick;
  gaze_clip_config config = {.family = "open_clip"};
  GAZE_TRY(gaze_config_object(json, "model_cfg", &model));
  GAZE_TRY(gaze_config_object(json, "preprocess_cfg", &pictures));
  GAZE_TRY(gaze_config_object(model, "vision_cfg", &vision));
  GAZE_TRY(gaze_config_object(model, "text_cfg", &text));
  if (!vision || !text)
    return gaze_fail(GAZE_ERR_FORMAT, "open_clip_config.json, model_cfg: vision_cfg and text_cfg are needed");
  GAZE_TRY(gaze_config_size(model, "embed_dim", 512, &config.dim));
  GAZE_TRY(gaze_json_bool(model, "quick_gelu", false, &quick));
  GAZE_TRY(read_vision(vision, quick, &config.vision));
  GAZE_TRY(gaze_json_string(text, "hf_model_name", "", &foreign));
  GAZE_TRY(*foreign ? read_foreign_text(text, words, foreign, &config) : read_own_text(text, quick, &config));
  config.sigmoid = json_is_number(json_object_get(model, "init_logit_bias"));
  config.vision.dim_out = config.text.dim_out = config.dim;
  GAZE_TRY(gaze_clip_config_check(&config));
  GAZE_TRY(read_preprocess(pictures, config.vision.image_size, preprocess));
  *out = config;
  return GAZE_OK;
}
