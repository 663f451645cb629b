/* What a decoder reads, row by row: ids of tokens, and the rows that stand for pictures. */
#ifndef GAZE_FUSION_PROMPT_H
#define GAZE_FUSION_PROMPT_H

#include "core/base/memory.h"

/* Rows first .. first + n - 1 are those of a picture. */
typedef struct gaze_prompt_picture {
  size_t first, n, picture; /* picture: the conversation's number of it */
  size_t from;              /* which of the picture's rows is the first of these */
} gaze_prompt_picture;

/* Begin with {0}. keys: an id, or a number below 0 that says which row of which picture it is: rows with the same keys
 * behind the same rows are the same to the decoder. */
typedef struct gaze_prompt {
  int64_t *keys; /* [n] */
  size_t n, capacity;
  gaze_prompt_picture *pictures; /* [n_pictures], ascending */
  size_t n_pictures, pictures_capacity;
} gaze_prompt;

void gaze_prompt_fini(gaze_prompt *prompt);
/* *out: yours. */
GAZE_CHECKED gaze_err gaze_prompt_copy(const gaze_prompt *prompt, gaze_prompt *out);
GAZE_CHECKED gaze_err gaze_prompt_add_ids(gaze_prompt *prompt, const int32_t *ids, size_t n);
/* n rows of a picture from its row `from` on; hash: of what it looks like to the model. */
GAZE_CHECKED gaze_err gaze_prompt_add_picture(gaze_prompt *prompt, size_t picture, uint64_t hash, size_t from,
                                              size_t n);
/* Keeps the first n rows. */
void gaze_prompt_cut(gaze_prompt *prompt, size_t n);
/* How many of the first rows both have. */
size_t gaze_prompt_common(const gaze_prompt *prompt, const int64_t *keys, size_t n);

#endif
