/* Animals and people. Coordinates: y from -1 (top) to 1 (bottom), x from -aspect to aspect; animals look right. */
#include "samples/draw_kinds.h"

static const draw_colour INK = {0.12, 0.12, 0.14}, WHITE = {0.99, 0.99, 0.98}, BEAK = {0.96, 0.62, 0.15};

static void eye(const draw_pen *pen, double x, double y, double radius) {
  draw_pen plain = draw_without_line(pen);
  draw_ellipse(&plain, WHITE, x, y, radius, radius);
  draw_ellipse(&plain, INK, x + radius * 0.15, y, radius * 0.62, radius * 0.62);
}

void draw_paint_cat(const draw_pen *pen, draw_random *random) {
  draw_pen plain = draw_without_line(pen);
  draw_colour pink = {0.95, 0.66, 0.68}, fur = pen->colour, whisker = draw_is_dark(fur) ? WHITE : INK;
  draw_bow(pen, fur, 0.2, (draw_point){0.35, 0.85}, (draw_point){1.05, 0.9}, (draw_point){0.72, 0.1});
  draw_ellipse(pen, fur, 0, 0.5, 0.5, 0.5);
  draw_ellipse(&plain, draw_light(fur, draw_is_dark(fur) ? 0.15 : 0.35), 0, 0.62, 0.24, 0.32);
  draw_ellipse(pen, fur, -0.2, 0.92, 0.17, 0.1);
  draw_ellipse(pen, fur, 0.2, 0.92, 0.17, 0.1);
  draw_polygon(pen, fur, (draw_point[]){{-0.58, -0.35}, {-0.52, -1}, {-0.08, -0.68}}, 3);
  draw_polygon(pen, fur, (draw_point[]){{0.58, -0.35}, {0.52, -1}, {0.08, -0.68}}, 3);
  draw_ellipse(pen, fur, 0, -0.3, 0.6, 0.48);
  draw_polygon(&plain, pink, (draw_point[]){{-0.48, -0.55}, {-0.46, -0.82}, {-0.24, -0.66}}, 3);
  draw_polygon(&plain, pink, (draw_point[]){{0.48, -0.55}, {0.46, -0.82}, {0.24, -0.66}}, 3);
  eye(pen, -0.24, -0.36, 0.13);
  eye(pen, 0.24, -0.36, 0.13);
  draw_polygon(&plain, pink, (draw_point[]){{-0.08, -0.18}, {0.08, -0.18}, {0, -0.08}}, 3);
  double droop = draw_between(random, -0.04, 0.08);
  for (int side = -1; side <= 1; side += 2)
    for (int i = 0; i < 2; i++)
      draw_stroke(&plain, whisker, 0.03,
                  (draw_point[]){{side * 0.2, -0.1 + 0.06 * i}, {side * 0.72, -0.16 + 0.16 * i + droop}}, 2);
}

void draw_paint_dog(const draw_pen *pen, draw_random *random) {
  draw_pen plain = draw_without_line(pen);
  draw_colour fur = pen->colour, far = draw_tone(fur);
  draw_bow(pen, fur, 0.15, (draw_point){-0.8, 0.1}, (draw_point){-1.25, -0.1},
           (draw_point){-1.05, draw_between(random, -0.75, -0.45)});
  draw_round_box(pen, far, -0.55, 0.3, -0.35, 0.98, 0.08);
  draw_round_box(pen, far, 0.18, 0.3, 0.38, 0.98, 0.08);
  draw_blobs(pen, fur,
             (const double[][4]){
                 {-0.15, 0.2, 0.75, 0.34}, {0.38, 0.02, 0.36, 0.4}, {0.6, -0.45, 0.4, 0.38}, {0.98, -0.3, 0.27, 0.18}},
             4);
  draw_round_box(pen, fur, -0.82, 0.2, -0.6, 1, 0.1);
  draw_round_box(pen, fur, 0.42, 0.2, 0.64, 1, 0.1);
  draw_ellipse(&plain, fur, -0.68, 0.2, 0.2, 0.25);
  draw_ellipse(&plain, INK, 1.18, -0.38, 0.09, 0.08);
  eye(pen, 0.72, -0.55, 0.1);
  draw_polygon(pen, far, (draw_point[]){{0.3, -0.8}, {0.5, -0.72}, {0.42, -0.2}, {0.26, -0.08}, {0.14, -0.25}}, 5);
  if (draw_chance(random, 0.4))
    draw_stroke(&plain, draw_is_dark(fur) ? (draw_colour){0.7, 0.7, 0.72} : INK, 0.09,
                (draw_point[]){{0.25, -0.1}, {0.7, 0.0}}, 2);
}

