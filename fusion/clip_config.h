/* What the readers of configurations share: config.json of the families CLIP, SigLIP and Chinese-CLIP, and
 * open_clip_config.json. */
#ifndef GAZE_FUSION_CLIP_CONFIG_H
#define GAZE_FUSION_CLIP_CONFIG_H

#include "core/nn/config.h"
#include "fusion/clip.h"

/* The defaults of a tower's configuration class. */
typedef struct gaze_tower_defaults {
  int64_t dim, mlp_dim, heads;
  const char *activation;
  double eps;
} gaze_tower_defaults;

/* What all towers of transformers spell alike. */
GAZE_CHECKED gaze_err gaze_config_tower(const json_t *json, const gaze_tower_defaults *defaults,
                                        gaze_block_config *block, size_t *layers);
/* Both sizes follow from the width: heads of width / heads. */
void gaze_config_heads(gaze_block_config *block, size_t heads);

/* config.json by model_type; each fills a zeroed config. */
GAZE_CHECKED gaze_err gaze_clip_config_read_siglip(const json_t *json, gaze_clip_config *out);
GAZE_CHECKED gaze_err gaze_clip_config_read_chinese(const json_t *json, gaze_clip_config *out);

/* open_clip_config.json: the model, and how it prepares pictures. What is not implemented is refused by name. */
GAZE_CHECKED gaze_err gaze_clip_config_read_open_clip(const json_t *json, gaze_clip_config *config,
                                                      gaze_preprocess *preprocess);

#endif
