/* What a mistyped name was probably meant to be. */
#ifndef GAZE_CLI_SPELLING_H
#define GAZE_CLI_SPELLING_H

#include <stddef.h>

/* The name among candidates that `word` was probably meant to be, or NULL. */
typedef const char *candidate_fn(const void *user, size_t i); /* NULL at the end */
const char *nearest_name(const char *word, candidate_fn *candidate, const void *user);

#endif
