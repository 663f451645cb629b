#include "samples/draw_scene.h"

#include <math.h>

static const double PI = 3.14159265358979323846;

unsigned draw_background_homes(draw_ground ground) {
  switch (ground) {
  case DRAW_MEADOW:
  case DRAW_BEACH:
  case DRAW_SNOW:
    return DRAW_ON_LAND | DRAW_IN_THE_SKY;
  case DRAW_SEA:
    return DRAW_ON_THE_SEA | DRAW_IN_THE_SKY;
  case DRAW_ROAD:
  case DRAW_CITY:
    return DRAW_ON_A_ROAD | DRAW_IN_THE_SKY;
  case DRAW_ROOM:
    return DRAW_IN_A_ROOM;
  case DRAW_TABLE:
    return DRAW_ON_A_TABLE;
  case DRAW_AIR:
    return DRAW_IN_THE_SKY;
  case DRAW_WATER:
    return DRAW_UNDER_WATER;
  default:
    return ~0u;
  }
}

unsigned draw_background_colours(const draw_scene *scene, bool sky) {
  static const unsigned skies[] = {[DRAW_DAY] = 1 << DRAW_BLUE,
                                   [DRAW_EVENING] = 1 << DRAW_ORANGE | 1 << DRAW_PINK | 1 << DRAW_PURPLE,
                                   [DRAW_NIGHT] = 1 << DRAW_BLACK | 1 << DRAW_BLUE | 1 << DRAW_PURPLE};
  static const unsigned grounds[DRAW_N_GROUNDS] = {
      [DRAW_MEADOW] = 1 << DRAW_GREEN,
      [DRAW_BEACH] = 1 << DRAW_YELLOW | 1 << DRAW_BROWN | 1 << DRAW_BLUE,
      [DRAW_SEA] = 1 << DRAW_BLUE,
      [DRAW_SNOW] = 1 << DRAW_WHITE,
      [DRAW_ROAD] = 1 << DRAW_GREY | 1 << DRAW_BLACK | 1 << DRAW_GREEN,
      [DRAW_CITY] = 1 << DRAW_GREY | 1 << DRAW_BLACK,
      [DRAW_ROOM] = 1 << DRAW_BROWN,
      [DRAW_TABLE] = 1 << DRAW_BROWN | 1 << DRAW_ORANGE,
      [DRAW_WATER] = 1 << DRAW_BLUE,
      [DRAW_PAPER] = 1 << DRAW_WHITE,
  };
  bool no_sky = scene->ground == DRAW_ROOM || scene->ground == DRAW_TABLE || scene->ground == DRAW_WATER ||
                scene->ground == DRAW_PAPER;
  if (scene->ground == DRAW_AIR || (sky && !no_sky))
    return skies[scene->time];
  return grounds[scene->ground] | (scene->time == DRAW_NIGHT && !no_sky ? 1 << DRAW_BLACK : 0);
}

/* Day colours as they look at that time. */
static draw_colour at_time(draw_time time, draw_colour colour) {
  if (time == DRAW_NIGHT)
    return draw_mix(draw_dark(colour, 0.55), (draw_colour){0.08, 0.1, 0.26}, 0.35);
  return time == DRAW_EVENING ? draw_mix(draw_dark(colour, 0.12), (draw_colour){0.85, 0.45, 0.3}, 0.16) : colour;
}

static draw_colour vary(draw_colour colour, draw_random *random, double by) {
  colour.r += draw_between(random, -by, by);
  colour.g += draw_between(random, -by, by);
  colour.b += draw_between(random, -by, by);
  return colour;
}

/* A point of a band from top to bottom, anywhere across; -1 to 1. */
static draw_point scatter(draw_random *random, double top, double bottom) {
  double y = draw_between(random, top, bottom);
  return (draw_point){draw_between(random, -1, 1), y};
}

static void dot(const draw_pen *pen, draw_colour colour, draw_point at, double radius) {
  draw_ellipse(pen, colour, at.x, at.y, radius, radius);
}

