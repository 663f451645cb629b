/* Text towers of BERT: Chinese-CLIP's, XLM-R's, and models of sentence-transformers, which have no image tower. */
#include "fusion/clip_config.h"

#include "core/base/file.h"
#include "fusion/model_files.h"

#include <stdlib.h>
#include <string.h>

#define MEAN "pooling_mode_mean_tokens"
#define FIRST "pooling_mode_cls_token"

static gaze_err read_bert(const json_t *text, gaze_text_config *config) {
  static const gaze_tower_defaults bert = {768, 3072, 12, "gelu", 1e-12};
  const char *positions;
  GAZE_TRY(gaze_config_tower(text, &bert, &config->block, &config->layers));
  GAZE_TRY(gaze_config_size(text, "vocab_size", 30522, &config->vocabulary));
  GAZE_TRY(gaze_config_size(text, "max_position_embeddings", 512, &config->positions));
  GAZE_TRY(gaze_config_size(text, "type_vocab_size", 2, &config->token_types));
  GAZE_TRY(gaze_json_string(text, "position_embedding_type", "absolute", &positions));
  config->context = config->positions;
  config->block.post_norm = true;
  config->pooling = GAZE_POOL_FIRST;
  if (strcmp(positions, "absolute") != 0)
    return gaze_fail(GAZE_ERR_UNSUPPORTED, "positions of another kind: position_embedding_type \"%s\": only absolute",
                     positions);
  return GAZE_OK;
}

