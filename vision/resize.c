/* Follows the arithmetic of Pillow's Resample.c, which is the reference for the bytes. */
#include "vision/resize.h"

#include "core/base/cpu.h"
#include "core/base/memory.h"
#include "vision/resize_pass.h"

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
  return (axis_plan){.filter = filter == GAZE_BICUBIC ? cubic : triangle,
                     .from = from,
                     .scale = scale,
                     .stretch = stretch,
                     .support = (filter == GAZE_BICUBIC ? 2.0 : 1.0) * stretch,
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

static void axis_fini(gaze_resize_axis *axis) {
  free(axis->first);
  free(axis->count);
  free(axis->weights);
}

/* Coefficients of the results begin .. begin + n - 1. */
static gaze_err axis_init(gaze_resize_axis *axis, const axis_plan *plan, int begin, int n) {
  gaze_err err = GAZE_OK;
  double *scratch = NULL;
  *axis = (gaze_resize_axis){.n = n, .taps = (int)ceil(plan->support) * 2 + 1};
  axis->taps += -axis->taps & (GAZE_RESIZE_GROUP - 1);
  GAZE_TRY_DONE(gaze_alloc((size_t)n, sizeof *axis->first, &axis->first));
  GAZE_TRY_DONE(gaze_alloc((size_t)n, sizeof *axis->count, &axis->count));
  GAZE_TRY_DONE(gaze_alloc((size_t)n * (size_t)axis->taps, sizeof *axis->weights, &axis->weights));
  GAZE_TRY_DONE(gaze_alloc((size_t)axis->taps, sizeof *scratch, &scratch));
  for (int i = 0; i < n; i++)
    weigh(plan, begin + i, scratch, &axis->first[i], &axis->count[i], axis->weights + (size_t)i * (size_t)axis->taps);
done:
  free(scratch);
  if (err != GAZE_OK)
    axis_fini(axis);
  return err;
}

static void across_c(const gaze_resize_axis *axis, const uint8_t *in, size_t stride, int rows, uint8_t *out) {
  for (int y = 0; y < rows; y++, in += stride)
    for (int x = 0; x < axis->n; x++, out += 3) {
      const int32_t *weights = axis->weights + (size_t)x * (size_t)axis->taps;
      const uint8_t *p = in + (size_t)axis->first[x] * 3;
      int32_t sum[3] = {1 << (GAZE_RESIZE_BITS - 1), 1 << (GAZE_RESIZE_BITS - 1), 1 << (GAZE_RESIZE_BITS - 1)};
      for (int i = 0; i < axis->count[x]; i++, p += 3)
        for (int c = 0; c < 3; c++)
          sum[c] += p[c] * weights[i];
      for (int c = 0; c < 3; c++)
        out[c] = gaze_resize_clip(sum[c]);
    }
}

static void down_c(const int32_t *weights, int count, const uint8_t *in, size_t stride, size_t bytes, uint8_t *out) {
  enum { BLOCK = 256 };
  for (size_t begin = 0; begin < bytes; begin += BLOCK) {
    size_t n = bytes - begin < BLOCK ? bytes - begin : BLOCK;
    int32_t sum[BLOCK];
    for (size_t i = 0; i < n; i++)
      sum[i] = 1 << (GAZE_RESIZE_BITS - 1);
    for (int k = 0; k < count; k++)
      for (size_t i = 0; i < n; i++)
        sum[i] += in[begin + (size_t)k * stride + i] * weights[k];
    for (size_t i = 0; i < n; i++)
      out[begin + i] = gaze_resize_clip(sum[i]);
  }
}

const gaze_resize_passes gaze_resize_portable = {across_c, down_c};

/* Asking the processor costs as much as a small picture (under a hypervisor it traps), so it is asked once. */
static const gaze_resize_passes *choose_passes(void) {
  static _Atomic(const gaze_resize_passes *) chosen;
  const gaze_resize_passes *passes = chosen;
  if (passes)
    return passes;
  passes = &gaze_resize_portable;
#if defined(__x86_64__)
  if (gaze_cpu_detect() & GAZE_CPU_AVX2)
    passes = &gaze_resize_avx2;
#endif
  chosen = passes;
  return passes;
}

/* The inputs that an axis reads: *begin, and how many from there. The axis is shifted to count from *begin. */
static int span(gaze_resize_axis *axis, int *begin) {
  int end = axis->first[axis->n - 1] + axis->count[axis->n - 1];
  *begin = axis->first[0];
  for (int i = 0; i < axis->n; i++)
    axis->first[i] -= *begin;
  return end - *begin;
}

static void run_down(const gaze_resize_passes *passes, const gaze_resize_axis *down, const uint8_t *in, size_t stride,
                     size_t bytes, uint8_t *out) {
  for (int y = 0; y < down->n; y++)
    passes->down(down->weights + (size_t)y * (size_t)down->taps, down->count[y], in + (size_t)down->first[y] * stride,
                 stride, bytes, out + (size_t)y * bytes);
}

/* Pillow 13 turned the order of the passes around where the height shrinks by far more pixels than the width. */
static bool down_goes_first(const gaze_picture *picture, int width, int height) {
  return picture->height > height && picture->height - height > 2 * (picture->width - width);
}

static gaze_err run_passes(const gaze_picture *picture, gaze_resize_axis *across, gaze_resize_axis *down,
                           bool down_first, gaze_picture *out) {
  const gaze_resize_passes *passes = choose_passes();
  int left, top, columns = span(across, &left), rows = span(down, &top);
  size_t stride = (size_t)picture->width * 3;
  const uint8_t *in = picture->rgb + (size_t)top * stride + (size_t)left * 3;
  size_t bytes = (size_t)(down_first ? columns : across->n) * 3; /* of a row between the passes */
  gaze_err err = GAZE_OK;
  uint8_t *between = NULL;
  gaze_picture result = {.width = across->n, .height = down->n};
  GAZE_TRY_DONE(gaze_alloc((size_t)(down_first ? down->n : rows), bytes, &between));
  GAZE_TRY_DONE(gaze_alloc((size_t)down->n, (size_t)across->n * 3, &result.rgb));
  if (down_first) {
    run_down(passes, down, in, stride, bytes, between);
    passes->across(across, between, bytes, down->n, result.rgb);
  } else {
    passes->across(across, in, stride, rows, between);
    run_down(passes, down, between, bytes, bytes, result.rgb);
  }
  *out = result;
done:
  free(between);
  return err;
}

static gaze_err check(const gaze_picture *picture, const gaze_box *box, int width, int height, const gaze_window *w) {
  bool inside = box->left >= 0 && box->top >= 0 && box->right <= picture->width && box->bottom <= picture->height &&
                box->left < box->right && box->top < box->bottom;
  if (!inside)
    return gaze_fail(GAZE_ERR_ARGUMENT, "part outside of the picture: %g, %g to %g, %g of %d x %d: choose it inside",
                     box->left, box->top, box->right, box->bottom, picture->width, picture->height);
  bool sane = w->left >= 0 && w->top >= 0 && w->width > 0 && w->height > 0 && w->width <= width - w->left &&
              w->height <= height - w->top;
  if (!sane)
    return gaze_fail(GAZE_ERR_ARGUMENT, "senseless size to resize to: %d x %d: choose at least 1 x 1", width, height);
  return GAZE_OK;
}

gaze_err gaze_resize_window(const gaze_picture *picture, const gaze_box *box, int width, int height, gaze_filter filter,
                            const gaze_window *window, gaze_picture *out) {
  const gaze_box whole = {0, 0, picture->width, picture->height};
  if (!box)
    box = &whole;
  GAZE_TRY(check(picture, box, width, height, window));
  axis_plan plan_x = plan_axis(picture->width, (float)box->left, (float)box->right, width, filter);
  axis_plan plan_y = plan_axis(picture->height, (float)box->top, (float)box->bottom, height, filter);
  gaze_resize_axis across, down;
  GAZE_TRY(axis_init(&across, &plan_x, window->left, window->width));
  gaze_err err = axis_init(&down, &plan_y, window->top, window->height);
  if (err == GAZE_OK) {
    err = run_passes(picture, &across, &down, down_goes_first(picture, width, height), out);
    axis_fini(&down);
  }
  axis_fini(&across);
  return err;
}

gaze_err gaze_resize(const gaze_picture *picture, const gaze_box *box, int width, int height, gaze_filter filter,
                     gaze_picture *out) {
  return gaze_resize_window(picture, box, width, height, filter, &(gaze_window){0, 0, width, height}, out);
}
