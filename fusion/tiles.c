#include "fusion/tiles.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>

/* No side of a split picture is longer before it is cut. */
enum { SPLIT_LIMIT = 4096 };

static int larger(int a, int b) { return a > b ? a : b; }
static int round_up(int length, int tile) { return (length + tile - 1) / tile * tile; }

/* The grid that shows most of the picture's pixels, of those that wastes least. */
static gaze_grid choose_grid(const gaze_tiling *t, int width, int height) {
  gaze_grid best = t->grids[0];
  int64_t most = 0, least = INT64_MAX;
  for (size_t i = 0; i < t->grid_count; i++) {
    gaze_grid grid = t->grids[i];
    double scale = fmin((double)grid.width / width, (double)grid.height / height);
    int64_t shown = (int64_t)(width * scale) * (int64_t)(height * scale), all = (int64_t)width * height;
    if (shown > all)
      shown = all;
    int64_t wasted = (int64_t)grid.width * grid.height - shown;
    if (shown > most || (shown == most && wasted < least)) {
      most = shown;
      least = wasted;
      best = grid;
    }
  }
  return best;
}

/* As large as fits into the grid. */
static void fit_grid(gaze_tile_plan *plan, gaze_grid grid, int width, int height) {
  double across = (double)grid.width / width, down = (double)grid.height / height;
  plan->width = across < down ? grid.width : (int)fmin(ceil(width * down), grid.width);
  plan->height = across < down ? (int)fmin(ceil(height * across), grid.height) : grid.height;
}

/* int(round(x, 7)) */
static size_t whole_part(double x) {
  double below = floor(x);
  return (size_t)(below + 1 - x <= 5e-8 ? below + 1 : below);
}

/* Patches at both ends that show only the border, by the shape of the picture and not by the pixels of fit_grid. */
static void drop_border(gaze_tile_plan *plan, size_t columns, size_t rows, int width, int height) {
  plan->columns_kept = columns;
  plan->rows_kept = rows;
  if ((double)width / height > (double)columns / (double)rows) {
    plan->top = (rows - whole_part(height * ((double)columns / width))) / 2;
    plan->rows_kept -= 2 * plan->top;
  } else {
    plan->left = (columns - whole_part(width * ((double)rows / height))) / 2;
    plan->columns_kept -= 2 * plan->left;
  }
}

/* Python's float a // b of positive numbers. */
static double floor_divide(double a, double b) {
  double quotient = (a - fmod(a, b)) / b, below = floor(quotient);
  return quotient - below > 0.5 ? below + 1 : below;
}

static void shrink(const gaze_tiling *t, gaze_tile_plan *plan) {
  size_t patches = t->side * t->side;
  plan->columns_shrunk = plan->columns_kept;
  plan->rows_shrunk = plan->rows_kept;
  if (!t->most_tiles)
    return;
  double ratio = sqrt((double)(plan->columns_kept * plan->rows_kept) / (double)(t->most_tiles * patches));
  if (ratio <= 1.1)
    return;
  plan->columns_shrunk = (size_t)fmax(1, floor_divide((double)plan->columns_kept, ratio));
  plan->rows_shrunk = (size_t)fmax(1, floor_divide((double)plan->rows_kept, ratio));
}

static void plan_grid(const gaze_tiling *t, int width, int height, gaze_tile_plan *plan) {
  gaze_grid grid = choose_grid(t, width, height);
  plan->rows = grid.height / t->preprocess.size;
  plan->columns = grid.width / t->preprocess.size;
  fit_grid(plan, grid, width, height);
  drop_border(plan, (size_t)plan->columns * t->side, (size_t)plan->rows * t->side, width, height);
  shrink(t, plan);
  plan->tiles += (size_t)plan->rows * (size_t)plan->columns;
  plan->tokens += plan->rows_shrunk * (plan->columns_shrunk + 1);
}

/* The longer side of *width x *height to `longest`, the other after it. even: an odd result has one more. */
static void scale_longer(int *width, int *height, int longest, bool even) {
  double aspect = (double)*width / *height;
  bool wide = *width >= *height;
  int shorter = (int)(wide ? longest / aspect : longest * aspect);
  shorter = larger(1, shorter + (even && shorter % 2));
  *width = wide ? longest : shorter;
  *height = wide ? shorter : longest;
}

/* Both sides up to whole tiles: the longer first, the other after what that did to the picture. */
static void fill_tiles(gaze_tile_plan *plan, int tile) {
  double aspect = (double)plan->first_width / plan->first_height;
  if (plan->first_width >= plan->first_height) {
    plan->width = round_up(plan->first_width, tile);
    plan->height = round_up((int)(plan->width / aspect), tile);
  } else {
    plan->height = round_up(plan->first_height, tile);
    plan->width = round_up((int)(plan->height * aspect), tile);
  }
}

static void plan_split(const gaze_tiling *t, int width, int height, gaze_tile_plan *plan) {
  int tile = t->preprocess.size;
  scale_longer(&width, &height, t->longest, true);
  if (larger(width, height) > SPLIT_LIMIT)
    scale_longer(&width, &height, SPLIT_LIMIT, false);
  plan->first_width = width;
  plan->first_height = height;
  plan->width = plan->height = tile;
  if (t->splits)
    fill_tiles(plan, tile);
  if (plan->width == tile && plan->height == tile)
    return;
  plan->rows = plan->height / tile;
  plan->columns = plan->width / tile;
  plan->tiles += (size_t)plan->rows * (size_t)plan->columns;
  plan->tokens = plan->tiles * t->tile_rows;
}

void gaze_tiling_plan(const gaze_tiling *t, int width, int height, size_t pictures, gaze_tile_plan *plan) {
  assert(width > 0 && height > 0);
  *plan = (gaze_tile_plan){.tiles = 1, .tokens = t->tile_rows};
  if (t->kind == GAZE_TILING_SPLIT)
    plan_split(t, width, height, plan);
  if (t->kind != GAZE_TILING_GRID)
    return;
  plan->squared = t->lone && pictures > 1;
  if (plan->squared)
    plan->tokens++; /* the newline */
  else
    plan_grid(t, width, height, plan);
}

size_t gaze_picture_pieces(const gaze_tiling *t, const gaze_tile_plan *plan) {
  return t->kind == GAZE_TILING_SPLIT ? plan->tiles + 1 : 1;
}

#define AROUND "<fake_token_around_image>"

void gaze_picture_piece_get(const gaze_tiling *t, const gaze_tile_plan *plan, size_t i, gaze_picture_piece *out) {
  *out = (gaze_picture_piece){.rows = t->kind == GAZE_TILING_SPLIT ? t->tile_rows : plan->tokens};
  if (t->kind != GAZE_TILING_SPLIT)
    return;
  size_t columns = (size_t)plan->columns, last = plan->tiles - 1;
  if (i < last)
    snprintf(out->text, sizeof out->text, "%s" AROUND "<row_%zu_col_%zu>", i && i % columns == 0 ? "\n" : "",
             i / columns + 1, i % columns + 1);
  else if (i == last)
    snprintf(out->text, sizeof out->text, "%s" AROUND "<global-img>", last ? "\n\n" : "");
  else
    *out = (gaze_picture_piece){.text = AROUND};
}
