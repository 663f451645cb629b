/* What the readers of configurations share: config.json of the families CLIP, SigLIP, Chinese-CLIP and BERT, and
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

/* GAZE_ERR_MISMATCH or GAZE_ERR_FORMAT where no image encoder can have these sizes. */
GAZE_CHECKED gaze_err gaze_config_check_vision(const gaze_vit_config *vision);
/* How a folder's model prepares pictures; *out is yours. optional: NULL where no file says so. */
GAZE_CHECKED gaze_err gaze_config_open_pictures(const char *folder, bool optional, json_t **out);

/* config.json by model_type; each fills a zeroed config. */
GAZE_CHECKED gaze_err gaze_clip_config_read_siglip(const json_t *json, gaze_clip_config *out);
GAZE_CHECKED gaze_err gaze_clip_config_read_chinese(const json_t *json, gaze_clip_config *out);
GAZE_CHECKED gaze_err gaze_clip_config_read_bert(const json_t *json, gaze_clip_config *out);

/* How sentence-transformers makes one vector of a BERT's many; without it there is none. settings may be NULL: texts
 * are cut where positions end. */
GAZE_CHECKED gaze_err gaze_clip_config_read_sentences(const json_t *modules, json_t *pooling, const json_t *settings,
                                                      gaze_clip_config *config);
GAZE_CHECKED gaze_err gaze_clip_config_open_sentences(const char *folder, gaze_clip_config *config);

/* The config.json of a text tower of XLM-R. */
GAZE_CHECKED gaze_err gaze_text_config_read_xlmr(const json_t *json, gaze_text_config *out);

/* open_clip_config.json: the model, and how it prepares pictures. What is not implemented is refused by name. words:
 * config.json of the folder that hf_model_name names, where there is one, or NULL. */
GAZE_CHECKED gaze_err gaze_clip_config_read_open_clip(const json_t *json, const json_t *words, gaze_clip_config *config,
                                                      gaze_preprocess *preprocess);

#endif
