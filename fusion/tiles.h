/* From a picture's size to the pictures of the encoder's size that show it, and to the rows that stand for it in a
 * language model: the tokenizer and the encoder both go by one plan. Grids are LLaVA-NeXT's and LLaVA-OneVision's (Liu
 * et al. 2024; Li et al. 2024), splits Idefics3's and SmolVLM's (Laurencon et al. 2024; Marafioti et al. 2025); sizes
 * are rounded where their processors in transformers round them. */
#ifndef GAZE_FUSION_TILES_H
#define GAZE_FUSION_TILES_H

#include "vision/preprocess.h"

typedef enum gaze_tiling_kind {
  GAZE_TILING_WHOLE, /* one picture, as `preprocess` makes it: LLaVA-1.5, nanoLLaVA */
  GAZE_TILING_GRID,  /* the whole picture, then the tiles of the grid that suits it best: LLaVA-NeXT, -OneVision */
  GAZE_TILING_SPLIT  /* the tiles of the picture made larger, then the whole of it: SmolVLM */
} gaze_tiling_kind;

enum { GAZE_GRIDS_MAX = 64, GAZE_TILES_MAX = 1024 /* of a picture: beyond any model */ };

typedef struct gaze_grid {
  int width, height; /* pixels, multiples of a tile */
} gaze_grid;

typedef struct gaze_tiling {
  gaze_tiling_kind kind;
  gaze_preprocess preprocess; /* its size is a tile's, S */
  size_t side, tile_rows;     /* of one tile: patches along a side, g; rows in the language model */
  gaze_grid grids[GAZE_GRIDS_MAX];
  size_t grid_count;
  size_t most_tiles; /* grids of more patches than so many tiles have are shrunk; 0: never */
  bool lone;         /* only a picture that is alone in its conversation is cut, one of several becomes a square */
  int longest;       /* splits: the longer side before all else */
  bool splits;       /* false: of splits the whole picture alone */
} gaze_tiling;

typedef struct gaze_tile_plan {
  int rows, columns;                         /* of tiles, besides the whole picture; 0: none */
  size_t tiles;                              /* pictures for the encoder, the whole one included */
  size_t tokens;                             /* rows in the language model */
  bool squared;                              /* the whole picture lies in a square of the mean colour */
  int first_width, first_height;             /* splits: it is resized to this, pixels, */
  int width, height;                         /* and to this, which the tiles show */
  size_t left, top, columns_kept, rows_kept; /* grids: patches that show the picture and not its border */
  size_t columns_shrunk, rows_shrunk;        /* what these become; behind each row a newline */
} gaze_tile_plan;

/* width, height: the picture's, at least 1. pictures: in the same conversation, this one included. */
void gaze_tiling_plan(const gaze_tiling *tiling, int width, int height, size_t pictures, gaze_tile_plan *plan);

/* What stands for a picture in a conversation: text in the model's own markers, then so many rows of it; n times. */
typedef struct gaze_picture_piece {
  char text[80];
  size_t rows;
} gaze_picture_piece;

size_t gaze_picture_pieces(const gaze_tiling *tiling, const gaze_tile_plan *plan); /* n */
void gaze_picture_piece_get(const gaze_tiling *tiling, const gaze_tile_plan *plan, size_t i, gaze_picture_piece *out);

/* pixels: [tiles, 3, S, S], yours, in the order in which the language model reads them. */
GAZE_CHECKED gaze_err gaze_tiling_pixels(const gaze_tiling *tiling, const gaze_tile_plan *plan,
                                         const gaze_picture *picture, float *pixels);

/* rows: [tokens, D]. projected: [tiles, tile_rows, D]. newline: [D], of grids. */
void gaze_tiling_rows(const gaze_tiling *tiling, const gaze_tile_plan *plan, float *rows, const float *projected,
                      const float *newline, size_t D);

#endif
