/* Muon (Jordan et al. 2024): momentum made orthogonal by a Newton-Schulz iteration, for matrices inside of blocks. */
#ifndef GAZE_CORE_NN_MUON_H
#define GAZE_CORE_NN_MUON_H

#include "core/nn/compute.h"

typedef struct gaze_muon_step {
  float lr, momentum, weight_decay; /* decay is decoupled, as AdamW's */
  float gradient_scale;             /* multiplies every gradient first: clipping */
} gaze_muon_step;

/* Floats of scratch for a matrix of this size. */
size_t gaze_muon_scratch(size_t rows, size_t columns);

/* One step on weight [rows, columns]; momentum, of the same shape, is updated in place. The step is as long as 0.2 in
 * every entry (root mean square), about that of AdamW, so that both take the same learning rate (Liu et al. 2025). */
void gaze_muon_step_run(const gaze_compute *compute, float *weight, float *momentum, const float *gradient, size_t rows,
                        size_t columns, const gaze_muon_step *step, float *scratch);

/* x [rows, columns] becomes nearly U V^T of its singular value decomposition U S V^T: singular values from 0.68 to
 * 1.13, but for those that were tiny. A matrix of zeros stays. */
void gaze_orthogonalise(const gaze_compute *compute, float *x, size_t rows, size_t columns, float *scratch);

#endif
