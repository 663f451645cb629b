/* Thoughts in front of an answer: what asks for them, and where they end. */
#ifndef GAZE_FUSION_THOUGHTS_H
#define GAZE_FUSION_THOUGHTS_H

#include "core/base/error.h"

#include <stdbool.h>
#include <stddef.h>

typedef enum gaze_thinking {
  GAZE_THINKING_NONE,
  GAZE_THINKING_OWN,  /* as the family was trained to: <think>, thoughts, </think>, the answer */
  GAZE_THINKING_ASKED /* as GAZE_THINKING_INSTRUCTION says: the answer is what follows the last "Answer:" of a line */
} gaze_thinking;

/* Behind the question. */
#define GAZE_THINKING_INSTRUCTION \
  "\nThink step by step first. Then write the answer alone in a last line that begins with \"Answer:\"."

/* Where the answer begins in what was written so far; SIZE_MAX: it cannot be told yet. over: nothing more comes; an
 * answer is then all there is where no thoughts are told from it, and empty where they never ended. */
size_t gaze_thoughts_end(gaze_thinking thinking, const char *text, bool over);
/* Takes the thoughts away from a text that is over. *thoughts: yours, NULL where there are none. */
GAZE_CHECKED gaze_err gaze_thoughts_part(gaze_thinking thinking, char *text, char **thoughts);

#endif
