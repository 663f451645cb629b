/* What the files of a model hold, as JSON. */
#ifndef GAZE_FUSION_WEIGHTS_INFO_H
#define GAZE_FUSION_WEIGHTS_INFO_H

#include "core/base/json.h"
#include "core/tensor/weights.h"

/* {"Q4_K": how many numbers, ...}; how many there are of all is added to *total. */
json_t *gaze_weights_dtypes_json(const gaze_weights *weights, size_t *total);

#endif
