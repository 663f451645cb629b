#include "core/nn/cross_entropy.h"

#include <math.h>

/* Lanes do not wait for each other, so that compilers keep them in one register. n >= 1. */
static float greatest_of(const float *x, size_t n) {
  enum { LANES = 16 };
  float best[LANES], greatest;
  size_t i = 0;
  for (size_t k = 0; k < LANES; k++)
    best[k] = x[0];
  for (; i + LANES <= n; i += LANES)
    for (size_t k = 0; k < LANES; k++)
      best[k] = x[i + k] > best[k] ? x[i + k] : best[k];
  for (; i < n; i++)
    best[0] = x[i] > best[0] ? x[i] : best[0];
  greatest = best[0];
  for (size_t k = 1; k < LANES; k++)
    greatest = best[k] > greatest ? best[k] : greatest;
  return greatest;
}

double gaze_soften(const gaze_kernels *kernels, float *row, size_t n, double *greatest) {
  *greatest = (double)greatest_of(row, n);
  kernels->softmax(row, n);
  return -log((double)greatest_of(row, n));
}

double gaze_cross_entropy(const gaze_kernels *kernels, float *row, size_t n, size_t label, float weight) {
  double own = (double)row[label], greatest, loss = gaze_soften(kernels, row, n, &greatest);
  row[label] -= 1.0f;
  kernels->scale(row, weight, n);
  return loss + (greatest - own);
}
