/* The trained decoder ../shared/weights/stories260K.bin (llama2.c's checkpoint) as a folder of Hugging Face's layout.
 */
#ifndef GAZE_TESTS_GOLDEN_STORIES_FOLDER_H
#define GAZE_TESTS_GOLDEN_STORIES_FOLDER_H

#include <stdbool.h>

/* weights, tokens: paths of stories260K.bin and tok512.bin; the folder is made. False: a file is not as it should be.
 */
bool stories_make(const char *weights, const char *tokens, const char *folder);

#endif
