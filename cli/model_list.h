/* gaze model list: the folders that `gaze -m` finds by name. */
#ifndef GAZE_CLI_MODEL_LIST_H
#define GAZE_CLI_MODEL_LIST_H

int model_list_print(void); /* returns the exit status */

#endif
