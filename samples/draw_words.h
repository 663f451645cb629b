/* English noun phrases and sentences about one scene. */
#ifndef GAZE_SAMPLES_DRAW_WORDS_H
#define GAZE_SAMPLES_DRAW_WORDS_H

#include "samples/draw_scene.h"

/* What a caption says of the scene; the wrong ones say it otherwise. */
typedef struct draw_claim {
  const draw_scene *scene;
  int count;                                   /* of a DRAW_COUNT scene */
  bool swapped;                                /* left for right */
  draw_colour_name colours[DRAW_MOST_OBJECTS]; /* of each object */
} draw_claim;

enum { DRAW_MOST_FORMS = 9 };
extern const int draw_forms[]; /* sentences known for each layout, at most DRAW_MOST_FORMS */

/* A sentence without capital and full stop. Random numbers are used alike whatever is claimed. */
void draw_sentence_say(draw_text *text, const draw_claim *claim, int form, draw_random *random);
int draw_object_side(const draw_object *object); /* -1 left, 1 right, 0 neither clearly */

#endif
