/* An eye as a GGUF of its own, which llama.cpp calls mmproj. */
#ifndef GAZE_FUSION_GGUF_EYE_H
#define GAZE_FUSION_GGUF_EYE_H

#include "core/tensor/gguf_write.h"
#include "fusion/eye.h"

/* GAZE_ERR_UNSUPPORTED where such a file has no word for what the eye does with pictures. */
GAZE_CHECKED gaze_err gaze_eye_check_gguf(const gaze_eye *eye);
/* matrices: F32 or F16, what they become. metadata: what comes first of it, whom it belongs to; grows. */
GAZE_CHECKED gaze_err gaze_eye_write_gguf(const gaze_eye *eye, gaze_dtype matrices, gaze_gguf_metadata *metadata,
                                          const gaze_kernels *kernels, const char *path);

#endif
