/* Into blocks of the K types, whose parts share a superblock's scales. A part's own scale and minimum are searched
 * first: numbers are put on a grid, the line through them is fitted by least squares, weighted so that large numbers
 * count more, and of some twenty grids the one that comes closest stays. Then the scales are rounded to what the
 * superblock can hold, and the numbers put on the grids that came out. */
#include "core/kernels/quants_parts.h"

#include <math.h>

#define GRIDS 21
#define SMALL_PART (GAZE_SUPERBLOCK / GAZE_SMALL_PARTS)

/* x ~ scale q + least, least at most 0. */
typedef struct line {
  float scale, least;
} line;

/* The nearest whole number within low to high, of two the even one; what is no number is low. Beside 1.5 * 2^23 a float
 * has no fraction, and its lowest bits are the number. */
static int step_of(float x, int low, int high) {
  float within = x > (float)low ? x : (float)low;
  within = within < (float)high ? within : (float)high;
  return (int)(gaze_bits_of_float(within + 0x1.8p23f) & 0x7fffffu) - 0x400000;
}

static float error_of(const float *x, const float *weights, const int *q, line fitted) {
  float error = 0;
  for (size_t i = 0; i < GAZE_BLOCK; i++) {
    float off = fitted.scale * (float)q[i] + fitted.least - x[i];
    error += weights[i] * off * off;
  }
  return error;
}

/* False: all numbers are on one step. */
static bool fit_line(const float *x, const float *weights, const int *q, line *out) {
  float sum = 0, sum_x = 0, sum_q = 0, sum_qq = 0, sum_qx = 0;
  for (size_t i = 0; i < GAZE_BLOCK; i++) {
    float w = weights[i], step = (float)q[i];
    sum += w, sum_x += w * x[i], sum_q += w * step, sum_qq += w * step * step, sum_qx += w * step * x[i];
  }
  float determinant = sum * sum_qq - sum_q * sum_q;
  if (!(determinant > 0))
    return false;
  *out = (line){(sum * sum_qx - sum_x * sum_q) / determinant, (sum_qq * sum_x - sum_q * sum_qx) / determinant};
  if (out->least > 0)
    *out = (line){sum_qx / sum_qq, 0};
  return true;
}

static void weigh(float *weights, const float *x) {
  float squares = 0;
  for (size_t i = 0; i < GAZE_BLOCK; i++)
    squares += x[i] * x[i];
  for (size_t i = 0; i < GAZE_BLOCK; i++)
    weights[i] = sqrtf(squares / GAZE_BLOCK) + fabsf(x[i]);
}

static void put_steps(int *q, const float *x, line grid, int most) {
  const float inverse = grid.scale != 0 ? 1 / grid.scale : 0;
  for (size_t i = 0; i < GAZE_BLOCK; i++)
    q[i] = step_of(inverse * (x[i] - grid.least), 0, most);
}

/* For a part of 32: grids from one step coarser than the range of x to one finer. */
static line search_line(const float *x, const float *weights, int most) {
  float least = 0, largest = x[0];
  for (size_t i = 0; i < GAZE_BLOCK; i++)
    least = fminf(least, x[i]), largest = fmaxf(largest, x[i]);
  line best = {(largest - least) / (float)most, least};
  float error = INFINITY;
  for (int grid = -1; grid < GRIDS && largest > least; grid++) {
    int q[GAZE_BLOCK];
    float steps = grid < 0 ? (float)most : (float)most - 1 + 0.1f * (float)grid;
    line fitted = {(largest - least) / steps, least};
    put_steps(q, x, fitted, most);
    if (grid >= 0 && !fit_line(x, weights, q, &fitted))
      continue;
    float now = error_of(x, weights, q, fitted);
    if (now < error)
      error = now, best = fitted;
  }
  return best;
}

/* Of scale and minimum in 6 bits and their neighbours, those that come closest. */
static void search_near(const float *x, const float *weights, int most, float d, float d_minimum, int *scale,
                        int *minimum) {
  const int scale0 = *scale, minimum0 = *minimum;
  float error = INFINITY;
  for (int near = 0; near < 9; near++) {
    int q[GAZE_BLOCK], s = scale0 + (near + 1) % 3 - 1, m = minimum0 + (near / 3 + 1) % 3 - 1;
    if (s < 0 || s > 63 || m < 0 || m > 63)
      continue;
    line grid = {d * (float)s, -(d_minimum * (float)m)};
    put_steps(q, x, grid, most);
    float now = error_of(x, weights, q, grid);
    if (now < error)
      error = now, *scale = s, *minimum = m;
  }
}

/* As quants.c takes them apart. */
static void pack_scales(uint8_t *packed, const int *scales, const int *minima) {
  for (size_t i = 0; i < 4; i++) {
    packed[i] = (uint8_t)(scales[i] | scales[i + 4] >> 4 << 6);
    packed[i + 4] = (uint8_t)(minima[i] | minima[i + 4] >> 4 << 6);
    packed[i + 8] = (uint8_t)((scales[i + 4] & 15) | (minima[i + 4] & 15) << 4);
  }
}

