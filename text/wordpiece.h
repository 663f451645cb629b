/* WordPiece: a word is cut from its front, each time the longest piece of the vocabulary; pieces behind the first are
 * spelled with a prefix, "##". A word that cannot be cut so is unknown as a whole. */
#ifndef GAZE_TEXT_WORDPIECE_H
#define GAZE_TEXT_WORDPIECE_H

#include "text/ids.h"
#include "text/trie.h"
#include "text/vocabulary.h"

typedef struct gaze_wordpiece {
  gaze_trie first, later; /* of pieces at a word's front, and of those behind, without their prefix */
  int32_t unknown;        /* id */
  size_t longest;         /* characters; a longer word is unknown */
} gaze_wordpiece;

void gaze_wordpiece_fini(gaze_wordpiece *wordpiece);
/* From all spellings of a vocabulary. unknown: the spelling that stands for unknown words, which must exist. */
GAZE_CHECKED gaze_err gaze_wordpiece_init(gaze_wordpiece *wordpiece, const gaze_vocabulary *vocabulary,
                                          const char *prefix, const char *unknown, size_t longest, const char *name);
/* Appends the ids of one word, UTF-8 [n]. */
GAZE_CHECKED gaze_err gaze_wordpiece_encode(const gaze_wordpiece *wordpiece, const uint8_t *bytes, size_t n,
                                            gaze_ids *ids);

#endif
