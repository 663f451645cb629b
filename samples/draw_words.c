#include "samples/draw_words.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void draw_say(draw_text *text, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  int written = vsnprintf(text->at, text->left, format, arguments);
  va_end(arguments);
  size_t step = written < 0 ? 0 : (size_t)written < text->left ? (size_t)written : text->left - 1;
  text->at += step;
  text->left -= step;
}

static const char *const NUMBERS[] = {"no", "one", "two", "three", "four", "five"};

static bool starts_with_vowel(const char *word) { return strchr("aeiou", word[0]) != NULL; }

static const char *article_of(const char *next_word) { return starts_with_vowel(next_word) ? "an" : "a"; }

/* "a red ball", "the small red ball", "a person in a red shirt". */
static void say_one(draw_text *text, const draw_claim *claim, int i, bool definite, const char *adjective,
                    bool coloured) {
  const draw_kind *kind = &draw_kinds[claim->scene->objects[i].kind];
  const char *colour = draw_colours[claim->colours[i]].english, *worn = kind->wears[1];
  bool before = coloured && !worn;
  const char *first = adjective[0] ? adjective : before ? colour : kind->name;
  draw_say(text, "%s ", definite ? "the" : article_of(first));
  if (adjective[0])
    draw_say(text, "%s ", adjective);
  if (before)
    draw_say(text, "%s ", colour);
  draw_say(text, "%s", kind->name);
  if (coloured && worn)
    draw_say(text, " %s %s %s %s", kind->wears[0], article_of(colour), colour, worn);
}

/* "three red balls", "one red ball", "two people in red shirts". */
static void say_many(draw_text *text, const draw_claim *claim, bool coloured) {
  const draw_kind *kind = &draw_kinds[claim->scene->objects[0].kind];
  const char *colour = draw_colours[claim->colours[0]].english;
  bool one = claim->count == 1, wears = kind->wears[0] != NULL;
  draw_say(text, "%s ", NUMBERS[claim->count]);
  if (coloured && !wears)
    draw_say(text, "%s ", colour);
  draw_say(text, "%s", one ? kind->name : kind->plural);
  if (coloured && wears && one)
    draw_say(text, " %s %s %s %s", kind->wears[0], article_of(colour), colour, kind->wears[1]);
  else if (coloured && wears)
    draw_say(text, " %s %s %s", kind->wears[0], colour, kind->wears[2]);
}

/* " on the grass", " in the night sky", or nothing. */
static void say_place(draw_text *text, const draw_scene *scene, bool sky, draw_random *random) {
  static const char *const grounds[DRAW_N_GROUNDS][3] = {
      [DRAW_MEADOW] = {"on the grass", "in a field", "on green grass"},
      [DRAW_BEACH] = {"on the beach", "on the sand", "at the beach"},
      [DRAW_SEA] = {"on the sea", "on the water", "at sea"},
      [DRAW_SNOW] = {"in the snow", "on the snow", "in winter"},
      [DRAW_ROAD] = {"on the road", "on a street", "on a road"},
      [DRAW_CITY] = {"in the city", "on a city street", "in front of tall buildings"},
      [DRAW_ROOM] = {"in a room", "on the floor", "inside a room"},
      [DRAW_TABLE] = {"on a table", "on a wooden table", "on the table"},
      [DRAW_AIR] = {"in the sky", "in the sky", "in the sky"},
      [DRAW_WATER] = {"under water", "in the water", "under the sea"},
      [DRAW_PAPER] = {"", "", "on a plain background"}};
  static const char *const skies[][3] = {[DRAW_DAY] = {"in the sky", "in the blue sky", "in the air"},
                                         [DRAW_EVENING] = {"in the sky", "in the evening sky", "in the sky at sunset"},
                                         [DRAW_NIGHT] = {"in the sky", "in the night sky", "in the dark sky"}};
  int variant = draw_below(random, 3);
  bool time = draw_chance(random, 0.35);
  const char *place = grounds[scene->ground][variant];
  if (scene->ground == DRAW_AIR || (sky && scene->ground <= DRAW_CITY))
    place = skies[scene->time][variant];
  else if (sky && scene->ground == DRAW_ROOM)
    place = "in a room";
  if (place[0])
    draw_say(text, " %s", place);
  if (time && !strstr(place, "sky at") && !strstr(place, "night") && !strstr(place, "evening"))
    draw_say(text, "%s",
             scene->time == DRAW_NIGHT     ? " at night"
             : scene->time == DRAW_EVENING ? " in the evening"
                                           : "");
}

static const char *size_word(const draw_object *object) {
  double longest = object->width > object->height ? object->width : object->height;
  return longest > 0.62 ? "big" : longest < 0.45 ? "small" : "";
}

