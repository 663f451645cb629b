/* Weights out: a list of parameters as one safetensors file, under the names of a family's files. */
#ifndef GAZE_CORE_NN_SAVE_H
#define GAZE_CORE_NN_SAVE_H

#include "core/nn/tensor_names.h"

typedef struct gaze_save {
  const gaze_kernels *kernels;
  gaze_name_table names; /* the first place of each parameter counts; one without any is left out */
  gaze_dtype dtype;      /* F32, F16 or BF16; what has rank 0 stays F32 */
  /* Where a tensor's shape is not that of its parameter, [rows, columns] or [rows]: changes it. NULL: nowhere. */
  void (*shape)(const void *user, const gaze_parameter *parameter, gaze_tensor *tensor);
  const void *user;
} gaze_save;

/* Whole or absent. Parameters are in F32. */
GAZE_CHECKED gaze_err gaze_parameters_save(const gaze_parameters *list, const gaze_save *how, const char *path);

#endif
