/* A language model that learns: a decoder whose values and gradients lie in arenas of their own, and its folder. */
#ifndef GAZE_FUSION_LM_H
#define GAZE_FUSION_LM_H

#include "fusion/lm_data.h"
#include "fusion/lora.h"
#include "text/decoder.h"

typedef struct gaze_lm {
  gaze_decoder decoder;
  gaze_parameters parameters;
  gaze_parameters learned;   /* borrowed: these, or those of pairs beside them */
  gaze_lora lora;            /* targets.n 0: none */
  float *still;              /* the arena of the parameters where they do not learn; NULL: they do */
  float *values, *gradients; /* arenas of what learns, of the list's layout */
} gaze_lm;

/* All zero; gaze_lm_randomise or gaze_lm_load fills it. learns: the parameters themselves do. fini in any case. */
GAZE_CHECKED gaze_err gaze_lm_init(gaze_lm *lm, const gaze_decoder_config *config, bool learns);
void gaze_lm_fini(gaze_lm *lm);
void gaze_lm_randomise(gaze_lm *lm, uint64_t seed);

/* Pairs learn beside the parameters, which do not. */
GAZE_CHECKED gaze_err gaze_lm_add_lora(gaze_lm *lm, const gaze_lora_options *options, uint64_t seed);

/* The configuration of a language model's folder; GAZE_ERR_UNSUPPORTED where it is another kind of model. */
GAZE_CHECKED gaze_err gaze_lm_config_open(const char *folder, gaze_decoder_config *out);
/* Weights of a folder, of any floating dtype. */
GAZE_CHECKED gaze_err gaze_lm_load(gaze_lm *lm, const gaze_kernels *kernels, const char *folder);
/* config.json, generation_config.json and model.safetensors as transformers has them, each whole or absent. */
GAZE_CHECKED gaze_err gaze_lm_save(const gaze_lm *lm, const gaze_kernels *kernels, const gaze_lm_marks *marks,
                                   const char *folder, gaze_dtype dtype);
/* The pairs, as peft has them; of the model that a run began with. */
gaze_lora_base gaze_lm_lora_base(const char *model);

#endif
