#include "tests/kernels/check.h"

#include <math.h>
#include <string.h>

/* A 16-bit format: fraction bits and the exponent of its smallest normal and largest finite numbers. */
typedef struct half_format {
  int fraction, lowest, highest;
} half_format;

static const half_format f16 = {10, -14, 15}, bf16 = {7, -126, 127};

/* The value of 16 bits, in double arithmetic. */
static double value_of(half_format format, unsigned bits) {
  int exponent = (int)(bits & 0x7fff) >> format.fraction, fraction = (int)bits & ((1 << format.fraction) - 1);
  double sign = bits & 0x8000 ? -1 : 1;
  if (exponent > format.highest - format.lowest + 1)
    return fraction ? NAN : sign * INFINITY;
  if (exponent == 0)
    return sign * ldexp(fraction, format.lowest - format.fraction);
  return sign * ldexp(1 + ldexp(fraction, -format.fraction), exponent + format.lowest - 1);
}

/* The nearest number of the format, ties to even. */
static double rounded(half_format format, double x) {
  if (x == 0 || !isfinite(x))
    return x;
  int exponent;
  frexp(x, &exponent);
  exponent = (exponent - 1 < format.lowest ? format.lowest : exponent - 1) - format.fraction;
  double y = ldexp(nearbyint(ldexp(x, -exponent)), exponent);
  return fabs(y) >= ldexp(1, format.highest + 1) ? copysign(INFINITY, x) : y;
}

static void assert_same_number(half_format format, unsigned bits, double want) {
  double got = value_of(format, bits);
  if (isnan(want))
    assert_true(isnan(got));
  else
    assert_true(got == want && !signbit(want) == !(bits & 0x8000));
}

static void check_widening(void (*widen)(float *, const uint16_t *, size_t), half_format format) {
  uint16_t *x = guarded(0, 65536 * sizeof *x);
  float *y = guarded(1, 65536 * sizeof *y);
  for (unsigned i = 0; i < 65536; i++)
    x[i] = (uint16_t)i;
  widen(y, x, 65536);
  for (unsigned i = 0; i < 65536; i++)
    assert_same_number(format, i, isnan(y[i]) ? NAN : y[i]);
}

/* Every 16-bit number, the middle between it and the next, and the floats on both sides of that middle. */
static void check_narrowing(void (*narrow)(uint16_t *, const float *, size_t), half_format format) {
  for (unsigned high = 0; high < 65536; high += 256) {
    float *x = guarded(0, 1024 * sizeof *x);
    uint16_t *y = guarded(1, 1024 * sizeof *y);
    for (unsigned i = 0; i < 256; i++) {
      double here = value_of(format, high + i), next = value_of(format, (high + i + 1) & 0xffff);
      double middle = isfinite(next) ? (here + next) / 2 : here * (1 + ldexp(0.5, -format.fraction));
      x[4 * i] = (float)here;
      x[4 * i + 1] = (float)middle;
      x[4 * i + 2] = nextafterf((float)middle, -INFINITY);
      x[4 * i + 3] = nextafterf((float)middle, INFINITY);
    }
    narrow(y, x, 1024);
    for (unsigned i = 0; i < 1024; i++)
      assert_same_number(format, y[i], rounded(format, x[i]));
  }
}

/* Random bit patterns of any size, so that the tails see NaN, infinity and subnormal numbers too. */
static void check_random(const gaze_kernels *kernels, size_t n, gaze_random *random) {
  float *x = guarded(0, n * sizeof *x), *back = guarded(1, n * sizeof *back);
  uint16_t *y = guarded(2, n * sizeof *y), *z = guarded(3, n * sizeof *z);
  for (size_t i = 0; i < n; i++) {
    uint32_t bits = (uint32_t)gaze_random_next(random) & (gaze_random_below(random, 4) ? ~0u : 0x807fffffu);
    memcpy(x + i, &bits, sizeof bits);
  }
  kernels->f16_from_f32(y, x, n);
  kernels->bf16_from_f32(z, x, n);
  for (size_t i = 0; i < n; i++) {
    assert_same_number(f16, y[i], rounded(f16, x[i]));
    assert_same_number(bf16, z[i], rounded(bf16, x[i]));
  }
  kernels->f32_from_f16(back, y, n);
  for (size_t i = 0; i < n; i++)
    assert_same_number(f16, y[i], back[i]);
  kernels->f32_from_bf16(back, z, n);
  for (size_t i = 0; i < n; i++)
    assert_same_number(bf16, z[i], back[i]);
}

static void f16_is_exact(void **state) {
  const gaze_kernels *kernels = *state;
  check_widening(kernels->f32_from_f16, f16);
  check_narrowing(kernels->f16_from_f32, f16);
}

static void bf16_is_exact(void **state) {
  const gaze_kernels *kernels = *state;
  check_widening(kernels->f32_from_bf16, bf16);
  check_narrowing(kernels->bf16_from_f32, bf16);
}

static void conversions_of_any_size(void **state) { for_sizes(check_random, *state, 5000); }

/* A NaN keeps its sign and the top of its payload, and comes out quiet: the same bits on every level. */
static void nan_bits_agree_with_portable(void **state) {
  const gaze_kernels *kernels = *state;
  gaze_kernels portable;
  gaze_kernels_init(&portable, 0);
  float x[64], want[64], got[64];
  uint16_t a[64], b[64];
  for (uint32_t i = 0; i < 64; i++) {
    uint32_t bits = (i & 1) << 31 | 0x7f800001u | i << 16 | i << 13;
    memcpy(x + i, &bits, sizeof bits);
  }
  portable.f16_from_f32(a, x, 64);
  kernels->f16_from_f32(b, x, 64);
  assert_memory_equal(a, b, sizeof a);
  portable.f32_from_f16(want, a, 64);
  kernels->f32_from_f16(got, a, 64);
  assert_memory_equal(want, got, sizeof want);
  portable.bf16_from_f32(a, x, 64);
  kernels->bf16_from_f32(b, x, 64);
  assert_memory_equal(a, b, sizeof a);
}

const check conversion_checks[] = {{"f16 is exact", f16_is_exact},
                                   {"bf16 is exact", bf16_is_exact},
                                   {"conversions of any size", conversions_of_any_size},
                                   {"NaN bits agree with portable", nan_bits_agree_with_portable},
                                   {0}};
