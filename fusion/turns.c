#include "fusion/turns.h"

#include <stdlib.h>

void gaze_turns_add(gaze_turns *turns, char *question, char *answer) {
  if (turns->n == GAZE_TURNS_MOST) {
    free(question);
    free(answer);
    return;
  }
  turns->items[turns->n++] = (gaze_turn){question, answer};
}

void gaze_turns_fini(gaze_turns *turns) {
  for (size_t i = 0; i < turns->n; i++) {
    free(turns->items[i].question);
    free(turns->items[i].answer);
  }
  turns->n = 0;
}
