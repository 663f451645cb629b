/* gaze db export: rows of the index as CSV (RFC 4180) or lines of JSON, and their vectors for NumPy. */
#ifndef GAZE_CLI_DB_EXPORT_H
#define GAZE_CLI_DB_EXPORT_H

typedef struct export_arguments {
  const char *out, *vectors; /* files, or NULL */
} export_arguments;

int db_export(const export_arguments *arguments); /* returns the exit status */

#endif
