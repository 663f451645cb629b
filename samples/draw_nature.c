/* The sky and what grows. Coordinates: y from -1 (top) to 1 (bottom), x from -aspect to aspect. */
#include "samples/draw_kinds.h"

#include <math.h>

static const double PI = 3.14159265358979323846;
static const draw_colour INK = {0.12, 0.12, 0.14}, BARK = {0.43, 0.28, 0.17}, LEAF = {0.22, 0.52, 0.22};

void draw_paint_tree(const draw_pen *pen, draw_random *random) {
  draw_pen plain = draw_without_line(pen);
  draw_polygon(pen, BARK, (draw_point[]){{-0.12, 0}, {0.12, 0}, {0.18, 1}, {-0.18, 1}}, 4);
  if (draw_chance(random, 0.3)) {
    draw_ellipse(pen, pen->colour, 0, -0.32, 0.72, 0.68);
  } else {
    double lift = draw_between(random, -0.06, 0.06);
    draw_blobs(
        pen, pen->colour,
        (const double[][4]){
            {-0.42, -0.08, 0.46, 0.42}, {0.42, -0.08 + lift, 0.46, 0.42}, {0, -0.5, 0.52, 0.5}, {0, -0.1, 0.5, 0.4}},
        4);
  }
  for (int i = 0; i < 5; i++) {
    double y = draw_between(random, -0.65, 0.1), x = draw_between(random, -0.5, 0.5);
    draw_ellipse(&plain, draw_dark(pen->colour, 0.18), x, y, 0.09, 0.06);
  }
}

void draw_paint_pine(const draw_pen *pen, draw_random *random) {
  double wide = draw_between(random, 0.66, 0.78);
  draw_box(pen, BARK, -0.12, 0.6, 0.12, 1);
  for (int i = 2; i >= 0; i--) {
    double half = wide * (0.55 + 0.225 * i), top = -1 + 0.45 * i;
    draw_polygon(pen, draw_dark(pen->colour, 0.1 + 0.1 * i),
                 (draw_point[]){{-half, top + 0.8}, {0, top}, {half, top + 0.8}}, 3);
  }
}

void draw_paint_sun(const draw_pen *pen, draw_random *random) {
  int rays = 8 + 2 * draw_below(random, 3);
  double start = draw_between(random, 0, 1), width = 0.5 * PI / rays;
  for (int i = 0; i < rays; i++) {
    double angle = start + 2 * PI * i / rays;
    draw_polygon(pen, pen->colour,
                 (draw_point[]){{0.66 * cos(angle - width), 0.66 * sin(angle - width)},
                                {cos(angle), sin(angle)},
                                {0.66 * cos(angle + width), 0.66 * sin(angle + width)}},
                 3);
  }
  draw_ellipse(pen, pen->colour, 0, 0, 0.58, 0.58);
  if (draw_chance(random, 0.4)) {
    draw_pen plain = draw_without_line(pen);
    draw_colour face = draw_dark(pen->colour, 0.55);
    draw_ellipse(&plain, face, -0.2, -0.1, 0.07, 0.09);
    draw_ellipse(&plain, face, 0.2, -0.1, 0.07, 0.09);
    draw_bow(&plain, face, 0.07, (draw_point){-0.25, 0.15}, (draw_point){0, 0.42}, (draw_point){0.25, 0.15});
  }
}

/* A crescent: most of a circle, and back from tip to tip along another circle. */
void draw_paint_moon(const draw_pen *pen, draw_random *random) {
  draw_point points[60];
  double open = draw_between(random, 0.85, 1.05), thick = draw_between(random, 0.55, 0.75), middle = 0.3;
  double x = middle + cos(open), y = sin(open), inner = middle - 1 + thick;
  double centre = (x * x + y * y - inner * inner) / (2 * (x - inner)), radius = centre - inner;
  double tip = atan2(y, x - centre);
  for (int i = 0; i < 30; i++) {
    double outwards = open + (2 * PI - 2 * open) * i / 29, back = 2 * PI - tip - (2 * PI - 2 * tip) * i / 29;
    points[i] = (draw_point){middle + cos(outwards), sin(outwards)};
    points[30 + i] = (draw_point){centre + radius * cos(back), radius * sin(back)};
  }
  draw_polygon(pen, pen->colour, points, 60);
}

