/* What the tests of instructions share. */
#ifndef GAZE_TESTS_UNIT_INSTRUCT_FILES_H
#define GAZE_TESTS_UNIT_INSTRUCT_FILES_H

#include "tests/unit/data_files.h"

#include "core/base/json.h"
#include "gaze_train.h"

/* The defaults, of one file; all borrowed. */
gaze_instructions_options options_for(const char *const *data, const char *out);
/* The records that were written; json_decref, as the summary, which may be NULL. */
json_t *make(gaze_instructions_options *options, json_t **summary);
/* A file as a text; free(). */
char *read_whole(const char *path, size_t *size);

#endif
