/* A small anti-aliased painter: polygons, ellipses and strokes on a canvas three times as fine as the picture. */
#ifndef GAZE_SAMPLES_DRAW_CANVAS_H
#define GAZE_SAMPLES_DRAW_CANVAS_H

#include <stdbool.h>
#include <stdint.h>

#define DRAW_FINE 3 /* canvas pixels per picture pixel, each way */

/* splitmix64: the same numbers from the same seed everywhere. Copy it to draw the same numbers twice. */
typedef struct draw_random {
  uint64_t state;
} draw_random;

draw_random draw_random_new(uint64_t seed, uint64_t stream);
double draw_between(draw_random *random, double low, double high);
int draw_below(draw_random *random, int n); /* [0, n); n >= 1 */
bool draw_chance(draw_random *random, double probability);

typedef struct draw_colour {
  double r, g, b; /* [0, 1] */
} draw_colour;

draw_colour draw_mix(draw_colour a, draw_colour b, double share_of_b);
draw_colour draw_light(draw_colour colour, double share_of_white);
draw_colour draw_dark(draw_colour colour, double share_of_black);

typedef struct draw_canvas {
  int side;     /* of the fine canvas, in its pixels */
  uint8_t *rgb; /* [side, side, 3] */
} draw_canvas;

bool draw_canvas_init(draw_canvas *canvas, int picture_side);
void draw_canvas_fini(draw_canvas *canvas);
void draw_canvas_shrink(const draw_canvas *canvas, uint8_t *rgb); /* [side / 3, side / 3, 3]: mean of 3 by 3 */

typedef struct draw_point {
  double x, y;
} draw_point;

/* Where and how shapes are painted. Shapes speak the pen's own coordinates: y from -1 (top) to 1 (bottom). */
typedef struct draw_pen {
  draw_canvas *canvas;
  double x, y, scale;   /* where (0, 0) lies and how long 1 is, in parts of the canvas's side */
  double stretch, turn; /* of x, negative mirrors; radians */
  draw_colour colour;   /* the main colour of what is drawn */
  draw_colour line;     /* outlines */
  double line_width;    /* in parts of the canvas's side; 0: none */
  double shading;       /* how much darker the bottom is than the middle */
  double alpha;         /* of fills */
} draw_pen;

draw_pen draw_pen_new(draw_canvas *canvas); /* covers the canvas: x and y from -1 to 1, plain fills */

void draw_polygon(const draw_pen *pen, draw_colour colour, const draw_point *points, int n); /* n <= 128 */
void draw_ellipse(const draw_pen *pen, draw_colour colour, double x, double y, double rx, double ry);
/* Ellipses {x, y, rx, ry} that become one shape with one outline. */
void draw_blobs(const draw_pen *pen, draw_colour colour, const double (*ellipses)[4], int n);
void draw_box(const draw_pen *pen, draw_colour colour, double left, double top, double right, double bottom);
void draw_round_box(const draw_pen *pen, draw_colour colour, double left, double top, double right, double bottom,
                    double radius);
/* The part of an ellipse between two angles (radians, clockwise from the right), closed by a chord. */
void draw_chord(const draw_pen *pen, draw_colour colour, double x, double y, double rx, double ry, double from,
                double to);
void draw_stroke(const draw_pen *pen, draw_colour colour, double width, const draw_point *points, int n);
/* From a to b, bending towards the middle point. */
void draw_bow(const draw_pen *pen, draw_colour colour, double width, draw_point a, draw_point middle, draw_point b);

#endif