void draw_paint_star(const draw_pen *pen, draw_random *random) {
  draw_point points[10];
  double inner = draw_between(random, 0.42, 0.5);
  for (int i = 0; i < 10; i++) {
    double angle = -PI / 2 + PI * i / 5, radius = i % 2 ? inner : 1.04;
    points[i] = (draw_point){radius * cos(angle), radius * sin(angle) + 0.07};
  }
  draw_polygon(pen, pen->colour, points, 10);
}

void draw_paint_cloud(const draw_pen *pen, draw_random *random) {
  double left = draw_between(random, 0.5, 0.62), right = draw_between(random, 0.45, 0.6);
  draw_blobs(pen, pen->colour,
             (const double[][4]){{-1.05, 0.35, 0.6, left},
                                 {-0.4, -0.2, 0.72, 0.78},
                                 {0.45, -0.05, 0.7, 0.7},
                                 {1.1, 0.4, 0.55, right},
                                 {0, 0.5, 1.3, 0.45}},
             5);
}

void draw_paint_flower(const draw_pen *pen, draw_random *random) {
  int petals = 5 + draw_below(random, 3);
  double start = draw_between(random, 0, 1), across = 1.25 / petals + 0.02;
  bool pale = pen->colour.r > 0.85 && pen->colour.g > 0.72; /* yellow, white: a brown middle shows */
  draw_colour middle = pale ? (draw_colour){0.62, 0.36, 0.12} : (draw_colour){1, 0.88, 0.35};
  draw_pen plain = draw_without_line(pen);
  draw_bow(&plain, LEAF, 0.09, (draw_point){0, -0.3}, (draw_point){0.08, 0.5}, (draw_point){0, 1});
  draw_ellipse(pen, LEAF, 0.26, 0.62, 0.24, 0.1);
  draw_ellipse(pen, LEAF, -0.26, 0.72, 0.24, 0.1);
  double blobs[7][4];
  for (int i = 0; i < petals; i++) {
    double angle = start + 2 * PI * i / petals;
    blobs[i][0] = 0.42 * cos(angle);
    blobs[i][1] = -0.32 + 0.42 * sin(angle);
    blobs[i][2] = blobs[i][3] = across + 0.04;
  }
  draw_blobs(pen, pen->colour, (const double(*)[4])blobs, petals);
  draw_ellipse(&plain, middle, 0, -0.32, 0.2, 0.2);
}

void draw_paint_apple(const draw_pen *pen, draw_random *random) {
  draw_pen plain = draw_without_line(pen);
  draw_bow(&plain, BARK, 0.11, (draw_point){0, -0.45}, (draw_point){0, -0.8}, (draw_point){0.12, -0.98});
  draw_blobs(pen, pen->colour, (const double[][4]){{-0.34, 0.2, 0.53, 0.75}, {0.34, 0.2, 0.53, 0.75}}, 2);
  draw_ellipse(pen, LEAF, draw_chance(random, 0.5) ? 0.35 : -0.25, -0.78, 0.24, 0.1);
  draw_ellipse(&plain, draw_light(pen->colour, 0.55), -0.5, -0.08, 0.1, 0.2);
}

void draw_paint_mushroom(const draw_pen *pen, draw_random *random) {
  draw_pen plain = draw_without_line(pen);
  draw_colour stem = {0.96, 0.91, 0.80};
  draw_polygon(pen, stem, (draw_point[]){{-0.28, 0}, {0.28, 0}, {0.38, 0.98}, {-0.38, 0.98}}, 4);
  draw_chord(pen, pen->colour, 0, 0.2, 0.98, 1.18, PI, 2 * PI);
  double lift = draw_between(random, -0.08, 0.08);
  draw_ellipse(&plain, draw_light(stem, 0.5), -0.5, -0.1 + lift, 0.17, 0.15);
  draw_ellipse(&plain, draw_light(stem, 0.5), 0.05, -0.5 + lift, 0.2, 0.17);
  draw_ellipse(&plain, draw_light(stem, 0.5), 0.52, -0.05 - lift, 0.16, 0.14);
  draw_stroke(&plain, INK, 0.03, (draw_point[]){{-0.28, 0.22}, {0.28, 0.22}}, 2);
}
