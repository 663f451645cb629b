/* config.json of language decoders. Keys omitted are at the defaults of the family's class in transformers. */
#include "core/nn/config.h"
#include "text/decoder_parts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct family {
  const char *type;
  int64_t vocabulary, dim, mlp_dim, layers, heads, kv_heads /* 0: as heads */, head_dim /* 0: dim / heads */, context;
  double eps;
  bool qkv_biased, qk_normed;
  bool windowed;  /* sliding_window counts unless null */
  int64_t window; /* where the key is absent; 0: none */
} family;

static const family families[] = {{"llama", 32000, 4096, 11008, 32, 32, 0, 0, 2048, 1e-6, false, false, false, 0},
                                  {"mistral", 32000, 4096, 14336, 32, 32, 8, 0, 131072, 1e-6, false, false, true, 4096},
                                  {"qwen2", 151936, 4096, 22016, 32, 32, 32, 0, 32768, 1e-6, true, false, false, 0},
                                  {"qwen3", 151936, 4096, 22016, 32, 32, 32, 128, 32768, 1e-6, false, true, false, 0},
                                  {"phi3", 32064, 3072, 8192, 32, 32, 0, 0, 4096, 1e-5, false, false, true, 0},
                                  {"exaone", 102400, 2048, 8192, 32, 32, 0, 0, 2048, 1e-5, false, false, false, 0}};

/* The same key under a name of its own, where the family has one. */
static const char *spelt(const json_t *json, const char *usual, const char *own) {
  return json_object_get(json, own) && !json_object_get(json, usual) ? own : usual;
}

static gaze_err read_sizes(const json_t *json, const family *f, gaze_decoder_config *out) {
  gaze_block_config *block = &out->block;
  gaze_attention *attention = &block->attention;
  GAZE_TRY(gaze_config_size(json, "vocab_size", f->vocabulary, &out->vocabulary));
  GAZE_TRY(gaze_config_size(json, "hidden_size", f->dim, &block->dim));
  GAZE_TRY(gaze_config_size(json, "intermediate_size", f->mlp_dim, &block->mlp_dim));
  GAZE_TRY(gaze_config_size(json, spelt(json, "num_hidden_layers", "num_layers"), f->layers, &out->layers));
  GAZE_TRY(gaze_config_size(json, "num_attention_heads", f->heads, &attention->heads));
  int64_t kv_heads = f->kv_heads ? f->kv_heads : (int64_t)attention->heads;
  GAZE_TRY(gaze_config_size(json, "num_key_value_heads", kv_heads, &attention->kv_heads));
  int64_t head_dim = f->head_dim ? f->head_dim : (int64_t)(block->dim / attention->heads);
  GAZE_TRY(gaze_config_size(json, "head_dim", head_dim ? head_dim : 1, &attention->head_dim));
  return gaze_config_size(json, "max_position_embeddings", f->context, &out->context);
}

/* Qwen says whether the window is used, and in which layers; Mistral and Phi-3 by null. */
static gaze_err read_window(const json_t *json, const family *f, gaze_decoder_config *out) {
  bool used;
  int64_t window;
  const json_t *said = json_object_get(json, "sliding_window");
  GAZE_TRY(gaze_json_bool(json, "use_sliding_window", f->windowed, &used));
  if (!used || json_is_null(said))
    return GAZE_OK;
  GAZE_TRY(gaze_json_integer(json, "sliding_window", f->window, &window));
  if (!f->windowed && (window < 0 || (size_t)window < out->context))
    return gaze_fail(GAZE_ERR_UNSUPPORTED, "use_sliding_window of %s: window %lld: gaze knows it in all layers alone",
                     f->type, (long long)window);
  out->block.attention.window = window > 0 ? (size_t)window : 0;
  return GAZE_OK;
}

/* Members that would change the arithmetic. */
static gaze_err check_settings(const json_t *json, const family *f) {
  double part;
  bool biased;
  GAZE_TRY(gaze_json_number(json, "partial_rotary_factor", 1, &part));
  GAZE_TRY(gaze_json_bool(json, "mlp_bias", false, &biased));
  if (part != 1)
    return gaze_fail(GAZE_ERR_UNSUPPORTED, "partial_rotary_factor %g of %s: gaze turns whole heads alone", part,
                     f->type);
  if (biased)
    return gaze_fail(GAZE_ERR_UNSUPPORTED, "mlp_bias of %s: gaze knows gated MLPs without", f->type);
  return GAZE_OK;
}

