/* config.json of a decoder that gaze trained. */
#include "core/nn/config.h"
#include "text/decoder.h"

/* What decides a family is what its class does and others do not. */
static gaze_err find_family(const gaze_decoder_config *c, const char **type, const char **architecture) {
  *type = "llama", *architecture = "LlamaForCausalLM";
  const gaze_attention *a = &c->block.attention;
  if (c->block.qk_normed || (c->block.qkv_biased && a->window) || a->rope_interleaved ||
      a->rope_scaling.kind == GAZE_ROPE_FACTORS)
    return gaze_fail(GAZE_ERR_UNSUPPORTED,
                     "no configuration for such a model: %s: gaze writes llama, qwen2 and mistral", c->family);
  if (c->block.qkv_biased)
    *type = "qwen2", *architecture = "Qwen2ForCausalLM";
  else if (a->window)
    *type = "mistral", *architecture = "MistralForCausalLM";
  return GAZE_OK;
}

static json_t *scaling_write(const gaze_rope_scaling *scaling) {
  double factor = gaze_config_decimal(scaling->factor);
  if (scaling->kind == GAZE_ROPE_LINEAR)
    return json_pack("{s:s, s:f}", "rope_type", "linear", "factor", factor);
  if (scaling->kind == GAZE_ROPE_LLAMA3)
    return json_pack("{s:s, s:f, s:f, s:f, s:I}", "rope_type", "llama3", "factor", factor, "low_freq_factor",
                     gaze_config_decimal(scaling->low_frequency), "high_freq_factor",
                     gaze_config_decimal(scaling->high_frequency), "original_max_position_embeddings",
                     (json_int_t)scaling->original_context);
  return json_null();
}

static json_t *sizes_write(const gaze_decoder_config *c) {
  const gaze_attention *a = &c->block.attention;
  return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "vocab_size", (json_int_t)c->vocabulary, "hidden_size",
                   (json_int_t)c->block.dim, "intermediate_size", (json_int_t)c->block.mlp_dim, "num_hidden_layers",
                   (json_int_t)c->layers, "num_attention_heads", (json_int_t)a->heads, "num_key_value_heads",
                   (json_int_t)a->kv_heads, "head_dim", (json_int_t)a->head_dim, "max_position_embeddings",
                   (json_int_t)c->context);
}

static json_t *settings_write(const gaze_decoder_config *c, gaze_dtype dtype) {
  static const char *const dtypes[GAZE_DTYPES] = {
      [GAZE_DTYPE_F32] = "float32", [GAZE_DTYPE_F16] = "float16", [GAZE_DTYPE_BF16] = "bfloat16"};
  const gaze_attention *a = &c->block.attention;
  return json_pack("{s:s, s:f, s:f, s:o, s:b, s:b, s:b, s:s}", "hidden_act",
                   gaze_config_activation_name(c->block.activation), "rms_norm_eps", gaze_config_decimal(c->block.eps),
                   "rope_theta", gaze_config_decimal(a->rope_theta), "rope_scaling", scaling_write(&a->rope_scaling),
                   "attention_bias", false, "mlp_bias", false, "tie_word_embeddings", c->tied, "torch_dtype",
                   dtypes[dtype]);
}

static json_t *id_or_null(int32_t id) { return id >= 0 ? json_integer(id) : json_null(); }

gaze_err gaze_decoder_config_write(const gaze_decoder_config *config, int32_t start, int32_t end, gaze_dtype dtype,
                                   const char *path) {
  const char *type, *architecture;
  GAZE_TRY(find_family(config, &type, &architecture));
  size_t window = config->block.attention.window;
  json_t *json = json_pack("{s:[s], s:s, s:o, s:o}", "architectures", architecture, "model_type", type, "bos_token_id",
                           id_or_null(start), "eos_token_id", id_or_null(end));
  json_t *sizes = sizes_write(config), *settings = settings_write(config, dtype);
  bool whole = json_object_update(json, sizes) == 0 && json_object_update(json, settings) == 0;
  if (window)
    whole &= json_object_set_new(json, "sliding_window", json_integer((json_int_t)window)) == 0;
  gaze_err err =
      whole ? gaze_json_save(path, json) : gaze_fail(GAZE_ERR_MEMORY, "out of memory: writing %s: free memory", path);
  json_decref(sizes);
  json_decref(settings);
  json_decref(json);
  return err;
}
