#include "samples/draw_canvas.h"

#include <math.h>
#include <stdlib.h>

enum { MOST_POINTS = 128, ROUND_POINTS = 40, CAP_POINTS = 12 };

static const double PI = 3.14159265358979323846;

static uint64_t next(draw_random *random) {
  uint64_t z = random->state += 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

draw_random draw_random_new(uint64_t seed, uint64_t stream) {
  draw_random random = {seed * 0xd1342543de82ef95u + 1};
  random.state = next(&random) ^ (stream * 0xaef17502108ef2d9u);
  random.state = next(&random);
  return random;
}

double draw_between(draw_random *random, double low, double high) {
  return low + (high - low) * (double)(next(random) >> 11) * 0x1p-53;
}

int draw_below(draw_random *random, int n) { return (int)((next(random) >> 32) * (uint64_t)n >> 32); }

bool draw_chance(draw_random *random, double probability) { return draw_between(random, 0, 1) < probability; }

draw_colour draw_mix(draw_colour a, draw_colour b, double t) {
  return (draw_colour){a.r + (b.r - a.r) * t, a.g + (b.g - a.g) * t, a.b + (b.b - a.b) * t};
}

draw_colour draw_light(draw_colour colour, double t) { return draw_mix(colour, (draw_colour){1, 1, 1}, t); }

draw_colour draw_dark(draw_colour colour, double t) { return draw_mix(colour, (draw_colour){0, 0, 0}, t); }

bool draw_canvas_init(draw_canvas *canvas, int picture_side) {
  canvas->side = picture_side * DRAW_FINE;
  canvas->rgb = calloc((size_t)canvas->side * (size_t)canvas->side, 3);
  return canvas->rgb != NULL;
}

void draw_canvas_fini(draw_canvas *canvas) { free(canvas->rgb); }

void draw_canvas_shrink(const draw_canvas *canvas, uint8_t *rgb) {
  int side = canvas->side / DRAW_FINE;
  for (int y = 0; y < side; y++)
    for (int x = 0; x < side; x++)
      for (int c = 0; c < 3; c++) {
        int sum = 0;
        for (int i = 0; i < DRAW_FINE; i++)
          for (int j = 0; j < DRAW_FINE; j++)
            sum += canvas->rgb[((size_t)(y * DRAW_FINE + i) * (size_t)canvas->side + (size_t)(x * DRAW_FINE + j)) * 3 +
                               (size_t)c];
        *rgb++ = (uint8_t)((sum + DRAW_FINE * DRAW_FINE / 2) / (DRAW_FINE * DRAW_FINE));
      }
}

draw_pen draw_pen_new(draw_canvas *canvas) {
  return (draw_pen){.canvas = canvas, .x = 0.5, .y = 0.5, .scale = 0.5, .stretch = 1, .alpha = 1};
}

/* The pen's coordinates to fine pixels. */
static void place(const draw_pen *pen, const draw_point *points, int n, draw_point *out) {
  double c = cos(pen->turn), s = sin(pen->turn), side = pen->canvas->side;
  for (int i = 0; i < n; i++) {
    double x = points[i].x * pen->stretch, y = points[i].y;
    out[i].x = (pen->x + pen->scale * (x * c - y * s)) * side;
    out[i].y = (pen->y + pen->scale * (x * s + y * c)) * side;
  }
}

static uint8_t blend(uint8_t under, double over, double alpha) {
  double value = under + (fmin(fmax(over, 0), 1) * 255 - under) * alpha;
  return (uint8_t)(value + 0.5);
}

static void paint_row(const draw_pen *pen, draw_colour colour, int y, double left, double right) {
  int side = pen->canvas->side, from = (int)ceil(fmax(left, 0) - 0.5), to = (int)ceil(fmin(right, side) - 0.5);
  double depth = ((y + 0.5) / side - pen->y) / pen->scale; /* -1 top to 1 bottom */
  colour = depth > 0 ? draw_dark(colour, fmin(depth, 1) * pen->shading)
                     : draw_light(colour, fmin(-depth, 1) * pen->shading * 0.6);
  uint8_t *pixel = pen->canvas->rgb + ((size_t)y * (size_t)side + (size_t)(from < side ? from : 0)) * 3;
  for (int x = from; x < to; x++, pixel += 3) {
    pixel[0] = blend(pixel[0], colour.r, pen->alpha);
    pixel[1] = blend(pixel[1], colour.g, pen->alpha);
    pixel[2] = blend(pixel[2], colour.b, pen->alpha);
  }
}

static int by_value(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* points in fine pixels; even-odd. */
static void fill(const draw_pen *pen, draw_colour colour, const draw_point *points, int n) {
  double top = points[0].y, bottom = points[0].y, crossings[MOST_POINTS];
  for (int i = 1; i < n; i++) {
    top = fmin(top, points[i].y);
    bottom = fmax(bottom, points[i].y);
  }
  int last = (int)fmin(pen->canvas->side - 1.0, bottom);
  for (int y = (int)fmax(0, top - 1); y <= last; y++) {
    int found = 0;
    for (int i = 0; i < n; i++) {
      draw_point a = points[i], b = points[(i + 1) % n];
      if ((a.y <= y + 0.5) != (b.y <= y + 0.5))
        crossings[found++] = a.x + (y + 0.5 - a.y) * (b.x - a.x) / (b.y - a.y);
    }
    qsort(crossings, (size_t)found, sizeof *crossings, by_value);
    for (int i = 0; i + 1 < found; i += 2)
      paint_row(pen, colour, y, crossings[i], crossings[i + 1]);
  }
}

/* points in fine pixels, width too; round joints and ends. */
static void stroke(const draw_pen *pen, draw_colour colour, double width, const draw_point *points, int n,
                   bool closed) {
  double half = width / 2;
  for (int i = 0; i < n; i++) {
    draw_point a = points[i], b = points[(i + 1) % n], cap[CAP_POINTS];
    for (int j = 0; j < CAP_POINTS; j++)
      cap[j] = (draw_point){a.x + half * cos(2 * PI * j / CAP_POINTS), a.y + half * sin(2 * PI * j / CAP_POINTS)};
    fill(pen, colour, cap, CAP_POINTS);
    double length = hypot(b.x - a.x, b.y - a.y);
    if (length == 0 || (!closed && i == n - 1))
      continue;
    double dx = (b.y - a.y) / length * half, dy = (a.x - b.x) / length * half;
    fill(pen, colour,
         (draw_point[]){{a.x + dx, a.y + dy}, {b.x + dx, b.y + dy}, {b.x - dx, b.y - dy}, {a.x - dx, a.y - dy}}, 4);
  }
}

/* The outline lies outside the shape: it is painted first, twice as wide, and half covered by the fill. */
static void outline(const draw_pen *pen, const draw_point *points, int n) {
  if (pen->line_width > 0)
    stroke(pen, pen->line, 2 * pen->line_width * pen->canvas->side, points, n, true);
}

void draw_polygon(const draw_pen *pen, draw_colour colour, const draw_point *points, int n) {
  draw_point placed[MOST_POINTS] = {{0}};
  place(pen, points, n, placed);
  outline(pen, placed, n);
  fill(pen, colour, placed, n);
}

static void ellipse_points(const draw_pen *pen, const double ellipse[4], draw_point *placed) {
  draw_point points[ROUND_POINTS];
  for (int i = 0; i < ROUND_POINTS; i++)
    points[i] = (draw_point){ellipse[0] + ellipse[2] * cos(2 * PI * i / ROUND_POINTS),
                             ellipse[1] + ellipse[3] * sin(2 * PI * i / ROUND_POINTS)};
  place(pen, points, ROUND_POINTS, placed);
}

void draw_blobs(const draw_pen *pen, draw_colour colour, const double (*ellipses)[4], int n) {
  draw_point placed[ROUND_POINTS] = {{0}};
  for (int i = 0; i < n; i++) {
    ellipse_points(pen, ellipses[i], placed);
    outline(pen, placed, ROUND_POINTS);
  }
  for (int i = 0; i < n; i++) {
    ellipse_points(pen, ellipses[i], placed);
    fill(pen, colour, placed, ROUND_POINTS);
  }
}

void draw_ellipse(const draw_pen *pen, draw_colour colour, double x, double y, double rx, double ry) {
  const double ellipse[1][4] = {{x, y, rx, ry}};
  draw_blobs(pen, colour, ellipse, 1);
}

void draw_box(const draw_pen *pen, draw_colour colour, double left, double top, double right, double bottom) {
  draw_polygon(pen, colour, (draw_point[]){{left, top}, {right, top}, {right, bottom}, {left, bottom}}, 4);
}

void draw_round_box(const draw_pen *pen, draw_colour colour, double left, double top, double right, double bottom,
                    double radius) {
  draw_point points[4 * 7];
  for (int corner = 0; corner < 4; corner++) {
    double x = corner == 0 || corner == 3 ? right - radius : left + radius;
    double y = corner < 2 ? bottom - radius : top + radius;
    for (int i = 0; i < 7; i++) {
      double angle = PI / 2 * (corner + i / 6.0);
      points[corner * 7 + i] = (draw_point){x + radius * cos(angle), y + radius * sin(angle)};
    }
  }
  draw_polygon(pen, colour, points, 28);
}

void draw_chord(const draw_pen *pen, draw_colour colour, double x, double y, double rx, double ry, double from,
                double to) {
  draw_point points[ROUND_POINTS];
  for (int i = 0; i < ROUND_POINTS; i++) {
    double angle = from + (to - from) * i / (ROUND_POINTS - 1);
    points[i] = (draw_point){x + rx * cos(angle), y + ry * sin(angle)};
  }
  draw_polygon(pen, colour, points, ROUND_POINTS);
}

void draw_stroke(const draw_pen *pen, draw_colour colour, double width, const draw_point *points, int n) {
  draw_point placed[MOST_POINTS] = {{0}};
  place(pen, points, n, placed);
  double fine = width * pen->scale * pen->canvas->side;
  if (pen->line_width > 0)
    stroke(pen, pen->line, fine + 2 * pen->line_width * pen->canvas->side, placed, n, false);
  stroke(pen, colour, fine, placed, n, false);
}

void draw_bow(const draw_pen *pen, draw_colour colour, double width, draw_point a, draw_point middle, draw_point b) {
  draw_point points[17];
  for (int i = 0; i <= 16; i++) {
    double t = i / 16.0, s = 1 - t;
    points[i] = (draw_point){s * s * a.x + 2 * s * t * middle.x + t * t * b.x,
                             s * s * a.y + 2 * s * t * middle.y + t * t * b.y};
  }
  draw_stroke(pen, colour, width, points, 17);
}
