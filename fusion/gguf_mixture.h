/* Which tensors of a language model's GGUF have more bits than the rest. */
#ifndef GAZE_FUSION_GGUF_MIXTURE_H
#define GAZE_FUSION_GGUF_MIXTURE_H

#include "gaze.h"
#include "text/decoder.h"

/* general.file_type, as llama.cpp numbers it. */
int64_t gaze_gguf_file_type(gaze_quantisation to);
/* Of a tensor by its name in the file. Q4_K leaves the head more bits; Q4_K_M values and what leads back from an MLP,
 * too. */
gaze_dtype gaze_gguf_mixture(gaze_quantisation to, const gaze_decoder_config *stored, const char *name);

#endif
