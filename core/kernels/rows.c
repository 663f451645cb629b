#include "core/kernels/matmul.h"

#include <string.h>

bool gaze_rows_add_bias(const gaze_kernels *kernels, const float *bias, size_t M, size_t N, bool accumulate, float *C,
                        size_t ldc) {
  if (!bias)
    return accumulate;
#pragma omp parallel for schedule(static) if (M > 1)
  for (size_t m = 0; m < M; m++)
    if (accumulate)
      kernels->add(C + m * ldc, bias, N);
    else
      memcpy(C + m * ldc, bias, N * sizeof *C);
  return true;
}

void gaze_rows_activate(gaze_activate_fn *activate, size_t M, size_t N, float *C, size_t ldc) {
  if (!activate)
    return;
#pragma omp parallel for schedule(static) if (M > 1)
  for (size_t m = 0; m < M; m++)
    activate(C + m * ldc, C + m * ldc, N);
}
