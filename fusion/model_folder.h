/* What a model's folder has besides its weights. */
#ifndef GAZE_FUSION_MODEL_FOLDER_H
#define GAZE_FUSION_MODEL_FOLDER_H

#include "core/tensor/safetensors.h"
#include "core/tensor/weights.h"

/* "f32", "f16" or "bf16", as --save-dtype has them. */
GAZE_CHECKED gaze_err gaze_saved_dtype_find(const char *name, gaze_dtype *out);
/* The tokenizer's files and the chat template's, those that there are, each whole or absent. */
GAZE_CHECKED gaze_err gaze_tokenizer_copy(const char *from_folder, const char *to_folder);
/* A model's folder in place of `from`: its tensors, and what `from` has besides weights. They come last: a folder that
 * has them is whole. GAZE_ERR_ARGUMENT where it has some already. */
GAZE_CHECKED gaze_err gaze_model_folder_write(const char *from, const gaze_named_tensor *tensors, size_t n,
                                              const char *folder);
/* The same, with all of these. */
GAZE_CHECKED gaze_err gaze_model_folder_write_weights(const char *from, const gaze_weights *weights,
                                                      const char *folder);

#endif
