/* What config.json and the image processor's file say of a model that looks at pictures and talks: how a picture goes
 * from pixels to rows of the language model. Of the language model only its width is read here. */
#ifndef GAZE_FUSION_LLAVA_CONFIG_H
#define GAZE_FUSION_LLAVA_CONFIG_H

#include "core/base/json.h"
#include "core/nn/tensor_names.h"
#include "core/tensor/weights.h"
#include "fusion/projector.h"
#include "fusion/tiles.h"
#include "vision/vit.h"

/* The image token of models whose vocabulary has none. */
enum { GAZE_NO_IMAGE_TOKEN = -200 };

typedef struct gaze_llava_config {
  const char *family;     /* "llava", "llava_next", "llava_onevision", "llava-qwen2" or "smolvlm" */
  bool original;          /* LLaVA's own layout and not transformers' */
  gaze_vit_config vision; /* its layers are those that are run, from the first on */
  gaze_projector_config projector;
  gaze_tiling tiling;
  int64_t image_token; /* id that stands for a row of a picture */
  const json_t *text;  /* the language model's configuration, borrowed from the files */
  const char *tower;   /* name of the image encoder, whose weights may lie in a folder of its own; borrowed; NULL */
} gaze_llava_config;

/* The files that speak of it. */
typedef struct gaze_llava_files {
  json_t *model;                  /* config.json */
  json_t *pictures;               /* preprocessor_config.json, or its part of processor_config.json; NULL: none */
  json_t *tower, *tower_pictures; /* the same two of an image encoder in a folder of its own; NULL: none */
  char *tower_folder;             /* NULL: none on this machine */
} gaze_llava_files;

/* Whether a model_type is one of those below. */
bool gaze_llava_is_family(const char *type);

/* The image encoder that LLaVA's own layout names is looked for in folder/vision_tower, then in the hub's cache. */
GAZE_CHECKED gaze_err gaze_llava_files_open(const char *folder, gaze_llava_files *out);
void gaze_llava_files_close(gaze_llava_files *files);

/* model_type llava (both layouts), llava_llama, llava_mistral, llava_qwen, llava_next, llava_onevision, llava-qwen2,
 * idefics3, smolvlm; keys omitted at their class's defaults. What cannot be followed is GAZE_ERR_UNSUPPORTED by name.
 */
GAZE_CHECKED gaze_err gaze_llava_config_read(const gaze_llava_files *files, gaze_llava_config *out);

/* The same from the metadata and tensors of llama.cpp's mmproj file; text and tower are NULL, and no id of the language
 * model's vocabulary is known. */
GAZE_CHECKED gaze_err gaze_llava_config_read_mmproj(const gaze_weights *weights, gaze_llava_config *out);

/* Where the parameters of encoder ("vision.") and projector ("projector.") lie: in folders, an encoder's own included;
 * in llama.cpp's mmproj files; in the oldest of these, whose v.blk.0.ffn_up.weight has a column for each hidden number.
 */
extern const gaze_name_table gaze_llava_names;
extern const gaze_name_table gaze_mmproj_names, gaze_mmproj_turned_names;
/* Whether a tensor is of encoder or projector: the language model does without it. */
bool gaze_llava_is_picture_tensor(const char *name);
/* For gaze_load, user being the gaze_llava_config: whether the encoder does without a tensor, because it is of another
 * part, of a layer that is not run, or of the encoder's own head; and the projector. */
bool gaze_llava_encoder_leftover(const void *config, const char *name);
bool gaze_llava_projector_leftover(const void *config, const char *name);

#endif
