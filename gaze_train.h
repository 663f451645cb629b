/* Training: not yet stable. */
#ifndef GAZE_TRAIN_H
#define GAZE_TRAIN_H

#include "gaze.h"

#endif
