/* Coefficients, by the arithmetic of Pillow's Resample.c, which is the reference for the bytes. */
#include "core/base/memory.h"
#include "vision/resize_pass.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static double triangle(double x) {
  x = fabs(x);
  return x < 1 ? 1 - x : 0;
}

/* Keys' cubic convolution, a = -0.5. */
static double cubic(double x) {
  const double a = -0.5;
  x = fabs(x);
  if (x < 1)
    return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

static double sinc(double x) {
  x *= M_PI;
  return x == 0 ? 1 : sin(x) / x;
}

static double lanczos(double x) { return x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0; }

static const struct {
  double (*weight)(double x);
  double support;
} filters[] = {[GAZE_BILINEAR] = {triangle, 1}, [GAZE_BICUBIC] = {cubic, 2}, [GAZE_LANCZOS] = {lanczos, 3}};

typedef struct axis_plan {
  double (*filter)(double x);
  double from, scale; /* where the box begins, inputs a result */
  double stretch;     /* of the filter: scale, but at least 1 */
  double support;     /* half the filter's width, in inputs */
  int size;           /* inputs there are */
} axis_plan;

/* float, because Pillow keeps its box so. */
static axis_plan plan_axis(int size, float from, float to, int results, gaze_filter filter) {
  double scale = (double)(to - from) / results, stretch = scale < 1 ? 1 : scale;
  return (axis_plan){.filter = filters[filter].weight,
                     .from = from,
                     .scale = scale,
                     .stretch = stretch,
                     .support = filters[filter].support * stretch,
                     .size = size};
}

/* The coefficients of result `index`: made to sum to 1, then rounded away from zero at the half. */
static void weigh(const axis_plan *plan, int index, double *scratch, int *first, int *count, int32_t *weights) {
  double centre = plan->from + (index + 0.5) * plan->scale, sum = 0, unit = 1.0 / plan->stretch;
  int low = (int)(centre - plan->support + 0.5), high = (int)(centre + plan->support + 0.5);
  *first = low < 0 ? 0 : low;
  *count = (high > plan->size ? plan->size : high) - *first;
  for (int i = 0; i < *count; i++)
    sum += scratch[i] = plan->filter((i + *first - centre + 0.5) * unit);
  for (int i = 0; i < *count; i++) {
    double weight = sum != 0 ? scratch[i] / sum : scratch[i];
    weights[i] = (int32_t)(weight * (1 << GAZE_RESIZE_BITS) + (weight < 0 ? -0.5 : 0.5));
  }
}

/* The smallest shift at which every coarse part has 16 bits. */
static int coarse_shift(const gaze_resize_axis *axis) {
  int32_t largest = 0;
  for (size_t i = 0; i < (size_t)axis->n * (size_t)axis->taps; i++)
    largest = abs(axis->weights[i]) > largest ? abs(axis->weights[i]) : largest;
  int shift = 1;
  while (largest >> shift >= INT16_MAX)
    shift++;
  return shift;
}

/* Into bytes with signs, 16 bits and 8 bits up and as they are. */
static void cut_weight(int32_t weight, int8_t *upper) {
  int32_t low = (int8_t)(weight & 255), middle = (int8_t)((weight - low) / 256 & 255);
  assert(abs(weight) <= 127 << 16); /* far from it: they sum to 1 << 22, and the negative ones are small */
  upper[2 * GAZE_RESIZE_QUAD] = (int8_t)low;
  upper[GAZE_RESIZE_QUAD] = (int8_t)middle;
  upper[0] = (int8_t)((weight - low - 256 * middle) / 65536);
}

static void cut_weights(gaze_resize_axis *axis) {
  memset(axis->bytes, 0, (size_t)axis->n * (size_t)axis->quads * 3 * GAZE_RESIZE_QUAD);
  for (int x = 0; x < axis->n; x++) {
    const int32_t *weights = axis->weights + (size_t)x * (size_t)axis->taps;
    int8_t *quads = axis->bytes + (size_t)x * (size_t)axis->quads * 3 * GAZE_RESIZE_QUAD;
    for (int k = 0, at = axis->first[x] % GAZE_RESIZE_QUAD; k < axis->count[x]; k++, at++)
      cut_weight(weights[k], quads + at / GAZE_RESIZE_QUAD * 3 * GAZE_RESIZE_QUAD + at % GAZE_RESIZE_QUAD);
  }
}

void gaze_resize_axis_split(gaze_resize_axis *axis) {
  cut_weights(axis);
  axis->shift = coarse_shift(axis);
  for (int x = 0; x < axis->n; x++) {
    axis->lowest[x] = GAZE_RESIZE_HALF;
    axis->range[x] = 0;
    for (int k = 0; k < axis->taps; k++) {
      size_t i = (size_t)x * (size_t)axis->taps + (size_t)k;
      int32_t coarse = (axis->weights[i] + (1 << (axis->shift - 1))) >> axis->shift;
      int32_t fine = axis->weights[i] - coarse * (1 << axis->shift);
      axis->coarse[i] = (int16_t)coarse;
      axis->fine[i] = (int16_t)fine;
      axis->lowest[x] += fine < 0 ? 255 * fine : 0;
      axis->range[x] += 255 * abs(fine);
    }
  }
}

static gaze_err reserve(gaze_resize_axis *axis) {
  size_t n = (size_t)axis->n, all = n * (size_t)axis->taps;
  GAZE_TRY(gaze_alloc(n, sizeof *axis->first, &axis->first));
  GAZE_TRY(gaze_alloc(n, sizeof *axis->count, &axis->count));
  GAZE_TRY(gaze_alloc(n, sizeof *axis->lowest, &axis->lowest));
  GAZE_TRY(gaze_alloc(n, sizeof *axis->range, &axis->range));
  GAZE_TRY(gaze_alloc(all, sizeof *axis->weights, &axis->weights));
  GAZE_TRY(gaze_alloc(all, sizeof *axis->coarse, &axis->coarse));
  GAZE_TRY(gaze_alloc(n * (size_t)axis->quads, 3 * GAZE_RESIZE_QUAD, &axis->bytes));
  return gaze_alloc(all, sizeof *axis->fine, &axis->fine);
}

gaze_err gaze_resize_axis_init(gaze_resize_axis *axis, int size, double from, double to, int results, int first, int n,
                               gaze_filter filter) {
  axis_plan plan = plan_axis(size, (float)from, (float)to, results, filter);
  gaze_err err = GAZE_OK;
  double *scratch = NULL;
  *axis = (gaze_resize_axis){.n = n, .taps = ((int)ceil(plan.support) * 2 + 4) / 4 * 4};
  axis->quads = axis->taps / GAZE_RESIZE_QUAD + 1;
  GAZE_TRY_DONE(reserve(axis));
  GAZE_TRY_DONE(gaze_alloc((size_t)axis->taps, sizeof *scratch, &scratch));
  for (int i = 0; i < n; i++)
    weigh(&plan, first + i, scratch, &axis->first[i], &axis->count[i], axis->weights + (size_t)i * (size_t)axis->taps);
  axis->begin = axis->first[0];
  axis->end = axis->first[n - 1] + axis->count[n - 1];
  gaze_resize_axis_split(axis);
done:
  free(scratch);
  if (err != GAZE_OK)
    gaze_resize_axis_fini(axis);
  return err;
}

static int joined(int input, int begin, int end) {
  return input < begin ? 0 : input < end ? input - begin + 1 : end - begin + 1;
}

void gaze_resize_axis_join(gaze_resize_axis *axis, int begin, int end) {
  for (int x = 0; x < axis->n; x++) {
    int32_t *weights = axis->weights + (size_t)x * (size_t)axis->taps;
    int from = axis->first[x], count = axis->count[x], first = joined(from, begin, end);
    for (int k = 0; k < count; k++) {
      int32_t weight = weights[k];
      weights[k] = 0;
      weights[joined(from + k, begin, end) - first] += weight; /* at k or before it */
    }
    axis->first[x] = first;
    axis->count[x] = joined(from + count - 1, begin, end) - first + 1;
  }
  axis->begin = joined(axis->begin, begin, end);
  axis->end = joined(axis->end - 1, begin, end) + 1;
  gaze_resize_axis_split(axis);
}

void gaze_resize_axis_fini(gaze_resize_axis *axis) {
  free(axis->first);
  free(axis->count);
  free(axis->lowest);
  free(axis->range);
  free(axis->weights);
  free(axis->coarse);
  free(axis->fine);
  free(axis->bytes);
  *axis = (gaze_resize_axis){0};
}

size_t gaze_resize_room(const gaze_resize_axis *axis) {
  int quads = (axis->end - 1) / GAZE_RESIZE_QUAD - axis->begin / GAZE_RESIZE_QUAD + 1;
  return (size_t)quads * 3 * GAZE_RESIZE_QUAD * GAZE_RESIZE_ROWS;
}
