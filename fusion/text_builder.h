/* A text that grows. A failure is kept and told when the text is taken, so that what is said in between needs no check.
 */
#ifndef GAZE_FUSION_TEXT_BUILDER_H
#define GAZE_FUSION_TEXT_BUILDER_H

#include "core/base/error.h"

typedef struct gaze_text {
  char *bytes; /* [n] and a 0, or NULL */
  size_t n, capacity;
  gaze_err err;
} gaze_text; /* begin with {0} */

void gaze_text_add(gaze_text *text, const char *bytes, size_t n);
void gaze_text_say(gaze_text *text, const char *words); /* NULL: nothing */
void gaze_text_fini(gaze_text *text);
/* *out: what was said, "" for nothing; yours: free(). The text is empty then. */
GAZE_CHECKED gaze_err gaze_text_take(gaze_text *text, char **out);

#endif