int draw_object_side(const draw_object *object) { return object->x < 0.38 ? -1 : object->x > 0.62 ? 1 : 0; }

static void say_side(draw_text *text, const draw_claim *claim, int i, draw_random *random) {
  static const char *const forms[] = {"on the %s side", "on the %s", "on the %s side of the picture", "at the %s"};
  const char *form = forms[draw_below(random, 4)], *gap = strstr(form, "%s");
  bool left = (draw_object_side(&claim->scene->objects[i]) < 0) != claim->swapped;
  draw_say(text, " %.*s%s%s", (int)(gap - form), form, left ? "left" : "right", gap + 2);
}

static void say_single(draw_text *text, const draw_claim *claim, int form, draw_random *random) {
  const draw_scene *scene = claim->scene;
  const draw_object *object = &scene->objects[0];
  switch (form) {
  case 0:
    say_one(text, claim, 0, false, "", true);
    return;
  case 1:
  case 2:
    say_one(text, claim, 0, false, form == 2 ? size_word(object) : "", true);
    break;
  case 3:
    say_one(text, claim, 0, false, "", true);
    if (draw_object_side(object)) {
      say_side(text, claim, 0, random);
      return;
    }
    break;
  case 4:
    say_one(text, claim, 0, false, "", false);
    break;
  case 5:
    draw_say(text, "there is ");
    say_one(text, claim, 0, false, "", true);
    break;
  default:
    if (draw_kinds[object->kind].wears[0])
      say_one(text, claim, 0, true, "", true);
    else
      draw_say(text, "the %s is %s", draw_kinds[object->kind].name, draw_colours[claim->colours[0]].english);
    return;
  }
  say_place(text, scene, object->in_the_sky, random);
}

static void say_aside(draw_text *text, const draw_claim *claim, int form, draw_random *random) {
  const draw_scene *scene = claim->scene;
  bool coloured = draw_chance(random, 0.6);
  const char *side = (scene->side < 0) != claim->swapped ? "left" : "right";
  switch (form) {
  case 0:
  case 1:
    say_one(text, claim, 0, false, "", form == 0 || coloured);
    say_side(text, claim, 0, random);
    break;
  case 2:
    draw_say(text, "on the %s ", side);
    say_one(text, claim, 0, false, "", coloured);
    break;
  case 3:
    say_one(text, claim, 0, coloured, "", coloured);
    draw_say(text, " on the %s", side);
    say_place(text, scene, scene->objects[0].in_the_sky, random);
    break;
  case 4:
    draw_say(text, "there is ");
    say_one(text, claim, 0, false, "", coloured);
    draw_say(text, " on the %s", side);
    break;
  default:
    say_one(text, claim, 0, false, "", true);
    say_place(text, scene, scene->objects[0].in_the_sky, random);
  }
}

static void say_count(draw_text *text, const draw_claim *claim, int form, draw_random *random) {
  const draw_scene *scene = claim->scene;
  switch (form) {
  case 0:
    say_many(text, claim, true);
    return;
  case 1:
    say_many(text, claim, false);
    return;
  case 2:
    draw_say(text, "there %s ", claim->count == 1 ? "is" : "are");
    say_many(text, claim, draw_chance(random, 0.6));
    break;
  case 3:
    say_many(text, claim, false);
    break;
  default:
    say_many(text, claim, true);
  }
  say_place(text, scene, scene->objects[0].in_the_sky, random);
}

static void say_sides(draw_text *text, const draw_claim *claim, int form, draw_random *random) {
  const char *left = claim->swapped ? "right" : "left", *right = claim->swapped ? "left" : "right";
  bool first = draw_chance(random, 0.7), second = draw_chance(random, 0.7);
  bool of = draw_chance(random, 0.5);
  switch (form) {
  case 0:
  case 1:
    say_one(text, claim, 0, false, "", form == 0 || first);
    draw_say(text, " on the %s and ", left);
    say_one(text, claim, 1, false, "", form == 0 || second);
    draw_say(text, " on the %s", right);
    break;
  case 2:
    say_one(text, claim, 1, false, "", first);
    draw_say(text, " on the %s and ", right);
    say_one(text, claim, 0, false, "", second);
    draw_say(text, " on the %s", left);
    break;
  case 3:
  case 4:
    say_one(text, claim, 0, false, "", first);
    draw_say(text, form == 3 ? " to the %s of " : " %s of ", left);
    say_one(text, claim, 1, of, "", second);
    break;
  case 5:
    say_one(text, claim, 1, false, "", first);
    draw_say(text, " to the %s of ", right);
    say_one(text, claim, 0, of, "", second);
    break;
  case 6:
    draw_say(text, "on the %s ", left);
    say_one(text, claim, 0, false, "", first);
    draw_say(text, ", on the %s ", right);
    say_one(text, claim, 1, false, "", second);
    break;
  case 7: { /* one side alone: the shortest sentence that needs the side */
    int i = draw_below(random, 2);
    say_one(text, claim, i, draw_chance(random, 0.5), "", first);
    draw_say(text, " on the %s", i == 0 ? left : right);
    break;
  }
  default:
    say_one(text, claim, 0, false, "", true);
    draw_say(text, draw_chance(random, 0.5) ? " and " : " next to ");
    say_one(text, claim, 1, false, "", true);
    if (claim->scene->objects[0].in_the_sky == claim->scene->objects[1].in_the_sky)
      say_place(text, claim->scene, claim->scene->objects[0].in_the_sky, random);
  }
}

