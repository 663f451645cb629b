/* Numbers in GGUF's blocks: 32, or 256 in eighths or sixteenths, share scales in f16; what a block's bytes mean is
 * ggml's (ggml-common.h). Plain C; products straight from blocks are matmul's. */
#ifndef GAZE_CORE_KERNELS_QUANTS_H
#define GAZE_CORE_KERNELS_QUANTS_H

#include "core/tensor/tensor.h"

/* n numbers of whole blocks of a quantised dtype; blocks on any boundary. y equals bit for bit what the format says. */
void gaze_dequantise(float *y, const void *blocks, gaze_dtype dtype, size_t n);

/* The other way. x: finite and within f16's range, else the blocks hold no useful numbers. Q8_0 to Q5_1 equal the
 * reference's byte for byte; the K types search scales as it does, and come as close to x. */
void gaze_quantise(void *blocks, const float *x, gaze_dtype dtype, size_t n);

#endif
