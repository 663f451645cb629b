/* gaze ask --search: the best photos of the index are looked at one by one, and the answer is made from what was seen.
 */
#ifndef GAZE_CLI_ASK_SEARCH_H
#define GAZE_CLI_ASK_SEARCH_H

#include "cli/searching.h"

typedef struct ask_search_arguments {
  const char *query, *model; /* NULL: not given */
} ask_search_arguments;

extern ask_search_arguments ask_search_given;

#define ASK_SEARCH_OPTIONS                                                                                             \
  {"search", 0, OPTION_TEXT, "QUERY", &ask_search_given.query, "look at the best photos of the index for this", 0, 0}, \
      {"search-model",                                                                                                 \
       0,                                                                                                              \
       OPTION_TEXT,                                                                                                    \
       "MODEL",                                                                                                        \
       &ask_search_given.model,                                                                                        \
       "that finds them [the one they were indexed with]",                                                             \
       0,                                                                                                              \
       0},                                                                                                             \
      {"top", 't', OPTION_SIZE, "N", &sought.top, "how many photos [4]", 1, 100}, SOUGHT_OPTIONS, DATABASE_OPTION,     \
      NO_CACHE_OPTION

bool ask_search_wanted(void);
/* Whether the options go together; returns an exit status, the error reported. */
int ask_search_check(bool has_pictures);
/* Reports that the model does not see; returns the exit status. */
int ask_search_refuse(void);
/* Finds, looks, answers and prints. chat: of a model that sees. Returns the exit status. */
int ask_search(gaze_chat *chat, const char *question);

#endif
