/* Products in double know no bf16. */
#include "core/kernels/matmul_bf16.h"

#include <assert.h>

void gaze_matmul_bf16(gaze_matmul *matmul, size_t M, size_t N, size_t K, gaze_operand A, gaze_operand B,
                      bool accumulate, float *C, size_t ldc) {
  assert(!"reached");
}
