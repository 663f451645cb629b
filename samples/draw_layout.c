/* Where the objects of a scene go and how large they are. */
#include "samples/draw_scene.h"

#include <math.h>

static double between_or_middle(draw_random *random, double low, double high) {
  return low < high ? draw_between(random, low, high) : (low + high) / 2;
}

static void range_across(const draw_scene *scene, int i, double *low, double *high) {
  double half = scene->objects[i].width / 2;
  *low = half + 0.02;
  *high = 0.98 - half;
  if (scene->layout == DRAW_SIDES && i == 0)
    *high = 0.47 - half;
  else if (scene->layout == DRAW_SIDES)
    *low = 0.53 + half;
  else if (scene->side < 0)
    *high = fmax(*low, 0.36);
  else if (scene->side > 0)
    *low = fmin(*high, 0.64);
}

static void range_down(const draw_scene *scene, int i, double *low, double *high) {
  double half = scene->objects[i].height / 2;
  if (scene->horizon >= 1) {
    *low = half + 0.02;
    *high = 0.98 - half;
    if (scene->layout == DRAW_STACKED && i == 0)
      *high = 0.48 - half;
    if (scene->layout == DRAW_STACKED && i == 1)
      *low = 0.52 + half;
  } else if (scene->objects[i].in_the_sky) {
    *low = half + 0.02;
    *high = scene->horizon - half - 0.02;
  } else { /* stands on the ground, further back or nearer */
    *low = fmax(scene->horizon + 0.08 - half, half + 0.02);
    *high = 0.97 - half;
  }
}

static bool collides(const draw_scene *scene, int i, double gap) {
  const draw_object *a = &scene->objects[i];
  for (int j = 0; j < i; j++) {
    const draw_object *b = &scene->objects[j];
    if (fabs(a->x - b->x) < (a->width + b->width) / 2 + gap && fabs(a->y - b->y) < (a->height + b->height) / 2 + gap)
      return true;
  }
  return false;
}

/* Longer side of an object in parts of the picture. */
static double pick_size(const draw_scene *scene, draw_random *random) {
  static const double of_count[][2] = {{0.35, 0.7}, {0.28, 0.42}, {0.24, 0.36}, {0.22, 0.32}, {0.2, 0.29}};
  switch (scene->layout) {
  case DRAW_SINGLE:
    return draw_between(random, 0.36, 0.8);
  case DRAW_COUNT:
    return draw_between(random, of_count[scene->n - 1][0], of_count[scene->n - 1][1]);
  case DRAW_ASIDE:
    return draw_between(random, 0.3, 0.6);
  case DRAW_SIDES:
  case DRAW_STACKED:
    return draw_between(random, 0.3, 0.44);
  default:
    return draw_between(random, 0.24, 0.4);
  }
}

static void size_object(draw_scene *scene, int i, double size, double shrink) {
  draw_object *object = &scene->objects[i];
  double aspect = draw_kinds[object->kind].aspect, most = scene->layout == DRAW_SIDES ? 0.44
                                                          : scene->side               ? 0.66
                                                                                      : 0.94;
  if (aspect < 0.8 || aspect > 1.5) /* slender things are as visible only when longer */
    size = fmin(size * 1.2, 0.9);
  object->width = fmin(aspect >= 1 ? size : size * aspect, most) * shrink;
  object->height = object->width / aspect;
  double low, high;
  range_down(scene, i, &low, &high);
  if (low > high && !(scene->horizon < 1 && !object->in_the_sky)) { /* too tall for its strip of sky */
    double fit = fmax(object->height - (low - high), 0.12) / object->height;
    object->width *= fit;
    object->height *= fit;
  }
}

static bool try_places(draw_scene *scene, const double *sizes, double shrink, double gap, draw_random *random) {
  for (int i = 0; i < scene->n; i++) {
    draw_object *object = &scene->objects[i];
    double left, right, top, bottom;
    size_object(scene, i, sizes[i], shrink);
    range_across(scene, i, &left, &right);
    range_down(scene, i, &top, &bottom);
    int tries = 0;
    do {
      object->x = between_or_middle(random, left, right);
      object->y = between_or_middle(random, top, bottom);
    } while (collides(scene, i, gap) && ++tries < 60);
    if (tries == 60)
      return false;
  }
  return true;
}

void draw_scene_arrange(draw_scene *scene, draw_random *random) {
  double sizes[DRAW_MOST_OBJECTS], common = pick_size(scene, random);
  for (int i = 0; i < scene->n; i++)
    sizes[i] = scene->layout == DRAW_COUNT ? common * draw_between(random, 0.92, 1.08) : pick_size(scene, random);
  double shrink = 1, gap = 0.025;
  for (int tries = 0; !try_places(scene, sizes, shrink, gap, random) && tries < 60; tries++) {
    shrink = fmax(shrink * 0.97, 0.7);
    gap = fmax(gap - 0.001, -0.02);
  }
  for (int i = 0; i < scene->n; i++) {
    draw_object *object = &scene->objects[i];
    bool stands = scene->horizon < 1 && !object->in_the_sky;
    object->turn = draw_between(random, -1, 1) * (stands ? 0.04 : 0.16);
    object->mirrored = draw_chance(random, 0.5);
    object->seed = (uint64_t)draw_below(random, 1 << 30);
  }
}
