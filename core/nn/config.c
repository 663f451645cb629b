#include "core/nn/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
  const char *name;
  gaze_activation activation;
} activations[] = {{"quick_gelu", GAZE_QUICK_GELU},
                   {"gelu", GAZE_GELU},
                   {"gelu_pytorch_tanh", GAZE_GELU_TANH},
                   {"gelu_new", GAZE_GELU_TANH},
                   {"silu", GAZE_SILU}};

gaze_err gaze_config_activation(const char *name, gaze_activation *out) {
  for (size_t i = 0; i < sizeof activations / sizeof *activations; i++)
    if (strcmp(name, activations[i].name) == 0) {
      *out = activations[i].activation;
      return GAZE_OK;
    }
  return gaze_fail(GAZE_ERR_UNSUPPORTED, "unknown activation: %s: gaze knows quick_gelu, gelu, gelu_pytorch_tanh, silu",
                   name);
}

const char *gaze_config_activation_name(gaze_activation activation) {
  for (size_t i = 0; i < sizeof activations / sizeof *activations; i++)
    if (activations[i].activation == activation)
      return activations[i].name;
  return NULL;
}

double gaze_config_decimal(float value) {
  char text[32];
  for (int digits = 1; digits < 9; digits++) {
    snprintf(text, sizeof text, "%.*g", digits, (double)value);
    if (strtof(text, NULL) == value)
      return strtod(text, NULL);
  }
  return (double)value;
}

/* Beyond any model; keep products far from overflow. */
#define SIZE_LIMIT 1000000

gaze_err gaze_config_size(const json_t *json, const char *key, int64_t otherwise, size_t *out) {
  int64_t value;
  GAZE_TRY(gaze_json_integer(json, key, otherwise, &value));
  if (value < 1 || value > SIZE_LIMIT)
    return gaze_fail(GAZE_ERR_FORMAT, "size out of range: \"%s\" is %lld: the configuration is damaged", key,
                     (long long)value);
  *out = (size_t)value;
  return GAZE_OK;
}

gaze_err gaze_config_object(const json_t *json, const char *key, json_t **out) {
  json_t *value = json_object_get(json, key);
  *out = NULL;
  if (!value || json_is_null(value))
    return GAZE_OK;
  if (!json_is_object(value))
    return gaze_fail(GAZE_ERR_FORMAT, "wrong type in JSON: \"%s\": expected an object", key);
  *out = value;
  return GAZE_OK;
}
