/* AdamW (Loshchilov & Hutter 2019) or Muon, with clipping of the gradients' global norm, over a list of parameters. */
#ifndef GAZE_CORE_NN_OPTIMIZER_H
#define GAZE_CORE_NN_OPTIMIZER_H

#include "core/nn/compute.h"
#include "core/nn/parameters.h"

typedef struct gaze_optimizer {
  double beta1, beta2, eps, weight_decay; /* decay on matrices alone */
  double clip_norm;                       /* 0: none */
  double momentum;                        /* Muon's */
  uint64_t step;                          /* steps taken */
  size_t size;                            /* gaze_parameters_size of the list */
  float *values, *gradients;              /* arenas of the list's layout; borrowed */
  float *first, *second;                  /* moments, [size]; yours: gaze_optimizer_fini */
  float *muon_scratch;                    /* NULL: AdamW steps everything; yours, too */
} gaze_optimizer;

GAZE_CHECKED gaze_err gaze_optimizer_init(gaze_optimizer *optimizer, const gaze_parameters *list, float *values,
                                          float *gradients);
/* From now on Muon steps the matrices inside of blocks, AdamW the rest. */
GAZE_CHECKED gaze_err gaze_optimizer_use_muon(gaze_optimizer *optimizer, const gaze_parameters *list);
void gaze_optimizer_fini(gaze_optimizer *optimizer);
/* One step on all that is not frozen, then zeroes the gradients. Returns the gradients' norm before clipping; when it
 * is not finite nothing is changed. */
double gaze_optimizer_step(gaze_optimizer *optimizer, const gaze_compute *compute, const gaze_parameters *list,
                           double lr);

#endif
