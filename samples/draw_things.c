/* Things that people made. Coordinates: y from -1 (top) to 1 (bottom), x from -aspect to aspect. */
#include "samples/draw_kinds.h"

#include <math.h>

static const draw_colour INK = {0.12, 0.12, 0.14}, GLASS = {0.80, 0.91, 0.97}, WOOD = {0.45, 0.30, 0.18},
                         SILVER = {0.75, 0.76, 0.78}, CREAM = {0.98, 0.95, 0.86};

void draw_paint_ball(const draw_pen *pen, draw_random *random) {
  draw_pen plain = draw_without_line(pen);
  draw_colour seam = draw_tone(pen->colour);
  draw_ellipse(pen, pen->colour, 0, 0, 0.98, 0.98);
  switch (draw_below(random, 3)) {
  case 0: /* basketball */
    draw_bow(&plain, seam, 0.07, (draw_point){0, -0.95}, (draw_point){0.1, 0}, (draw_point){0, 0.95});
    draw_bow(&plain, seam, 0.07, (draw_point){-0.95, 0}, (draw_point){0, 0.15}, (draw_point){0.95, 0});
    draw_bow(&plain, seam, 0.07, (draw_point){-0.66, -0.68}, (draw_point){0, 0}, (draw_point){-0.66, 0.68});
    draw_bow(&plain, seam, 0.07, (draw_point){0.66, -0.68}, (draw_point){0, 0}, (draw_point){0.66, 0.68});
    break;
  case 1: /* a band */
    draw_bow(&plain, seam, 0.3, (draw_point){-0.82, 0.05}, (draw_point){0, 0.35}, (draw_point){0.82, 0.05});
    break;
  default:
    break;
  }
  draw_ellipse(&plain, draw_light(pen->colour, draw_is_dark(pen->colour) ? 0.45 : 0.6), -0.35, -0.45, 0.2, 0.14);
}

void draw_paint_house(const draw_pen *pen, draw_random *random) {
  draw_colour roof = draw_chance(random, 0.5) ? (draw_colour){0.36, 0.25, 0.21} : (draw_colour){0.33, 0.30, 0.32};
  draw_colour door = draw_mix(WOOD, INK, draw_between(random, 0, 0.5));
  double side = draw_chance(random, 0.5) ? 1 : -1, half = draw_between(random, 0.72, 0.86);
  if (draw_chance(random, 0.6))
    draw_box(pen, draw_dark(roof, 0.1), side * 0.5 - 0.12, -0.9, side * 0.5 + 0.12, -0.2);
  draw_box(pen, pen->colour, -half, -0.25, half, 1);
  draw_polygon(pen, roof, (draw_point[]){{-1, -0.15}, {0, -1}, {1, -0.15}}, 3);
  if (draw_chance(random, 0.5)) {
    draw_box(pen, door, -0.18, 0.35, 0.18, 1);
    draw_box(pen, GLASS, -half + 0.12, 0.1, -half + 0.42, 0.45);
    draw_box(pen, GLASS, half - 0.42, 0.1, half - 0.12, 0.45);
  } else {
    draw_box(pen, door, -side * 0.4 - 0.18, 0.3, -side * 0.4 + 0.18, 1);
    draw_box(pen, GLASS, side * 0.35 - 0.23, 0.15, side * 0.35 + 0.23, 0.6);
    draw_box(pen, door, side * 0.35 - 0.03, 0.15, side * 0.35 + 0.03, 0.6);
  }
}

static void wheel(const draw_pen *pen, double x, double y, double radius) {
  draw_ellipse(pen, INK, x, y, radius, radius);
  draw_ellipse(pen, SILVER, x, y, radius * 0.45, radius * 0.45);
}

void draw_paint_car(const draw_pen *pen, draw_random *random) {
  double top = draw_between(random, -0.98, -0.8), back = draw_between(random, -1.35, -1.0);
  draw_polygon(pen, pen->colour, (draw_point[]){{back - 0.15, 0.05}, {back + 0.25, top}, {0.5, top}, {1.05, 0.05}}, 4);
  draw_round_box(pen, pen->colour, -1.75, -0.05, 1.75, 0.68, 0.25);
  draw_polygon(pen, GLASS,
               (draw_point[]){{back + 0.15, -0.05}, {back + 0.4, top + 0.18}, {-0.3, top + 0.18}, {-0.3, -0.05}}, 4);
  draw_polygon(pen, GLASS, (draw_point[]){{-0.12, -0.05}, {-0.12, top + 0.18}, {0.4, top + 0.18}, {0.8, -0.05}}, 4);
  draw_ellipse(pen, (draw_colour){1, 0.95, 0.7}, 1.6, 0.22, 0.12, 0.13);
  wheel(pen, -0.95, 0.63, 0.37);
  wheel(pen, 0.95, 0.63, 0.37);
}

