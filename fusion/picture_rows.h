/* Rows of pictures that were looked at. Those used last stay in memory; where the caller keeps bytes between processes
 * they are kept there too, so that a picture goes through its encoder once. */
#ifndef GAZE_FUSION_PICTURE_ROWS_H
#define GAZE_FUSION_PICTURE_ROWS_H

#include "core/base/error.h"
#include "gaze_ask.h"

struct gaze_chat_picture;

#define GAZE_PICTURE_ROWS_LIMIT ((size_t)256 << 20) /* bytes */

typedef struct gaze_seen_picture {
  uint64_t key[2]; /* of the file and of its plan */
  float *rows;
  size_t bytes;
  uint64_t used; /* when */
} gaze_seen_picture;

/* Begin with {.limit = bytes}. */
typedef struct gaze_picture_rows {
  gaze_seen_picture *items; /* [n] */
  size_t n, capacity;
  size_t bytes, limit; /* more than the limit only while a single one is larger */
  uint64_t clock;
} gaze_picture_rows;

void gaze_picture_rows_fini(gaze_picture_rows *seen);
/* Of a picture's file and plan: all that its rows depend on besides the model. */
void gaze_picture_rows_key(const struct gaze_chat_picture *picture, uint64_t key[2]);
/* rows: [plan.tokens, C] of a picture that is planned, borrowed until the next call. */
GAZE_CHECKED gaze_err gaze_picture_rows_get(gaze_assistant *assistant, const struct gaze_chat_picture *picture,
                                            const float **rows);

#endif
