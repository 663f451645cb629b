/* Softmax and the cross-entropy of a row of logits. */
#ifndef GAZE_CORE_NN_CROSS_ENTROPY_H
#define GAZE_CORE_NN_CROSS_ENTROPY_H

#include "core/kernels/kernels.h"

/* A row of logits [n] becomes its softmax. Returns -log of the greatest probability, *greatest is its logit: any
 * other's -log is larger by the distance of the logits, however small it is. Not finite where a logit is no number. */
double gaze_soften(const gaze_kernels *kernels, float *row, size_t n, double *greatest);
/* -log of the label's probability; the row of logits [n] becomes the loss's gradient, times weight. */
double gaze_cross_entropy(const gaze_kernels *kernels, float *row, size_t n, size_t label, float weight);

#endif
