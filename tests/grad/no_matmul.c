/* Products in double are the table's, and weights are plain numbers. */
#include "core/kernels/matmul.h"
#include "core/kernels/quantised.h"
#include "core/kernels/quants.h"

#include <assert.h>

void gaze_matmul_run(gaze_matmul *matmul, size_t M, size_t N, size_t K, gaze_operand A, gaze_operand B, bool accumulate,
                     float *C, size_t ldc) {
  assert(!"reached");
}

void gaze_matmul_run_all(gaze_matmul *matmul, size_t M, size_t K, gaze_operand A, const gaze_matmul_output *outputs,
                         size_t count) {
  assert(!"reached");
}

gaze_precision gaze_matmul_precision(const gaze_matmul *matmul) { return GAZE_PRECISION_F32; }

void gaze_dequantise(float *y, const void *blocks, gaze_dtype dtype, size_t n) { assert(!"reached"); }
void gaze_quantise(void *blocks, const float *x, gaze_dtype dtype, size_t n) { assert(!"reached"); }

const gaze_quantised_kernels gaze_quantised_portable;
