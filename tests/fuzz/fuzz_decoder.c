/* The configuration of a language model, from config.json or a GGUF: what is accepted has sizes that a decoder can be
 * made of, and rotary positions that turn. */
#include "text/decoder.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const gaze_decoder_config *config) {
  const gaze_attention *attention = &config->block.attention;
  const gaze_rope_scaling *scaling = &attention->rope_scaling;
  gaze_decoder decoder;
  gaze_parameters parameters = {0};
  for (size_t i = 0; scaling->kind == GAZE_ROPE_FACTORS && i < attention->head_dim / 2; i++)
    if (!(scaling->factors[i] > 0) || (scaling->original_context && !(scaling->far_factors[i] > 0)))
      abort();
  if (!isfinite(scaling->magnitude) || attention->head_dim > 2 * GAZE_ROPE_PAIRS || !gaze_rope_near(attention))
    abort();
  if (gaze_decoder_init(&decoder, config, false) != GAZE_OK)
    return;
  if (gaze_decoder_list(&decoder, &parameters) == GAZE_OK && !parameters.n)
    abort();
  gaze_parameters_fini(&parameters);
  gaze_decoder_fini(&decoder);
}

static void read_gguf(const uint8_t *data, size_t size) {
  gaze_gguf *file;
  gaze_decoder_config config;
  if (gaze_gguf_parse(data, size, "fuzz.gguf", &file) != GAZE_OK)
    return;
  if (gaze_decoder_config_read_gguf(file, &config) == GAZE_OK)
    check(&config);
  gaze_gguf_close(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  json_t *json;
  gaze_decoder_config config;
  if (size > 4 && memcmp(data, "GGUF", 4) == 0) {
    read_gguf(data, size);
    return 0;
  }
  if (gaze_json_parse(data, size, "fuzz", &json) != GAZE_OK)
    return 0;
  if (gaze_decoder_config_read(json, &config) == GAZE_OK)
    check(&config);
  json_decref(json);
  return 0;
}
