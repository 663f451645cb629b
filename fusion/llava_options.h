/* The options of a training of a model that looks and talks: what they are where they are not given, and which do not
 * go together. */
#ifndef GAZE_FUSION_LLAVA_OPTIONS_H
#define GAZE_FUSION_LLAVA_OPTIONS_H

#include "gaze_train.h"

/* Rates that are 0 become what they stand for. */
GAZE_CHECKED gaze_err gaze_llava_options_settle(gaze_train_llava_options *options);

#endif
