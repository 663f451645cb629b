/* The pixels of a picture's tiles. */
#include "core/base/memory.h"
#include "fusion/tiles.h"

#include <stdlib.h>
#include <string.h>

static size_t tile_floats(const gaze_tiling *t) { return 3 * (size_t)t->preprocess.size * (size_t)t->preprocess.size; }

/* Copies into the tile [S, S, 3] what of the sheet lies at x, y and behind, which may be beside it. */
static void copy_tile(uint8_t *tile, int size, const gaze_picture *sheet, int x, int y) {
  int begin = x < 0 ? -x : 0, end = sheet->width - x < size ? sheet->width - x : size;
  for (int line = 0; line < size && begin < end; line++)
    if (y + line >= 0 && y + line < sheet->height)
      memcpy(tile + ((size_t)line * (size_t)size + (size_t)begin) * 3,
             sheet->rgb + ((size_t)(y + line) * (size_t)sheet->width + (size_t)(x + begin)) * 3,
             (size_t)(end - begin) * 3);
}

/* The tiles, row by row, of a sheet in their middle; black around it. */
static gaze_err cut_tiles(const gaze_tiling *t, const gaze_tile_plan *plan, const gaze_picture *sheet, float *pixels) {
  int size = t->preprocess.size, left = (plan->columns * size - sheet->width) / 2,
      top = (plan->rows * size - sheet->height) / 2;
  size_t floats = tile_floats(t);
  uint8_t *tile;
  GAZE_TRY(gaze_alloc(floats, 1, &tile));
  for (int row = 0; row < plan->rows; row++)
    for (int column = 0; column < plan->columns; column++, pixels += floats) {
      memset(tile, 0, floats);
      copy_tile(tile, size, sheet, column * size - left, row * size - top);
      gaze_preprocess_normalise(&t->preprocess, tile, pixels);
    }
  free(tile);
  return GAZE_OK;
}

static gaze_err show_whole(const gaze_tiling *t, gaze_fit fit, const gaze_picture *picture, float *pixels) {
  gaze_preprocess whole = t->preprocess;
  whole.fit = fit;
  return gaze_preprocess_run(&whole, picture, pixels);
}

static gaze_err show_grid(const gaze_tiling *t, const gaze_tile_plan *plan, const gaze_picture *picture,
                          float *pixels) {
  gaze_picture sheet;
  GAZE_TRY(show_whole(t, plan->squared ? GAZE_FIT_SQUARE : GAZE_FIT_SQUASH, picture, pixels));
  if (!plan->rows)
    return GAZE_OK;
  GAZE_TRY(gaze_resize(picture, NULL, plan->width, plan->height, t->preprocess.filter, &sheet));
  gaze_err err = cut_tiles(t, plan, &sheet, pixels + tile_floats(t));
  gaze_picture_fini(&sheet);
  return err;
}

/* Resized twice, and the whole picture a third time, as the reference does: the steps show in the pixels. */
static gaze_err show_split(const gaze_tiling *t, const gaze_tile_plan *plan, const gaze_picture *picture,
                           float *pixels) {
  gaze_picture first, sheet;
  gaze_filter filter = t->preprocess.filter;
  GAZE_TRY(gaze_resize(picture, NULL, plan->first_width, plan->first_height, filter, &first));
  gaze_err err = gaze_resize(&first, NULL, plan->width, plan->height, filter, &sheet);
  gaze_picture_fini(&first);
  GAZE_TRY(err);
  err = cut_tiles(t, plan, &sheet, pixels);
  if (err == GAZE_OK)
    err = show_whole(t, GAZE_FIT_SQUASH, &sheet, pixels + (plan->tiles - 1) * tile_floats(t));
  gaze_picture_fini(&sheet);
  return err;
}

gaze_err gaze_tiling_pixels(const gaze_tiling *t, const gaze_tile_plan *plan, const gaze_picture *picture,
                            float *pixels) {
  if (t->kind == GAZE_TILING_WHOLE)
    return gaze_preprocess_run(&t->preprocess, picture, pixels);
  return t->kind == GAZE_TILING_GRID ? show_grid(t, plan, picture, pixels) : show_split(t, plan, picture, pixels);
}
