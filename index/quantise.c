#include "index/quantise.h"

#include <math.h>
#include <string.h>

static float largest(const float *x, size_t dim) {
  float most = 0;
  for (size_t i = 0; i < dim; i++)
    most = fmaxf(most, fabsf(x[i]));
  return most;
}

float gaze_quantise_row(int8_t *row, size_t stride, const float *x, size_t dim) {
  float most = largest(x, dim);
  float up = most > 0 ? 127.0f / most : 0;
  memset(row, 0, stride);
  for (size_t i = 0; i < dim; i++)
    row[i] = (int8_t)lrintf(x[i] * up);
  return most / 127.0f;
}

void gaze_quantise_query(int16_t *query, size_t stride, const float *x, size_t dim) {
  float most = largest(x, dim);
  float up = most > 0 ? 4095.0f / most : 0;
  memset(query, 0, stride * sizeof *query);
  for (size_t i = 0; i < dim; i++)
    query[i] = (int16_t)lrintf(x[i] * up);
}

float gaze_vector_dot(const float *a, const float *b, size_t dim) {
  double lanes[8] = {0};
  size_t i = 0;
  for (; i + 8 <= dim; i += 8)
    for (size_t k = 0; k < 8; k++)
      lanes[k] += (double)a[i + k] * (double)b[i + k];
  for (; i < dim; i++)
    lanes[0] += (double)a[i] * (double)b[i];
  return (float)(((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) + ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7])));
}

bool gaze_vector_is_unit(const float *x, size_t dim) {
  float square = gaze_vector_dot(x, x, dim);
  return isfinite(square) && fabsf(square - 1) < 2e-3f;
}
