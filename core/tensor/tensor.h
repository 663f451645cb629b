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
  GAZE_DTYPES
} gaze_dtype;

typedef struct gaze_tensor {
  const void *data; /* borrowed */
  gaze_dtype dtype;
  int rank;
  size_t shape[GAZE_RANK_MAX]; /* row-major, outermost first */
} gaze_tensor;

size_t gaze_dtype_size(gaze_dtype dtype);            /* bytes an element */
const char *gaze_dtype_name(gaze_dtype dtype);       /* safetensors' spelling: "F32", "BF16", ... */
size_t gaze_tensor_count(const gaze_tensor *tensor); /* elements; the product of the shape, 1 for rank 0 */
/* "[512, 768]" into text. */
void gaze_tensor_shape_text(const gaze_tensor *tensor, char *text, size_t size);

#endif
