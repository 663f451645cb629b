/* The only door to oneDNN. Absent at build time, the whole file is, and matmul.c does without. */
#ifndef GAZE_CORE_KERNELS_ONEDNN_H
#define GAZE_CORE_KERNELS_ONEDNN_H

#include "core/base/error.h"

/* Of A and B; C is f32, and int32 for int8. */
typedef enum gaze_onednn_type { GAZE_ONEDNN_F32, GAZE_ONEDNN_BF16, GAZE_ONEDNN_INT8 } gaze_onednn_type;

/* C[M, N] (+)= op(A)[M, K] op(B)[K, N] + bias, row-major. */
typedef struct gaze_product {
  size_t M, N, K, lda, ldb, ldc;
  bool transpose_a, transpose_b, accumulate;
  bool packed; /* B comes from gaze_onednn_pack; ldb and transpose_b do not matter then */
  gaze_onednn_type type;
  const float *bias; /* [N]; NULL: none. Not for int8 */
} gaze_product;

typedef struct gaze_onednn gaze_onednn; /* engine, and the last products by shape; one user at a time */
typedef struct gaze_onednn_packed gaze_onednn_packed;

GAZE_CHECKED gaze_err gaze_onednn_new(gaze_onednn **out);
void gaze_onednn_free(gaze_onednn *onednn);

/* False, and C untouched, when oneDNN has no fast code for this on this processor. B: data, or with product->packed
 * a gaze_onednn_packed. */
bool gaze_onednn_matmul(gaze_onednn *onednn, const gaze_product *product, const void *A, const void *B, void *C);

/* A copy of op(B)[K, N] in oneDNN's layout for product->type; NULL when it wants none. */
gaze_onednn_packed *gaze_onednn_pack(gaze_onednn *onednn, const gaze_product *product, const void *B);
void gaze_onednn_packed_free(gaze_onednn_packed *packed);

#endif