static gaze_err read_family(const json_t *json, const family *f, gaze_decoder_config *out) {
  const char *activation;
  double eps;
  bool biased;
  gaze_block_config *block = &out->block;
  *block = (gaze_block_config){.norm = GAZE_RMS_NORM, .gated = true, .qk_normed = f->qk_normed};
  block->attention.causal = true;
  GAZE_TRY(check_settings(json, f));
  GAZE_TRY(read_sizes(json, f, out));
  GAZE_TRY(gaze_decoder_read_rope(json, f->type, out));
  GAZE_TRY(read_window(json, f, out));
  GAZE_TRY(gaze_json_bool(json, "attention_bias", false, &biased));
  if (biased && strcmp(f->type, "phi3") != 0) /* there the key means nothing */
    return gaze_fail(GAZE_ERR_UNSUPPORTED, "attention_bias of %s: gaze knows it of qwen2, which has no such key",
                     f->type);
  block->qkv_biased = f->qkv_biased;
  GAZE_TRY(gaze_json_string(json, spelt(json, "hidden_act", "activation_function"), "silu", &activation));
  GAZE_TRY(gaze_config_activation(activation, &block->activation));
  GAZE_TRY(gaze_json_number(json, spelt(json, "rms_norm_eps", "layer_norm_epsilon"), f->eps, &eps));
  block->eps = (float)eps;
  GAZE_TRY(gaze_json_bool(json, "tie_word_embeddings", false, &out->tied));
  snprintf(out->family, sizeof out->family, "%s", f->type);
  return gaze_decoder_config_check(out);
}

static const family *find_family(const char *type) {
  for (size_t i = 0; i < sizeof families / sizeof *families; i++)
    if (strcmp(type, families[i].type) == 0)
      return &families[i];
  return NULL;
}

bool gaze_decoder_is_family(const char *type) { return find_family(type) != NULL; }

/* What decoders are called in configurations of models that they are a part of. */
static const char *plain_type(const char *type) {
  static const char *const names[][2] = {{"llava", "llama"},
                                         {"llava_llama", "llama"},
                                         {"llava_mistral", "mistral"},
                                         {"llava-qwen2", "qwen2"},
                                         {"llava_qwen", "qwen2"},
                                         {"VLlama3", "llama"},
                                         {"", "llama"}};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (strcmp(type, names[i][0]) == 0)
      return names[i][1];
  return type;
}

/* In LLaVA's own layout "llava" may be all that is said, and the class tells more. */
static const char *type_of_class(const json_t *json, const char *type) {
  static const char *const names[][2] = {{"LlavaQwen", "qwen2"}, {"LlavaMistral", "mistral"}};
  const char *class = json_string_value(json_array_get(json_object_get(json, "architectures"), 0));
  for (size_t i = 0; class && strcmp(type, "llava") == 0 && i < sizeof names / sizeof *names; i++)
    if (strncmp(class, names[i][0], strlen(names[i][0])) == 0)
      return names[i][1];
  return plain_type(type);
}

gaze_err gaze_decoder_config_read(const json_t *json, gaze_decoder_config *out) {
  const char *type;
  *out = (gaze_decoder_config){0};
  GAZE_TRY(gaze_json_string(json, "model_type", "", &type));
  const family *f = find_family(type_of_class(json, type));
  if (f)
    return read_family(json, f, out);
  return gaze_fail(
      GAZE_ERR_UNSUPPORTED,
      "unknown language model: model_type \"%s\": gaze knows llama, mistral, qwen2, qwen3, phi3 and exaone", type);
}

gaze_err gaze_decoder_config_check(const gaze_decoder_config *c) {
  const gaze_attention *a = &c->block.attention;
  if (a->kv_heads == 0 || a->heads % a->kv_heads != 0)
    return gaze_fail(GAZE_ERR_FORMAT, "%zu heads over %zu of keys: the configuration is damaged", a->heads,
                     a->kv_heads);
  if (a->head_dim % 2 != 0 || a->head_dim > 512)
    return gaze_fail(GAZE_ERR_UNSUPPORTED, "heads of %zu numbers: gaze knows even sizes up to 512", a->head_dim);
  if (!(c->block.eps > 0) || !isfinite(a->rope_theta))
    return gaze_fail(GAZE_ERR_FORMAT, "bad number: rms_norm_eps %g, rope_theta %g: the configuration is damaged",
                     (double)c->block.eps, (double)a->rope_theta);
  if (c->layers > 1000)
    return gaze_fail(GAZE_ERR_FORMAT, "%zu layers: the configuration is damaged", c->layers);
  return GAZE_OK;
}
