/* Where drawings go: a WebDataset tar (name ends in .tar) or a folder, file by file. */
#ifndef GAZE_SAMPLES_DRAW_PACK_H
#define GAZE_SAMPLES_DRAW_PACK_H

#include "samples/draw_scene.h"

#include <stdio.h>

typedef struct draw_pack {
  const char *path;
  FILE *tar; /* NULL: path is a folder */
} draw_pack;

/* These print what failed on stderr and return false. */
bool draw_pack_open(draw_pack *pack, const char *path);
bool draw_pack_add(draw_pack *pack, const char *name, const void *bytes, size_t size);
bool draw_pack_close(draw_pack *pack);

bool draw_png_write(const uint8_t *rgb, int side, void **png, size_t *size); /* *png is yours: free() */
/* {"captions": [...], "augment": false, "objects": [...], "pairs": [...]}; yours: free(); NULL: no memory. */
char *draw_scene_json(const draw_scene *scene, const char (*captions)[DRAW_CAPTION_SIZE], int n_captions,
                      const draw_pair *pairs, int n_pairs);

#endif
