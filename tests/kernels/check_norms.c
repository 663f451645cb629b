#include "tests/kernels/check.h"

#include <math.h>

/* One row in double: h = (x - mean) rstd, or h = x rstd for RMS norm. */
typedef struct row {
  double mean, rstd, largest;
} row;

static row measure(const float *x, bool centred, double eps, size_t C) {
  row r = {0};
  for (size_t c = 0; c < C; c++) {
    r.mean += centred ? x[c] / (double)C : 0;
    r.largest = fmax(r.largest, fabs(x[c]));
  }
  double spread = 0;
  for (size_t c = 0; c < C; c++)
    spread += (x[c] - r.mean) * (x[c] - r.mean) / (double)C;
  r.rstd = 1 / sqrt(spread + eps);
  return r;
}

static float *shifted_floats(int slot, size_t C, gaze_random *random) {
  float *x = guarded_floats(slot, C, random, 1);
  for (size_t c = 0; c < C; c++)
    x[c] += 0.5f;
  return x;
}

static void check_forward(const gaze_kernels *kernels, size_t C, gaze_random *random, bool centred) {
  float *x = shifted_floats(0, C, random), *gain = guarded_floats(1, C, random, 1), eps = 1e-5f;
  float *bias = centred && C % 3 ? guarded_floats(2, C, random, 1) : NULL, *y = guarded(3, C * sizeof *y);
  float mean = 0, rstd = 0;
  row want = measure(x, centred, eps, C);
  if (centred)
    kernels->layer_norm(y, &mean, &rstd, x, gain, bias, eps, C);
  else
    kernels->rms_norm(y, &rstd, x, gain, eps, C);
  double slack = 2 * HALF_ULP * ((double)C + 8);
  assert_near(mean, want.mean, slack * (want.largest + 1));
  assert_near(rstd, want.rstd, slack * want.rstd * (1 + want.largest * want.rstd));
  for (size_t c = 0; c < C; c++) {
    double h = (x[c] - want.mean) * want.rstd, b = bias ? bias[c] : 0;
    double size = want.largest * want.rstd * (1 + fabs(h)) * fabs(gain[c]) + fabs(b);
    assert_near(y[c], h * gain[c] + b, slack * size);
  }
}

static void check_backward(const gaze_kernels *kernels, size_t C, gaze_random *random, bool centred) {
  float *x = shifted_floats(0, C, random), *gain = guarded_floats(1, C, random, 1);
  float *dy = guarded_floats(2, C, random, 1), *dx0 = guarded_floats(3, C, random, 1), *dx = guarded_copy(4, dx0, C);
  float *dgain = C % 3 ? guarded_floats(5, C, random, 0) : NULL,
        *dbias = C % 5 ? guarded_floats(6, C, random, 0) : NULL;
  row r = measure(x, centred, 1e-5, C);
  if (centred)
    kernels->layer_norm_backward(dx, dgain, dbias, dy, x, (float)r.mean, (float)r.rstd, gain, C);
  else
    kernels->rms_norm_backward(dx, dgain, dy, x, (float)r.rstd, gain, C);
  double mean_d = 0, mean_dh = 0, size = 1;
  for (size_t c = 0; c < C; c++) {
    double d = (double)gain[c] * dy[c], h = (x[c] - r.mean) * r.rstd;
    mean_d += centred ? d / (double)C : 0;
    mean_dh += d * h / (double)C;
    size += fabs(d) * (1 + fabs(h)) / (double)C;
  }
  double slack = 4 * HALF_ULP * ((double)C + 8);
  for (size_t c = 0; c < C; c++) {
    double d = (double)gain[c] * dy[c], h = (x[c] - r.mean) * r.rstd;
    double bound = r.rstd * (fabs(d) + size * (1 + fabs(h)) * (1 + r.largest * r.rstd));
    assert_near(dx[c], dx0[c] + r.rstd * (d - mean_d - h * mean_dh), slack * (bound + fabs(dx0[c])));
    if (dgain)
      assert_near(dgain[c], dy[c] * h, slack * fabs(dy[c]) * (1 + r.largest * r.rstd));
    if (dbias && centred)
      assert_true(dbias[c] == dy[c]);
  }
}

static void check_layer(const gaze_kernels *kernels, size_t C, gaze_random *random) {
  check_forward(kernels, C, random, true);
  check_backward(kernels, C, random, true);
}

static void check_rms(const gaze_kernels *kernels, size_t C, gaze_random *random) {
  check_forward(kernels, C, random, false);
  check_backward(kernels, C, random, false);
}

static void layer_norm(void **state) { for_sizes(check_layer, *state, 5000); }
static void rms_norm(void **state) { for_sizes(check_rms, *state, 5000); }

const check norm_checks[] = {{"layer norm", layer_norm}, {"RMS norm", rms_norm}, {0}};
