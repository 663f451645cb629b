/* A row of A at a time with weights in blocks, with AVX-512 VNNI. */
#ifndef GAZE_CORE_KERNELS_X86_QUANTISED_ROWS_H
#define GAZE_CORE_KERNELS_X86_QUANTISED_ROWS_H

#include "core/kernels/quantised.h"

/* C[M, N] (+)= A W^T for a strip of N rows of W; A in groups of one. False, and nothing is done: not of this dtype or
 * K. */
bool gaze_quantised_rows_vnni(float *C, size_t ldc, const uint8_t *W, gaze_dtype dtype, size_t N, const gaze_rows *A,
                              bool accumulate);

#endif
