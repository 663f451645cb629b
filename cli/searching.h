/* What the commands that search the index share: which photos count, the query's vector, what is said of errors. */
#ifndef GAZE_CLI_SEARCHING_H
#define GAZE_CLI_SEARCHING_H

#include "cli/options.h"
#include "gaze.h"

extern gaze_search_options sought;

#define SOUGHT_OPTIONS                                                                                                   \
  {"min-score",                                                                                                          \
   0,                                                                                                                    \
   OPTION_FLOAT,                                                                                                         \
   "S",                                                                                                                  \
   &sought.min_score,                                                                                                    \
   "leave out photos with a lower cosine, -1 to 1; exit status 3 when none is left",                                     \
   -1,                                                                                                                   \
   1},                                                                                                                   \
      {"in", 0, OPTION_TEXT, "FOLDER", &sought.folder, "only photos in this folder and below", 0, 0},                    \
      {"after", 0, OPTION_TEXT, "DATE", &sought.after, "taken on this day or later: YYYY, YYYY-MM or YYYY-MM-DD", 0, 0}, \
      {"before", 0, OPTION_TEXT, "DATE", &sought.before, "taken on this day, month, year or earlier", 0, 0}, {           \
    "camera", 0, OPTION_TEXT, "TEXT", &sought.camera, "taken with a camera whose name holds this", 0, 0                  \
  }

/* The best photos of --db for a query. model: by name, NULL: that of -m. *hits: yours, free(). Returns an exit status,
 * errors reported. */
int searching_find(const char *query, const char *model, gaze_hit **hits, size_t *n);
/* The model that the photos of --db were indexed with, by its path; *name: yours, NULL where nothing is indexed. Where
 * there are several it must be chosen: an exit status, the error reported. */
int searching_find_model(const char *option, char **name);

#endif
