/* The configuration of a language decoder from a GGUF file's metadata, ARCHITECTURE.KEY, and into it. */
#include "text/decoder.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct architecture {
  const char *name;
  bool interleaved; /* its conversion reorders q and k so that neighbours are turned */
  bool qkv_biased, qk_normed, fused;
} architecture;

static const architecture architectures[] = {{"llama", true, false, false, false},
                                             {"qwen2", false, true, false, false},
                                             {"qwen3", false, false, true, false},
                                             {"phi3", false, false, false, true},
                                             {"exaone", false, false, false, false}};

typedef struct source {
  const gaze_gguf *file;
  const char *architecture;
} source;

static const char *full_key(const source *s, const char *key, char full[96]) {
  snprintf(full, 96, "%s.%s", s->architecture, key);
  return full;
}

/* otherwise 0: the key must be there. */
static gaze_err read_size(const source *s, const char *key, size_t otherwise, size_t *out) {
  char full[96];
  int64_t value = (int64_t)otherwise;
  if (!otherwise)
    GAZE_TRY(gaze_gguf_require(s->file, full_key(s, key, full)));
  GAZE_TRY(gaze_gguf_integer(s->file, full_key(s, key, full), 1, 1 << 24, &value));
  *out = (size_t)value;
  return GAZE_OK;
}

static gaze_err read_number(const source *s, const char *key, double otherwise, float *out) {
  char full[96];
  double value = otherwise;
  GAZE_TRY(gaze_gguf_number(s->file, full_key(s, key, full), &value));
  *out = (float)value;
  return GAZE_OK;
}

static const gaze_tensor *find_tensor(const gaze_gguf *file, const char *name) {
  for (size_t i = 0; i < gaze_gguf_count(file); i++)
    if (strcmp(gaze_gguf_get(file, i)->name, name) == 0)
      return &gaze_gguf_get(file, i)->tensor;
  return NULL;
}

static gaze_err read_sizes(const source *s, gaze_decoder_config *out) {
  gaze_attention *attention = &out->block.attention;
  const gaze_tensor *table = find_tensor(s->file, "token_embd.weight");
  size_t turned;
  GAZE_TRY(read_size(s, "context_length", 0, &out->context));
  GAZE_TRY(read_size(s, "embedding_length", 0, &out->block.dim));
  GAZE_TRY(read_size(s, "feed_forward_length", 0, &out->block.mlp_dim));
  GAZE_TRY(read_size(s, "block_count", 0, &out->layers));
  GAZE_TRY(read_size(s, "attention.head_count", 0, &attention->heads));
  GAZE_TRY(read_size(s, "attention.head_count_kv", attention->heads, &attention->kv_heads));
  size_t head_dim = out->block.dim / attention->heads;
  GAZE_TRY(read_size(s, "attention.key_length", head_dim ? head_dim : 1, &attention->head_dim));
  GAZE_TRY(read_size(s, "rope.dimension_count", attention->head_dim, &turned));
  if (turned != attention->head_dim)
    return gaze_fail(GAZE_ERR_UNSUPPORTED, "rope.dimension_count %zu of heads of %zu: %s: gaze turns whole heads alone",
                     turned, attention->head_dim, gaze_gguf_name(s->file));
  if (!table || table->rank != 2)
    return gaze_fail(GAZE_ERR_MISMATCH,
                     "no language model: %s has no token_embd.weight: name a file that holds weights",
                     gaze_gguf_name(s->file));
  out->vocabulary = table->shape[0];
  out->tied = !find_tensor(s->file, "output.weight");
  return GAZE_OK;
}

/* *read: whether the file has them, a factor for each frequency. */
static gaze_err read_factors(const source *s, const gaze_attention *attention, const char *name, float *out,
                             bool *read) {
  const gaze_tensor *factors = find_tensor(s->file, name);
  size_t n = attention->head_dim / 2;
  *read = factors != NULL;
  if (!factors)
    return GAZE_OK;
  if (factors->dtype != GAZE_DTYPE_F32 || gaze_tensor_count(factors) != n || n > GAZE_ROPE_PAIRS)
    return gaze_fail(GAZE_ERR_MISMATCH, "wrong shape or dtype: %s in %s: %zu numbers in F32 belong there", name,
                     gaze_gguf_name(s->file), n);
  memcpy(out, factors->data, n * sizeof *out);
  for (size_t i = 0; i < n; i++)
    if (!(out[i] > 0 && isfinite(out[i])))
      return gaze_fail(GAZE_ERR_FORMAT, "bad rotary positions: %s in %s: factors must be positive", name,
                       gaze_gguf_name(s->file));
  return GAZE_OK;
}

