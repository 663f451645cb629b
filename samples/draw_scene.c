#include "samples/draw_scene.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void paint_shadow(const draw_pen *pen, const draw_object *object) {
  draw_pen shadow = *pen;
  shadow.line_width = shadow.turn = shadow.shading = 0;
  shadow.alpha = 0.22;
  double aspect = draw_kinds[object->kind].aspect;
  draw_ellipse(&shadow, (draw_colour){0.05, 0.05, 0.1}, 0.05, 0.97, fmax(aspect * 0.85, 0.4), 0.09);
}

static void paint_object(const draw_scene *scene, const draw_object *object, const draw_pen *style) {
  draw_random random = draw_random_new(object->seed, 3);
  draw_pen pen = *style;
  pen.x = object->x;
  pen.y = object->y;
  pen.scale = object->height / 2;
  pen.turn = object->turn;
  pen.stretch = draw_between(&random, 0.95, 1.05) * (object->mirrored ? -1 : 1);
  pen.colour = draw_colour_vary(object->colour, &random);
  if (scene->time == DRAW_NIGHT && !object->in_the_sky)
    pen.colour = draw_mix(pen.colour, (draw_colour){0.1, 0.12, 0.3}, 0.08);
  pen.line = draw_dark(pen.colour, 0.55);
  if (object->colour == DRAW_BLACK) /* so that black shows on dark ground */
    pen.line = (draw_colour){0.45, 0.45, 0.5};
  if (scene->horizon < 1 && !object->in_the_sky && scene->ground != DRAW_SEA)
    paint_shadow(&pen, object);
  draw_kinds[object->kind].paint(&pen, &random);
}

static int by_depth(const void *a, const void *b) {
  const draw_object *p = a, *q = b;
  double x = p->y + p->height / 2, y = q->y + q->height / 2;
  return (x > y) - (x < y);
}

bool draw_scene_paint(const draw_scene *scene, int side, uint8_t *rgb) {
  draw_canvas canvas;
  if (!draw_canvas_init(&canvas, side))
    return false;
  draw_background_paint(scene, &canvas);
  draw_random random = draw_random_new(scene->seed, 2);
  draw_pen style = draw_pen_new(&canvas);
  style.line_width = draw_chance(&random, 0.6) ? draw_between(&random, 0.003, 0.008) : 0;
  style.shading = draw_chance(&random, 0.6) ? draw_between(&random, 0.05, 0.2) : 0;
  draw_object sorted[DRAW_MOST_OBJECTS];
  memcpy(sorted, scene->objects, sizeof sorted);
  qsort(sorted, (size_t)scene->n, sizeof *sorted, by_depth);
  for (int i = 0; i < scene->n; i++)
    paint_object(scene, &sorted[i], &style);
  draw_canvas_shrink(&canvas, rgb);
  draw_canvas_fini(&canvas);
  return true;
}
