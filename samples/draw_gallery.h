/* The sample pictures of this repository, each composed by hand and painted like all the others. */
#ifndef GAZE_SAMPLES_DRAW_GALLERY_H
#define GAZE_SAMPLES_DRAW_GALLERY_H

#include "samples/draw_scene.h"

typedef struct draw_piece {
  const char *name;        /* of the file, without .png */
  const char *captions[3]; /* two in English, one in Korean */
  draw_scene
      scene; /* objects: x, y of the middle of the foot or, in the sky, of the object; width holds the longer side */
} draw_piece;

extern const draw_piece draw_gallery[];
extern const int draw_gallery_size;

/* The piece's scene with sizes and places as draw_scene_paint wants them. */
draw_scene draw_piece_scene(const draw_piece *piece);

#endif
