/* What the readers of a gaze_llava_config share. */
#ifndef GAZE_FUSION_LLAVA_CONFIG_PARTS_H
#define GAZE_FUSION_LLAVA_CONFIG_PARTS_H

#include "core/nn/config.h"
#include "fusion/clip_config.h"
#include "fusion/llava_config.h"

/* A vision_config of transformers: type "clip_vision_model" or "siglip_vision_model", or NULL for the one it names. */
GAZE_CHECKED gaze_err gaze_llava_read_tower(const json_t *vision, const char *type, gaze_vit_config *out);
/* hidden_states[layer] of an encoder of vision->layers: so many are run. */
GAZE_CHECKED gaze_err gaze_llava_use_layer(gaze_vit_config *vision, const char *key, int64_t layer);
/* What all tilings have in common, from encoder and projector. */
void gaze_llava_fill_tiling(gaze_llava_config *config);
/* Pixel shuffle: the scale must divide the encoder's patches. */
GAZE_CHECKED gaze_err gaze_llava_use_shuffle(gaze_llava_config *config);
/* The longer side of splits, pixels; GAZE_ERR_UNSUPPORTED where that makes more than GAZE_TILES_MAX tiles. */
GAZE_CHECKED gaze_err gaze_llava_set_longest(gaze_tiling *tiling, int64_t longest);
/* A tiling of splits at the defaults of transformers' class. */
void gaze_llava_fill_splits(gaze_llava_config *config);
/* transformers' image processors; config->vision and ->projector are filled. */
GAZE_CHECKED gaze_err gaze_llava_read_whole(const gaze_llava_files *files, gaze_llava_config *config);
GAZE_CHECKED gaze_err gaze_llava_read_grids(const gaze_llava_files *files, gaze_llava_config *config);
GAZE_CHECKED gaze_err gaze_llava_read_splits(const gaze_llava_files *files, gaze_llava_config *config);
/* A list of pairs; heights first, or widths. Each a multiple of the tile's side. */
GAZE_CHECKED gaze_err gaze_llava_read_pinpoints(const json_t *list, bool heights_first, gaze_tiling *tiling);
/* "anyres_max_9": more than nine tiles' patches are shrunk. False: it is no such word. */
bool gaze_llava_parse_most(const char *ratio, gaze_tiling *tiling);
/* LLaVA's own layout, LLaVA-NeXT's and -OneVision's with it, and nanoLLaVA's. */
GAZE_CHECKED gaze_err gaze_llava_read_original(const gaze_llava_files *files, gaze_llava_config *config);

/* "not implemented: KEY: WHY". */
GAZE_CHECKED gaze_err gaze_llava_unsupported(const char *key, const char *why);

#endif