/* LLaMA 3's scaling, and LongRoPE's two. */
static gaze_err read_scaling(const source *s, gaze_attention *attention) {
  gaze_rope_scaling *scaling = &attention->rope_scaling;
  bool one, near, far;
  GAZE_TRY(read_factors(s, attention, "rope_freqs.weight", scaling->factors, &one));
  GAZE_TRY(read_factors(s, attention, "rope_factors_short.weight", scaling->factors, &near));
  GAZE_TRY(read_factors(s, attention, "rope_factors_long.weight", scaling->far_factors, &far));
  if (one || near || far)
    scaling->kind = GAZE_ROPE_FACTORS;
  if (near != far || (one && near))
    return gaze_fail(
        GAZE_ERR_MISMATCH,
        "factors of rotary positions do not go together: %s: rope_freqs.weight, or rope_factors_short.weight "
        "with rope_factors_long.weight",
        gaze_gguf_name(s->file));
  if (!far)
    return GAZE_OK;
  GAZE_TRY(read_number(s, "rope.scaling.attn_factor", 1, &scaling->magnitude));
  if (!(scaling->magnitude > 0 && isfinite(scaling->magnitude)))
    return gaze_fail(GAZE_ERR_FORMAT, "bad rotary positions: %s: attn_factor must be positive",
                     gaze_gguf_name(s->file));
  return read_size(s, "rope.scaling.original_context_length", 0, &scaling->original_context);
}

static gaze_err read_rope(const source *s, gaze_attention *attention) {
  char full[96];
  gaze_gguf_text kind = {"none", 4};
  GAZE_TRY(read_number(s, "rope.freq_base", 10000, &attention->rope_theta));
  GAZE_TRY(read_number(s, "rope.scaling.factor", 1, &attention->rope_scaling.factor));
  GAZE_TRY(gaze_gguf_string(s->file, full_key(s, "rope.scaling.type", full), &kind));
  if (gaze_gguf_text_is(kind, "linear"))
    attention->rope_scaling.kind = GAZE_ROPE_LINEAR;
  else if (!gaze_gguf_text_is(kind, "none") && !gaze_gguf_text_is(kind, "longrope"))
    return gaze_fail(GAZE_ERR_UNSUPPORTED, "unknown %s: \"%.*s\" in %s: gaze knows none, linear and longrope", full,
                     (int)kind.length, kind.bytes, gaze_gguf_name(s->file));
  if (!(attention->rope_theta > 0) || !(attention->rope_scaling.factor > 0))
    return gaze_fail(GAZE_ERR_FORMAT, "bad rotary positions: %s: freq_base and factor must be positive",
                     gaze_gguf_name(s->file));
  return read_scaling(s, attention);
}

static gaze_err read_architecture(const source *s, const architecture *a, gaze_decoder_config *out) {
  char full[96];
  int64_t window = 0;
  out->block = (gaze_block_config){.norm = GAZE_RMS_NORM,
                                   .activation = GAZE_SILU,
                                   .gated = true,
                                   .qkv_biased = a->qkv_biased,
                                   .qk_normed = a->qk_normed};
  out->block.attention = (gaze_attention){.causal = true, .rope_interleaved = a->interleaved};
  out->fused_gguf = a->fused;
  GAZE_TRY(read_sizes(s, out));
  GAZE_TRY(gaze_gguf_require(s->file, full_key(s, "attention.layer_norm_rms_epsilon", full)));
  GAZE_TRY(read_number(s, "attention.layer_norm_rms_epsilon", 0, &out->block.eps));
  GAZE_TRY(read_rope(s, &out->block.attention));
  GAZE_TRY(gaze_gguf_integer(s->file, full_key(s, "attention.sliding_window", full), 0, INT32_MAX, &window));
  out->block.attention.window = (size_t)window;
  snprintf(out->family, sizeof out->family, "%s", a->name);
  return gaze_decoder_config_check(out);
}