void draw_paint_fish(const draw_pen *pen, draw_random *random) {
  draw_pen plain = draw_without_line(pen);
  draw_colour fin = draw_tone(pen->colour);
  draw_polygon(pen, fin, (draw_point[]){{-0.8, 0}, {-1.55, -0.68}, {-1.38, 0}, {-1.55, 0.68}}, 4);
  draw_polygon(pen, fin, (draw_point[]){{-0.45, -0.5}, {0.0, -0.98}, {0.45, -0.92}, {0.5, -0.5}}, 4);
  draw_polygon(pen, fin, (draw_point[]){{-0.2, 0.55}, {-0.25, 0.95}, {0.3, 0.6}}, 3);
  draw_ellipse(pen, pen->colour, 0.25, 0, 1.25, 0.72);
  if (draw_chance(random, 0.5))
    for (int i = 0; i < 2; i++)
      draw_bow(&plain, fin, 0.1, (draw_point){-0.4 + i * 0.45, -0.55}, (draw_point){-0.2 + i * 0.45, 0},
               (draw_point){-0.4 + i * 0.45, 0.55});
  draw_bow(&plain, fin, 0.07, (draw_point){0.68, -0.5}, (draw_point){0.5, 0}, (draw_point){0.68, 0.5});
  eye(pen, 1.02, -0.15, 0.17);
  draw_stroke(&plain, draw_is_dark(pen->colour) ? WHITE : INK, 0.05, (draw_point[]){{1.2, 0.28}, {1.42, 0.2}}, 2);
}

void draw_paint_bird(const draw_pen *pen, draw_random *random) {
  draw_pen plain = draw_without_line(pen);
  draw_colour wing = draw_tone(pen->colour);
  draw_stroke(&plain, BEAK, 0.07, (draw_point[]){{-0.1, 0.6}, {-0.1, 0.98}, {0.1, 0.98}}, 3);
  draw_stroke(&plain, BEAK, 0.07, (draw_point[]){{0.2, 0.6}, {0.2, 0.98}, {0.4, 0.98}}, 3);
  draw_polygon(pen, wing, (draw_point[]){{-0.55, 0.05}, {-1.22, -0.15}, {-1.2, 0.25}, {-0.5, 0.42}}, 4);
  draw_polygon(pen, BEAK, (draw_point[]){{0.85, -0.62}, {1.22, -0.45}, {0.85, -0.32}}, 3);
  draw_blobs(pen, pen->colour,
             (const double[][4]){{0, 0.2, 0.75, 0.52}, {0.55, -0.48, 0.42, 0.42}, {0.4, -0.1, 0.4, 0.4}}, 3);
  if (draw_chance(random, 0.4))
    draw_polygon(pen, wing, (draw_point[]){{-0.35, 0.1}, {0.25, 0.05}, {-0.3, -0.95}, {-0.6, -0.75}}, 4);
  else
    draw_chord(pen, wing, -0.1, 0.12, 0.5, 0.4, 0, 3.14159265358979);
  eye(pen, 0.66, -0.55, 0.12);
}

void draw_paint_butterfly(const draw_pen *pen, draw_random *random) {
  draw_pen plain = draw_without_line(pen);
  double spot = draw_between(random, 0.14, 0.2);
  for (int side = -1; side <= 1; side += 2) {
    draw_ellipse(pen, pen->colour, side * 0.46, 0.48, 0.42, 0.44);
    draw_ellipse(pen, pen->colour, side * 0.62, -0.32, 0.56, 0.6);
    draw_ellipse(&plain, draw_tone(pen->colour), side * 0.68, -0.36, spot * 1.3, spot * 1.5);
    draw_ellipse(&plain, draw_light(pen->colour, 0.6), side * 0.46, 0.5, spot, spot);
    draw_bow(&plain, INK, 0.05, (draw_point){0, -0.6}, (draw_point){side * 0.08, -0.9},
             (draw_point){side * 0.3, -0.98});
  }
  draw_ellipse(&plain, INK, 0, 0.05, 0.1, 0.7);
}

