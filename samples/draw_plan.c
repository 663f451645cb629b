/* What a scene holds: place, time, kinds, colours, how many. */
#include "samples/draw_scene.h"

static bool lives_in(draw_kind_name kind, draw_ground ground, draw_time time) {
  const draw_kind *facts = &draw_kinds[kind];
  if (ground == DRAW_PAPER)
    return true;
  if ((facts->homes & DRAW_BY_NIGHT_ONLY) && time != DRAW_NIGHT)
    return false;
  if (kind == DRAW_SUN && time == DRAW_NIGHT)
    return false;
  if (kind == DRAW_SNOWMAN && ground != DRAW_SNOW)
    return false;
  return (facts->homes & draw_background_homes(ground) & ~(unsigned)DRAW_BY_NIGHT_ONLY) != 0;
}

/* Whether it hangs in the sky there rather than stands on the ground; birds do either. */
static bool flies(draw_kind_name kind, draw_ground ground, draw_random *random) {
  unsigned homes = draw_kinds[kind].homes;
  if (ground == DRAW_PAPER || ground == DRAW_WATER || ground == DRAW_AIR)
    return true;
  if (ground == DRAW_ROOM && kind == DRAW_BALLOON)
    return true;
  if (!(homes & DRAW_IN_THE_SKY))
    return false;
  return !(homes & draw_background_homes(ground) & ~(unsigned)DRAW_IN_THE_SKY) || draw_chance(random, 0.5);
}

static draw_colour_name pick_colour(unsigned allowed, draw_random *random) {
  int n = 0, choices[DRAW_N_COLOURS];
  for (int i = 0; i < DRAW_N_COLOURS; i++)
    if (allowed >> i & 1)
      choices[n++] = i;
  return n ? (draw_colour_name)choices[draw_below(random, n)] : DRAW_RED;
}

static unsigned used_colours(const draw_scene *scene) {
  unsigned used = 0;
  for (int i = 0; i < scene->n; i++)
    used |= 1u << scene->objects[i].colour;
  return used;
}

draw_colour_name draw_other_colour(const draw_scene *scene, int object, draw_random *random) {
  unsigned seen = used_colours(scene) | draw_background_colours(scene, true) | draw_background_colours(scene, false);
  unsigned own = draw_kinds[scene->objects[object].kind].colours & ~seen;
  return pick_colour(own ? own : ~seen & ((1u << DRAW_N_COLOURS) - 1), random);
}

static bool add_object(draw_scene *scene, draw_kind_name kind, draw_random *random) {
  draw_object object = {.kind = kind, .in_the_sky = flies(kind, scene->ground, random)};
  if (!lives_in(kind, scene->ground, scene->time))
    return false;
  for (int i = 0; i < scene->n; i++)
    if (scene->objects[i].kind == kind)
      return false;
  unsigned own = draw_kinds[kind].colours;
  unsigned allowed = own & ~used_colours(scene) & ~draw_background_colours(scene, object.in_the_sky);
  if (kind == DRAW_TREE || kind == DRAW_PINE)
    allowed |= 1 << DRAW_GREEN; /* trees are, on grass too */
  if (!allowed)
    return false;
  object.colour = pick_colour(allowed, random);
  scene->objects[scene->n++] = object;
  return true;
}

static void plan_place(draw_scene *scene, draw_random *random) {
  static const draw_ground grounds[] = {DRAW_MEADOW, DRAW_MEADOW, DRAW_BEACH, DRAW_SEA,   DRAW_SNOW,
                                        DRAW_ROAD,   DRAW_CITY,   DRAW_ROOM,  DRAW_ROOM,  DRAW_TABLE,
                                        DRAW_TABLE,  DRAW_AIR,    DRAW_WATER, DRAW_PAPER, DRAW_PAPER};
  scene->ground = grounds[draw_below(random, (int)(sizeof grounds / sizeof *grounds))];
  int time = draw_below(random, 10);
  scene->time = time < 6 ? DRAW_DAY : time < 8 ? DRAW_EVENING : DRAW_NIGHT;
  if (scene->ground >= DRAW_ROOM && scene->ground != DRAW_AIR)
    scene->time = DRAW_DAY;
}

/* What is to be counted or compared gets most of the room. */
static void plan_horizon(draw_scene *scene, draw_random *random) {
  int flying = 0;
  for (int i = 0; i < scene->n; i++)
    flying += scene->objects[i].in_the_sky;
  if (scene->ground == DRAW_WATER || scene->ground == DRAW_PAPER || scene->ground == DRAW_AIR)
    scene->horizon = 1;
  else if (flying == scene->n)
    scene->horizon = draw_between(random, 0.68, 0.85);
  else if (flying == 0 && scene->layout == DRAW_COUNT)
    scene->horizon = draw_between(random, 0.3, 0.45);
  else
    scene->horizon = draw_between(random, 0.42, 0.62);
}

