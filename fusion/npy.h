/* NumPy's .npy, format 1.0 and 2.0: little-endian f4 and f2, C order, one or two dimensions. */
#ifndef GAZE_FUSION_NPY_H
#define GAZE_FUSION_NPY_H

#include "core/tensor/tensor.h"

/* data is borrowed from bytes. name is for messages. */
GAZE_CHECKED gaze_err gaze_npy_parse(const void *bytes, size_t size, const char *name, gaze_tensor *out);

#endif