/* Bands of colour from top to bottom, fine enough to look like a gradient; heights in [0, 1]. */
static void gradient(draw_pen *pen, double top, double bottom, draw_colour above, draw_colour below) {
  enum { BANDS = 24 };
  for (int i = 0; i < BANDS; i++) {
    double a = top + (bottom - top) * i / BANDS, b = top + (bottom - top) * (i + 1) / BANDS;
    draw_box(pen, draw_mix(above, below, (double)i / (BANDS - 1)), -1, 2 * a - 1, 1, 2 * b - 1 + 0.004);
  }
}

static bool holds(const draw_scene *scene, draw_kind_name kind) {
  for (int i = 0; i < scene->n; i++)
    if (scene->objects[i].kind == kind)
      return true;
  return false;
}

static void paint_sky(const draw_scene *scene, draw_pen *pen, draw_random *random, double bottom) {
  static const draw_colour tops[] = {{0.45, 0.73, 0.95}, {0.50, 0.36, 0.60}, {0.04, 0.06, 0.17}};
  static const draw_colour bottoms[] = {{0.82, 0.93, 0.99}, {0.99, 0.70, 0.45}, {0.13, 0.16, 0.36}};
  draw_colour below = vary(bottoms[scene->time], random, 0.03), above = vary(tops[scene->time], random, 0.05);
  gradient(pen, 0, bottom, above, below);
  if (scene->time == DRAW_NIGHT && !holds(scene, DRAW_STAR))
    for (int i = draw_below(random, 22); i > 0; i--)
      dot(pen, (draw_colour){0.8, 0.82, 0.9}, scatter(random, -1, 2 * bottom - 1.1), 0.006);
  if (scene->time == DRAW_DAY && !holds(scene, DRAW_CLOUD) && draw_chance(random, 0.4))
    for (int i = 1 + draw_below(random, 3); i > 0; i--) { /* streaks too faint to be counted as clouds */
      double x = draw_between(random, -0.9, 0.9), y = draw_between(random, -0.9, 2 * bottom - 1.2);
      draw_ellipse(pen, (draw_colour){0.86, 0.94, 0.99}, x, y, draw_between(random, 0.2, 0.45), 0.025);
    }
}

static void paint_hills(const draw_scene *scene, draw_pen *pen, draw_random *random, draw_colour colour) {
  for (int i = draw_below(random, 3); i > 0; i--) {
    double high = draw_between(random, 0.1, 0.3), wide = draw_between(random, 0.4, 0.9),
           x = draw_between(random, -1, 1);
    draw_ellipse(pen, vary(colour, random, 0.03), x, 2 * scene->horizon - 0.95, wide, high);
  }
}

/* Tufts, pebbles or ripples. */
static void sprinkle(const draw_scene *scene, draw_pen *pen, draw_random *random, draw_colour colour, int most,
                     double width, double height) {
  for (int i = draw_below(random, most); i > 0; i--) {
    draw_point at = scatter(random, 2 * scene->horizon - 0.95, 1);
    double near = (at.y + 1.4) / 2;
    draw_stroke(pen, colour, 0.018 * near, (draw_point[]){at, {at.x + width * near, at.y - height * near}}, 2);
  }
}

static void paint_meadow(const draw_scene *scene, draw_pen *pen, draw_random *random) {
  draw_colour grass = vary((draw_colour){0.48, 0.74, 0.36}, random, 0.06);
  paint_hills(scene, pen, random, at_time(scene->time, draw_mix(grass, (draw_colour){0.5, 0.7, 0.75}, 0.4)));
  gradient(pen, scene->horizon, 1, at_time(scene->time, grass), at_time(scene->time, draw_dark(grass, 0.18)));
  sprinkle(scene, pen, random, at_time(scene->time, draw_dark(grass, 0.22)), 30, 0.015, 0.07);
}

