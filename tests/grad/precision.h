/* f32 against double: one and the same program makes a step's gradients of a CLIP, compiled once with float and once
 * with float meaning double. What they start from are numbers that both widths hold exactly. */
#ifndef GAZE_TESTS_GRAD_PRECISION_H
#define GAZE_TESTS_GRAD_PRECISION_H

#include "core/kernels/matmul.h"

enum { PRECISION_RUNS = 2 }; /* InfoNCE with QuickGELU; the sigmoid loss with GELU, in two parts, recomputed */

/* A result: unit rows of both towers and their norms before, the loss, then the gradient of each parameter. */
typedef void precision_result(void *user, const char *name, const float *values, size_t n);

/* matmul NULL: products in full width. */
void precision_run(size_t run, const gaze_kernels *kernels, gaze_matmul *matmul, precision_result *result, void *user);

/* What precision_double writes to standard output for each result, before its numbers in double. */
typedef struct precision_header {
  char name[64];
  size_t n;
} precision_header;

#endif
