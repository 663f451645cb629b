#include "tests/kernels/check.h"

#include <float.h>
#include <math.h>
#include <string.h>

static void check_dot(const gaze_kernels *kernels, size_t n, gaze_random *random) {
  float *a = guarded_floats(0, n, random, 1), *b = guarded_floats(1, n, random, 3);
  double want = 0, size = 0, squares = 0;
  for (size_t i = 0; i < n; i++) {
    want += (double)a[i] * b[i];
    size += fabs((double)a[i] * b[i]);
    squares += (double)a[i] * a[i];
  }
  assert_near(kernels->dot(a, b, n), want, ((double)n + 2) * HALF_ULP * size);
  assert_near(kernels->sum_squares(a, n), squares, ((double)n + 2) * DBL_EPSILON * squares);
}

static void check_elementwise(const gaze_kernels *kernels, size_t n, gaze_random *random) {
  float *x = guarded_floats(0, n, random, 1), *y = guarded_floats(1, n, random, 2), *z, a = 0.7f;
  z = guarded_copy(2, y, n);
  kernels->add(z, x, n);
  for (size_t i = 0; i < n; i++)
    assert_true(z[i] == y[i] + x[i]);
  z = guarded_copy(2, y, n);
  kernels->axpy(z, a, x, n);
  for (size_t i = 0; i < n; i++)
    assert_near(z[i], y[i] + (double)a * x[i], 2 * HALF_ULP * (fabs(y[i]) + fabs(a * x[i])));
  z = guarded_copy(2, y, n);
  kernels->scale(z, a, n);
  for (size_t i = 0; i < n; i++)
    assert_true(z[i] == y[i] * a);
  z = guarded_copy(2, y, n);
  kernels->multiply(z, x, n);
  for (size_t i = 0; i < n; i++)
    assert_true(z[i] == y[i] * x[i]);
}

static void check_softmax(const gaze_kernels *kernels, size_t n, gaze_random *random) {
  if (n == 0)
    return;
  float *x = guarded_floats(0, n, random, gaze_random_below(random, 2) ? 1 : 30), *y, *d, *d0;
  double max = -INFINITY, sum = 0, mean = 0, size = 0;
  float shift = 200 * ((float)gaze_random_below(random, 3) - 1);
  for (size_t i = 0; i < n; i++)
    x[i] = i + 1 < n && gaze_random_below(random, 4) == 0 ? -INFINITY : x[i] + shift;
  for (size_t i = 0; i < n; i++)
    max = fmax(max, x[i]);
  for (size_t i = 0; i < n; i++)
    sum += exp(x[i] - max);
  y = guarded_copy(1, x, n);
  kernels->softmax(y, n);
  for (size_t i = 0; i < n; i++) {
    double want = exp(x[i] - max) / sum, depth = isfinite(x[i]) ? max - x[i] : 0;
    assert_near(y[i], want, want * HALF_ULP * ((double)n + 8 + depth) + FLT_MIN);
    if (x[i] == -INFINITY)
      assert_true(y[i] == 0);
  }
  d0 = guarded_floats(2, n, random, 1);
  for (size_t i = 0; i < n; i++) {
    mean += (double)d0[i] * y[i];
    size += fabs((double)d0[i] * y[i]);
  }
  d = guarded_copy(3, d0, n);
  kernels->softmax_backward(d, y, n);
  for (size_t i = 0; i < n; i++)
    assert_near(d[i], y[i] * (d0[i] - mean), y[i] * HALF_ULP * ((double)n + 4) * (size + fabs(d0[i])) + FLT_MIN);
}

static void check_adamw(const gaze_kernels *kernels, size_t n, gaze_random *random) {
  gaze_adamw_step step = {.lr = 1e-2f,
                          .beta1 = 0.9f,
                          .beta2 = 0.98f,
                          .eps = 1e-6f,
                          .weight_decay = 0.2f,
                          .correction1 = 0.271f,
                          .correction2 = 0.0588f,
                          .gradient_scale = 0.3f};
  float *g = guarded_floats(0, n, random, 1), *w0 = guarded_floats(1, n, random, 1);
  float *m0 = guarded_floats(2, n, random, 0.1), *v0 = guarded_floats(3, n, random, 0.1);
  for (size_t i = 0; i < n; i++)
    v0[i] = fabsf(v0[i]);
  float *w = guarded_copy(4, w0, n), *m = guarded_copy(5, m0, n), *v = guarded_copy(6, v0, n);
  kernels->adamw(w, m, v, g, &step, n);
  for (size_t i = 0; i < n; i++) {
    double gradient = (double)g[i] * step.gradient_scale;
    double first = step.beta1 * (double)m0[i] + (1.0 - step.beta1) * gradient;
    double second = step.beta2 * (double)v0[i] + (1.0 - step.beta2) * gradient * gradient;
    double size = fabs(m0[i]) + fabs(gradient), root = sqrt(second / step.correction2) + step.eps;
    assert_near(m[i], first, 4 * HALF_ULP * size);
    assert_near(v[i], second, 6 * HALF_ULP * second);
    double want = w0[i] - step.lr * (first / step.correction1 / root + step.weight_decay * (double)w0[i]);
    assert_near(w[i], want, 4 * HALF_ULP * fabs(w0[i]) + 16 * HALF_ULP * step.lr * size / step.correction1 / root);
  }
}