void draw_paint_bus(const draw_pen *pen, draw_random *random) {
  draw_pen plain = draw_without_line(pen);
  draw_round_box(pen, pen->colour, -1.82, -1, 1.82, 0.75, 0.22);
  draw_box(&plain, draw_tone(pen->colour), -1.8, 0.2, 1.8, 0.3 + draw_between(random, 0, 0.1));
  for (int i = 0; i < 4; i++)
    draw_round_box(pen, GLASS, -1.62 + i * 0.68, -0.7, -1.08 + i * 0.68, -0.05, 0.07);
  draw_round_box(pen, GLASS, 1.14, -0.7, 1.62, 0.62, 0.07);
  wheel(pen, -1.05, 0.7, 0.3);
  wheel(pen, 0.75, 0.7, 0.3);
}

void draw_paint_boat(const draw_pen *pen, draw_random *random) {
  bool pale = pen->colour.r + pen->colour.g + pen->colour.b > 2.7;
  draw_colour sail = pale ? (draw_colour){0.93, 0.92, 0.9} : CREAM;
  double top = draw_between(random, -1, -0.85);
  draw_box(pen, WOOD, -0.1, top, -0.01, 0.45);
  draw_polygon(pen, pen->colour, (draw_point[]){{0.08, top + 0.05}, {0.08, 0.28}, {0.9, 0.28}}, 3);
  draw_polygon(pen, sail, (draw_point[]){{-0.18, top + 0.25}, {-0.18, 0.28}, {-0.75, 0.28}}, 3);
  draw_polygon(pen, pen->colour, (draw_point[]){{-1.08, 0.42}, {1.08, 0.42}, {0.7, 1}, {-0.7, 1}}, 4);
  draw_pen plain = draw_without_line(pen);
  if (draw_chance(random, 0.5))
    draw_box(&plain, draw_tone(pen->colour), -0.98, 0.55, 0.98, 0.63);
}

void draw_paint_cup(const draw_pen *pen, draw_random *random) {
  draw_pen plain = draw_without_line(pen);
  draw_bow(pen, pen->colour, 0.2, (draw_point){0.55, -0.35}, (draw_point){1.5, 0}, (draw_point){0.45, 0.5});
  draw_polygon(pen, pen->colour,
               (draw_point[]){{-0.95, -0.75}, {0.65, -0.75}, {0.5, 0.75}, {0.35, 0.95}, {-0.65, 0.95}, {-0.8, 0.75}},
               6);
  draw_ellipse(pen, draw_light(pen->colour, 0.25), -0.15, -0.75, 0.8, 0.22);
  draw_ellipse(&plain, draw_chance(random, 0.5) ? (draw_colour){0.32, 0.19, 0.1} : draw_dark(pen->colour, 0.45), -0.15,
               -0.72, 0.68, 0.15);
}

void draw_paint_chair(const draw_pen *pen, draw_random *random) {
  draw_colour leg = draw_tone(pen->colour);
  bool bars = draw_chance(random, 0.5);
  draw_box(pen, leg, -0.3, 0.1, -0.18, 0.82);
  draw_box(pen, leg, 0.5, 0.1, 0.62, 0.82);
  if (bars) {
    for (int i = 0; i < 3; i++)
      draw_box(pen, pen->colour, -0.55 + i * 0.42, -0.95, -0.35 + i * 0.42, 0.1);
    draw_round_box(pen, pen->colour, -0.6, -1, 0.55, -0.7, 0.1);
  } else {
    draw_round_box(pen, pen->colour, -0.58, -1, 0.52, 0.1, 0.15);
  }
  draw_polygon(pen, draw_light(pen->colour, 0.12),
               (draw_point[]){{-0.68, 0.3}, {-0.45, 0.02}, {0.68, 0.02}, {0.55, 0.3}}, 4);
  draw_box(pen, pen->colour, -0.68, 0.3, 0.55, 0.42);
  draw_box(pen, leg, -0.66, 0.42, -0.53, 1);
  draw_box(pen, leg, 0.4, 0.42, 0.53, 1);
}

