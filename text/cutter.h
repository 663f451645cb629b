/* Cuts a normalised text into the pieces that a model works on: a list of steps, as tokenizer.json's pre_tokenizer. */
#ifndef GAZE_TEXT_CUTTER_H
#define GAZE_TEXT_CUTTER_H

#include "text/pattern.h"
#include "text/split.h"

enum { GAZE_CUTTER_STEPS_MAX = 8 };

typedef enum gaze_cutter_kind {
  GAZE_CUT_CLIP,      /* CLIP's expression */
  GAZE_CUT_PATTERN,   /* around what matches the pattern */
  GAZE_CUT_METASPACE, /* before every sign for a space, after putting signs for spaces */
  GAZE_CUT_BYTES      /* around what matches the pattern, after putting a space in front; a model of bytes follows */
} gaze_cutter_kind;

/* What becomes of what matches. */
typedef enum gaze_cutter_matches {
  GAZE_CUT_REMOVED,
  GAZE_CUT_ISOLATED,
  GAZE_CUT_CONTIGUOUS, /* neighbours together */
  GAZE_CUT_WITH_PREVIOUS,
  GAZE_CUT_WITH_NEXT
} gaze_cutter_matches;

/* Where METASPACE and BYTES put a sign in front of what does not begin with one. */
typedef enum gaze_cutter_prefix { GAZE_PREFIX_NEVER, GAZE_PREFIX_FIRST, GAZE_PREFIX_ALWAYS } gaze_cutter_prefix;

typedef struct gaze_cutter_step {
  gaze_cutter_kind kind;
  gaze_split_rules rules; /* of CLIP */
  gaze_pattern pattern;   /* of all others */
  gaze_cutter_matches matches;
  bool inverted; /* what lies between matches counts as the match */
  int32_t sign;  /* of METASPACE; ' ' of BYTES */
  gaze_cutter_prefix prefix;
  bool whole; /* METASPACE and BYTES do not cut */
} gaze_cutter_step;

typedef struct gaze_cutter {
  gaze_cutter_step steps[GAZE_CUTTER_STEPS_MAX];
  size_t n;
} gaze_cutter;

typedef struct gaze_piece {
  size_t end;   /* it starts where the one before ends */
  bool literal; /* a literal of CLIP's expression, kept whole */
  bool first;   /* the whole text begins with it */
} gaze_piece;

/* A text in pieces. Begin with zeroes. */
typedef struct gaze_pieces {
  gaze_points points;
  gaze_piece *at; /* [n] */
  size_t n, capacity;
} gaze_pieces;

void gaze_pieces_fini(gaze_pieces *pieces);
/* A new last step, to be filled; NULL: there is no room. */
gaze_cutter_step *gaze_cutter_add(gaze_cutter *cutter, gaze_cutter_kind kind);
/* Two steps at most: cuts at white space, and around punctuation where signs. */
void gaze_cutter_add_words(gaze_cutter *cutter, bool signs);
/* Points [n] in pieces, none of them empty. first: they begin the whole text. spare is memory for the work. */
GAZE_CHECKED gaze_err gaze_cut(const gaze_cutter *cutter, const int32_t *points, size_t n, bool first, gaze_pieces *out,
                               gaze_pieces *spare);

#endif
