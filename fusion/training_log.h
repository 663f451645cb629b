/* metrics.jsonl, a run's log: a line of JSON each. */
#ifndef GAZE_FUSION_TRAINING_LOG_H
#define GAZE_FUSION_TRAINING_LOG_H

#include "core/base/json.h"

/* json is taken; NULL is GAZE_ERR_MEMORY. */
GAZE_CHECKED gaze_err gaze_training_log_add(const char *path, json_t *json);
/* Drops the lines behind `step`, and those that are cut; all of them where that is 0. No file: nothing to do. */
GAZE_CHECKED gaze_err gaze_training_log_trim(const char *path, uint64_t step);

/* Whether it has a line of a measure at that step, one that is not of the training itself. No file: it has not. */
GAZE_CHECKED gaze_err gaze_training_log_is_measured(const char *path, uint64_t step, bool *out);

#endif
