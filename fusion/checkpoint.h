/* Training state in one file, whole or absent: values, both moments, and where the run stands. */
#ifndef GAZE_FUSION_CHECKPOINT_H
#define GAZE_FUSION_CHECKPOINT_H

#include "core/base/json.h"
#include "core/nn/optimizer.h"

/* folder/step-00001234.safetensors. Older ones are removed, the newest `keep` stay. state is borrowed. */
GAZE_CHECKED gaze_err gaze_checkpoint_save(const char *folder, const gaze_optimizer *optimizer, const json_t *state,
                                           size_t keep);
/* Fills the optimiser (values, moments, step). A file of other sizes is GAZE_ERR_MISMATCH. *state is yours. */
GAZE_CHECKED gaze_err gaze_checkpoint_load(const char *path, gaze_optimizer *optimizer, json_t **state);
/* Path of the newest in folder, yours: free(); NULL when there is none. */
GAZE_CHECKED gaze_err gaze_checkpoint_latest(const char *folder, char **path);
/* Removes that of `step`, whose weights turned out to be bad, where there is an older one to fall back on. */
GAZE_CHECKED gaze_err gaze_checkpoint_distrust(const char *folder, uint64_t step);

#endif
