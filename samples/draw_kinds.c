#include "samples/draw_kinds.h"

#include <stddef.h>

const draw_colour_facts draw_colours[DRAW_N_COLOURS] = {
#define X(name, english, korean, r, g, b) [DRAW_##name] = {english, korean, {r, g, b}},
    DRAW_COLOURS(X)
#undef X
};

enum {
  RED = 1 << DRAW_RED,
  ORANGE = 1 << DRAW_ORANGE,
  YELLOW = 1 << DRAW_YELLOW,
  GREEN = 1 << DRAW_GREEN,
  BLUE = 1 << DRAW_BLUE,
  PURPLE = 1 << DRAW_PURPLE,
  PINK = 1 << DRAW_PINK,
  BROWN = 1 << DRAW_BROWN,
  BLACK = 1 << DRAW_BLACK,
  WHITE = 1 << DRAW_WHITE,
  GREY = 1 << DRAW_GREY,
  ANY = (1 << DRAW_N_COLOURS) - 1,
  BRIGHT = RED | ORANGE | YELLOW | GREEN | BLUE | PURPLE | PINK | WHITE,
  FUR = BROWN | BLACK | WHITE | GREY | ORANGE,
  LAND = DRAW_ON_LAND,
  SKY = DRAW_IN_THE_SKY,
  TABLE = DRAW_ON_A_TABLE,
  ROOM = DRAW_IN_A_ROOM,
  ROAD = DRAW_ON_A_ROAD,
  SEA = DRAW_ON_THE_SEA,
  WATER = DRAW_UNDER_WATER,
  NIGHT = DRAW_BY_NIGHT_ONLY
};

#define PLAIN \
  { NULL }
#define SHIRT \
  { "in", "shirt", "shirts", "옷을 입은" }
#define SCARF \
  { "with", "scarf", "scarves", "목도리를 두른" }
