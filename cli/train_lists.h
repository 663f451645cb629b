/* open_clip's lists in one argument: "a.tar::b-{000..003}.tar", and numbers "1::2.5". */
#ifndef GAZE_CLI_TRAIN_LISTS_H
#define GAZE_CLI_TRAIN_LISTS_H

#include "cli/options.h"

typedef struct path_list {
  char **items;    /* yours: path_list_fini */
  size_t *sources; /* [n] which part between "::" each came from */
  size_t n, n_sources;
} path_list;

/* Each text of `given` is split at "::", and {first..last} in a part becomes the numbers between. */
void path_list_init(path_list *list, const word_list *given);
void path_list_fini(path_list *list);

/* Numbers above 0 separated by "::" into [list->n], each for all paths of its source; text NULL: *out is NULL. Yours:
 * free(). Returns an exit status; name: of the option. */
int number_list_parse(const char *text, const path_list *list, const char *name, double **out);

#endif
