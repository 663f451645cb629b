/* CLIP's pre-tokenizer: cuts normalised text into the pieces that byte-pair encoding works on, by the expression
 * LITERAL|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+ */
#ifndef GAZE_TEXT_SPLIT_H
#define GAZE_TEXT_SPLIT_H

#include "text/points.h"

typedef struct gaze_split_rules {
  const char *literals[2]; /* ASCII, lower case; NULL: none */
  bool cut_literals;       /* a second pass of the expression, without literals, cuts those again */
  bool fold_case;          /* Python's re.IGNORECASE: U+017F stands for s, U+212A for k */
} gaze_split_rules;

/* A walk over points [n], all borrowed. Begin with {rules, points, n}. */
typedef struct gaze_split {
  const gaze_split_rules *rules;
  const int32_t *points;
  size_t n;
  size_t start, end;  /* the piece */
  size_t literal_end; /* where the literal being cut ends */
} gaze_split;

/* Moves on to the next piece. False: there is none. */
bool gaze_split_next(gaze_split *split);

#endif