/* exponentials_bf16: each to half a unit in the last of bf16's 8 bits and 2e-4, and a sum that fits them. */
static void check_exponentials(const gaze_kernels *kernels, size_t n, gaze_random *random) {
  if (!kernels->exponentials_bf16 || !n)
    return;
  float *x = guarded_floats(0, n, random, 20), top = -INFINITY;
  uint16_t *y = guarded(1, n * sizeof *y);
  double sum = 0;
  for (size_t i = 0; i < n; i++)
    top = fmaxf(top, x[i]);
  float got = kernels->exponentials_bf16(y, x, n);
  for (size_t i = 0; i < n; i++) {
    float value;
    double want = exp((double)x[i] - top);
    kernels->f32_from_bf16(&value, y + i, 1);
    assert_near(value, want, (0x1p-8 + 2e-4) * want + 1e-37);
    sum += want;
  }
  assert_near(got, sum, 4e-4 * sum);
  guard_verify();
}

static void exponentials(void **state) {
  const gaze_kernels *kernels = *state;
  float row[] = {0, NAN, 1};
  uint16_t out[3];
  for_sizes(check_exponentials, kernels, 5000);
  if (kernels->exponentials_bf16)
    assert_true(isnan(kernels->exponentials_bf16(out, row, 3)));
}

static void check_dot_i8(const gaze_kernels *kernels, size_t n, gaze_random *random) {
  int8_t *a = guarded(0, n), *b = guarded(1, n);
  int32_t want = 0;
  for (size_t i = 0; i < n; i++) {
    a[i] = (int8_t)gaze_random_next(random);
    b[i] = (int8_t)gaze_random_next(random);
    want += a[i] * b[i];
  }
  assert_int_equal(kernels->dot_i8(a, b, n), want);
  static const int8_t extremes[] = {-128, 127, -128, -127, 127, 127, -128, -128};
  for (size_t pair = 0; pair < sizeof extremes && n; pair += 2) {
    memset(a, extremes[pair], n);
    memset(b, extremes[pair + 1], n);
    assert_int_equal(kernels->dot_i8(a, b, n), (int32_t)n * extremes[pair] * extremes[pair + 1]);
  }
}

static void check_i8(const gaze_kernels *kernels, size_t n, gaze_random *random) {
  float *x = guarded_floats(0, n, random, 3), *y0 = guarded_floats(1, n, random, 1), *y = guarded_copy(2, y0, n);
  float most = 0, scale = n ? 40 : 1;
  int8_t *q = guarded(4, n);
  for (size_t i = 0; i < n; i++)
    most = fabsf(x[i]) > most ? fabsf(x[i]) : most;
  assert_true(kernels->largest(x, n) == most);
  kernels->keep_larger(y, x, n);
  for (size_t i = 0; i < n; i++)
    assert_true(y[i] == fmaxf(y0[i], fabsf(x[i])));
  kernels->i8_from_f32(q, x, scale, n);
  for (size_t i = 0; i < n; i++)
    assert_int_equal(q[i], (int)lrintf(fminf(fmaxf(x[i] * scale, -127), 127)));
}

static void check_i32(const gaze_kernels *kernels, size_t n, gaze_random *random) {
  float *scales = guarded_floats(0, n, random, 1), *y0 = guarded_floats(1, n, random, 1), *y, scale = 0.03f;
  int32_t *x = guarded(4, n * sizeof *x);
  for (size_t i = 0; i < n; i++)
    x[i] = (int32_t)gaze_random_below(random, 1 << 27) - (1 << 26);
  for (int add = 0; add < 2; add++) {
    y = guarded_copy(2, y0, n);
    kernels->f32_from_i32(y, x, scale, scales, add, n);
    for (size_t i = 0; i < n; i++) {
      double want = (double)x[i] * scale * scales[i], before = add ? y0[i] : 0;
      assert_near(y[i], before + want, 4 * HALF_ULP * (fabs(before) + fabs(want)));
    }
  }
}

static void dot_products(void **state) { for_sizes(check_dot, *state, 5000); }
static void elementwise(void **state) { for_sizes(check_elementwise, *state, 5000); }
static void softmax_and_backward(void **state) { for_sizes(check_softmax, *state, 5000); }
static void adamw(void **state) { for_sizes(check_adamw, *state, 5000); }

static void int8_from_floats(void **state) { for_sizes(check_i8, *state, 5000); }
static void floats_from_int32(void **state) { for_sizes(check_i32, *state, 5000); }

static void dot_i8_is_exact(void **state) {
  for_sizes(check_dot_i8, *state, 65536);
  gaze_random random;
  gaze_random_init(&random, 21, 0);
  check_dot_i8(*state, 65536, &random);
}

const check vector_checks[] = {{"dot and sum of squares", dot_products},
                               {"add, axpy, scale, multiply", elementwise},
                               {"softmax", softmax_and_backward},
                               {"AdamW", adamw},
                               {"exponentials in bf16", exponentials},
                               {"int8 dot is exact", dot_i8_is_exact},
                               {"int8 from floats", int8_from_floats},
                               {"floats from int32", floats_from_int32},
                               {0}};
