/* Weights in: from the named tensors of any family's files to a list of parameters. A model that is only run borrows
 * what it can read where it lies; the rest is widened to f32. */
#ifndef GAZE_CORE_NN_LOAD_H
#define GAZE_CORE_NN_LOAD_H

#include "core/nn/tensor_names.h"
#include "core/tensor/weights.h"

#include <stdlib.h>

typedef struct gaze_load {
  const gaze_kernels *kernels;
  gaze_name_table names;
  const char *config; /* for messages: where the expected shapes come from */
  /* Tensors that checkpoints carry and nobody needs. */
  bool (*is_leftover)(const void *user, const char *name);
  const void *user;        /* handed to it */
  bool bound;              /* parameters have their places already, and are copied there */
  bool keeps[GAZE_DTYPES]; /* products stored so are read where they lie; F32 always is */
} gaze_load;

/* What the parameters point into besides the files. Yours: gaze_loaded_fini(). */
typedef struct gaze_loaded {
  float *values;              /* what could not be borrowed */
  gaze_int8 *int8;            /* [n of the list], what belongs to weights in I8; NULL: none is */
  bool borrows;               /* the files must stay open */
  size_t stored[GAZE_DTYPES]; /* how many numbers were of each dtype */
} gaze_loaded;

/* A parameter of the list without a name in the table is left alone. A missing tensor, a wrong shape, or a tensor that
 * nobody uses is GAZE_ERR_MISMATCH. NAME.scales and NAME.columns belong to a NAME in I8 (gaze_int8). */
GAZE_CHECKED gaze_err gaze_parameters_load(const gaze_parameters *list, const gaze_weights *weights,
                                           const gaze_load *how, gaze_loaded *out);
static inline void gaze_loaded_fini(gaze_loaded *loaded) {
  free(loaded->values);
  free(loaded->int8);
  *loaded = (gaze_loaded){0};
}

#endif
