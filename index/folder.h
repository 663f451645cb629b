/* How the index spells folders. */
#ifndef GAZE_INDEX_FOLDER_H
#define GAZE_INDEX_FOLDER_H

#include "core/base/error.h"

/* Absolute, with links resolved; where the folder is gone, as much of it as is there. Yours: free(). */
GAZE_CHECKED gaze_err gaze_folder_spell(const char *name, char **out);
/* The paths below a folder, spelt as above: from *low up to, but without, *high. Both yours: free(). */
GAZE_CHECKED gaze_err gaze_folder_range(const char *path, char **low, char **high);

#endif
