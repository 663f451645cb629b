/* The numbers of a model's tensors, to compute with and to put back. */
#ifndef GAZE_FUSION_TENSOR_VALUES_H
#define GAZE_FUSION_TENSOR_VALUES_H

#include "core/kernels/kernels.h"
#include "core/tensor/weights.h"

/* F32, F16 or BF16. */
bool gaze_tensor_has_values(const gaze_tensor *tensor);
/* As f32; yours: free(). name: for the message of GAZE_ERR_UNSUPPORTED, where the dtype is another. */
GAZE_CHECKED gaze_err gaze_tensor_values(const gaze_kernels *kernels, const char *name, const gaze_tensor *tensor,
                                         float **out);
/* The tensor of the weights has these instead, in the dtype that it had. values are taken. */
GAZE_CHECKED gaze_err gaze_tensor_values_replace(const gaze_kernels *kernels, gaze_weights *weights,
                                                 const gaze_named_tensor *target, float *values);

#endif
