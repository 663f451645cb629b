/* Rows of a CSV or TSV text: RFC 4180 quotes (newlines and doubled quotes inside them), LF, CRLF or CR, UTF-8 byte
 * order mark. */
#ifndef GAZE_FUSION_CSV_H
#define GAZE_FUSION_CSV_H

#include "core/base/error.h"

typedef struct gaze_csv {
  const char *at, *end; /* borrowed, as is name */
  const char *name;     /* for messages */
  char separator;
  size_t line; /* of the row read last, from 1 */
  size_t next_line;
  const char **fields; /* [n_fields] of the row read last, unquoted; borrowed until the next gaze_csv_next */
  size_t n_fields, fields_capacity;
  char *text; /* what fields point into */
  size_t *starts;
  size_t text_size, text_capacity, starts_capacity;
} gaze_csv;

/* separator 0: the one of tab , ; | that stands most often in the first line outside quotes. */
void gaze_csv_init(gaze_csv *csv, const char *text, size_t size, const char *name, char separator);
void gaze_csv_fini(gaze_csv *csv);
/* The next row that is not empty; *found false at the end. Stray or open quotes and bytes 0 are GAZE_ERR_FORMAT. */
GAZE_CHECKED gaze_err gaze_csv_next(gaze_csv *csv, bool *found);

#endif
