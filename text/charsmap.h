/* SentencePiece's precompiled normalisation: a double-array trie of spellings and what each becomes.
 *
 * The format: 4 bytes size of the trie in bytes; the trie, an array of 32-bit units (Darts-clone's: label, offset, leaf
 * flag); the replacements, each ended by 0. All little-endian. */
#ifndef GAZE_TEXT_CHARSMAP_H
#define GAZE_TEXT_CHARSMAP_H

#include "core/base/error.h"

typedef struct gaze_charsmap {
  uint32_t *units; /* [n_units] */
  size_t n_units;
  char *texts; /* [n_texts], the last is 0 */
  size_t n_texts;
} gaze_charsmap;

void gaze_charsmap_fini(gaze_charsmap *map);
/* Copies bytes [size]. name is for messages. */
GAZE_CHECKED gaze_err gaze_charsmap_init(gaze_charsmap *map, const uint8_t *bytes, size_t size, const char *name);
/* What text [size] begins with becomes; NULL: nothing of it is in the map. longest: the longest such spelling, else the
 * shortest. *length: of the spelling. The answer is UTF-8, ended by 0, borrowed. */
const char *gaze_charsmap_find(const gaze_charsmap *map, const uint8_t *text, size_t size, bool longest,
                               size_t *length);

#endif
