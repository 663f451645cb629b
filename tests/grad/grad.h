/* Gradient checking. The sources under test are compiled once more with float meaning double (see meson.build), so that
 * central differences are exact to about nine digits. */
#ifndef GAZE_TESTS_GRAD_H
#define GAZE_TESTS_GRAD_H

#include "core/base/random.h"
#include "core/nn/compute.h"
#include "core/nn/parameters.h"

/* The portable kernels alone, at whatever width float has. */
void grad_kernels_init(gaze_kernels *kernels);
void grad_fill(float *values, size_t n, double deviation, uint64_t seed);
/* Largest relative error of analytic [n] against central differences of loss by values [n], over at most `most`
 * evenly spread entries. Relative to the larger of the two, of 1e-3 of the greatest gradient, and of 1e-3. */
double grad_worst(float *values, const float *analytic, size_t n, size_t most, double (*loss)(void *user), void *user);

#endif
