/* Captions right and wrong. Each is made from (claim, random state), so that the same state with another claim gives
 * the same sentence with one word changed. */
#include "samples/draw_words.h"

#include <ctype.h>
#include <string.h>

static draw_claim truth(const draw_scene *scene) {
  draw_claim out = {.scene = scene, .count = scene->n};
  for (int i = 0; i < scene->n; i++)
    out.colours[i] = scene->objects[i].colour;
  return out;
}

/* One caption: plain, with an opening, or as a sentence with a full stop. */
static void say(char caption[DRAW_CAPTION_SIZE], const draw_claim *claim, int form, draw_random random) {
  static const char *const openings[] = {"a drawing of ", "a picture of ", "an illustration of ", "a cartoon of ",
                                         "a simple drawing of "};
  draw_text text = {caption, DRAW_CAPTION_SIZE};
  double style = draw_between(&random, 0, 1);
  const char *opening = openings[draw_below(&random, 5)];
  draw_say(&text, "%s", style < 0.2 ? opening : "");
  draw_sentence_say(&text, claim, form, &random);
  if (style < 0.2 &&
      (strstr(caption, "there ") || strstr(caption, " is ") || strncmp(caption + strlen(opening), "on ", 3) == 0))
    memmove(caption, caption + strlen(opening), strlen(caption + strlen(opening)) + 1);
  if (style > 0.72) {
    caption[0] = (char)toupper((unsigned char)caption[0]);
    if (strlen(caption) + 3 < DRAW_CAPTION_SIZE)
      strcat(caption, style > 0.86 ? " ." : ".");
  }
}

int draw_captions_write(const draw_scene *scene, draw_random *random, char (*captions)[DRAW_CAPTION_SIZE]) {
  int order[DRAW_MOST_FORMS] = {0}, forms = draw_forms[scene->layout], wanted = 4 + draw_below(random, 3), n = 0;
  for (int i = 0; i < forms; i++) {
    int j = draw_below(random, i + 1);
    order[i] = order[j];
    order[j] = i;
  }
  draw_claim facts = truth(scene);
  for (int i = 0; i < wanted && i < forms; i++) {
    say(captions[n], &facts, order[i], draw_random_new(random->state, (uint64_t)i));
    bool twice = false;
    for (int j = 0; j < n; j++)
      twice |= strcmp(captions[j], captions[n]) == 0;
    n += !twice;
  }
  if (draw_chance(random, 0.8))
    n += draw_korean_write(scene, random, captions[n]);
  return n;
}

/* Forms that name all colours, the count, or the sides. */
static int pair_form(const draw_scene *scene, const char *kind, draw_random *random) {
  static const int colour_forms[] = {1, 4, 0, 5, 0, 0}, count_forms[] = {0, 2, 4};
  if (kind[1] == 'o' && kind[2] == 'l')
    return colour_forms[scene->layout];
  if (kind[0] == 'c')
    return count_forms[draw_below(random, 3)];
  return scene->layout == DRAW_SINGLE ? 3 : draw_below(random, scene->layout == DRAW_ASIDE ? 5 : 7);
}

static int add_pair(const draw_claim *right, const draw_claim *wrong, const char *kind, draw_random *random,
                    draw_pair *pair) {
  int form = pair_form(right->scene, kind, random);
  draw_random same = draw_random_new(random->state, 7);
  draw_below(random, 2); /* another state for the next pair */
  pair->kind = kind;
  say(pair->right, right, form, same);
  say(pair->wrong, wrong, form, same);
  return strcmp(pair->right, pair->wrong) != 0;
}

int draw_pairs_write(const draw_scene *scene, draw_random *random, draw_pair *pairs) {
  draw_claim right = truth(scene), wrong = right;
  int n = 0, which = scene->layout == DRAW_COUNT ? 0 : draw_below(random, scene->n);
  wrong.colours[which] = draw_other_colour(scene, which, random);
  n += add_pair(&right, &wrong, "colour", random, &pairs[n]);
  if (scene->layout == DRAW_COUNT) {
    wrong = right;
    wrong.count = (right.count + draw_below(random, 4)) % 5 + 1;
    n += add_pair(&right, &wrong, "count", random, &pairs[n]);
  }
  if (scene->layout == DRAW_SIDES || scene->layout == DRAW_ASIDE ||
      (scene->layout == DRAW_SINGLE && draw_object_side(&scene->objects[0]))) {
    wrong = right;
    wrong.swapped = true;
    n += add_pair(&right, &wrong, "side", random, &pairs[n]);
  }
  return n;
}
