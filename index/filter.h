/* Which photos a search may find at all: folder, date and camera as SQL on `photo p` and `content c`. */
#ifndef GAZE_INDEX_FILTER_H
#define GAZE_INDEX_FILTER_H

#include "index/sql.h"

typedef struct gaze_filter {
  char *low, *high;                    /* paths below the folder: low <= path < high; NULL: no folder asked for */
  const char *after, *before, *camera; /* borrowed, or NULL */
  bool narrows;                        /* anything is asked for */
} gaze_filter;

GAZE_CHECKED gaze_err gaze_filter_init(gaze_filter *filter, const gaze_search_options *options);
void gaze_filter_fini(gaze_filter *filter);
/* Prepares head + the conditions, each with " AND " before it + tail, and binds the filter's values. The filter
 * outlives the statement. Values of the caller's are ?1, ?2, ... */
GAZE_CHECKED gaze_err gaze_filter_prepare(const gaze_filter *filter, sqlite3 *db, const char *head, const char *tail,
                                          sqlite3_stmt **out);

#endif
