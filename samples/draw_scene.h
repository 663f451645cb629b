/* A scene: a background and up to eight objects, planned from a seed, laid out, painted and put into words. */
#ifndef GAZE_SAMPLES_DRAW_SCENE_H
#define GAZE_SAMPLES_DRAW_SCENE_H

#include "samples/draw_kinds.h"

#include <stddef.h>

enum { DRAW_MOST_OBJECTS = 8, DRAW_MOST_CAPTIONS = 8, DRAW_MOST_PAIRS = 3, DRAW_CAPTION_SIZE = 320 };

typedef enum draw_ground {
  DRAW_MEADOW,
  DRAW_BEACH,
  DRAW_SEA,
  DRAW_SNOW,
  DRAW_ROAD,
  DRAW_CITY,
  DRAW_ROOM,
  DRAW_TABLE,
  DRAW_AIR,
  DRAW_WATER,
  DRAW_PAPER,
  DRAW_N_GROUNDS
} draw_ground;

typedef enum draw_time { DRAW_DAY, DRAW_EVENING, DRAW_NIGHT } draw_time;

typedef enum draw_layout {
  DRAW_SINGLE,  /* one object */
  DRAW_COUNT,   /* one to five of a kind and colour */
  DRAW_SIDES,   /* two different objects, the first left of the second */
  DRAW_STACKED, /* two different objects, the first above the second */
  DRAW_RICH,    /* three to five different objects */
  DRAW_ASIDE,   /* one object, clearly on the left or on the right; never picked for DRAW_ANY */
  DRAW_ANY      /* of none in particular, when a new scene is asked for */
} draw_layout;

typedef struct draw_object {
  draw_kind_name kind;
  draw_colour_name colour;
  double x, y, width, height; /* the middle and the size, in parts of the picture */
  double turn;                /* radians */
  bool mirrored, in_the_sky;
  uint64_t seed; /* of its details */
} draw_object;

typedef struct draw_scene {
  draw_layout layout;
  draw_ground ground;
  draw_time time;
  int side;       /* of DRAW_ASIDE: -1 left, 1 right */
  double horizon; /* part of the picture above the ground; 0 or 1 where there is none */
  draw_object objects[DRAW_MOST_OBJECTS];
  int n;
  uint64_t seed; /* of the background and the style */
} draw_scene;

/* Scene `index` of a seed. With twins, scenes 2k and 2k + 1 are the same but for a colour, the count or the sides. */
draw_scene draw_scene_new(uint64_t seed, uint64_t index, bool twins, draw_layout layout);
void draw_scene_arrange(draw_scene *scene, draw_random *random); /* places the objects; they never overlap much */
bool draw_scene_paint(const draw_scene *scene, int side, uint8_t *rgb); /* [side, side, 3]; false: no memory */

void draw_background_paint(const draw_scene *scene, draw_canvas *canvas);
unsigned draw_background_colours(const draw_scene *scene, bool sky); /* bit set: what a person would see there */
unsigned draw_background_homes(draw_ground ground);                  /* bit set: which kinds live there */

typedef struct draw_pair {
  const char *kind; /* "colour", "count" or "side" */
  char right[DRAW_CAPTION_SIZE], wrong[DRAW_CAPTION_SIZE];
} draw_pair;

/* True captions, English and sometimes one in Korean; returns how many. */
int draw_captions_write(const draw_scene *scene, draw_random *random, char (*captions)[DRAW_CAPTION_SIZE]);
int draw_korean_write(const draw_scene *scene, draw_random *random, char caption[DRAW_CAPTION_SIZE]);
/* Captions that differ in one word, of which one is wrong; returns how many. */
int draw_pairs_write(const draw_scene *scene, draw_random *random, draw_pair *pairs);
/* A colour that the object could have, but nothing in the scene has. */
draw_colour_name draw_other_colour(const draw_scene *scene, int object, draw_random *random);

/* A string that grows up to its end and no further. */
typedef struct draw_text {
  char *at;
  size_t left;
} draw_text;

void draw_say(draw_text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
