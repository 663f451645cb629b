/* What is done to a text before it is cut: a list of steps, as tokenizer.json has it. */
#ifndef GAZE_TEXT_NORMALIZER_H
#define GAZE_TEXT_NORMALIZER_H

#include "text/charsmap.h"
#include "text/pattern.h"
#include "text/points.h"
#include "text/trie.h"

enum { GAZE_NORMALIZER_STEPS_MAX = 16, GAZE_NORMALIZER_TEXT_MAX = 16, GAZE_SPACE_SIGN = 0x2581 };

typedef enum gaze_normalizer_kind {
  GAZE_NORMALIZE_FORM,         /* one of Unicode's normal forms */
  GAZE_NORMALIZE_LOWER,        /* point by point: no final sigma */
  GAZE_NORMALIZE_STRIP,        /* white space at either end */
  GAZE_NORMALIZE_DROP_MARKS,   /* combining marks */
  GAZE_NORMALIZE_REPLACE,      /* what matches the pattern by text */
  GAZE_NORMALIZE_PREPEND,      /* text, where there is anything */
  GAZE_NORMALIZE_NMT,          /* control characters go, odd spaces become ' ' */
  GAZE_NORMALIZE_CHARSMAP,     /* the charsmap, as tokenizers applies it */
  GAZE_NORMALIZE_CLEAN,        /* BERT's: control characters go, white space becomes ' ' */
  GAZE_NORMALIZE_SPREAD,       /* BERT's: spaces around Chinese characters */
  GAZE_NORMALIZE_CANONICAL,    /* SigLIP's: no punctuation, white space folded; lower case where `left` */
  GAZE_NORMALIZE_SENTENCEPIECE /* all that a SentencePiece model does */
} gaze_normalizer_kind;

typedef struct gaze_normalizer_step {
  gaze_normalizer_kind kind;
  gaze_form form;
  bool left, right; /* of STRIP; left of DROP_MARKS: those that take room, too */
  gaze_pattern pattern;
  int32_t text[GAZE_NORMALIZER_TEXT_MAX];
  size_t n_text;
} gaze_normalizer_step;

typedef struct gaze_normalizer {
  gaze_normalizer_step steps[GAZE_NORMALIZER_STEPS_MAX];
  size_t n;
  gaze_charsmap charsmap;                        /* of CHARSMAP and SENTENCEPIECE */
  gaze_trie fixed;                               /* of SENTENCEPIECE: what stays as it is */
  bool dummy_prefix, fold_spaces, escape_spaces; /* of SENTENCEPIECE */
} gaze_normalizer;

/* Begin with zeroes. */
void gaze_normalizer_fini(gaze_normalizer *normalizer);
/* A new last step, to be filled; NULL: there is no room. */
gaze_normalizer_step *gaze_normalizer_add(gaze_normalizer *normalizer, gaze_normalizer_kind kind);
/* Sets a step's text, UTF-8. False: too long. */
bool gaze_normalizer_set_text(gaze_normalizer_step *step, const char *text);
/* BERT's steps, those that are asked for. False: there is no room. */
bool gaze_normalizer_add_bert(gaze_normalizer *normalizer, bool clean, bool spread, bool strip, bool lower);
/* Source [n], normalised; replaces what out held. *front: it begins with what source begins with. */
GAZE_CHECKED gaze_err gaze_normalize(const gaze_normalizer *normalizer, const int32_t *source, size_t n,
                                     gaze_points *out, bool *front);

/* Steps with more to them; each appends to out. */
GAZE_CHECKED gaze_err gaze_normalize_charsmap(const gaze_normalizer *normalizer, const int32_t *source, size_t n,
                                              gaze_points *out);
GAZE_CHECKED gaze_err gaze_normalize_sentencepiece(const gaze_normalizer *normalizer, const int32_t *source, size_t n,
                                                   gaze_points *out);

#endif
