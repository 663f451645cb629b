/* Rows of training data that are no good: counted, written down and passed over, until there are too many. */
#ifndef GAZE_FUSION_BAD_ROWS_H
#define GAZE_FUSION_BAD_ROWS_H

#include "core/base/error.h"

typedef struct gaze_bad_rows {
  size_t n, most;   /* so many are let by */
  const char *path; /* a line for each goes there; borrowed, NULL: nowhere */
} gaze_bad_rows;

/* Starts a new list at path. */
GAZE_CHECKED gaze_err gaze_bad_rows_init(gaze_bad_rows *bad, size_t most, const char *path);
/* What is wrong with `row` of a file, such as "line 7". GAZE_ERR_FORMAT where it is one too many. */
GAZE_CHECKED gaze_err gaze_bad_rows_add(gaze_bad_rows *bad, const char *file, const char *row, const char *message);
/* A warning, where there were any. */
void gaze_bad_rows_tell(const gaze_bad_rows *bad);

#endif
