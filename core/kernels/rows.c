#include "core/kernels/matmul.h"

#include <string.h>

static void add_row(const gaze_kernels *kernels, float *C, const float *bias, size_t N, bool accumulate) {
  if (accumulate)
    kernels->add(C, bias, N);
  else
    memcpy(C, bias, N * sizeof *C);
}

bool gaze_rows_add_bias(const gaze_kernels *kernels, const float *bias, size_t M, size_t N, bool accumulate, float *C,
                        size_t ldc) {
  if (!bias)
    return accumulate;
  if (M == 1) /* a team of threads would take longer */
    add_row(kernels, C, bias, N, accumulate);
  else
#pragma omp parallel for schedule(static)
    for (size_t m = 0; m < M; m++)
      add_row(kernels, C + m * ldc, bias, N, accumulate);
  return true;
}

void gaze_rows_activate(gaze_activate_fn *activate, size_t M, size_t N, float *C, size_t ldc) {
  if (!activate)
    return;
  if (M == 1)
    activate(C, C, N);
  else
#pragma omp parallel for schedule(static)
    for (size_t m = 0; m < M; m++)
      activate(C + m * ldc, C + m * ldc, N);
}
