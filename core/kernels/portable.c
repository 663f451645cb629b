/* Conversions, vectors, softmax, int8 and AdamW in plain C: the reference that every level is tested against. */
#include "core/kernels/levels.h"

#include <math.h>
#include <string.h>

static uint32_t bits_of(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

static float float_of(uint32_t bits) {
  float x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

/* IEEE 754 binary16: 1 sign, 5 exponent, 10 fraction bits. */
static float f32_from_f16_one(uint16_t h) {
  uint32_t sign = (uint32_t)(h & 0x8000u) << 16, exponent = (h >> 10) & 31u, fraction = h & 0x3ffu;
  if (exponent == 31) /* infinity and NaN; a NaN comes out quiet, as the processor's own conversion does */
    return float_of(sign | 0x7f800000u | fraction << 13 | (fraction ? 0x400000u : 0));
  if (exponent == 0) /* subnormal: fraction * 2^-24, exact in f32 */
    return float_of(sign | bits_of((float)fraction * 0x1p-24f));
  return float_of(sign | (exponent + 112) << 23 | fraction << 13);
}

static uint16_t f16_from_f32_one(float x) {
  uint32_t bits = bits_of(x), sign = bits >> 16 & 0x8000u, magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u)
    return (uint16_t)(sign | 0x7e00u | (magnitude >> 13 & 0x3ffu));
  if (magnitude >= 0x477ff000u) /* 65520 and above round to infinity */
    return (uint16_t)(sign | 0x7c00u);
  if (magnitude < 0x38800000u) /* below 2^-14: adding 0.5 leaves the rounded subnormal in the lowest bits */
    return (uint16_t)(sign | (bits_of(float_of(magnitude) + 0.5f) - 0x3f000000u));
  magnitude += 0xfffu + (magnitude >> 13 & 1u); /* round to nearest even */
  return (uint16_t)(sign | (magnitude - 0x38000000u) >> 13);
}

static uint16_t bf16_from_f32_one(float x) {
  uint32_t bits = bits_of(x);
  if ((bits & 0x7fffffffu) > 0x7f800000u)
    return (uint16_t)(bits >> 16 | 0x40u);
  return (uint16_t)((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
}

static void f32_from_f16(float *y, const uint16_t *x, size_t n) {
  for (size_t i = 0; i < n; i++)
    y[i] = f32_from_f16_one(x[i]);
}

static void f32_from_bf16(float *y, const uint16_t *x, size_t n) {
  for (size_t i = 0; i < n; i++)
    y[i] = float_of((uint32_t)x[i] << 16);
}

static void f16_from_f32(uint16_t *y, const float *x, size_t n) {
  for (size_t i = 0; i < n; i++)
    y[i] = f16_from_f32_one(x[i]);
}

static void bf16_from_f32(uint16_t *y, const float *x, size_t n) {
  for (size_t i = 0; i < n; i++)
    y[i] = bf16_from_f32_one(x[i]);
}

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
      .f32_from_f16 = f32_from_f16,
      .f32_from_bf16 = f32_from_bf16,
      .f16_from_f32 = f16_from_f32,
      .bf16_from_f32 = bf16_from_f32,
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
  gaze_kernels_fill_portable_norm(kernels);
  gaze_kernels_fill_portable_activation(kernels);
  gaze_kernels_fill_portable_gemm(kernels);
}
