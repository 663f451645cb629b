/* The turns of a conversation about a picture. */
#ifndef GAZE_FUSION_TURNS_H
#define GAZE_FUSION_TURNS_H

#include "core/base/error.h"

enum { GAZE_TURNS_MOST = 32 };

typedef struct gaze_turn {
  char *question, *answer;
} gaze_turn;

typedef struct gaze_turns {
  gaze_turn items[GAZE_TURNS_MOST];
  size_t n;
} gaze_turns; /* begin with {0} */

/* Takes both texts. More than the most are dropped. */
void gaze_turns_add(gaze_turns *turns, char *question, char *answer);
void gaze_turns_fini(gaze_turns *turns);

#endif
