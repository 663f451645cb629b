#include "fusion/clip_config.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is accepted has sizes that towers can be made of. */
static void check(const gaze_clip_config *config) {
  gaze_clip clip;
  if (gaze_clip_init(&clip, config, false) != GAZE_OK)
    abort();
  if (!gaze_parameters_size(&clip.parameters))
    abort();
  gaze_clip_fini(&clip);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  json_t *json;
  gaze_clip_config config;
  gaze_preprocess preprocess;
  if (gaze_json_parse(data, size, "fuzz", &json) != GAZE_OK)
    return 0;
  if (gaze_clip_config_read(json, &config) == GAZE_OK) {
    check(&config);
    json_t *pooling = json_object_get(json, "pooling");
    if (config.text_only && gaze_clip_config_read_sentences(json_object_get(json, "modules"), pooling,
                                                            json_object_get(json, "settings"), &config) == GAZE_OK)
      check(&config);
  }
  if (gaze_clip_config_read_open_clip(json, json_object_get(json, "words"), &config, &preprocess) == GAZE_OK) {
    check(&config);
    if (preprocess.size < 1 || !(preprocess.deviation[0] > 0))
      abort();
  }
  if (gaze_preprocess_read(json, 0, &preprocess) == GAZE_OK && preprocess.size < 1)
    abort();
  json_decref(json);
  return 0;
}
