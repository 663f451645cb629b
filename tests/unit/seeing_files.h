/* What the tests of training share for models that talk: a vocabulary, a language model that knows nothing, two
 * pictures and what is said about them. */
#ifndef GAZE_TESTS_UNIT_SEEING_FILES_H
#define GAZE_TESTS_UNIT_SEEING_FILES_H

#include "data_files.h"

#include "gaze_train.h"

/* Group set-up of a test program: make_folder; in it poem.txt, words (a vocabulary), lm, red.png and blue.png,
 * talk.json (conversations) and captions.json. */
int make_llava_folder(void **state);

/* folder/NAME, a PNG of one colour. */
void write_square(const char *name, uint32_t rgb);

/* A run of 6 steps into folder/NAME, on poem.txt or on the file of its stage; a step a checkpoint. Texts in it are good
 * until the fourth call after. */
gaze_train_lm_options lm_options(const char *name);
gaze_train_llava_options llava_options(int stage, const char *name);

#endif
