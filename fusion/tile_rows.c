/* The rows of a picture in a language model, from those of its tiles. */
#include "fusion/tiles.h"

#include <math.h>
#include <string.h>

/* The rows of a grid's tiles as one sheet of patches. */
typedef struct sheet {
  const float *tiles; /* [tiles, g g, D], without the whole picture */
  size_t D, side, columns;
  size_t left, top; /* of what is kept */
} sheet;

/* The row of a kept patch. */
static const float *patch_at(const sheet *s, size_t x, size_t y) {
  size_t g = s->side, column = s->left + x, row = s->top + y;
  size_t tile = row / g * s->columns + column / g;
  return s->tiles + (tile * g * g + row % g * g + column % g) * s->D;
}

/* Where result i of n lies among m inputs, between *low and *high. */
static float place_between(size_t i, size_t n, size_t m, size_t *low, size_t *high) {
  float at = fmaxf(0, (float)m / (float)n * ((float)i + 0.5f) - 0.5f);
  *low = (size_t)at < m ? (size_t)at : m - 1;
  *high = *low + (*low + 1 < m);
  return at - (float)*low;
}

/* Bilinear without antialiasing, corners not aligned, as PyTorch's interpolate. */
static void blend(float *row, const sheet *s, const gaze_tile_plan *plan, size_t x, size_t y) {
  size_t left, right, above, below;
  float u = place_between(x, plan->columns_shrunk, plan->columns_kept, &left, &right);
  float v = place_between(y, plan->rows_shrunk, plan->rows_kept, &above, &below);
  const float *a = patch_at(s, left, above), *b = patch_at(s, right, above);
  const float *c = patch_at(s, left, below), *d = patch_at(s, right, below);
  for (size_t i = 0; i < s->D; i++)
    row[i] = (1 - v) * ((1 - u) * a[i] + u * b[i]) + v * ((1 - u) * c[i] + u * d[i]);
}

static void fill_line(float *line, const sheet *s, const gaze_tile_plan *plan, const float *newline, size_t y) {
  bool shrunk = plan->columns_shrunk != plan->columns_kept || plan->rows_shrunk != plan->rows_kept;
  size_t D = s->D;
  for (size_t x = 0; x < plan->columns_shrunk; x++)
    if (shrunk)
      blend(line + x * D, s, plan, x, y);
    else
      memcpy(line + x * D, patch_at(s, x, y), D * sizeof *line);
  memcpy(line + plan->columns_shrunk * D, newline, D * sizeof *line);
}

void gaze_tiling_rows(const gaze_tiling *t, const gaze_tile_plan *plan, float *rows, const float *projected,
                      const float *newline, size_t D) {
  if (t->kind != GAZE_TILING_GRID) {
    memcpy(rows, projected, plan->tokens * D * sizeof *rows);
    return;
  }
  size_t whole = t->tile_rows * D;
  memcpy(rows, projected, whole * sizeof *rows);
  if (plan->squared) {
    memcpy(rows + whole, newline, D * sizeof *rows);
    return;
  }
  const sheet s = {projected + whole, D, t->side, (size_t)plan->columns, plan->left, plan->top};
#pragma omp parallel for schedule(static)
  for (size_t y = 0; y < plan->rows_shrunk; y++)
    fill_line(rows + whole + y * (plan->columns_shrunk + 1) * D, &s, plan, newline, y);
}
