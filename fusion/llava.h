/* A model that looks, talks and learns: an image encoder, a projector that learns, and a decoder. The encoder's last
 * blocks and the decoder learn if they are asked to. */
#ifndef GAZE_FUSION_LLAVA_H
#define GAZE_FUSION_LLAVA_H

#include "fusion/assistant.h"
#include "fusion/eye.h"
#include "fusion/lm_data.h"
#include "fusion/lm_step.h"
#include "fusion/lora.h"

typedef struct gaze_llava {
  gaze_llava_files files; /* its configuration; what it is saved with */
  gaze_eye eye;           /* encoder and projector */
  gaze_decoder decoder;
  gaze_parameters all; /* the encoder's, the projector's, the decoder's */
  size_t n_encoder, n_projector;
  size_t n_tail;             /* of the encoder's those that learn, the first of learned */
  gaze_parameters learned;   /* a part of all, borrowed; with LoRA a list of its own */
  gaze_lora lora;            /* targets.n 0: none */
  float *still;              /* the arena of what does not learn */
  float *values, *gradients; /* the arenas of what does, of the list's layout */
} gaze_llava;

/* What a new one is made of; all borrowed. */
typedef struct gaze_llava_parts {
  const char *vision, *language; /* folders, of a CLIP or SigLIP and of a language model */
  int64_t image_token;           /* of the language model's vocabulary */
  int layer;          /* whose rows are looked at, as vision_feature_layer counts; 0: the family's usual one */
  const char *select; /* "patch", "cls_patch"; NULL: the family's usual rows */
  uint64_t seed;      /* of the projector */
} gaze_llava_parts;

/* model: a folder, NULL for a new one. talks: the decoder learns, too; vision_blocks: so many blocks of the encoder,
 * the last that are run, learn. fini in any case. */
GAZE_CHECKED gaze_err gaze_llava_open(gaze_llava *llava, const gaze_kernels *kernels, const char *model,
                                      const gaze_llava_parts *parts, bool talks, size_t vision_blocks);
void gaze_llava_fini(gaze_llava *llava);

/* config.json, generation_config.json, preprocessor_config.json, processor_config.json and model.safetensors as
 * transformers has them, each whole or absent. */
GAZE_CHECKED gaze_err gaze_llava_save(const gaze_llava *llava, const gaze_kernels *kernels, const gaze_lm_marks *marks,
                                      int32_t end, const char *folder, gaze_dtype dtype);
/* The tokenizer's files and chat_template.jinja beside them. chosen: the template is not that of words->path. */
GAZE_CHECKED gaze_err gaze_llava_save_words(const gaze_assistant *words, bool chosen, const char *folder);

/* Of one whose decoder does not learn: pairs beside its matrices do, with all that learns already. */
GAZE_CHECKED gaze_err gaze_llava_add_lora(gaze_llava *llava, const gaze_lora_options *options, uint64_t seed);
/* What learned, as peft has it: adapter_config.json and adapter_model.safetensors, each whole or absent. model: what it
 * belongs to, name or folder. */
GAZE_CHECKED gaze_err gaze_llava_save_adapter(const gaze_llava *llava, const gaze_kernels *kernels, const char *model,
                                              const char *folder, gaze_dtype dtype);
/* As gaze_lora_check_resumed. */
GAZE_CHECKED gaze_err gaze_llava_check_adapter(const gaze_llava *llava, const char *model, const char *folder);

/* Configuration files of a new one, and of one that is there as a new one would have them. */
GAZE_CHECKED gaze_err gaze_llava_files_make(const gaze_llava_parts *parts, gaze_llava_files *out);
GAZE_CHECKED gaze_err gaze_llava_files_settle(gaze_llava_files *files);

#endif
