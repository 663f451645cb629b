/* A view of numbers somewhere else: in a mapped file or an arena. */
#ifndef GAZE_CORE_TENSOR_TENSOR_H
#define GAZE_CORE_TENSOR_TENSOR_H

#include "core/base/error.h"

#define GAZE_RANK_MAX 8

typedef enum gaze_dtype {
  GAZE_DTYPE_F32,
  GAZE_DTYPE_F16,
  GAZE_DTYPE_BF16,
  GAZE_DTYPE_F64,
  GAZE_DTYPE_I8,
  GAZE_DTYPE_U8,
  GAZE_DTYPE_I32,
  GAZE_DTYPE_I64,
  GAZE_DTYPE_Q8_0, /* from here on GGUF's: numbers in blocks that share a scale (core/tensor/gguf.h) */
  GAZE_DTYPE_Q4_0,
  GAZE_DTYPE_Q4_1,
  GAZE_DTYPE_Q5_0,
  GAZE_DTYPE_Q5_1,
  GAZE_DTYPE_Q4_K,
  GAZE_DTYPE_Q5_K,
  GAZE_DTYPE_Q6_K,
  GAZE_DTYPES
} gaze_dtype;

typedef struct gaze_tensor {
  const void *data; /* borrowed */
  gaze_dtype dtype;
  int rank;
  size_t shape[GAZE_RANK_MAX]; /* row-major, outermost first; where quantised the last is of whole blocks */
} gaze_tensor;

size_t gaze_dtype_block(gaze_dtype dtype);           /* numbers a block: 1 unless quantised */
size_t gaze_dtype_size(gaze_dtype dtype);            /* bytes a block */
size_t gaze_dtype_bytes(gaze_dtype dtype, size_t n); /* of n numbers, whole blocks */
bool gaze_dtype_is_quantised(gaze_dtype dtype);
const char *gaze_dtype_name(gaze_dtype dtype);       /* safetensors' and GGUF's spelling: "F32", "BF16", "Q4_K", ... */
size_t gaze_tensor_count(const gaze_tensor *tensor); /* elements; the product of the shape, 1 for rank 0 */
bool gaze_tensor_same_shape(const gaze_tensor *a, const gaze_tensor *b);
/* "[512, 768]" into text. */
void gaze_tensor_shape_text(const gaze_tensor *tensor, char *text, size_t size);

#endif
