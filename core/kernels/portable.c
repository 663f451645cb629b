/* Vectors, softmax, int8 and AdamW in plain C: the reference that every level is tested against. */
#include "core/kernels/levels.h"

#include <math.h>

static float dot(const float *a, const float *b, size_t n) {
  double sum = 0;
  for (size_t i = 0; i < n; i++)
    sum += (double)a[i] * b[i];
  return (float)sum;
}

static double sum_squares(const float *x, size_t n) {
  double sum = 0;
  for (size_t i = 0; i < n; i++)
    sum += (double)x[i] * x[i];
  return sum;
}

static void add(float *y, const float *x, size_t n) {
  for (size_t i = 0; i < n; i++)
    y[i] += x[i];
}

static void axpy(float *y, float a, const float *x, size_t n) {
  for (size_t i = 0; i < n; i++)
    y[i] += a * x[i];
}

static void scale(float *y, float a, size_t n) {
  for (size_t i = 0; i < n; i++)
    y[i] *= a;
}

static void multiply(float *y, const float *x, size_t n) {
  for (size_t i = 0; i < n; i++)
    y[i] *= x[i];
}

static void softmax(float *x, size_t n) {
  float max = -INFINITY, sum = 0;
  for (size_t i = 0; i < n; i++)
    max = x[i] > max ? x[i] : max;
  for (size_t i = 0; i < n; i++)
    sum += x[i] = expf(x[i] - max);
  for (size_t i = 0; i < n; i++)
    x[i] /= sum;
}

static void softmax_backward(float *d, const float *y, size_t n) {
  float mean = dot(d, y, n);
  for (size_t i = 0; i < n; i++)
    d[i] = y[i] * (d[i] - mean);
}

static int32_t dot_i8(const int8_t *a, const int8_t *b, size_t n) {
  int32_t sum = 0;
  for (size_t i = 0; i < n; i++)
    sum += a[i] * b[i];
  return sum;
}

static void adamw(float *w, float *m, float *v, const float *g, const gaze_adamw_step *step, size_t n) {
  for (size_t i = 0; i < n; i++) {
    float gradient = g[i] * step->gradient_scale;
    m[i] = step->beta1 * m[i] + (1 - step->beta1) * gradient;
    v[i] = step->beta2 * v[i] + (1 - step->beta2) * gradient * gradient;
    float direction = m[i] / step->correction1 / (sqrtf(v[i] / step->correction2) + step->eps);
    w[i] -= step->lr * (direction + step->weight_decay * w[i]);
  }
}

void gaze_kernels_fill_portable(gaze_kernels *kernels) {
  *kernels = (gaze_kernels){
      .level = "c",
      .quantised = &gaze_quantised_portable,
      .dot = dot,
      .sum_squares = sum_squares,
      .add = add,
      .axpy = axpy,
      .scale = scale,
      .multiply = multiply,
      .softmax = softmax,
      .softmax_backward = softmax_backward,
      .dot_i8 = dot_i8,
      .adamw = adamw,
  };
  gaze_kernels_fill_portable_conversion(kernels);
  gaze_kernels_fill_portable_norm(kernels);
  gaze_kernels_fill_portable_activation(kernels);
  gaze_kernels_fill_portable_gemm(kernels);
}
