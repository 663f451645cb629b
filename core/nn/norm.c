#include "core/nn/norm.h"

#include <string.h>

static void row_forward(const gaze_kernels *kernels, float *y, float *statistics, const float *x,
                        const gaze_norm *norm) {
  if (norm->kind == GAZE_RMS_NORM)
    kernels->rms_norm(y, &statistics[1], x, gaze_f32(norm->gain), norm->eps, norm->C);
  else
    kernels->layer_norm(y, &statistics[0], &statistics[1], x, gaze_f32(norm->gain), gaze_f32(norm->bias), norm->eps,
                        norm->C);
}

void gaze_norm_forward(const gaze_compute *compute, float *y, float *statistics, const float *x, const gaze_norm *norm,
                       size_t n) {
  size_t C = norm->C;
  if (n == 1) { /* a team of threads would take longer */
    row_forward(compute->kernels, y, statistics, x, norm);
    return;
  }
#pragma omp parallel for schedule(static)
  for (size_t i = 0; i < n; i++)
    row_forward(compute->kernels, y + i * C, statistics + 2 * i, x + i * C, norm);
}

void gaze_norm_again(const gaze_compute *compute, float *y, const float *statistics, const float *x,
                     const gaze_norm *norm, size_t n) {
  const float *gain = gaze_f32(norm->gain), *bias = gaze_f32(norm->bias);
  (void)compute;
  size_t C = norm->C;
#pragma omp parallel for schedule(static)
  for (size_t i = 0; i < n; i++) {
    float mean = norm->kind == GAZE_RMS_NORM ? 0.0f : statistics[2 * i], rstd = statistics[2 * i + 1];
    for (size_t c = 0; c < C; c++)
      y[i * C + c] = (x[i * C + c] - mean) * rstd * gain[c] + (bias ? bias[c] : 0.0f);
  }
}

/* Rows are summed in this many fixed groups, whatever the number of threads, so that gradients are the same bits. */
enum { GROUPS = 8 };

static void group_backward(const gaze_compute *compute, float *dx, float *dgain, float *dbias, const float *dy,
                           const float *statistics, const float *x, const gaze_norm *norm, size_t first, size_t last) {
  size_t C = norm->C;
  for (size_t i = first; i < last; i++) {
    float mean = statistics[2 * i], rstd = statistics[2 * i + 1];
    if (norm->kind == GAZE_RMS_NORM)
      compute->kernels->rms_norm_backward(dx + i * C, dgain, dy + i * C, x + i * C, rstd, gaze_f32(norm->gain), C);
    else
      compute->kernels->layer_norm_backward(dx + i * C, dgain, dbias, dy + i * C, x + i * C, mean, rstd,
                                            gaze_f32(norm->gain), C);
  }
}

size_t gaze_norm_scratch(size_t C) { return GROUPS * 2 * C; }

void gaze_norm_backward(const gaze_compute *compute, float *dx, float *dgain, float *dbias, const float *dy,
                        const float *statistics, const float *x, const gaze_norm *norm, size_t n, float *scratch) {
  size_t C = norm->C;
  float *sums = scratch; /* [GROUPS, 2, C] */
  memset(sums, 0, gaze_norm_scratch(C) * sizeof *sums);
#pragma omp parallel for schedule(static)
  for (size_t g = 0; g < GROUPS; g++)
    group_backward(compute, dx, dgain ? sums + 2 * g * C : NULL, dbias ? sums + (2 * g + 1) * C : NULL, dy, statistics,
                   x, norm, n * g / GROUPS, n * (g + 1) / GROUPS);
  for (size_t g = 0; g < GROUPS; g++) {
    if (dgain)
      compute->kernels->add(dgain, sums + 2 * g * C, C);
    if (dbias)
      compute->kernels->add(dbias, sums + (2 * g + 1) * C, C);
  }
}
