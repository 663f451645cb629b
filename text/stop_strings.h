/* Stop strings in text that arrives in pieces: a string may be cut anywhere, and no part of one is ever let through.
 * What may still become one is held back. Of several, the first to be complete ends the text. */
#ifndef GAZE_TEXT_STOP_STRINGS_H
#define GAZE_TEXT_STOP_STRINGS_H

#include "core/base/memory.h"

typedef struct gaze_stop_string {
  char *text;
  size_t size;
  size_t *shorter; /* [size] of the first i + 1 bytes, how many ends are also a beginning (Knuth, Morris, Pratt) */
  size_t matched;  /* bytes at the text's end that begin this string */
} gaze_stop_string;

typedef struct gaze_stop_strings {
  gaze_stop_string *strings;
  size_t n;
  char *text; /* what was held back, then what the last call let through */
  size_t size, capacity;
  size_t through; /* bytes of text that the last call let through */
  bool stopped;
} gaze_stop_strings;

/* strings [n] are copied; empty ones are GAZE_ERR_ARGUMENT. fini in any case. */
GAZE_CHECKED gaze_err gaze_stop_strings_init(gaze_stop_strings *stops, const char *const *strings, size_t n);
void gaze_stop_strings_fini(gaze_stop_strings *stops);
/* Takes a piece; *out [*out_size], borrowed until the next call, is what may be shown. stops->stopped says that a
 * string was complete: what came before it is let through, and all that follows is dropped. */
GAZE_CHECKED gaze_err gaze_stop_strings_feed(gaze_stop_strings *stops, const char *piece, size_t size, const char **out,
                                             size_t *out_size);
/* The end of the text: what was held back became no stop string. */
void gaze_stop_strings_end(gaze_stop_strings *stops, const char **out, size_t *out_size);

#endif
