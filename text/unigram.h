/* A unigram model: of all ways to cut a text into pieces of the vocabulary, the one whose scores add up to most
 * (Kudo 2018, "Subword Regularization"). */
#ifndef GAZE_TEXT_UNIGRAM_H
#define GAZE_TEXT_UNIGRAM_H

#include "text/ids.h"
#include "text/trie.h"
#include "text/vocabulary.h"

typedef enum gaze_piece_kind {
  GAZE_PIECE_NORMAL,
  GAZE_PIECE_USER, /* taken wherever it stands */
  GAZE_PIECE_NEVER /* has an id, and no text gives it */
} gaze_piece_kind;

/* Begin with the vocabulary, unknown and the two settings. */
typedef struct gaze_unigram {
  const gaze_vocabulary *vocabulary; /* borrowed */
  bool single;        /* adds scores in float and keeps unknown runs apart, as SentencePiece does; else in
                         double, and looks runs up, as tokenizers does */
  bool byte_fallback; /* an unknown character becomes its bytes */
  int32_t unknown;    /* id */
  double *scores;     /* [n] */
  uint8_t *kinds;     /* gaze_piece_kind [n] */
  size_t n, scores_capacity, kinds_capacity;
  gaze_trie trie;     /* all pieces that a text may give */
  double least;       /* score of GAZE_PIECE_NORMAL */
  int32_t bytes[256]; /* ids of single bytes, -1: none */
} gaze_unigram;

void gaze_unigram_fini(gaze_unigram *unigram);
/* Ids come in order from 0. A spelling that is there already is found as the new id. Size 0: an id that no text gives.
 */
GAZE_CHECKED gaze_err gaze_unigram_add(gaze_unigram *unigram, gaze_vocabulary *vocabulary, const char *spelling,
                                       size_t size, double score, gaze_piece_kind kind, const char *name);
/* After all additions; refuses a model without an unknown piece. */
GAZE_CHECKED gaze_err gaze_unigram_finish(gaze_unigram *unigram, const char *name);

/* Memory of an encoding in progress; begin with zeroes. */
typedef struct gaze_unigram_work {
  struct gaze_unigram_node *nodes;
  size_t capacity;
} gaze_unigram_work;

void gaze_unigram_work_fini(gaze_unigram_work *work);
/* Appends the ids of one piece of text, UTF-8 [n]. O(n * longest spelling). */
GAZE_CHECKED gaze_err gaze_unigram_encode(const gaze_unigram *unigram, gaze_unigram_work *work, const uint8_t *bytes,
                                          size_t n, gaze_ids *ids);

#endif
