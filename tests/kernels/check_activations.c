#include "tests/kernels/check.h"

#include <math.h>

#define ALLOWED 4e-7 /* the contract: relative to max(|x|, 1) */
#define SQRT_2_OVER_PI 0.79788456080286535588

static double sigmoid(double v) { return 1 / (1 + exp(-v)); }

/* f(x) and f'(x) in double, from the definitions. */
static double activation(gaze_activation which, double x, double *slope) {
  if (which == GAZE_GELU) {
    double below = 0.5 * erfc(-x * M_SQRT1_2);
    *slope = below + x * exp(-0.5 * x * x) * 0.5 * M_SQRT1_2 * M_2_SQRTPI;
    return x * below;
  }
  if (which == GAZE_GELU_TANH) {
    double t = tanh(SQRT_2_OVER_PI * (x + 0.044715 * x * x * x)), decay = (1 - t) * (1 + t);
    double inner = SQRT_2_OVER_PI * (1 + 3 * 0.044715 * x * x);
    *slope = 0.5 * (1 + t) + (decay > 0 ? 0.5 * x * decay * inner : 0);
    return 0.5 * x * (1 + t);
  }
  double factor = which == GAZE_QUICK_GELU ? 1.702 : 1, s = sigmoid(factor * x);
  *slope = s + factor * x * s * (1 - s);
  return x * s;
}

/* Three random inputs in four are moderate, the fourth of any size up to 1e18. */
static float any_input(gaze_random *random) {
  double x = 4 * gaze_random_normal(random);
  return (float)(gaze_random_below(random, 4) ? x : x * pow(10, gaze_random_between(random, -18, 18)));
}

static void check_one(const gaze_kernels *kernels, size_t n, gaze_random *random) {
  for (gaze_activation which = 0; which < GAZE_ACTIVATIONS; which++) {
    float *x = guarded_floats(0, n, random, 0), *dy = guarded_floats(1, n, random, 2);
    for (size_t i = 0; i < n; i++)
      x[i] = any_input(random);
    float *y = guarded(2, n * sizeof *y), *in_place = guarded_copy(3, x, n);
    float *dx = guarded(4, n * sizeof *dx), *d_in_place = guarded_copy(5, dy, n);
    kernels->activation[which](y, x, n);
    kernels->activation[which](in_place, in_place, n);
    kernels->activation_backward[which](dx, dy, x, n);
    kernels->activation_backward[which](d_in_place, d_in_place, x, n);
    for (size_t i = 0; i < n; i++) {
      double slope, want = activation(which, x[i], &slope), allowed = ALLOWED * fmax(fabs(x[i]), 1);
      assert_near(y[i], want, allowed);
      assert_near(dx[i], dy[i] * slope, allowed * fabs(dy[i]));
      assert_true(in_place[i] == y[i] && d_in_place[i] == dx[i]);
    }
  }
}

/* Every 1/4096 from -32 to 32; reports the worst error found, in units of what is allowed. */
static void scan_is_accurate(void **state) {
  const gaze_kernels *kernels = *state;
  enum { STEPS = 1 << 18, PART = 1 << 12 };
  for (gaze_activation which = 0; which < GAZE_ACTIVATIONS; which++) {
    double worst = 0, worst_slope = 0;
    for (int start = 0; start < STEPS; start += PART) {
      float x[PART], y[PART], one[PART], dx[PART];
      for (int i = 0; i < PART; i++) {
        x[i] = (float)(start + i) / 4096 - 32;
        one[i] = 1;
      }
      kernels->activation[which](y, x, PART);
      kernels->activation_backward[which](dx, one, x, PART);
      for (int i = 0; i < PART; i++) {
        double slope, want = activation(which, x[i], &slope), allowed = ALLOWED * fmax(fabs(x[i]), 1);
        worst = fmax(worst, fabs(y[i] - want) / allowed);
        worst_slope = fmax(worst_slope, fabs(dx[i] - slope) / allowed);
      }
    }
    print_message("  %s: activation %d uses %.2f of the allowed error forward, %.2f backward\n", kernels->level,
                  (int)which, worst, worst_slope);
    assert_true(worst <= 1 && worst_slope <= 1);
  }
}

static void nan_stays(void **state) {
  const gaze_kernels *kernels = *state;
  for (gaze_activation which = 0; which < GAZE_ACTIVATIONS; which++) {
    float x[19], y[19], one[19];
    for (int i = 0; i < 19; i++) {
      x[i] = NAN;
      one[i] = 1;
    }
    kernels->activation[which](y, x, 19);
    for (int i = 0; i < 19; i++)
      assert_true(isnan(y[i]));
    kernels->activation_backward[which](y, one, x, 19);
    for (int i = 0; i < 19; i++)
      assert_true(isnan(y[i]));
  }
}

static void activations_of_any_size(void **state) { for_sizes(check_one, *state, 2000); }

const check activation_checks[] = {{"activations of any size", activations_of_any_size},
                                   {"activations from -32 to 32", scan_is_accurate},
                                   {"NaN stays through activations", nan_stays},
                                   {0}};
