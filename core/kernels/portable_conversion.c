/* Between f32 and its 16-bit kin, in plain C. */
#include "core/kernels/half.h"
#include "core/kernels/levels.h"

#include <math.h>

static uint16_t bf16_from_f32_one(float x) {
  uint32_t bits = gaze_bits_of_float(x);
  if ((bits & 0x7fffffffu) > 0x7f800000u)
    return (uint16_t)(bits >> 16 | 0x40u);
  return (uint16_t)((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
}

static void f32_from_f16(float *y, const uint16_t *x, size_t n) {
  for (size_t i = 0; i < n; i++)
    y[i] = gaze_f32_from_f16(x[i]);
}

static void f32_from_bf16(float *y, const uint16_t *x, size_t n) {
  for (size_t i = 0; i < n; i++)
    y[i] = gaze_float_of_bits((uint32_t)x[i] << 16);
}

static void f16_from_f32(uint16_t *y, const float *x, size_t n) {
  for (size_t i = 0; i < n; i++)
    y[i] = gaze_f16_from_f32(x[i]);
}

static void bf16_from_f32(uint16_t *y, const float *x, size_t n) {
  for (size_t i = 0; i < n; i++)
    y[i] = bf16_from_f32_one(x[i]);
}

static float dot_f16(const float *a, const uint16_t *b, size_t n) {
  double sum = 0;
  for (size_t i = 0; i < n; i++)
    sum += (double)a[i] * (double)gaze_f32_from_f16(b[i]);
  return (float)sum;
}

static float dot_bf16(const float *a, const uint16_t *b, size_t n) {
  double sum = 0;
  for (size_t i = 0; i < n; i++)
    sum += (double)a[i] * (double)gaze_float_of_bits((uint32_t)b[i] << 16);
  return (float)sum;
}

static float widen_bf16(uint16_t x) { return gaze_float_of_bits((uint32_t)x << 16); }

static void rows_by_halves(float (*widen)(uint16_t), float *C, size_t ldc, const float *A, size_t lda,
                           const uint16_t *B, size_t ldb, size_t M, size_t N, size_t K, bool add) {
  for (size_t m = 0; m < M; m++) {
    float *row = C + m * ldc;
    for (size_t n = 0; n < N && !add; n++)
      row[n] = 0;
    for (size_t k = 0; k < K; k++)
      for (size_t n = 0; n < N; n++)
        row[n] += A[m * lda + k] * widen(B[k * ldb + n]);
  }
}

static void rows_by_f16(float *C, size_t ldc, const float *A, size_t lda, const uint16_t *B, size_t ldb, size_t M,
                        size_t N, size_t K, bool add) {
  rows_by_halves(gaze_f32_from_f16, C, ldc, A, lda, B, ldb, M, N, K, add);
}

static void rows_by_bf16(float *C, size_t ldc, const float *A, size_t lda, const uint16_t *B, size_t ldb, size_t M,
                         size_t N, size_t K, bool add) {
  rows_by_halves(widen_bf16, C, ldc, A, lda, B, ldb, M, N, K, add);
}

static float largest(const float *x, size_t n) {
  float most = 0;
  for (size_t i = 0; i < n; i++)
    most = fabsf(x[i]) > most ? fabsf(x[i]) : most;
  return most;
}

static void keep_larger(float *y, const float *x, size_t n) {
  for (size_t i = 0; i < n; i++)
    y[i] = fabsf(x[i]) > y[i] ? fabsf(x[i]) : y[i];
}

static void i8_from_f32(int8_t *y, const float *x, float scale, size_t n) {
  for (size_t i = 0; i < n; i++) {
    float value = x[i] * scale;
    value = value > -127 ? value : -127; /* not a number: -127 */
    y[i] = (int8_t)lrint(value < 127 ? value : 127);
  }
}

static void f32_from_i32(float *y, const int32_t *x, float scale, const float *scales, bool add, size_t n) {
  for (size_t i = 0; i < n; i++)
    y[i] = (add ? y[i] : 0) + (float)x[i] * scale * scales[i];
}

void gaze_kernels_fill_portable_conversion(gaze_kernels *kernels) {
  kernels->dot_f16 = dot_f16;
  kernels->dot_bf16 = dot_bf16;
  kernels->rows_by_f16 = rows_by_f16;
  kernels->rows_by_bf16 = rows_by_bf16;
  kernels->largest = largest;
  kernels->keep_larger = keep_larger;
  kernels->i8_from_f32 = i8_from_f32;
  kernels->f32_from_i32 = f32_from_i32;
  kernels->f32_from_f16 = f32_from_f16;
  kernels->f32_from_bf16 = f32_from_bf16;
  kernels->f16_from_f32 = f16_from_f32;
  kernels->bf16_from_f32 = bf16_from_f32;
}
