#include "fusion/nouns.h"

#include "core/base/memory.h"
#include "fusion/instruct_lists.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

struct gaze_noun_form {
  char *text; /* owned */
  size_t noun;
  bool plural;
};

static const char *const kind_names[] = {"person", "animal", "vehicle", "food",  "plant",
                                         "thing",  "scene",  "wear",    "common"};

void gaze_nouns_fini(gaze_nouns *nouns) {
  for (size_t i = 0; i < nouns->n_forms; i++)
    free(nouns->forms[i].text);
  for (size_t i = 0; i < nouns->n; i++) {
    free(nouns->items[i].one);
    free(nouns->items[i].many);
    free(nouns->items[i].korean);
  }
  free(nouns->forms);
  free(nouns->items);
  *nouns = (gaze_nouns){0};
}

/* Bytes before, at or after those of a form. */
static int compare_form(const char *text, size_t length, const gaze_noun_form *form) {
  int order = strncmp(text, form->text, length);
  return order ? order : -(form->text[length] != 0);
}

/* Where text stands among the forms, or would. */
static size_t place_of(const gaze_nouns *nouns, const char *text, size_t length) {
  size_t low = 0, high = nouns->n_forms;
  while (low < high) {
    size_t middle = (low + high) / 2;
    if (compare_form(text, length, &nouns->forms[middle]) > 0)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

ptrdiff_t gaze_nouns_find(const gaze_nouns *nouns, const char *word, size_t length, bool *plural) {
  size_t at = place_of(nouns, word, length);
  if (at == nouns->n_forms || compare_form(word, length, &nouns->forms[at]) != 0)
    return -1;
  *plural = nouns->forms[at].plural;
  return (ptrdiff_t)nouns->forms[at].noun;
}

static gaze_err copy_text(const char *text, size_t length, char **out) {
  return gaze_format(out, "%.*s", (int)length, text);
}

/* The first noun that has a form keeps it. */
static gaze_err add_form(gaze_nouns *nouns, const char *text, size_t length, size_t noun, bool plural) {
  size_t at = place_of(nouns, text, length);
  if (at < nouns->n_forms && compare_form(text, length, &nouns->forms[at]) == 0)
    return GAZE_OK;
  GAZE_TRY(gaze_grow(&nouns->forms, &nouns->forms_capacity, nouns->n_forms + 1, sizeof *nouns->forms));
  char *copy;
  GAZE_TRY(copy_text(text, length, &copy));
  memmove(nouns->forms + at + 1, nouns->forms + at, (nouns->n_forms - at) * sizeof *nouns->forms);
  nouns->forms[at] = (gaze_noun_form){copy, noun, plural};
  nouns->n_forms++;
  return GAZE_OK;
}

/* All words of "dog|puppy". */
static gaze_err add_forms(gaze_nouns *nouns, const char *words, size_t length, size_t noun, bool plural) {
  for (const char *end = words + length; words < end;) {
    const char *bar = memchr(words, '|', (size_t)(end - words));
    size_t n = (size_t)((bar ? bar : end) - words);
    GAZE_TRY(add_form(nouns, words, n, noun, plural));
    words += n + 1;
  }
  return GAZE_OK;
}

static gaze_err push(gaze_nouns *nouns, gaze_noun **out) {
  GAZE_TRY(gaze_grow(&nouns->items, &nouns->capacity, nouns->n + 1, sizeof *nouns->items));
  *out = &nouns->items[nouns->n++];
  **out = (gaze_noun){.kind = GAZE_NOUN_THING};
  return GAZE_OK;
}

static size_t first_word(const char *words, size_t length) {
  const char *bar = memchr(words, '|', length);
  return bar ? (size_t)(bar - words) : length;
}

static gaze_noun_kind kind_of(const char *name, size_t length) {
  for (size_t i = 0; i < sizeof kind_names / sizeof *kind_names; i++)
    if (strlen(kind_names[i]) == length && memcmp(kind_names[i], name, length) == 0)
      return (gaze_noun_kind)i;
  return GAZE_NOUN_THING;
}

/* A line of the list: SINGULAR PLURAL KIND KOREAN KIN COUNTER, between tabs. */
static gaze_err add_line(gaze_nouns *nouns, const char *line) {
  size_t length[6], index = nouns->n;
  const char *field[6];
  for (size_t i = 0; i < 6; i++)
    field[i] = gaze_line_field(line, i, &length[i]);
  gaze_noun *noun;
  GAZE_TRY(push(nouns, &noun));
  noun->mass = field[1][0] == '-';
  noun->plural = field[1][0] == '=';
  noun->kind = kind_of(field[2], length[2]);
  noun->kin = length[4] ? field[4] : NULL;
  noun->counter = length[5] ? field[5] : NULL;
  size_t many = noun->mass || noun->plural ? 0 : 1;
  GAZE_TRY(copy_text(field[0], first_word(field[0], length[0]), &noun->one));
  GAZE_TRY(copy_text(field[many], first_word(field[many], length[many]), &noun->many));
  GAZE_TRY(copy_text(field[3], length[3], &noun->korean));
  bool plural = noun->plural;
  GAZE_TRY(add_forms(nouns, field[0], length[0], index, plural));
  return many ? add_forms(nouns, field[1], length[1], index, true) : GAZE_OK;
}

gaze_err gaze_nouns_init(gaze_nouns *nouns) {
  gaze_lines lines = gaze_lines_nouns();
  *nouns = (gaze_nouns){0};
  for (size_t i = 0; i < lines.n; i++) {
    gaze_err err = add_line(nouns, lines.items[i]);
    if (err != GAZE_OK) {
      gaze_nouns_fini(nouns);
      return err;
    }
  }
  return GAZE_OK;
}

static gaze_err make_plural(const char *one, char **out) {
  static const char *const hissing[] = {"s", "x", "z", "ch", "sh"};
  size_t length = strlen(one);
  for (size_t i = 0; i < sizeof hissing / sizeof *hissing; i++)
    if (gaze_ends_with(one, hissing[i]))
      return gaze_format(out, "%ses", one);
  if (length > 1 && one[length - 1] == 'y' && !strchr("aeiou", one[length - 2]))
    return gaze_format(out, "%.*sies", (int)length - 1, one);
  return gaze_format(out, "%ss", one);
}

gaze_err gaze_nouns_take(gaze_nouns *nouns, const char *name, size_t *out) {
  bool plural;
  ptrdiff_t found = gaze_nouns_find(nouns, name, strlen(name), &plural);
  if (found >= 0) {
    *out = (size_t)found;
    return GAZE_OK;
  }
  gaze_noun *noun;
  GAZE_TRY(push(nouns, &noun));
  *out = nouns->n - 1;
  GAZE_TRY(gaze_strdup(name, &noun->one));
  GAZE_TRY(make_plural(name, &noun->many));
  GAZE_TRY(add_form(nouns, noun->one, strlen(noun->one), *out, false));
  return add_form(nouns, noun->many, strlen(noun->many), *out, true);
}

static bool is_kin(const gaze_noun *noun, const gaze_noun *other) {
  return noun->kin && gaze_list_has(noun->kin, strcspn(noun->kin, "\t"), ',', other->one, strlen(other->one));
}

bool gaze_nouns_are_near(const gaze_nouns *nouns, size_t a, size_t b) {
  const gaze_noun *one = &nouns->items[a], *other = &nouns->items[b];
  bool people = one->kind == GAZE_NOUN_PERSON || other->kind == GAZE_NOUN_PERSON;
  bool dressed = one->kind == GAZE_NOUN_WEAR || other->kind == GAZE_NOUN_WEAR;
  return a == b || is_kin(one, other) || is_kin(other, one) || (people && (dressed || one->kind == other->kind));
}

bool gaze_noun_is_counted(const gaze_noun *noun) { return !noun->mass && !noun->plural; }

/* By sound, of which the first letters tell enough for nouns of pictures. */
static bool begins_with_vowel(const char *word) {
  static const char *const not [] = {"uni", "use", "eu", "one-"}, *const yes[] = {"hour", "heir"};
  for (size_t i = 0; i < sizeof not / sizeof *not ; i++)
    if (strncmp(word, not [i], strlen(not [i])) == 0)
      return false;
  for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
    if (strncmp(word, yes[i], strlen(yes[i])) == 0)
      return true;
  return *word && strchr("aeiou", tolower((unsigned char)*word));
}

void gaze_noun_say_a(const gaze_noun *noun, gaze_text *text) {
  if (gaze_noun_is_counted(noun))
    gaze_text_say(text, begins_with_vowel(noun->one) ? "an " : "a ");
  gaze_text_say(text, noun->one);
}
