/* CLIP: an image encoder and a text encoder into one space, with a learned temperature (Radford et al. 2021). */
#ifndef GAZE_FUSION_CLIP_H
#define GAZE_FUSION_CLIP_H

#include "core/nn/load.h"
#include "text/text_encoder.h"
#include "text/tokenizer.h"
#include "vision/preprocess.h"
#include "vision/vit.h"

/* Values of end_of_text beside an id. */
#define GAZE_HIGHEST_ID 2 /* eos_token_id of configurations from before 2023: what is pooled is the highest id */
#define GAZE_ANY_END (-1) /* nothing is pooled by its id */

typedef struct gaze_clip_config {
  const char *family; /* static: "clip", "siglip", "chinese_clip", "open_clip", "bert" */
  gaze_vit_config vision;
  gaze_text_config text;
  size_t dim;          /* D of the joint space */
  bool text_only;      /* no image tower, and no temperature: `vision` is all zero */
  bool sigmoid;        /* trained with the sigmoid loss: probabilities are sigmoids, logit_bias is used */
  int64_t end_of_text; /* id that is pooled */
} gaze_clip_config;

typedef struct gaze_clip {
  gaze_clip_config config;
  gaze_vit vision;
  gaze_text_encoder text;
  gaze_weight logit_scale, logit_bias; /* log of the temperature's inverse, unless text_only; 0 unless sigmoid */
  float *dlogit_scale, *dlogit_bias;
  gaze_parameters parameters;
  float *values, *gradients; /* arenas of a trained one; NULL when only run */
  gaze_weights *weights;     /* what borrowed weights point into */
  gaze_loaded loaded;
  bool keeps[GAZE_DTYPES]; /* set before loading: matrices of linear layers that are stored so stay so */
} gaze_clip;

/* Config from a Hugging Face config.json (model_type clip, siglip, chinese_clip, bert), keys omitted at its class
 * defaults, and back for clip. What is not implemented is GAZE_ERR_UNSUPPORTED by name. */
GAZE_CHECKED gaze_err gaze_clip_config_read(const json_t *json, gaze_clip_config *out);
GAZE_CHECKED gaze_err gaze_clip_config_write(const gaze_clip_config *config, const char *path);

/* Both configurations of a model's folder: config.json, and preprocessor_config.json or the image_processor of
 * processor_config.json; without config.json, open_clip_config.json. preprocess is zeroed where there is no image
 * tower. */
GAZE_CHECKED gaze_err gaze_clip_config_open(const char *folder, gaze_clip_config *config, gaze_preprocess *preprocess);
/* GAZE_ERR_MISMATCH unless the tokenizer's ids have rows and its end is the token that is pooled. folder: for messages,
 * the tokenizer's. */
GAZE_CHECKED gaze_err gaze_clip_config_check_tokenizer(const gaze_clip_config *config, const gaze_tokenizer *tokenizer,
                                                       const char *folder);
/* Sizes that the towers can work with. */
GAZE_CHECKED gaze_err gaze_clip_config_check(const gaze_clip_config *config);

/* Towers and parameter list without weights. */
GAZE_CHECKED gaze_err gaze_clip_init(gaze_clip *clip, const gaze_clip_config *config, bool trained);
void gaze_clip_fini(gaze_clip *clip);

/* Own arenas for values (and gradients when trained). random: CLIP's initialisation; all zero without. */
GAZE_CHECKED gaze_err gaze_clip_allocate(gaze_clip *clip);
void gaze_clip_randomise(gaze_clip *clip, uint64_t seed);
/* Puts the temperature's inverse back into [1, 100], where CLIP keeps it after every step. Own values. */
void gaze_clip_bound_scale(gaze_clip *clip);

/* After gaze_clip_allocate of a trained one. image: no group of the image tower but the last unlocked_groups learns;
 * there are L + 2: patches with class, positions and first norm; each block, the last with the final norm; the
 * projection. text: nothing of the text tower learns. What does not has no gradient (NULL), and backward ends above
 * it. */
void gaze_clip_lock(gaze_clip *clip, bool image, size_t unlocked_groups, bool text);

/* Weights of a folder (core/tensor/weight_files.h), named as transformers, OpenAI, open_clip or timm do. A model that
 * is only run borrows F32 tensors from the mapped files and widens others; a trained one copies. A missing tensor, a
 * wrong shape, or one nobody uses is GAZE_ERR_MISMATCH. */
GAZE_CHECKED gaze_err gaze_clip_load(gaze_clip *clip, const gaze_kernels *kernels, const char *folder);
/* config.json, preprocessor_config.json and model.safetensors as dtype F32, F16 or BF16, each whole or absent. */
GAZE_CHECKED gaze_err gaze_clip_save(const gaze_clip *clip, const gaze_preprocess *preprocess,
                                     const gaze_kernels *kernels, const char *folder, gaze_dtype dtype);

/* Where the parameters lie in the files of each family; first as transformers names them. */
extern const gaze_name_table gaze_clip_names;

/* Hugging Face's name of a parameter ("text.block03.q_weight" → "text_model.encoder.layers.3.self_attn.q_proj.weight");
 * false: none. */
bool gaze_clip_tensor_name(const char *parameter, char *name, size_t size);

#endif
