/* A teacher's sentence vectors of known texts: TEXTS.npy [n, D] with TEXTS.txt beside it, the texts, a line each, in
 * the same order and none twice. */
#ifndef GAZE_FUSION_TEXT_VECTORS_H
#define GAZE_FUSION_TEXT_VECTORS_H

#include "core/base/file.h"
#include "fusion/names.h"

typedef struct gaze_text_vectors {
  size_t n, D;
  gaze_map map;         /* of the .npy */
  const uint16_t *rows; /* [n, D] f16, borrowed from the map */
  char *texts;          /* the lines, each ended by a zero */
  gaze_names names;
} gaze_text_vectors;

/* path: of the .npy file. */
GAZE_CHECKED gaze_err gaze_text_vectors_open(const char *path, gaze_text_vectors *out);
void gaze_text_vectors_fini(gaze_text_vectors *vectors);
/* [D] f16, borrowed; NULL: the teacher has not seen this text. */
const uint16_t *gaze_text_vectors_find(const gaze_text_vectors *vectors, const char *text);

#endif