/* XLM-R is a BERT whose positions begin behind that of padding. */
gaze_err gaze_text_config_read_xlmr(const json_t *json, gaze_text_config *config) {
  const char *type;
  int64_t pad;
  GAZE_TRY(gaze_json_string(json, "model_type", "", &type));
  if (strcmp(type, "xlm-roberta") != 0)
    return gaze_fail(GAZE_ERR_UNSUPPORTED, "unknown text tower: model_type \"%s\": of transformers' only xlm-roberta",
                     type);
  GAZE_TRY(read_bert(json, config));
  GAZE_TRY(gaze_json_integer(json, "pad_token_id", 1, &pad));
  if (pad < 0 || pad >= (int64_t)config->positions)
    return gaze_fail(GAZE_ERR_MISMATCH, "impossible sizes: pad_token_id %lld of %zu positions: check the configuration",
                     (long long)pad, config->positions);
  config->position_offset = (size_t)pad + 1;
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

gaze_err gaze_clip_config_read_bert(const json_t *json, gaze_clip_config *config) {
  bool decoder;
  GAZE_TRY(read_bert(json, &config->text));
  GAZE_TRY(gaze_json_bool(json, "is_decoder", false, &decoder));
  config->family = "bert";
  config->text_only = true;
  config->end_of_text = GAZE_ANY_END;
  config->text.unprojected = true;
  config->dim = config->text.block.dim;
  return decoder ? gaze_fail(GAZE_ERR_UNSUPPORTED, "a BERT that decodes: is_decoder is true: only encoders of texts")
                 : GAZE_OK;
}

/* A module's "type" ends with the name of its class. */
static bool is_module(const json_t *module, const char *class_name, const char *folder) {
  const char *type = json_string_value(json_object_get(module, "type"));
  const char *path = json_string_value(json_object_get(module, "path"));
  return type && gaze_ends_with(type, class_name) && (!folder || (path && strcmp(path, folder) == 0));
}

/* A transformer, a pooling, and perhaps what makes vectors of length 1, which all of gaze's have. */
static gaze_err check_modules(const json_t *modules) {
  size_t n = json_array_size(modules);
  if (n >= 2 && n <= 3 && is_module(json_array_get(modules, 0), ".Transformer", "") &&
      is_module(json_array_get(modules, 1), ".Pooling", GAZE_SENTENCE_POOLING_FOLDER) &&
      (n == 2 || is_module(json_array_get(modules, 2), ".Normalize", NULL)))
    return GAZE_OK;
  const json_t *last = json_array_get(modules, n ? n - 1 : 0);
  const char *type = json_string_value(json_object_get(last, "type"));
  return gaze_fail(GAZE_ERR_UNSUPPORTED,
                   "not implemented: " GAZE_SENTENCE_MODULES
                   ", %zu modules, the last of type \"%s\": a Transformer, a Pooling in " GAZE_SENTENCE_POOLING_FOLDER
                   " and a Normalize are",
                   n, type ? type : "");
}

static bool is_other_mode(const char *key) {
  static const char mode[] = "pooling_mode";
  return strncmp(key, mode, sizeof mode - 1) == 0 && strcmp(key, MEAN) != 0 && strcmp(key, FIRST) != 0;
}

/* Of the many modes only one may be true. */
static gaze_err read_pooling(json_t *json, gaze_text_config *text) {
  bool first, mean;
  const char *key;
  json_t *value;
  GAZE_TRY(gaze_json_bool(json, FIRST, false, &first));
  GAZE_TRY(gaze_json_bool(json, MEAN, false, &mean));
  json_object_foreach(json, key, value) {
    if (is_other_mode(key) && !json_is_false(value))
      return gaze_fail(GAZE_ERR_UNSUPPORTED,
                       "not implemented: " GAZE_SENTENCE_POOLING ", %s: only the mean, or the first token", key);
  }
  if (first == mean)
    return gaze_fail(GAZE_ERR_UNSUPPORTED,
                     "not implemented: " GAZE_SENTENCE_POOLING ": one of " MEAN " and " FIRST " must be true");
  text->pooling = mean ? GAZE_POOL_MEAN : GAZE_POOL_FIRST;
  return GAZE_OK;
}

/* Where texts are cut. */
static gaze_err read_settings(const json_t *json, gaze_text_config *text) {
  bool lower;
  size_t context;
  GAZE_TRY(gaze_json_bool(json, "do_lower_case", false, &lower));
  GAZE_TRY(gaze_config_size(json, "max_seq_length", (int64_t)text->positions, &context));
  if (context < text->context)
    text->context = context;
  return lower ? gaze_fail(GAZE_ERR_UNSUPPORTED, "not implemented: " GAZE_SENTENCE_SETTINGS ", do_lower_case: the "
                                                 "tokenizer's own says whether texts become lower case")
               : GAZE_OK;
}

gaze_err gaze_clip_config_read_sentences(const json_t *modules, json_t *pooling, const json_t *settings,
                                         gaze_clip_config *config) {
  GAZE_TRY(check_modules(modules));
  GAZE_TRY(read_pooling(pooling, &config->text));
  GAZE_TRY(read_settings(settings, &config->text));
  return gaze_clip_config_check(config);
}

/* *out NULL where it is not there and need not be. */
static gaze_err open_member(const char *folder, const char *name, bool needed, json_t **out) {
  char *path;
  GAZE_TRY(gaze_path_join(folder, name, &path));
  gaze_err err = GAZE_OK;
  if (gaze_file_exists(path))
    err = gaze_json_open(path, out);
  else if (needed)
    err = gaze_fail(GAZE_ERR_NOT_FOUND,
                    "not a model of texts: %s is missing: BERT alone does not say how a text's vector is made of its "
                    "tokens', the files of sentence-transformers do",
                    path);
  free(path);
  return err;
}

gaze_err gaze_clip_config_open_sentences(const char *folder, gaze_clip_config *config) {
  json_t *modules = NULL, *pooling = NULL, *settings = NULL;
  gaze_err err;
  GAZE_TRY_DONE(open_member(folder, GAZE_SENTENCE_MODULES, true, &modules));
  GAZE_TRY_DONE(open_member(folder, GAZE_SENTENCE_POOLING, true, &pooling));
  GAZE_TRY_DONE(open_member(folder, GAZE_SENTENCE_SETTINGS, false, &settings));
  GAZE_TRY_DONE(gaze_clip_config_read_sentences(modules, pooling, settings, config));
done:
  json_decref(modules);
  json_decref(pooling);
  json_decref(settings);
  return err;
}
