/* The activations and their derivatives, plain C. Three of the four are x * sigmoid(v(x)). */
#include "core/kernels/levels.h"

#include <math.h>

#define SQRT_HALF ((float)0.70710678118654752)
#define DENSITY_AT_0 ((float)0.39894228040143268)    /* 1 / sqrt(2 pi) */
#define GELU_TANH_LINEAR ((float)1.5957691216057308) /* 2 sqrt(2 / pi): 0.5 (1 + tanh(u)) is sigmoid(2 u) */
#define GELU_TANH_CUBIC ((float)0.071354816272515)
#define QUICK_GELU_SLOPE ((float)1.702)

static float sigmoid(float v) { return 1 / (1 + expf(-v)); }

/* Phi(x): the normal distribution function, through erfc so that the negative tail keeps its digits. */
static float normal_below(float x) { return 0.5f * erfcf(-x * SQRT_HALF); }

/* Beyond +-10 the sigmoid is 0 or 1 in f32; the bound keeps the cube finite. */
static float bounded(float x) { return x > 10 ? 10 : x < -10 ? -10 : x; }

static void gelu(float *y, const float *x, size_t n) {
  for (size_t i = 0; i < n; i++)
    y[i] = x[i] * normal_below(x[i]);
}

static void gelu_backward(float *dx, const float *dy, const float *x, size_t n) {
  for (size_t i = 0; i < n; i++)
    dx[i] = dy[i] * (normal_below(x[i]) + x[i] * DENSITY_AT_0 * expf(-0.5f * x[i] * x[i]));
}

static void gelu_tanh(float *y, const float *x, size_t n) {
  for (size_t i = 0; i < n; i++) {
    float b = bounded(x[i]);
    y[i] = x[i] * sigmoid(b * (GELU_TANH_LINEAR + GELU_TANH_CUBIC * b * b));
  }
}

static void gelu_tanh_backward(float *dx, const float *dy, const float *x, size_t n) {
  for (size_t i = 0; i < n; i++) {
    float b = bounded(x[i]), v = b * (GELU_TANH_LINEAR + GELU_TANH_CUBIC * b * b), s = sigmoid(v);
    dx[i] = dy[i] * (s + b * s * sigmoid(-v) * (GELU_TANH_LINEAR + 3 * GELU_TANH_CUBIC * b * b));
  }
}

static void sigmoid_unit(float *y, const float *x, float slope, size_t n) {
  for (size_t i = 0; i < n; i++)
    y[i] = x[i] * sigmoid(slope * x[i]);
}

static void sigmoid_unit_backward(float *dx, const float *dy, const float *x, float slope, size_t n) {
  for (size_t i = 0; i < n; i++) {
    float s = sigmoid(slope * x[i]);
    dx[i] = dy[i] * (s + slope * x[i] * s * sigmoid(-slope * x[i]));
  }
}

static void quick_gelu(float *y, const float *x, size_t n) { sigmoid_unit(y, x, QUICK_GELU_SLOPE, n); }
static void silu(float *y, const float *x, size_t n) { sigmoid_unit(y, x, 1, n); }

static void quick_gelu_backward(float *dx, const float *dy, const float *x, size_t n) {
  sigmoid_unit_backward(dx, dy, x, QUICK_GELU_SLOPE, n);
}

static void silu_backward(float *dx, const float *dy, const float *x, size_t n) {
  sigmoid_unit_backward(dx, dy, x, 1, n);
}

void gaze_kernels_fill_portable_activation(gaze_kernels *kernels) {
  kernels->activation[GAZE_GELU] = gelu;
  kernels->activation[GAZE_GELU_TANH] = gelu_tanh;
  kernels->activation[GAZE_QUICK_GELU] = quick_gelu;
  kernels->activation[GAZE_SILU] = silu;
  kernels->activation_backward[GAZE_GELU] = gelu_backward;
  kernels->activation_backward[GAZE_GELU_TANH] = gelu_tanh_backward;
  kernels->activation_backward[GAZE_QUICK_GELU] = quick_gelu_backward;
  kernels->activation_backward[GAZE_SILU] = silu_backward;
}
