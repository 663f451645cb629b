/* A walk over JSON text without a copy of it in memory, for vocabularies: a tokenizer.json of 256,000 entries has 34
 * MB.
 */
#ifndef GAZE_TEXT_JSON_WALK_H
#define GAZE_TEXT_JSON_WALK_H

#include "core/base/error.h"

/* Begin with where it reads from, its end and a name for messages. */
typedef struct gaze_json_walk {
  const char *at, *end;
  const char *name;
  const char *start; /* for messages: where byte 0 is */
  char *buffer;      /* of the last string with escapes */
  size_t capacity;
} gaze_json_walk;

void gaze_json_walk_fini(gaze_json_walk *walk);
/* "not valid JSON", where, and what was expected. */
GAZE_CHECKED gaze_err gaze_json_walk_fail(const gaze_json_walk *walk, const char *expected);
/* The next character that is not white space, 0 at the end. */
char gaze_json_walk_peek(gaze_json_walk *walk);
/* Takes it, if it is sign. */
bool gaze_json_walk_take(gaze_json_walk *walk, char sign);
/* Takes the comma before a further item, or the bracket that closes; *more: which. first: no item was there yet. */
GAZE_CHECKED gaze_err gaze_json_walk_more(gaze_json_walk *walk, char closes, bool first, bool *more);
/* A string, UTF-8, not ended by 0; borrowed until the next call. */
GAZE_CHECKED gaze_err gaze_json_walk_string(gaze_json_walk *walk, const char **text, size_t *size);
/* The same, and the colon behind it. */
GAZE_CHECKED gaze_err gaze_json_walk_key(gaze_json_walk *walk, const char **text, size_t *size);
/* Takes a number without sign, point and exponent, below 2^31; false: the next value is not one. */
bool gaze_json_walk_id(gaze_json_walk *walk, int32_t *id);
GAZE_CHECKED gaze_err gaze_json_walk_number(gaze_json_walk *walk, double *number);
/* Any value; its brackets and strings are matched, and no more of it is checked. */
GAZE_CHECKED gaze_err gaze_json_walk_skip(gaze_json_walk *walk);

#endif