void draw_paint_person(const draw_pen *pen, draw_random *random) {
  static const draw_colour skins[] = {{0.98, 0.84, 0.72}, {0.91, 0.71, 0.55}, {0.72, 0.50, 0.35}, {0.48, 0.32, 0.22}};
  static const draw_colour hairs[] = {{0.13, 0.11, 0.1}, {0.33, 0.21, 0.12}, {0.55, 0.38, 0.2}};
  draw_pen plain = draw_without_line(pen);
  draw_colour skin = skins[draw_below(random, 4)], hair = hairs[draw_below(random, 3)], trousers = {0.24, 0.27, 0.36};
  double raise = draw_chance(random, 0.3) ? -0.45 : 0.25, step = draw_between(random, 0.06, 0.16);
  bool long_hair = draw_chance(random, 0.45);
  if (long_hair)
    draw_round_box(pen, hair, -0.26, -0.9, 0.26, -0.38, 0.15);
  draw_stroke(pen, trousers, 0.17, (draw_point[]){{-0.1, 0.3}, {-0.1 - step * 0.5, 0.9}}, 2);
  draw_stroke(pen, trousers, 0.17, (draw_point[]){{0.1, 0.3}, {0.1 + step * 0.5, 0.9}}, 2);
  draw_ellipse(pen, INK, -0.12 - step * 0.5, 0.95, 0.13, 0.05);
  draw_ellipse(pen, INK, 0.14 + step * 0.5, 0.95, 0.13, 0.05);
  draw_stroke(pen, skin, 0.12, (draw_point[]){{0.22, -0.28}, {0.41, raise}}, 2);
  draw_stroke(pen, skin, 0.12, (draw_point[]){{-0.22, -0.28}, {-0.4, 0.25}}, 2);
  draw_stroke(pen, pen->colour, 0.2, (draw_point[]){{0.2, -0.28}, {0.34, -0.28 + (raise + 0.28) * 0.55}}, 2);
  draw_stroke(pen, pen->colour, 0.2, (draw_point[]){{-0.2, -0.28}, {-0.34, 0.05}}, 2);
  draw_round_box(pen, pen->colour, -0.28, -0.42, 0.28, 0.36, 0.1);
  draw_ellipse(pen, skin, 0, -0.68, 0.23, 0.26);
  draw_chord(&plain, hair, 0, -0.72, 0.25, 0.26, 3.14159265358979, 2 * 3.14159265358979);
  draw_ellipse(&plain, INK, -0.08, -0.65, 0.03, 0.035);
  draw_ellipse(&plain, INK, 0.08, -0.65, 0.03, 0.035);
  draw_bow(&plain, draw_dark(skin, 0.5), 0.03, (draw_point){-0.08, -0.54}, (draw_point){0, -0.48},
           (draw_point){0.08, -0.54});
}

void draw_paint_snowman(const draw_pen *pen, draw_random *random) {
  draw_pen plain = draw_without_line(pen);
  draw_colour snow = {0.97, 0.98, 1}, twig = {0.4, 0.27, 0.18};
  double lift = draw_between(random, -0.25, 0.15);
  draw_pen drawn = *pen;
  if (drawn.line_width == 0) { /* white on snow needs an edge */
    drawn.line_width = 0.004;
    drawn.line = (draw_colour){0.62, 0.68, 0.78};
  }
  draw_stroke(&plain, twig, 0.06, (draw_point[]){{-0.3, 0.05}, {-0.64, lift}}, 2);
  draw_stroke(&plain, twig, 0.06, (draw_point[]){{0.3, 0.05}, {0.64, lift}}, 2);
  draw_ellipse(&drawn, snow, 0, 0.55, 0.52, 0.44);
  draw_ellipse(&drawn, snow, 0, 0.02, 0.4, 0.34);
  draw_ellipse(&drawn, snow, 0, -0.45, 0.31, 0.3);
  draw_round_box(&drawn, pen->colour, 0.06, -0.2, 0.24, 0.22, 0.06);
  draw_round_box(&drawn, pen->colour, -0.34, -0.28, 0.34, -0.1, 0.08);
  draw_box(pen, INK, -0.22, -1, 0.22, -0.68);
  draw_box(pen, INK, -0.36, -0.72, 0.36, -0.64);
  draw_ellipse(&plain, INK, -0.1, -0.5, 0.04, 0.045);
  draw_ellipse(&plain, INK, 0.1, -0.5, 0.04, 0.045);
  draw_polygon(&plain, BEAK, (draw_point[]){{-0.03, -0.43}, {0.3, -0.38}, {-0.02, -0.35}}, 3);
  for (int i = 0; i < 3; i++)
    draw_ellipse(&plain, INK, -0.02, 0.08 + 0.24 * i, 0.04, 0.04);
}
