/* Nouns of things that pictures show, with their forms, and which of them cannot be told apart. */
#ifndef GAZE_FUSION_NOUNS_H
#define GAZE_FUSION_NOUNS_H

#include "fusion/text_builder.h"

typedef enum gaze_noun_kind {
  GAZE_NOUN_PERSON,
  GAZE_NOUN_ANIMAL,
  GAZE_NOUN_VEHICLE,
  GAZE_NOUN_FOOD,
  GAZE_NOUN_PLANT,
  GAZE_NOUN_THING,
  GAZE_NOUN_SCENE,
  GAZE_NOUN_WEAR,  /* on people, and often not told of */
  GAZE_NOUN_COMMON /* almost everywhere */
} gaze_noun_kind;

typedef struct gaze_noun {
  char *one, *many;    /* "dog", "dogs" */
  bool mass, plural;   /* snow is not counted; scissors are always plural; then `many` is as `one` */
  char *korean;        /* NULL: not known */
  const char *kin;     /* "a,b" up to a tab or the end, borrowed, or NULL */
  const char *counter; /* what Korean counts it with, borrowed; NULL: as its kind */
  gaze_noun_kind kind;
} gaze_noun;

typedef struct gaze_noun_form gaze_noun_form;

typedef struct gaze_nouns {
  gaze_noun *items; /* [n] */
  size_t n, capacity;
  gaze_noun_form *forms; /* by the alphabet */
  size_t n_forms, forms_capacity;
} gaze_nouns;

/* Those of the list that comes with gaze. */
GAZE_CHECKED gaze_err gaze_nouns_init(gaze_nouns *nouns);
void gaze_nouns_fini(gaze_nouns *nouns);
/* The noun of a word or several with a space between, in small letters, singular or plural; -1: none. */
ptrdiff_t gaze_nouns_find(const gaze_nouns *nouns, const char *word, size_t length, bool *plural);
/* The same; a name that is new becomes a noun, its plural made by rule. */
GAZE_CHECKED gaze_err gaze_nouns_take(gaze_nouns *nouns, const char *name, size_t *out);
/* Where one of them is told of, nobody can say that the other is absent. */
bool gaze_nouns_are_near(const gaze_nouns *nouns, size_t a, size_t b);
/* "a dog", "an umbrella", "snow", "skis" */
void gaze_noun_say_a(const gaze_noun *noun, gaze_text *text);
bool gaze_noun_is_counted(const gaze_noun *noun);

#endif
