#include "fusion/phrase.h"

#include "fusion/korean.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

static void say_number(size_t n, gaze_text *text) {
  static const char *const words[] = {"no",  "one",   "two",   "three", "four", "five",
                                      "six", "seven", "eight", "nine",  "ten"};
  char digits[24];
  snprintf(digits, sizeof digits, "%zu", n);
  gaze_text_say(text, n < sizeof words / sizeof *words ? words[n] : digits);
}

void gaze_phrase_say_count(gaze_language language, const gaze_phrase_thing *thing, bool exact, gaze_text *text) {
  const gaze_noun *noun = thing->noun;
  bool counted = thing->n && gaze_noun_is_counted(noun);
  if (language == GAZE_KOREAN) {
    gaze_text_say(text, noun->korean);
    if (!counted)
      return;
    gaze_text_say(text, " ");
    gaze_korean_say_count(text, thing->n, noun);
  } else if (counted && (exact || thing->n > 1)) {
    say_number(thing->n, text);
    gaze_text_say(text, " ");
    gaze_text_say(text, thing->n > 1 ? noun->many : noun->one);
  } else if (thing->many) {
    gaze_text_say(text, noun->many);
  } else {
    gaze_noun_say_a(noun, text);
  }
}

void gaze_phrase_say_colours(gaze_language language, uint32_t colours, gaze_text *text) {
  gaze_lines lines = gaze_lines_colours();
  bool any = false;
  for (size_t i = 0; i < lines.n; i++) {
    if (!(colours >> i & 1))
      continue;
    size_t length;
    const char *field = gaze_line_field(lines.items[i], language == GAZE_KOREAN ? 1 : 0, &length);
    if (any && language == GAZE_KOREAN)
      gaze_korean_say_particle(text, "과/와");
    gaze_text_say(text, !any ? "" : language == GAZE_KOREAN ? " " : " and ");
    gaze_text_add(text, field, language == GAZE_KOREAN ? length : strcspn(field, "|\t"));
    any = true;
  }
}

static bool is_many(const gaze_phrase_thing *thing) { return thing->many || thing->noun->plural; }

static void say_the(const gaze_phrase *phrase, const gaze_phrase_thing *thing, gaze_text *text) {
  gaze_text_say(text, "the ");
  gaze_text_say(text, thing->many ? thing->noun->many : thing->noun->one);
}

static void say_any(const gaze_phrase *phrase, const gaze_phrase_thing *thing, gaze_text *text) {
  gaze_text_say(text, "any ");
  gaze_text_say(text, thing->noun->many);
}

static void say_one(const gaze_phrase *phrase, const gaze_phrase_thing *thing, gaze_text *text) {
  gaze_text_say(text, phrase->language == GAZE_KOREAN ? thing->noun->korean : thing->noun->one);
}

static void say_many(const gaze_phrase *phrase, const gaze_phrase_thing *thing, gaze_text *text) {
  gaze_text_say(text, thing->noun->many);
}

static void say_a(const gaze_phrase *phrase, const gaze_phrase_thing *thing, gaze_text *text) {
  gaze_noun_say_a(thing->noun, text);
}

static void say_is(const gaze_phrase *phrase, const gaze_phrase_thing *thing, gaze_text *text) {
  bool many = phrase->list || !thing->noun ? phrase->list_many : is_many(thing);
  gaze_text_say(text, many ? "are" : "is");
}

static void say_count(const gaze_phrase *phrase, const gaze_phrase_thing *thing, gaze_text *text) {
  gaze_phrase_say_count(phrase->language, thing, true, text);
}

static void say_n(const gaze_phrase *phrase, const gaze_phrase_thing *thing, gaze_text *text) {
  if (phrase->language == GAZE_KOREAN)
    gaze_korean_say_count(text, thing->n, thing->noun);
  else
    say_number(thing->n, text);
}

static void say_digits(const gaze_phrase *phrase, const gaze_phrase_thing *thing, gaze_text *text) {
  char digits[24];
  snprintf(digits, sizeof digits, "%zu", thing->n);
  gaze_text_say(text, digits);
}

static void say_counter(const gaze_phrase *phrase, const gaze_phrase_thing *thing, gaze_text *text) {
  gaze_text_say(text, gaze_korean_counter(thing->noun));
}

static const struct {
  const char *name;
  void (*say)(const gaze_phrase *phrase, const gaze_phrase_thing *thing, gaze_text *text);
} things[] = {{"thing", say_one}, {"things", say_many}, {"a", say_a}, {"any", say_any},       {"the", say_the},
              {"is", say_is},     {"count", say_count}, {"n", say_n}, {"number", say_digits}, {"counter", say_counter}};

static const struct {
  const char *name;
  size_t offset;
} texts[] = {{"place", offsetof(gaze_phrase, place)},       {"place2", offsetof(gaze_phrase, place2)},
             {"side", offsetof(gaze_phrase, side)},         {"other", offsetof(gaze_phrase, other)},
             {"sentence", offsetof(gaze_phrase, sentence)}, {"list", offsetof(gaze_phrase, list)},
             {"ordered", offsetof(gaze_phrase, ordered)},   {"action", offsetof(gaze_phrase, action)}};

static bool say_thing(const gaze_phrase *phrase, const char *name, gaze_text *text) {
  size_t length = strlen(name);
  bool second = length > 1 && name[length - 1] == '2';
  for (size_t i = 0; i < sizeof things / sizeof *things; i++)
    if (strlen(things[i].name) == length - second && memcmp(things[i].name, name, length - second) == 0) {
      things[i].say(phrase, second ? &phrase->thing2 : &phrase->thing, text);
      return true;
    }
  return false;
}

static bool say_text(const gaze_phrase *phrase, const char *name, gaze_text *text) {
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    if (strcmp(texts[i].name, name) == 0) {
      const char *value;
      memcpy(&value, (const char *)phrase + texts[i].offset, sizeof value);
      gaze_text_say(text, value);
      return true;
    }
  return false;
}

static void say_slot(const gaze_phrase *phrase, const char *name, gaze_text *text) {
  bool known = true;
  if (strchr(name, '/'))
    gaze_korean_say_particle(text, name);
  else if (strcmp(name, "colour") == 0)
    gaze_phrase_say_colours(phrase->language, phrase->colours, text);
  else if (strcmp(name, "sum") == 0)
    (phrase->language == GAZE_KOREAN ? say_digits : say_n)(phrase, &(gaze_phrase_thing){.n = phrase->sum}, text);
  else
    known = say_thing(phrase, name, text) || say_text(phrase, name, text);
  assert(known);
  (void)known;
}

void gaze_phrase_say(const gaze_phrase *phrase, const char *line, gaze_text *text) {
  while (*line) {
    size_t plain = strcspn(line, "{"), length;
    char name[24];
    gaze_text_add(text, line, plain);
    line += plain;
    if (!*line)
      return;
    length = strcspn(++line, "}");
    assert(length && length < sizeof name && line[length]);
    memcpy(name, line, length);
    name[length] = 0;
    size_t start = text->n;
    bool capital = isupper((unsigned char)*name);
    *name = (char)tolower((unsigned char)*name);
    say_slot(phrase, name, text);
    if (capital && text->err == GAZE_OK && text->n > start)
      text->bytes[start] = (char)toupper((unsigned char)text->bytes[start]);
    line += length + 1;
  }
}

void gaze_phrase_draw(const gaze_phrase *phrase, const char *list, gaze_random *random, gaze_text *text) {
  gaze_phrase_say(phrase, gaze_phrase_pick(phrase->language, list, random), text);
}