static draw_layout pick_layout(draw_random *random) {
  double share = draw_between(random, 0, 1);
  return share < 0.24   ? DRAW_SINGLE
         : share < 0.54 ? DRAW_COUNT
         : share < 0.8  ? DRAW_SIDES
         : share < 0.86 ? DRAW_STACKED
                        : DRAW_RICH;
}

/* Of two stacked on a ground, the upper one flies. */
static bool put_upper_first(draw_scene *scene) {
  draw_object first = scene->objects[0];
  if (scene->ground == DRAW_WATER || scene->ground == DRAW_PAPER || scene->ground == DRAW_AIR)
    return true;
  if (first.in_the_sky == scene->objects[1].in_the_sky)
    return false;
  if (!first.in_the_sky) {
    scene->objects[0] = scene->objects[1];
    scene->objects[1] = first;
  }
  return true;
}

static void repeat_first(draw_scene *scene, int n) {
  scene->n = n;
  for (int i = 1; i < n; i++)
    scene->objects[i] = scene->objects[0];
}

/* The first kind is drawn before its place, so that all kinds are as frequent; false: try again with another place. */
static bool plan_objects(draw_scene *scene, draw_kind_name first, draw_random *random) {
  static const int least[] = {
      [DRAW_SINGLE] = 1, [DRAW_COUNT] = 1, [DRAW_SIDES] = 2, [DRAW_STACKED] = 2, [DRAW_RICH] = 3, [DRAW_ASIDE] = 1};
  int wanted = least[scene->layout] + (scene->layout == DRAW_RICH ? draw_below(random, 3) : 0);
  scene->n = 0;
  if (!add_object(scene, first, random))
    return false;
  for (int tries = 0; scene->n < wanted && tries < 200; tries++)
    (void)add_object(scene, (draw_kind_name)draw_below(random, DRAW_N_KINDS), random);
  if (scene->n < least[scene->layout] || (scene->layout == DRAW_STACKED && !put_upper_first(scene)))
    return false;
  if (scene->layout == DRAW_SIDES && draw_chance(random, 0.5)) {
    draw_object left = scene->objects[0];
    scene->objects[0] = scene->objects[1];
    scene->objects[1] = left;
  }
  if (scene->layout == DRAW_COUNT)
    repeat_first(scene, 1 + draw_below(random, 5));
  if (scene->layout == DRAW_ASIDE)
    scene->side = draw_chance(random, 0.5) ? 1 : -1;
  plan_horizon(scene, random);
  return true;
}

/* What a twin does otherwise: the count, the sides, or a colour. */
static void plan_twin(draw_scene *scene, draw_random *random) {
  if (scene->layout == DRAW_COUNT && draw_chance(random, 0.75)) {
    repeat_first(scene, (scene->n + draw_below(random, 4)) % 5 + 1);
  } else if (scene->layout == DRAW_SIDES && draw_chance(random, 0.75)) {
    draw_object first = scene->objects[0];
    scene->objects[0] = scene->objects[1];
    scene->objects[1] = first;
  } else if (scene->layout == DRAW_ASIDE) {
    scene->side = -scene->side;
  } else {
    int which = scene->layout == DRAW_COUNT ? 0 : draw_below(random, scene->n);
    draw_colour_name colour = draw_other_colour(scene, which, random);
    if (draw_kinds[scene->objects[which].kind].colours >> colour & 1)
      for (int i = which; i < (scene->layout == DRAW_COUNT ? scene->n : which + 1); i++)
        scene->objects[i].colour = colour;
  }
}

draw_scene draw_scene_new(uint64_t seed, uint64_t index, bool twins, draw_layout layout) {
  uint64_t family = twins ? index / 2 : index;
  draw_random planning = draw_random_new(seed, family * 4), details = draw_random_new(seed, index * 4 + 1);
  draw_layout picked = pick_layout(&planning);
  draw_scene scene = {.layout = layout == DRAW_ANY ? picked : layout, .seed = seed * 1000003 + family};
  draw_kind_name first = (draw_kind_name)draw_below(&planning, DRAW_N_KINDS);
  for (int tries = 0; scene.n == 0 || !plan_objects(&scene, first, &planning); tries++) {
    if (tries > 400) /* nothing goes above or beside it */
      scene.layout = DRAW_SINGLE;
    plan_place(&scene, &planning);
    scene.n = 1;
  }
  if (twins && index % 2) {
    draw_random other = draw_random_new(seed, family * 4 + 2);
    plan_twin(&scene, &other);
  }
  draw_scene_arrange(&scene, &details);
  return scene;
}
