#include "tests/grad/grad.h"

#include "core/kernels/levels.h"

#include <math.h>

/* Gradients that are zero by symmetry, as that of the keys' bias, are compared with this. */
#define FLOOR 1e-3

/* The conversions look at a float's bits; nothing under test uses them. */
void gaze_kernels_fill_portable_conversion(gaze_kernels *kernels) { (void)kernels; }

void grad_kernels_init(gaze_kernels *kernels) { gaze_kernels_fill_portable(kernels); }

void grad_fill(float *values, size_t n, double deviation, uint64_t seed) {
  gaze_random random;
  gaze_random_init(&random, seed, 0);
  for (size_t i = 0; i < n; i++)
    values[i] = (float)(deviation * gaze_random_normal(&random));
}

double grad_worst(float *values, const float *analytic, size_t n, size_t most, double (*loss)(void *user), void *user) {
  const double step = 2e-4;
  double greatest = 0, worst = 0;
  for (size_t i = 0; i < n; i++)
    greatest = fmax(greatest, fabs((double)analytic[i]));
  size_t stride = n > most ? n / most : 1;
  for (size_t i = 0; i < n; i += stride) {
    float kept = values[i];
    double near[2], far[2]; /* five points: the error falls with step^4 */
    values[i] = kept + (float)step, near[0] = loss(user);
    values[i] = kept - (float)step, near[1] = loss(user);
    values[i] = kept + (float)(2 * step), far[0] = loss(user);
    values[i] = kept - (float)(2 * step), far[1] = loss(user);
    values[i] = kept;
    double numeric = (8 * (near[0] - near[1]) - (far[0] - far[1])) / (12 * step);
    double size = fmax(fmax(fabs(numeric), fabs((double)analytic[i])), fmax(1e-3 * greatest, FLOOR));
    worst = fmax(worst, fabs(numeric - (double)analytic[i]) / size);
  }
  return worst;
}