void draw_paint_umbrella(const draw_pen *pen, draw_random *random) {
  const double pi = 3.14159265358979;
  draw_pen plain = draw_without_line(pen);
  draw_colour handle = draw_chance(random, 0.5) ? WOOD : INK, seam = draw_tone(pen->colour);
  draw_stroke(pen, handle, 0.09, (draw_point[]){{0, -0.98}, {0, 0.8}}, 2);
  draw_bow(pen, handle, 0.09, (draw_point){0, 0.78}, (draw_point){0.18, 1.15}, (draw_point){0.34, 0.75});
  draw_point dome[36];
  for (int i = 0; i <= 20; i++)
    dome[i] = (draw_point){-cos(pi * i / 20.0) * 1.02, 0.05 - 0.95 * sin(pi * i / 20.0)};
  for (int i = 1; i < 16; i++) { /* four scallops back to the start */
    double t = i / 4.0;
    dome[20 + i] = (draw_point){1.02 - 0.51 * t, 0.05 - 0.14 * fabs(sin(pi * t))};
  }
  draw_polygon(pen, pen->colour, dome, 36);
  draw_bow(&plain, seam, 0.05, (draw_point){0, -0.88}, (draw_point){-0.5, -0.6}, (draw_point){-0.51, 0.03});
  draw_bow(&plain, seam, 0.05, (draw_point){0, -0.88}, (draw_point){0.5, -0.6}, (draw_point){0.51, 0.03});
  draw_stroke(&plain, seam, 0.05, (draw_point[]){{0, -0.88}, {0, 0}}, 2);
}

void draw_paint_balloon(const draw_pen *pen, draw_random *random) {
  draw_pen plain = draw_without_line(pen);
  double bend = draw_between(random, -0.35, 0.35);
  draw_bow(&plain, (draw_colour){0.4, 0.4, 0.42}, 0.05, (draw_point){0, 0.3}, (draw_point){bend, 0.65},
           (draw_point){-bend * 0.5, 1});
  draw_polygon(pen, draw_dark(pen->colour, 0.15), (draw_point[]){{0, 0.28}, {0.12, 0.46}, {-0.12, 0.46}}, 3);
  draw_ellipse(pen, pen->colour, 0, -0.35, 0.53, 0.65);
  draw_ellipse(&plain, draw_light(pen->colour, draw_is_dark(pen->colour) ? 0.45 : 0.6), -0.2, -0.6, 0.09, 0.16);
}

void draw_paint_kite(const draw_pen *pen, draw_random *random) {
  draw_pen plain = draw_without_line(pen);
  draw_colour seam = draw_tone(pen->colour), tail = draw_dark(pen->colour, 0.15);
  double bend = draw_chance(random, 0.5) ? 0.4 : -0.4;
  draw_bow(&plain, (draw_colour){0.4, 0.4, 0.42}, 0.05, (draw_point){0, 0.4}, (draw_point){bend, 0.7},
           (draw_point){0, 1});
  for (int i = 0; i < 2; i++) {
    double x = bend * (0.45 - 0.1 * i), y = 0.68 + 0.2 * i;
    draw_polygon(&plain, tail,
                 (draw_point[]){{x - 0.15, y - 0.08}, {x + 0.15, y + 0.08}, {x + 0.15, y - 0.08}, {x - 0.15, y + 0.08}},
                 4);
  }
  draw_polygon(pen, pen->colour, (draw_point[]){{0, -1}, {0.68, -0.4}, {0, 0.42}, {-0.68, -0.4}}, 4);
  draw_polygon(&plain, draw_light(pen->colour, 0.25), (draw_point[]){{0, -1}, {0.68, -0.4}, {0, -0.4}}, 3);
  draw_stroke(&plain, seam, 0.05, (draw_point[]){{0, -0.98}, {0, 0.4}}, 2);
  draw_stroke(&plain, seam, 0.05, (draw_point[]){{-0.66, -0.4}, {0.66, -0.4}}, 2);
}

void draw_paint_heart(const draw_pen *pen, draw_random *random) {
  draw_point points[60];
  for (int i = 0; i < 60; i++) {
    double t = 2 * 3.14159265358979 * i / 60, s = sin(t);
    points[i] =
        (draw_point){s * s * s * 1.02, -(13 * cos(t) - 5 * cos(2 * t) - 2 * cos(3 * t) - cos(4 * t)) / 14.8 - 0.12};
  }
  draw_polygon(pen, pen->colour, points, 60);
  if (draw_chance(random, 0.7)) {
    draw_pen plain = draw_without_line(pen);
    draw_ellipse(&plain, draw_light(pen->colour, draw_is_dark(pen->colour) ? 0.4 : 0.55), -0.5, -0.5, 0.16, 0.13);
  }
}
