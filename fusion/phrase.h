/* Sentences with slots: "{The} {is} {place}." filled for one thing or two. */
#ifndef GAZE_FUSION_PHRASE_H
#define GAZE_FUSION_PHRASE_H

#include "fusion/instruct_lists.h"
#include "fusion/nouns.h"

typedef struct gaze_phrase_thing {
  const gaze_noun *noun; /* NULL: none */
  size_t n;              /* how many; 0: not known */
  bool many;
} gaze_phrase_thing;

typedef struct gaze_phrase {
  gaze_language language;
  gaze_phrase_thing thing, thing2;
  uint32_t colours; /* lines of the list of colours */
  size_t sum;
  const char *place, *place2, *side, *other, *sentence, *list, *ordered, *action; /* NULL: not used */
  bool list_many; /* {is} stands before a list that begins with many */
} gaze_phrase;

/* Adds the line with its slots filled; a slot without a name is a mistake of the list (an assert says so). */
void gaze_phrase_say(const gaze_phrase *phrase, const char *line, gaze_text *text);
/* A line of the list, by chance. */
void gaze_phrase_draw(const gaze_phrase *phrase, const char *list, gaze_random *random, gaze_text *text);
/* "two dogs", "a dog" or, with `exact`, "one dog"; "dogs" where the number is not known. "개 두 마리". */
void gaze_phrase_say_count(gaze_language language, const gaze_phrase_thing *thing, bool exact, gaze_text *text);
/* "black and white" */
void gaze_phrase_say_colours(gaze_language language, uint32_t colours, gaze_text *text);

#endif
