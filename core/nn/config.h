/* What readers of models' configurations share. */
#ifndef GAZE_CORE_NN_CONFIG_H
#define GAZE_CORE_NN_CONFIG_H

#include "core/base/json.h"
#include "core/kernels/kernels.h"

/* Members of an object: a size from 1 to a limit beyond any model, and transformers' names of activations. */
GAZE_CHECKED gaze_err gaze_config_size(const json_t *json, const char *key, int64_t otherwise, size_t *out);
GAZE_CHECKED gaze_err gaze_config_activation(const char *name, gaze_activation *out);
const char *gaze_config_activation_name(gaze_activation activation); /* static */
/* A float as the decimal number that it was read from: 1e-5, not 9.99999975e-6. */
double gaze_config_decimal(float value);
/* A member that is an object, or NULL where nothing is said. Borrowed. */
GAZE_CHECKED gaze_err gaze_config_object(const json_t *json, const char *key, json_t **out);

#endif