gaze_err gaze_decoder_config_read_gguf(const gaze_gguf *file, gaze_decoder_config *out) {
  gaze_gguf_text name = {"", 0};
  *out = (gaze_decoder_config){0};
  GAZE_TRY(gaze_gguf_require(file, "general.architecture"));
  GAZE_TRY(gaze_gguf_string(file, "general.architecture", &name));
  for (size_t i = 0; i < sizeof architectures / sizeof *architectures; i++)
    if (gaze_gguf_text_is(name, architectures[i].name))
      return read_architecture(&(source){file, architectures[i].name}, &architectures[i], out);
  return gaze_fail(GAZE_ERR_UNSUPPORTED,
                   "unknown language model: general.architecture \"%.*s\" in %s: gaze knows llama, qwen2, qwen3, phi3 "
                   "and exaone",
                   (int)name.length, name.bytes, gaze_gguf_name(file));
}

static const architecture *architecture_of(const gaze_decoder_config *config) {
  const char *name = strcmp(config->family, "mistral") == 0 ? "llama" : config->family;
  for (size_t i = 0; i < sizeof architectures / sizeof *architectures; i++)
    if (strcmp(architectures[i].name, name) == 0)
      return &architectures[i];
  return NULL;
}

typedef struct target {
  gaze_gguf_metadata *metadata;
  const char *architecture;
} target;

static gaze_err put_size(const target *t, const char *key, size_t value) {
  char full[96];
  snprintf(full, sizeof full, "%s.%s", t->architecture, key);
  return gaze_gguf_put_integer(t->metadata, full, GAZE_GGUF_U32, (int64_t)value);
}

static gaze_err put_number(const target *t, const char *key, float value) {
  char full[96];
  snprintf(full, sizeof full, "%s.%s", t->architecture, key);
  return gaze_gguf_put_number(t->metadata, full, value);
}

static gaze_err put_sizes(const target *t, const gaze_decoder_config *c) {
  const gaze_attention *attention = &c->block.attention;
  GAZE_TRY(put_size(t, "vocab_size", c->vocabulary));
  GAZE_TRY(put_size(t, "context_length", c->context));
  GAZE_TRY(put_size(t, "embedding_length", c->block.dim));
  GAZE_TRY(put_size(t, "feed_forward_length", c->block.mlp_dim));
  GAZE_TRY(put_size(t, "block_count", c->layers));
  GAZE_TRY(put_size(t, "attention.head_count", attention->heads));
  GAZE_TRY(put_size(t, "attention.head_count_kv", attention->kv_heads));
  GAZE_TRY(put_size(t, "attention.key_length", attention->head_dim));
  GAZE_TRY(put_size(t, "attention.value_length", attention->head_dim));
  GAZE_TRY(put_size(t, "rope.dimension_count", attention->head_dim));
  if (attention->window)
    GAZE_TRY(put_size(t, "attention.sliding_window", attention->window));
  return put_number(t, "attention.layer_norm_rms_epsilon", c->block.eps);
}

/* LLaMA 3's scaling and LongRoPE's become tensors of factors, which are not put here. */
static gaze_err put_rope(const target *t, const gaze_attention *attention) {
  char key[96];
  const gaze_rope_scaling *scaling = &attention->rope_scaling;
  GAZE_TRY(put_number(t, "rope.freq_base", attention->rope_theta));
  if (scaling->kind == GAZE_ROPE_FACTORS) {
    GAZE_TRY(put_number(t, "rope.scaling.attn_factor", scaling->magnitude));
    return put_size(t, "rope.scaling.original_context_length", scaling->original_context);
  }
  if (scaling->kind != GAZE_ROPE_LINEAR)
    return GAZE_OK;
  snprintf(key, sizeof key, "%s.rope.scaling.type", t->architecture);
  GAZE_TRY(gaze_gguf_put_string(t->metadata, key, "linear"));
  return put_number(t, "rope.scaling.factor", scaling->factor);
}

gaze_err gaze_decoder_config_write_gguf(const gaze_decoder_config *config, gaze_gguf_metadata *metadata,
                                        gaze_decoder_config *stored) {
  const architecture *a = architecture_of(config);
  *stored = *config;
  if (!a || config->block.qkv_biased != a->qkv_biased || config->block.qk_normed != a->qk_normed)
    return gaze_fail(GAZE_ERR_UNSUPPORTED, "no GGUF for a language model: %s%s: there is no architecture for its parts",
                     config->family, config->block.qkv_biased ? " with biases" : "");
  stored->fused_gguf = a->fused;
  stored->block.attention.rope_interleaved = a->interleaved;
  snprintf(stored->family, sizeof stored->family, "%s", a->name);
  target t = {metadata, a->name};
  GAZE_TRY(gaze_gguf_put_string(metadata, "general.architecture", a->name));
  GAZE_TRY(put_sizes(&t, config));
  return put_rope(&t, &config->block.attention);
}