static void say_stacked(draw_text *text, const draw_claim *claim, int form, draw_random *random) {
  static const char *const over[] = {" above ", " over "}, *const under[] = {" below ", " under "};
  bool first = draw_chance(random, 0.75), second = draw_chance(random, 0.75);
  int variant = draw_below(random, 2);
  if (form < 2) {
    say_one(text, claim, 0, false, "", first);
    draw_say(text, "%s", over[variant]);
    say_one(text, claim, 1, variant == 1, "", second);
  } else if (form < 4) {
    say_one(text, claim, 1, false, "", first);
    draw_say(text, "%s", under[variant]);
    say_one(text, claim, 0, variant == 1, "", second);
  } else if (form == 4) {
    say_one(text, claim, 0, false, "", true);
    draw_say(text, " at the top and ");
    say_one(text, claim, 1, false, "", true);
    draw_say(text, " at the bottom");
  } else {
    say_one(text, claim, 0, false, "", true);
    draw_say(text, " and ");
    say_one(text, claim, 1, false, "", true);
  }
}

/* Two objects of a rich scene that stand clearly beside one another, the left one first. */
static bool find_neighbours(const draw_scene *scene, draw_random *random, int *left, int *right) {
  int start = draw_below(random, scene->n * scene->n);
  for (int i = 0; i < scene->n * scene->n; i++) {
    *left = (start + i) % (scene->n * scene->n) / scene->n;
    *right = (start + i) % scene->n;
    const draw_object *a = &scene->objects[*left], *b = &scene->objects[*right];
    if (a->x + (a->width + b->width) / 2 < b->x + 0.02 && b->x - a->x > 0.22)
      return true;
  }
  return false;
}

static void say_rich(draw_text *text, const draw_claim *claim, int form, draw_random *random) {
  const draw_scene *scene = claim->scene;
  int left = 0, right = 1;
  bool first = draw_chance(random, 0.8), second = draw_chance(random, 0.8);
  if (form < 2) { /* all of them */
    for (int i = 0; i < scene->n; i++) {
      draw_say(text, "%s", i == 0 ? "" : i == scene->n - 1 ? " and " : ", ");
      say_one(text, claim, i, false, "", form == 0 || first);
    }
  } else if (form < 4 && find_neighbours(scene, random, &left, &right)) {
    bool from_left = draw_chance(random, 0.5);
    say_one(text, claim, from_left ? left : right, false, "", first);
    draw_say(text, " to the %s of ", from_left != claim->swapped ? "left" : "right");
    say_one(text, claim, from_left ? right : left, false, "", second);
  } else { /* one or two of them in their place */
    int i = draw_below(random, scene->n), j = (i + 1 + draw_below(random, scene->n - 1)) % scene->n;
    say_one(text, claim, i, false, "", first);
    if (form != 4) {
      draw_say(text, " and ");
      say_one(text, claim, j, false, "", second);
    }
    if (form == 4 || scene->objects[i].in_the_sky == scene->objects[j].in_the_sky)
      say_place(text, scene, scene->objects[i].in_the_sky, random);
  }
}

const int draw_forms[] = {
    [DRAW_SINGLE] = 7, [DRAW_COUNT] = 6, [DRAW_SIDES] = 9, [DRAW_STACKED] = 6, [DRAW_RICH] = 6, [DRAW_ASIDE] = 6};

void draw_sentence_say(draw_text *text, const draw_claim *claim, int form, draw_random *random) {
  static void (*const sayers[])(draw_text *, const draw_claim *, int,
                                draw_random *) = {say_single, say_count, say_sides, say_stacked, say_rich, say_aside};
  sayers[claim->scene->layout](text, claim, form, random);
}