/* Part `part` of 32 numbers onto a grid; low and high are 0 so far. */
static void put_part(uint8_t *low, uint8_t *high, const float *x, size_t part, line grid, int most) {
  int q[GAZE_BLOCK];
  put_steps(q, x, grid, most);
  for (size_t i = 0; i < GAZE_BLOCK; i++) {
    low[part / 2 * GAZE_BLOCK + i] |= (uint8_t)((q[i] & 15) << part % 2 * 4);
    if (high)
      high[i] |= (uint8_t)(q[i] >> 4 << part);
  }
}

static void make_q45_k(uint8_t *block, const float *x, bool fifth) {
  const int most = fifth ? 31 : 15;
  float weights[GAZE_PARTS][GAZE_BLOCK];
  line lines[GAZE_PARTS];
  float scale = 0, least = 0;
  int scales[GAZE_PARTS], minima[GAZE_PARTS];
  for (size_t part = 0; part < GAZE_PARTS; part++) {
    weigh(weights[part], x + part * GAZE_BLOCK);
    lines[part] = search_line(x + part * GAZE_BLOCK, weights[part], most);
    scale = fmaxf(scale, lines[part].scale), least = fminf(least, lines[part].least);
  }
  memset(block, 0, gaze_dtype_size(fifth ? GAZE_DTYPE_Q5_K : GAZE_DTYPE_Q4_K));
  float d = gaze_half_put(block, scale / 63), d_minimum = gaze_half_put(block + 2, -least / 63);
  for (size_t part = 0; part < GAZE_PARTS; part++) {
    scales[part] = scale > 0 ? step_of(63 / scale * lines[part].scale, 0, 63) : 0;
    minima[part] = least < 0 ? step_of(63 / least * lines[part].least, 0, 63) : 0;
    search_near(x + part * GAZE_BLOCK, weights[part], most, d, d_minimum, &scales[part], &minima[part]);
    line grid = {d * (float)scales[part], -(d_minimum * (float)minima[part])};
    uint8_t *high = block + 4 + GAZE_SCALE_BYTES;
    put_part(fifth ? high + GAZE_BLOCK : high, fifth ? high : NULL, x + part * GAZE_BLOCK, part, grid, most);
  }
  pack_scales(block + 4, scales, minima);
}

void gaze_quantise_q45_k(uint8_t *block, const float *x, bool fifth, size_t n) {
  for (; n--; block += gaze_dtype_size(fifth ? GAZE_DTYPE_Q5_K : GAZE_DTYPE_Q4_K), x += GAZE_SUPERBLOCK)
    make_q45_k(block, x, fifth);
}

/* For a part of 16 with steps of -32 to 31 and no minimum; the extreme number is near the lowest step. */
static float search_scale(const float *x) {
  float extreme = 0, best = 0, gain = 0;
  for (size_t i = 0; i < SMALL_PART; i++)
    extreme = fabsf(x[i]) > fabsf(extreme) ? x[i] : extreme;
  for (int grid = -9; grid <= 9 && extreme != 0; grid++) {
    float sum_qx = 0, sum_qq = 0;
    for (size_t i = 0; i < SMALL_PART; i++) {
      float q = (float)step_of(-(32 + 0.1f * (float)grid) / extreme * x[i], -32, 31), w = x[i] * x[i];
      sum_qx += w * q * x[i], sum_qq += w * q * q;
    }
    if (sum_qq > 0 && sum_qx * sum_qx > gain * sum_qq)
      gain = sum_qx * sum_qx / sum_qq, best = sum_qx / sum_qq;
  }
  return best;
}

static void make_q6_k(uint8_t *block, const float *x) {
  float found[GAZE_SMALL_PARTS], extreme = 0;
  uint8_t *scales = block + 192;
  for (size_t part = 0; part < GAZE_SMALL_PARTS; part++) {
    found[part] = search_scale(x + part * SMALL_PART);
    extreme = fabsf(found[part]) > fabsf(extreme) ? found[part] : extreme;
  }
  memset(block, 0, gaze_dtype_size(GAZE_DTYPE_Q6_K));
  float d = gaze_half_put(scales + GAZE_SMALL_PARTS, extreme / -128);
  for (size_t i = 0; i < GAZE_SUPERBLOCK; i++) {
    size_t part = i / SMALL_PART, run = i / GAZE_BLOCK, at = i % GAZE_BLOCK;
    int scale = extreme != 0 ? step_of(-128 / extreme * found[part], -128, 127) : 0;
    float step = d * (float)scale;
    int q = 32 + (step != 0 ? step_of(x[i] / step, -32, 31) : 0);
    scales[part] = (uint8_t)(int8_t)scale;
    block[run / 4 * 64 + run % 2 * 32 + at] |= (uint8_t)((q & 15) << run % 4 / 2 * 4);
    block[128 + run / 4 * 32 + at] |= (uint8_t)(q >> 4 << run % 4 * 2);
  }
}

void gaze_quantise_q6_k(uint8_t *block, const float *x, size_t n) {
  for (; n--; block += gaze_dtype_size(GAZE_DTYPE_Q6_K), x += GAZE_SUPERBLOCK)
    make_q6_k(block, x);
}
