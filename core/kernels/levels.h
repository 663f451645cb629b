/* The levels behind the table: each function overrides the entries that its instruction set does better. */
#ifndef GAZE_CORE_KERNELS_LEVELS_H
#define GAZE_CORE_KERNELS_LEVELS_H

#include "core/kernels/kernels.h"
#include "core/kernels/quantised.h"

void gaze_kernels_fill_portable(gaze_kernels *kernels); /* every entry */
void gaze_kernels_fill_portable_conversion(gaze_kernels *kernels);
void gaze_kernels_fill_portable_norm(gaze_kernels *kernels);
void gaze_kernels_fill_portable_activation(gaze_kernels *kernels);
void gaze_kernels_fill_portable_gemm(gaze_kernels *kernels);

void gaze_kernels_fill_openblas(gaze_kernels *kernels); /* gemm; OpenBLAS chooses its instruction set by itself */

void gaze_kernels_fill_avx2(gaze_kernels *kernels);
void gaze_kernels_fill_avx512(gaze_kernels *kernels);
void gaze_kernels_fill_vnni(gaze_kernels *kernels); /* dot_i8, product_i8 */
void gaze_kernels_fill_bf16(gaze_kernels *kernels); /* what has bf16 in its name */

/* Products with weights in blocks. */
extern const gaze_quantised_kernels gaze_quantised_portable, gaze_quantised_avx2, gaze_quantised_vnni;
void gaze_quantise_portable(const gaze_rows *rows, size_t m, const float *x); /* gaze_quantised_kernels.quantise */

#endif
