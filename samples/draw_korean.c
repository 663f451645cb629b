/* Korean captions: modifiers go before the noun, numbers with a counter behind it. */
#include "samples/draw_scene.h"

#include <string.h>

static const char *const NUMBERS[] = {"", "한", "두", "세", "네", "다섯"};

/* Whether the last syllable ends in a consonant, which chooses the particle. */
static bool ends_in_consonant(const char *word) {
  size_t n = strlen(word);
  if (n < 3)
    return false;
  const unsigned char *last = (const unsigned char *)word + n - 3;
  unsigned code = (last[0] & 15u) << 12 | (last[1] & 63u) << 6 | (last[2] & 63u);
  return code >= 0xac00 && code <= 0xd7a3 && (code - 0xac00) % 28 != 0;
}

static const char *subject(const char *word) { return ends_in_consonant(word) ? "이" : "가"; }

static const char * and (const char *word) { return ends_in_consonant(word) ? "과" : "와"; }

/* "빨간 공", "빨간 옷을 입은 사람" */
static void say_one(draw_text *text, const draw_object *object, bool coloured) {
  const draw_kind *kind = &draw_kinds[object->kind];
  const char *colour = draw_colours[object->colour].korean;
  if (coloured)
    draw_say(text, "%s ", colour);
  if (coloured && kind->wears[3])
    draw_say(text, "%s ", kind->wears[3]);
  draw_say(text, "%s", kind->korean);
}

/* "풀밭 위의 ", or nothing */
static void say_place(draw_text *text, const draw_scene *scene, bool sky, draw_random *random) {
  static const char *const grounds[DRAW_N_GROUNDS][2] = {
      [DRAW_MEADOW] = {"풀밭 위의", "들판에 있는"}, [DRAW_BEACH] = {"바닷가의", "모래밭 위의"},
      [DRAW_SEA] = {"바다 위의", "물 위에 뜬"},     [DRAW_SNOW] = {"눈밭 위의", "눈 속의"},
      [DRAW_ROAD] = {"길 위의", "도로 위의"},       [DRAW_CITY] = {"도시의", "빌딩 앞의"},
      [DRAW_ROOM] = {"방 안의", "방에 있는"},       [DRAW_TABLE] = {"탁자 위의", "탁자에 놓인"},
      [DRAW_WATER] = {"물속의", "바닷속의"}};
  static const char *const skies[][2] = {
      {"하늘의", "파란 하늘의"}, {"하늘의", "저녁 하늘의"}, {"밤하늘의", "어두운 하늘의"}};
  int variant = draw_below(random, 2);
  const char *place = grounds[scene->ground][variant];
  if (scene->ground == DRAW_AIR || (sky && scene->ground <= DRAW_CITY))
    place = skies[scene->time][variant];
  if (place)
    draw_say(text, "%s ", place);
}

/* "한 마리", "다섯 개" */
static void say_number(draw_text *text, const draw_scene *scene) {
  draw_say(text, " %s %s", NUMBERS[scene->n], draw_kinds[scene->objects[0].kind].counter);
}

static void say_sides(draw_text *text, const draw_scene *scene, draw_random *random) {
  const draw_object *left = &scene->objects[0], *right = &scene->objects[1];
  bool first = draw_chance(random, 0.7), second = draw_chance(random, 0.7);
  switch (draw_below(random, 4)) {
  case 0:
    say_one(text, right, second);
    draw_say(text, " 왼쪽의 ");
    say_one(text, left, first);
    break;
  case 1:
    say_one(text, left, first);
    draw_say(text, " 오른쪽에 있는 ");
    say_one(text, right, second);
    break;
  case 2:
    draw_say(text, "왼쪽에 ");
    say_one(text, left, first);
    draw_say(text, ", 오른쪽에 ");
    say_one(text, right, second);
    break;
  default:
    draw_say(text, "왼쪽에는 ");
    say_one(text, left, first);
    draw_say(text, "%s, 오른쪽에는 ", subject(draw_kinds[left->kind].korean));
    say_one(text, right, second);
    draw_say(text, "%s 있다", subject(draw_kinds[right->kind].korean));
  }
}

static void say_stacked(draw_text *text, const draw_scene *scene, draw_random *random) {
  const draw_object *upper = &scene->objects[0], *lower = &scene->objects[1];
  bool from_above = draw_chance(random, 0.5);
  say_one(text, from_above ? lower : upper, true);
  draw_say(text, from_above ? " 위의 " : " 아래의 ");
  say_one(text, from_above ? upper : lower, true);
}

int draw_korean_write(const draw_scene *scene, draw_random *random, char caption[DRAW_CAPTION_SIZE]) {
  draw_text text = {caption, DRAW_CAPTION_SIZE};
  const draw_object *object = &scene->objects[0];
  switch (scene->layout) {
  case DRAW_SINGLE:
  case DRAW_COUNT:
    if (draw_chance(random, 0.6))
      say_place(&text, scene, object->in_the_sky, random);
    say_one(&text, object, draw_chance(random, 0.8));
    if (scene->layout == DRAW_COUNT)
      say_number(&text, scene);
    else if (draw_chance(random, 0.3))
      draw_say(&text, " 그림");
    break;
  case DRAW_ASIDE:
    draw_say(&text, scene->side < 0 ? "왼쪽에 있는 " : "오른쪽에 있는 ");
    say_one(&text, object, draw_chance(random, 0.6));
    break;
  case DRAW_SIDES:
    say_sides(&text, scene, random);
    break;
  case DRAW_STACKED:
    say_stacked(&text, scene, random);
    break;
  default:
    say_one(&text, object, true);
    draw_say(&text, "%s ", and(draw_kinds[object->kind].korean));
    say_one(&text, &scene->objects[1], true);
    draw_say(&text, draw_chance(random, 0.5) ? "%s 있는 그림" : "%s 있다",
             subject(draw_kinds[scene->objects[1].kind].korean));
  }
  return 1;
}
