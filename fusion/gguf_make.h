/* A GGUF of tensors that are converted on the way. */
#ifndef GAZE_FUSION_GGUF_MAKE_H
#define GAZE_FUSION_GGUF_MAKE_H

#include "core/kernels/kernels.h"
#include "core/nn/parameters.h"
#include "core/tensor/gguf_write.h"

enum { GAZE_GGUF_BELOW_MAX = 2 };

typedef struct gaze_gguf_item {
  const char *name;   /* in the file */
  gaze_tensor source; /* F32, F16, BF16 or blocks */
  gaze_dtype dtype;   /* in the file */
  size_t heads;       /* of a matrix whose rows are heads' with rotary positions, the halves of which the file wants
                         interleaved (ggml's llama); 0: rows stay where they are */
  gaze_tensor below[GAZE_GGUF_BELOW_MAX]; /* matrices of as many columns whose rows follow */
  size_t n_below;
} gaze_gguf_item;

/* What a tensor of this shape can be of what is wanted: a vector is F32; rows that no superblock divides go to Q5_0
 * (of Q4_K), Q5_1 (of Q5_K) or Q8_0 (of Q6_K), rows that no block divides to F16. */
gaze_dtype gaze_gguf_fitting(gaze_dtype wanted, const gaze_tensor *source);

/* A parameter as it lies. */
gaze_tensor gaze_gguf_tensor_of(const gaze_parameter *parameter);

/* Whole or absent. Numbers that f16 or a block cannot hold are GAZE_ERR_FORMAT. */
GAZE_CHECKED gaze_err gaze_gguf_make(const char *path, const gaze_gguf_metadata *metadata, const gaze_gguf_item *items,
                                     size_t n, const gaze_kernels *kernels);

#endif
