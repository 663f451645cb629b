/* Rotary positions in config.json: rope_scaling of old, rope_parameters of new, which holds rope_theta too. */
#include "core/nn/config.h"
#include "text/decoder_parts.h"

#include <math.h>
#include <string.h>

static gaze_err read_llama3(const json_t *json, gaze_rope_scaling *scaling) {
  double low, high;
  GAZE_TRY(gaze_json_number(json, "low_freq_factor", 1, &low));
  GAZE_TRY(gaze_json_number(json, "high_freq_factor", 4, &high));
  GAZE_TRY(gaze_config_size(json, "original_max_position_embeddings", 8192, &scaling->original_context));
  scaling->low_frequency = (float)low;
  scaling->high_frequency = (float)high;
  if (low < high)
    return GAZE_OK;
  return gaze_fail(GAZE_ERR_FORMAT, "bad rope_scaling: low_freq_factor %g, high_freq_factor %g: the first must be less",
                   low, high);
}

/* One positive number for each pair. */
static gaze_err read_factors(const json_t *scaling, const char *key, size_t pairs, float *out) {
  const json_t *list = json_object_get(scaling, key);
  for (size_t i = 0; i < pairs; i++) {
    double factor = json_number_value(json_array_get(list, i));
    if (json_array_size(list) != pairs || !(factor > 1e-6 && factor < 1e6))
      return gaze_fail(GAZE_ERR_FORMAT, "bad rope_scaling: \"%s\": %zu positive numbers are needed", key, pairs);
    out[i] = (float)factor;
  }
  return GAZE_OK;
}

/* original_max_position_embeddings beside rope_scaling comes first; Phi-3 has a default of it. The more a context was
 * stretched, the larger are queries and keys. */
static gaze_err read_longrope(const json_t *json, const json_t *scaling, const char *family, gaze_decoder_config *out) {
  gaze_rope_scaling *rope = &out->block.attention.rope_scaling;
  size_t pairs = out->block.attention.head_dim / 2;
  bool beside = json_object_get(json, "original_max_position_embeddings") || strcmp(family, "phi3") == 0;
  double factor, magnitude;
  rope->kind = GAZE_ROPE_FACTORS;
  if (pairs > GAZE_ROPE_PAIRS)
    return GAZE_OK; /* gaze_decoder_config_check refuses it */
  GAZE_TRY(read_factors(scaling, "short_factor", pairs, rope->factors));
  GAZE_TRY(read_factors(scaling, "long_factor", pairs, rope->far_factors));
  GAZE_TRY(gaze_config_size(beside ? json : scaling, "original_max_position_embeddings",
                            beside ? 4096 : (int64_t)out->context, &rope->original_context));
  double original = (double)rope->original_context;
  GAZE_TRY(gaze_json_number(scaling, "factor", (double)out->context / original, &factor));
  magnitude = factor > 1 ? sqrt(1 + log(factor) / log(original)) : 1;
  GAZE_TRY(gaze_json_number(scaling, "attention_factor", magnitude, &magnitude));
  rope->magnitude = (float)magnitude;
  if (magnitude > 0 && magnitude < 1e3)
    return GAZE_OK;
  return gaze_fail(GAZE_ERR_FORMAT,
                   "bad rope_scaling: factor %g, attention_factor %g of %zu tokens: they make no sense", factor,
                   magnitude, rope->original_context);
}

gaze_err gaze_decoder_read_rope(const json_t *json, const char *family, gaze_decoder_config *out) {
  gaze_attention *attention = &out->block.attention;
  json_t *scaling;
  double theta, factor;
  const char *kind;
  bool old = json_object_get(json, "rope_scaling") || !json_object_get(json, "rope_parameters");
  GAZE_TRY(gaze_config_object(json, old ? "rope_scaling" : "rope_parameters", &scaling));
  GAZE_TRY(gaze_json_number(json, "rope_theta", 10000, &theta));
  GAZE_TRY(gaze_json_number(scaling, "rope_theta", theta, &theta));
  GAZE_TRY(gaze_json_string(scaling, "type", "default", &kind));
  GAZE_TRY(gaze_json_string(scaling, "rope_type", kind, &kind));
  GAZE_TRY(gaze_json_number(scaling, "factor", 1, &factor));
  attention->rope_theta = (float)theta;
  attention->rope_scaling = (gaze_rope_scaling){.factor = (float)factor};
  if (!(theta > 0) || !(factor > 0))
    return gaze_fail(GAZE_ERR_FORMAT, "bad rotary positions: theta %g, factor %g: they must be positive", theta,
                     factor);
  if (strcmp(kind, "default") == 0)
    return GAZE_OK;
  if (strcmp(kind, "linear") == 0)
    return attention->rope_scaling.kind = GAZE_ROPE_LINEAR, GAZE_OK;
  if (strcmp(kind, "llama3") == 0)
    return attention->rope_scaling.kind = GAZE_ROPE_LLAMA3, read_llama3(scaling, &attention->rope_scaling);
  if (strcmp(kind, "longrope") == 0 || strcmp(kind, "su") == 0)
    return read_longrope(json, scaling, family, out);
  return gaze_fail(GAZE_ERR_UNSUPPORTED, "unknown rope_scaling: \"%s\": gaze knows linear, llama3 and longrope", kind);
}
