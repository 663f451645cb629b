/* How far results are from a reference's. */
#ifndef GAZE_TESTS_GOLDEN_NEARNESS_H
#define GAZE_TESTS_GOLDEN_NEARNESS_H

#include <math.h>
#include <stddef.h>

/* Length of the difference over the length of what was wanted. */
static inline double relative_error(const float *got, const float *wanted, size_t n) {
  double squares = 0, of_difference = 0;
  for (size_t i = 0; i < n; i++) {
    double difference = (double)got[i] - (double)wanted[i];
    squares += (double)wanted[i] * (double)wanted[i];
    of_difference += difference * difference;
  }
  return sqrt(of_difference / squares);
}

static inline double cosine(const float *a, const float *b, size_t n) {
  double ab = 0, aa = 0, bb = 0;
  for (size_t i = 0; i < n; i++) {
    ab += (double)a[i] * (double)b[i];
    aa += (double)a[i] * (double)a[i];
    bb += (double)b[i] * (double)b[i];
  }
  return ab / sqrt(aa * bb);
}

#endif
