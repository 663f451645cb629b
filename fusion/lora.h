/* LoRA (Hu et al. 2021): pairs of small matrices that learn beside the matrices of a model that does not, and the
 * folder that peft keeps them in. Of W [out, in] the layer is x W^T + s dropout(x) A^T B^T, s = alpha / rank. */
#ifndef GAZE_FUSION_LORA_H
#define GAZE_FUSION_LORA_H

#include "core/base/json.h"
#include "core/nn/low_rank.h"
#include "core/nn/tensor_names.h"
#include "gaze_train.h"

/* All matrices of a block, as others call them. */
#define GAZE_LORA_ALL "q_proj,k_proj,v_proj,o_proj,gate_proj,up_proj,down_proj"

typedef struct gaze_lora {
  gaze_lora_options options; /* settled; targets are borrowed */
  gaze_low_rank_step step;
  gaze_low_rank *items;    /* [targets.n] */
  gaze_parameters targets; /* the matrices of the model, as its own list has them */
  gaze_parameters learned; /* of each target A and B: "text.block03.q_weight.A" */
} gaze_lora;

/* Beside those of the model's matrices that options name. fini in any case. */
GAZE_CHECKED gaze_err gaze_lora_init(gaze_lora *lora, const gaze_lora_options *options, const gaze_parameters *model,
                                     uint64_t seed);
void gaze_lora_fini(gaze_lora *lora);
/* Once model and pairs are bound: from now on the model's layers add what the pairs say. */
void gaze_lora_attach(gaze_lora *lora);
/* As peft begins: A uniform, B 0, so that nothing is added. values: the arena that the pairs are bound to. */
void gaze_lora_randomise(const gaze_lora *lora, float *values);

/* What an adapter calls the model that a person named: of a folder its whole path. Yours: free(). */
GAZE_CHECKED gaze_err gaze_lora_name_base(const char *name, char **out);

/* Of the model that the pairs were learned beside. All borrowed. */
typedef struct gaze_lora_base {
  const char *model;   /* its name or folder */
  const char *modules; /* how today's transformers begin the names of what has targets: "model.language_model." */
  const gaze_name_table *names; /* of the targets */
  const gaze_parameters *whole; /* what learned as a whole beside the pairs; NULL: nothing */
  const gaze_name_table *whole_names;
  json_t *whole_modules; /* whose they are: ["multi_modal_projector"] */
} gaze_lora_base;

/* adapter_config.json and adapter_model.safetensors, each whole or absent. */
GAZE_CHECKED gaze_err gaze_lora_save(const gaze_lora *lora, const gaze_kernels *kernels, const gaze_lora_base *base,
                                     const char *folder, gaze_dtype dtype);
/* Where the folder holds an adapter already, of a run that goes on, it must be one of these options: else
 * GAZE_ERR_MISMATCH. */
GAZE_CHECKED gaze_err gaze_lora_check_resumed(const gaze_lora *lora, const gaze_lora_base *base, const char *folder);

#endif
