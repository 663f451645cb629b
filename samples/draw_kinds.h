/* What can be drawn: kinds of objects, colours, and their names in English and Korean. */
#ifndef GAZE_SAMPLES_DRAW_KINDS_H
#define GAZE_SAMPLES_DRAW_KINDS_H

#include "samples/draw_canvas.h"

/* X(NAME, English, Korean, red, green, blue) */
#define DRAW_COLOURS(X)                           \
  X(RED, "red", "빨간", 0.86, 0.13, 0.14)         \
  X(ORANGE, "orange", "주황색", 0.97, 0.52, 0.08) \
  X(YELLOW, "yellow", "노란", 0.98, 0.86, 0.16)   \
  X(GREEN, "green", "초록색", 0.18, 0.62, 0.24)   \
  X(BLUE, "blue", "파란", 0.14, 0.38, 0.86)       \
  X(PURPLE, "purple", "보라색", 0.50, 0.22, 0.70) \
  X(PINK, "pink", "분홍색", 0.98, 0.58, 0.74)     \
  X(BROWN, "brown", "갈색", 0.48, 0.29, 0.14)     \
  X(BLACK, "black", "검은", 0.13, 0.13, 0.15)     \
  X(WHITE, "white", "하얀", 0.97, 0.97, 0.96)     \
  X(GREY, "grey", "회색", 0.56, 0.57, 0.59)

typedef enum draw_colour_name {
#define X(name, english, korean, r, g, b) DRAW_##name,
  DRAW_COLOURS(X)
#undef X
      DRAW_N_COLOURS
} draw_colour_name;

typedef struct draw_colour_facts {
  const char *english, *korean;
  draw_colour colour;
} draw_colour_facts;

extern const draw_colour_facts draw_colours[DRAW_N_COLOURS];

/* Where a kind is at home. */
enum {
  DRAW_ON_LAND = 1 << 0, /* out of doors, on grass, sand, snow, a road */
  DRAW_IN_THE_SKY = 1 << 1,
  DRAW_ON_THE_SEA = 1 << 2,
  DRAW_UNDER_WATER = 1 << 3,
  DRAW_ON_A_TABLE = 1 << 4,
  DRAW_IN_A_ROOM = 1 << 5,
  DRAW_ON_A_ROAD = 1 << 6,
  DRAW_BY_NIGHT_ONLY = 1 << 7 /* moon and stars */
};

/* A colour is said before the noun, "a red ball", or of what it wears, "a person in a red shirt". */
typedef struct draw_kind {
  const char *name, *plural;
  const char *korean, *counter;
  const char *wears[4];    /* {"in", "shirt", "shirts", "옷을 입은"}; {NULL}: the colour is its own */
  double aspect;           /* width / height */
  unsigned homes, colours; /* bit sets */
  void (*paint)(const draw_pen *pen, draw_random *random);
} draw_kind;

typedef enum draw_kind_name {
  DRAW_BALL,
  DRAW_HOUSE,
  DRAW_TREE,
  DRAW_PINE,
  DRAW_CAR,
  DRAW_BUS,
  DRAW_BOAT,
  DRAW_SUN,
  DRAW_MOON,
  DRAW_STAR,
  DRAW_CLOUD,
  DRAW_FLOWER,
  DRAW_CAT,
  DRAW_DOG,
  DRAW_FISH,
  DRAW_BIRD,
  DRAW_APPLE,
  DRAW_CUP,
  DRAW_CHAIR,
  DRAW_UMBRELLA,
  DRAW_BALLOON,
  DRAW_KITE,
  DRAW_SNOWMAN,
  DRAW_PERSON,
  DRAW_MUSHROOM,
  DRAW_HEART,
  DRAW_BUTTERFLY,
  DRAW_N_KINDS
} draw_kind_name;

extern const draw_kind draw_kinds[DRAW_N_KINDS];

/* A colour of that name: slightly different every time, never so much that a person would name it otherwise. */
draw_colour draw_colour_vary(draw_colour_name name, draw_random *random);

/* What the painters share. */
draw_pen draw_without_line(const draw_pen *pen);
bool draw_is_dark(draw_colour colour);
draw_colour draw_tone(draw_colour colour); /* a second tone that shows on it and has no other name */

void draw_paint_ball(const draw_pen *pen, draw_random *random);
void draw_paint_house(const draw_pen *pen, draw_random *random);
void draw_paint_car(const draw_pen *pen, draw_random *random);
void draw_paint_bus(const draw_pen *pen, draw_random *random);
void draw_paint_boat(const draw_pen *pen, draw_random *random);
void draw_paint_cup(const draw_pen *pen, draw_random *random);
void draw_paint_chair(const draw_pen *pen, draw_random *random);
void draw_paint_umbrella(const draw_pen *pen, draw_random *random);
void draw_paint_balloon(const draw_pen *pen, draw_random *random);
void draw_paint_kite(const draw_pen *pen, draw_random *random);
void draw_paint_heart(const draw_pen *pen, draw_random *random);

void draw_paint_tree(const draw_pen *pen, draw_random *random);
void draw_paint_pine(const draw_pen *pen, draw_random *random);
void draw_paint_sun(const draw_pen *pen, draw_random *random);
void draw_paint_moon(const draw_pen *pen, draw_random *random);
void draw_paint_star(const draw_pen *pen, draw_random *random);
void draw_paint_cloud(const draw_pen *pen, draw_random *random);
void draw_paint_flower(const draw_pen *pen, draw_random *random);
void draw_paint_apple(const draw_pen *pen, draw_random *random);
void draw_paint_mushroom(const draw_pen *pen, draw_random *random);

void draw_paint_cat(const draw_pen *pen, draw_random *random);
void draw_paint_dog(const draw_pen *pen, draw_random *random);
void draw_paint_fish(const draw_pen *pen, draw_random *random);
void draw_paint_bird(const draw_pen *pen, draw_random *random);
void draw_paint_butterfly(const draw_pen *pen, draw_random *random);
void draw_paint_person(const draw_pen *pen, draw_random *random);
void draw_paint_snowman(const draw_pen *pen, draw_random *random);

#endif
