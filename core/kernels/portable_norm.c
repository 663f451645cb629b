/* Layer norm (Ba et al. 2016) and RMS norm (Zhang & Sennrich 2019) of one row, plain C. */
#include "core/kernels/levels.h"

#include <math.h>

static void layer_norm(float *y, float *mean, float *rstd, const float *x, const float *gain, const float *bias,
                       float eps, size_t C) {
  double sum = 0, squares = 0;
  for (size_t c = 0; c < C; c++)
    sum += x[c];
  double centre = C ? sum / (double)C : 0;
  for (size_t c = 0; c < C; c++)
    squares += (x[c] - centre) * (x[c] - centre);
  double inverse = 1 / sqrt((C ? squares / (double)C : 0) + eps);
  for (size_t c = 0; c < C; c++)
    y[c] = (float)((x[c] - centre) * inverse) * gain[c] + (bias ? bias[c] : 0);
  *mean = (float)centre;
  *rstd = (float)inverse;
}

/* With h = (x - mean) rstd and d = gain dy: dx += rstd (d - mean(d) - h mean(d h)). */
static void layer_norm_backward(float *dx, float *dgain, float *dbias, const float *dy, const float *x, float mean,
                                float rstd, const float *gain, size_t C) {
  double sum = 0, projection = 0;
  for (size_t c = 0; c < C; c++) {
    sum += (double)gain[c] * dy[c];
    projection += (double)gain[c] * dy[c] * ((x[c] - mean) * rstd);
  }
  float mean_d = C ? (float)(sum / (double)C) : 0, mean_dh = C ? (float)(projection / (double)C) : 0;
  for (size_t c = 0; c < C; c++) {
    float h = (x[c] - mean) * rstd;
    dx[c] += rstd * (gain[c] * dy[c] - mean_d - h * mean_dh);
    if (dgain)
      dgain[c] += dy[c] * h;
    if (dbias)
      dbias[c] += dy[c];
  }
}

static void rms_norm(float *y, float *rstd, const float *x, const float *gain, float eps, size_t C) {
  double squares = 0;
  for (size_t c = 0; c < C; c++)
    squares += (double)x[c] * x[c];
  double inverse = 1 / sqrt((C ? squares / (double)C : 0) + eps);
  for (size_t c = 0; c < C; c++)
    y[c] = (float)(x[c] * inverse) * gain[c];
  *rstd = (float)inverse;
}

/* As layer norm's with h = x rstd, and nothing was centred. */
static void rms_norm_backward(float *dx, float *dgain, const float *dy, const float *x, float rstd, const float *gain,
                              size_t C) {
  double projection = 0;
  for (size_t c = 0; c < C; c++)
    projection += (double)gain[c] * dy[c] * (x[c] * rstd);
  float mean_dh = C ? (float)(projection / (double)C) : 0;
  for (size_t c = 0; c < C; c++) {
    float h = x[c] * rstd;
    dx[c] += rstd * (gain[c] * dy[c] - h * mean_dh);
    if (dgain)
      dgain[c] += dy[c] * h;
  }
}

void gaze_kernels_fill_portable_norm(gaze_kernels *kernels) {
  kernels->layer_norm = layer_norm;
  kernels->layer_norm_backward = layer_norm_backward;
  kernels->rms_norm = rms_norm;
  kernels->rms_norm_backward = rms_norm_backward;
}