static void paint_beach(const draw_scene *scene, draw_pen *pen, draw_random *random) {
  draw_colour sea = vary((draw_colour){0.20, 0.55, 0.78}, random, 0.05),
              sand = vary((draw_colour){0.95, 0.86, 0.66}, random, 0.03);
  double shore = scene->horizon + draw_between(random, 0.08, 0.14);
  gradient(pen, scene->horizon, shore, at_time(scene->time, sea), at_time(scene->time, draw_light(sea, 0.3)));
  gradient(pen, shore, 1, at_time(scene->time, sand), at_time(scene->time, draw_dark(sand, 0.1)));
  draw_bow(pen, at_time(scene->time, (draw_colour){0.96, 0.98, 1}), 0.03, (draw_point){-1.1, 2 * shore - 1},
           (draw_point){draw_between(random, -0.5, 0.5), 2 * shore - 0.93}, (draw_point){1.1, 2 * shore - 1});
  sprinkle(scene, pen, random, at_time(scene->time, draw_dark(sand, 0.15)), 16, 0.012, 0);
}

static void paint_sea(const draw_scene *scene, draw_pen *pen, draw_random *random) {
  draw_colour sea = vary((draw_colour){0.22, 0.56, 0.80}, random, 0.05);
  gradient(pen, scene->horizon, 1, at_time(scene->time, draw_light(sea, 0.15)),
           at_time(scene->time, draw_dark(sea, 0.3)));
  sprinkle(scene, pen, random, at_time(scene->time, draw_light(sea, 0.35)), 26, 0.13, 0);
}

static void paint_snow(const draw_scene *scene, draw_pen *pen, draw_random *random) {
  draw_colour snow = vary((draw_colour){0.94, 0.96, 0.99}, random, 0.015);
  paint_hills(scene, pen, random, at_time(scene->time, draw_dark(snow, 0.08)));
  gradient(pen, scene->horizon, 1, at_time(scene->time, snow), at_time(scene->time, draw_dark(snow, 0.08)));
  draw_colour flake = at_time(scene->time == DRAW_NIGHT ? DRAW_DAY : scene->time, (draw_colour){0.99, 0.99, 1});
  for (int i = draw_below(random, 40); i > 0; i--)
    dot(pen, flake, scatter(random, -1, 1), 0.013);
}

static void paint_houses(const draw_scene *scene, draw_pen *pen, draw_random *random) {
  double ground = 2 * scene->horizon - 0.98;
  for (double x = -1.1; x < 1;) {
    double width = draw_between(random, 0.2, 0.38), top = ground - draw_between(random, 0.25, 0.75);
    draw_colour wall = vary(draw_light((draw_colour){0.52, 0.54, 0.6}, draw_between(random, 0, 0.35)), random, 0.03);
    draw_colour pane = scene->time == DRAW_DAY ? (draw_colour){0.75, 0.83, 0.9} : (draw_colour){0.98, 0.87, 0.55};
    draw_box(pen, at_time(scene->time, wall), x, top, x + width, ground);
    for (double v = top + 0.06; v < ground - 0.08; v += 0.13)
      for (double u = x + 0.05; u < x + width - 0.06; u += 0.1)
        if (draw_chance(random, 0.7))
          draw_box(pen, pane, u, v, u + 0.045, v + 0.06);
    x += width + draw_between(random, 0, 0.05);
  }
}

static void paint_road(const draw_scene *scene, draw_pen *pen, draw_random *random) {
  draw_colour grass = vary((draw_colour){0.52, 0.74, 0.42}, random, 0.05),
              tar = vary((draw_colour){0.42, 0.43, 0.46}, random, 0.02);
  double top = scene->horizon + (scene->ground == DRAW_ROAD ? 0.06 : 0.02);
  if (scene->ground == DRAW_CITY) {
    paint_houses(scene, pen, random);
    grass = (draw_colour){0.72, 0.72, 0.72};
  }
  gradient(pen, scene->horizon, 1, at_time(scene->time, grass), at_time(scene->time, grass));
  gradient(pen, top, 0.99, at_time(scene->time, draw_light(tar, 0.1)), at_time(scene->time, tar));
  double middle = top + 0.99, shift = draw_between(random, 0, 0.3);
  for (double x = -1.2 + shift; x < 1; x += 0.45)
    draw_box(pen, at_time(scene->time, (draw_colour){0.93, 0.93, 0.88}), x, middle - 1.012, x + 0.24, middle - 0.988);
}

