/* Rows of data that are no good: counted, written down and passed over, until there are too many. */
#ifndef GAZE_FUSION_BAD_ROWS_H
#define GAZE_FUSION_BAD_ROWS_H

#include "core/base/error.h"

typedef struct gaze_bad_rows {
  uint64_t n, most; /* so many are let by */
  const char *path; /* a line for each goes there; borrowed, NULL: nowhere */
  const char *file; /* that is read, for gaze_bad_rows_note; borrowed */
} gaze_bad_rows;

/* Starts a new list at path: lines of text, or of JSON {"id", "reason"} where the name ends in .jsonl. No file is made
 * before the first row. */
GAZE_CHECKED gaze_err gaze_bad_rows_init(gaze_bad_rows *bad, uint64_t most, const char *path);
/* What is wrong with `row` of a file, such as "line 7"; file NULL: it is of none. GAZE_ERR_LIMIT where it is one too
 * many. */
GAZE_CHECKED gaze_err gaze_bad_rows_add(gaze_bad_rows *bad, const char *file, const char *row, const char *message);
/* The same of an answer to `row`, which is kept as "text" in JSON. */
GAZE_CHECKED gaze_err gaze_bad_rows_add_answer(gaze_bad_rows *bad, const char *row, const char *message,
                                               const char *answer);
/* A gaze_dataset_options.failed, whose user is a gaze_bad_rows. */
GAZE_CHECKED gaze_err gaze_bad_rows_note(void *user, const char *row, const char *message);
/* A warning, where there were any. */
void gaze_bad_rows_tell(const gaze_bad_rows *bad);

#endif
