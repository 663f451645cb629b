/* Answers of a run in a file, a line of JSON each, written as they come: {"row", "key", "picture", "question",
 * "answer", "truths"}. A run that ended goes on behind its last whole line. */
#ifndef GAZE_FUSION_PREDICTIONS_H
#define GAZE_FUSION_PREDICTIONS_H

#include "fusion/eval_questions.h"

#include <stdio.h>

typedef struct gaze_predictions {
  FILE *stream; /* NULL: none are wanted */
  const char *path;
} gaze_predictions;

/* path: NULL or a file, begun anew. resume: the answers in it go into rows [n]; GAZE_ERR_MISMATCH where they are of
 * other rows. To be ended by gaze_predictions_fini in any case. */
GAZE_CHECKED gaze_err gaze_predictions_init(gaze_predictions *predictions, const char *path, bool resume,
                                            gaze_eval_row *rows, size_t n);
/* An answer, whole in the file afterwards. */
GAZE_CHECKED gaze_err gaze_predictions_add(gaze_predictions *predictions, const gaze_eval_row *row, size_t place);
void gaze_predictions_fini(gaze_predictions *predictions);
/* Answers from the text of such a file; *whole: bytes of its whole lines. name: for messages. */
GAZE_CHECKED gaze_err gaze_predictions_read(const char *text, size_t size, const char *name, gaze_eval_row *rows,
                                            size_t n, size_t *whole);

#endif