const draw_kind draw_kinds[DRAW_N_KINDS] = {
    [DRAW_BALL] = {"ball", "balls", "공", "개", PLAIN, 1, LAND | ROOM | TABLE | SEA, ANY, draw_paint_ball},
    [DRAW_HOUSE] = {"house", "houses", "집", "채", PLAIN, 1, LAND, ANY & ~BLACK, draw_paint_house},
    [DRAW_TREE] = {"tree", "trees", "나무", "그루", PLAIN, 0.9, LAND, GREEN | RED | YELLOW | PINK | ORANGE,
                   draw_paint_tree},
    [DRAW_PINE] = {"pine tree", "pine trees", "소나무", "그루", PLAIN, 0.8, LAND, GREEN, draw_paint_pine},
    [DRAW_CAR] = {"car", "cars", "자동차", "대", PLAIN, 1.8, LAND | ROAD, ANY, draw_paint_car},
    [DRAW_BUS] = {"bus", "buses", "버스", "대", PLAIN, 1.85, ROAD | LAND, ANY & ~BLACK, draw_paint_bus},
    [DRAW_BOAT] = {"boat", "boats", "배", "척", PLAIN, 1.1, SEA, ANY, draw_paint_boat},
    [DRAW_SUN] = {"sun", "suns", "해", "개", PLAIN, 1, SKY, YELLOW | ORANGE | RED, draw_paint_sun},
    [DRAW_MOON] = {"moon", "moons", "달", "개", PLAIN, 0.8, SKY | NIGHT, YELLOW | WHITE | ORANGE, draw_paint_moon},
    [DRAW_STAR] = {"star", "stars", "별", "개", PLAIN, 1, SKY | NIGHT, BRIGHT, draw_paint_star},
    [DRAW_CLOUD] = {"cloud", "clouds", "구름", "개", PLAIN, 1.7, SKY, WHITE | GREY | PINK | BLACK, draw_paint_cloud},
    [DRAW_FLOWER] = {"flower", "flowers", "꽃", "송이", PLAIN, 0.75, LAND | TABLE, BRIGHT & ~GREEN, draw_paint_flower},
    [DRAW_CAT] = {"cat", "cats", "고양이", "마리", PLAIN, 0.9, LAND | ROOM | TABLE, FUR, draw_paint_cat},
    [DRAW_DOG] = {"dog", "dogs", "개", "마리", PLAIN, 1.25, LAND | ROOM | ROAD, FUR, draw_paint_dog},
    [DRAW_FISH] = {"fish", "fish", "물고기", "마리", PLAIN, 1.6, WATER | TABLE, ANY, draw_paint_fish},
    [DRAW_BIRD] = {"bird", "birds", "새", "마리", PLAIN, 1.25, LAND | SKY, ANY, draw_paint_bird},
    [DRAW_APPLE] = {"apple", "apples", "사과", "개", PLAIN, 0.9, TABLE | LAND, RED | GREEN | YELLOW, draw_paint_apple},
    [DRAW_CUP] = {"cup", "cups", "컵", "개", PLAIN, 1.15, TABLE | ROOM, ANY, draw_paint_cup},
    [DRAW_CHAIR] = {"chair", "chairs", "의자", "개", PLAIN, 0.7, ROOM | LAND, ANY, draw_paint_chair},
    [DRAW_UMBRELLA] = {"umbrella", "umbrellas", "우산", "개", PLAIN, 1.05, LAND | ROOM, ANY, draw_paint_umbrella},
    [DRAW_BALLOON] = {"balloon", "balloons", "풍선", "개", PLAIN, 0.55, SKY | ROOM, ANY, draw_paint_balloon},
    [DRAW_KITE] = {"kite", "kites", "연", "개", PLAIN, 0.75, SKY, ANY, draw_paint_kite},
    [DRAW_SNOWMAN] = {"snowman", "snowmen", "눈사람", "개", SCARF, 0.65, LAND, ANY & ~(BLACK | WHITE | GREY | BROWN),
                      draw_paint_snowman},
    [DRAW_PERSON] = {"person", "people", "사람", "명", SHIRT, 0.5, LAND | ROOM | ROAD, ANY, draw_paint_person},
    [DRAW_MUSHROOM] = {"mushroom", "mushrooms", "버섯", "개", PLAIN, 1, LAND | TABLE,
                       RED | ORANGE | BROWN | PURPLE | BLUE | PINK, draw_paint_mushroom},
    [DRAW_HEART] = {"heart", "hearts", "하트", "개", PLAIN, 1.05, SKY, ANY & ~(BROWN | GREY), draw_paint_heart},
    [DRAW_BUTTERFLY] = {"butterfly", "butterflies", "나비", "마리", PLAIN, 1.2, SKY, BRIGHT, draw_paint_butterfly},
};

draw_colour draw_colour_vary(draw_colour_name name, draw_random *random) {
  draw_colour colour = draw_colours[name].colour;
  double brightness = draw_between(random, -0.1, 0.1), grey = draw_between(random, 0, 0.12);
  if (name == DRAW_BLACK || name == DRAW_WHITE)
    brightness *= 0.2;
  if (name == DRAW_ORANGE || name == DRAW_YELLOW || name == DRAW_RED || name == DRAW_PINK || name == DRAW_BROWN)
    brightness *= 0.6; /* neighbours in hue or lightness: darker yellow is brown, lighter red is pink */
  double mean = (colour.r + colour.g + colour.b) / 3;
  colour = draw_mix(colour, (draw_colour){mean, mean, mean}, grey);
  colour = brightness > 0 ? draw_light(colour, brightness) : draw_dark(colour, -brightness * 1.5);
  colour.r += draw_between(random, -0.025, 0.025);
  colour.g += draw_between(random, -0.025, 0.025);
  colour.b += draw_between(random, -0.025, 0.025);
  return colour;
}

draw_pen draw_without_line(const draw_pen *pen) {
  draw_pen plain = *pen;
  plain.line_width = 0;
  return plain;
}

bool draw_is_dark(draw_colour colour) { return colour.r + colour.g + colour.b < 0.7; }

draw_colour draw_tone(draw_colour colour) {
  return draw_is_dark(colour) ? draw_light(colour, 0.27) : draw_dark(colour, 0.27);
}