static void paint_room(const draw_scene *scene, draw_pen *pen, draw_random *random) {
  static const draw_colour walls[] = {
      {0.95, 0.90, 0.82}, {0.84, 0.90, 0.92}, {0.90, 0.87, 0.93}, {0.88, 0.92, 0.84}, {0.96, 0.88, 0.87}};
  draw_colour wall = vary(walls[draw_below(random, 5)], random, 0.02),
              floor = vary((draw_colour){0.70, 0.53, 0.37}, random, 0.04);
  if (scene->ground == DRAW_TABLE)
    floor = draw_mix(floor, (draw_colour){0.62, 0.42, 0.25}, 0.5);
  gradient(pen, 0, scene->horizon, wall, draw_dark(wall, 0.05));
  if (draw_chance(random, 0.3))
    for (double x = -1; x < 1; x += 0.25)
      draw_box(pen, draw_dark(wall, 0.03), x, -1, x + 0.1, 2 * scene->horizon - 1);
  gradient(pen, scene->horizon, 1, floor, draw_dark(floor, 0.12));
  if (scene->ground == DRAW_TABLE) {
    draw_box(pen, draw_light(floor, 0.25), -1, 2 * scene->horizon - 1, 1, 2 * scene->horizon - 0.97);
    return;
  }
  draw_box(pen, draw_light(wall, 0.5), -1, 2 * scene->horizon - 1.06, 1, 2 * scene->horizon - 1);
  if (draw_chance(random, 0.5))
    for (int i = -6; i <= 6; i++)
      draw_stroke(pen, draw_dark(floor, 0.12), 0.01, (draw_point[]){{i * 0.2, 2 * scene->horizon - 1}, {i * 0.4, 1.02}},
                  2);
}

static void paint_water(draw_pen *pen, draw_random *random) {
  draw_colour sea = vary((draw_colour){0.25, 0.62, 0.82}, random, 0.06);
  gradient(pen, 0, 1, draw_light(sea, 0.3), draw_dark(sea, 0.4));
  for (int i = draw_below(random, 12); i > 0; i--) {
    double radius = draw_between(random, 0.012, 0.035);
    dot(pen, draw_light(sea, 0.5), scatter(random, -1, 1), radius);
  }
  if (draw_chance(random, 0.5))
    draw_ellipse(pen, (draw_colour){0.80, 0.74, 0.58}, draw_between(random, -0.5, 0.5), 1.1, 1.8, 0.25);
}

static void paint_paper(draw_pen *pen, draw_random *random) {
  double hue = draw_between(random, 0, 2 * PI), strength = draw_between(random, 0, 0.09);
  draw_colour paper = {0.93 + strength * cos(hue) * 0.6, 0.93 + strength * cos(hue - 2.1) * 0.6,
                       0.93 + strength * cos(hue + 2.1) * 0.6};
  gradient(pen, 0, 1, draw_light(paper, draw_between(random, 0, 0.5)), paper);
  if (draw_chance(random, 0.15))
    for (double y = -0.9; y < 1; y += 0.2)
      draw_box(pen, draw_dark(paper, 0.06), -1, y, 1, y + 0.01);
}

void draw_background_paint(const draw_scene *scene, draw_canvas *canvas) {
  draw_random random = draw_random_new(scene->seed, 1);
  draw_pen pen = draw_pen_new(canvas);
  if (scene->ground <= DRAW_CITY || scene->ground == DRAW_AIR)
    paint_sky(scene, &pen, &random, scene->horizon);
  switch (scene->ground) {
  case DRAW_MEADOW:
    paint_meadow(scene, &pen, &random);
    break;
  case DRAW_BEACH:
    paint_beach(scene, &pen, &random);
    break;
  case DRAW_SEA:
    paint_sea(scene, &pen, &random);
    break;
  case DRAW_SNOW:
    paint_snow(scene, &pen, &random);
    break;
  case DRAW_ROAD:
  case DRAW_CITY:
    paint_road(scene, &pen, &random);
    break;
  case DRAW_ROOM:
  case DRAW_TABLE:
    paint_room(scene, &pen, &random);
    break;
  case DRAW_WATER:
    paint_water(&pen, &random);
    break;
  case DRAW_PAPER:
    paint_paper(&pen, &random);
    break;
  default:
    break;
  }
}
