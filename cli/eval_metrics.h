/* Printing what a model was measured with. */
#ifndef GAZE_CLI_EVAL_METRICS_H
#define GAZE_CLI_EVAL_METRICS_H

#include "cli/options.h"

#define EVAL_DATA_OPTION(list) \
  { "data", 0, OPTION_LIST, "FILE", list, "the set, may be given several times", 0, 0 }

/* The library's object as JSON, or its figures as lines; text is taken. Samples that were left out are named on
 * standard error. Returns the exit status. */
int metrics_print(char *text);

#endif
