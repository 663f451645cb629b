/* What every trained model's folder has besides its weights and its configuration. */
#ifndef GAZE_FUSION_MODEL_FOLDER_H
#define GAZE_FUSION_MODEL_FOLDER_H

#include "core/tensor/tensor.h"

/* "f32", "f16" or "bf16", as --save-dtype has them. */
GAZE_CHECKED gaze_err gaze_saved_dtype_find(const char *name, gaze_dtype *out);
/* The tokenizer's files and the chat template's, those that there are, each whole or absent. */
GAZE_CHECKED gaze_err gaze_tokenizer_copy(const char *from_folder, const char *to_folder);

#endif
