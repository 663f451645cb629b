/* What the tests of training share: a tiny vocabulary, a tar of coloured pictures, options of a run on them. */
#ifndef GAZE_TESTS_UNIT_TRAIN_FILES_H
#define GAZE_TESTS_UNIT_TRAIN_FILES_H

#include "data_files.h"

#include "core/base/json.h"
#include "fusion/clip.h"
#include "gaze_train.h"

enum { TRAIN_TEACHER = 3 }; /* numbers of a teacher vector */

/* Group set-up of a test program: make_folder, and the vocabulary in folder/tokenizer. */
int make_train_folder(void **state);

/* n pictures of different colours, each with its caption; every second one has a teacher vector that begins with the
 * f16 number `first`. */
void make_train_tar(const char *name, int n, uint16_t first);

/* A run called `name` over folder/train.tar: steps of 2 x 4 samples, an epoch each, of a model with 16 channels. */
gaze_train_clip_options train_options(const char *name);

/* folder/logs/RUN/FILE; static, as test_path. */
const char *run_path(const char *run, const char *file);
/* Lines of a run's log, without what depends on the clock; json_decref. */
json_t *read_log(const char *path);
/* Both files exist and have the same bytes. */
void check_same_files(const char *a, const char *b);
/* The model of a run, or as it was before the first step. gaze_clip_fini. */
void open_trained(const char *run, bool before, gaze_clip *clip);

#endif
