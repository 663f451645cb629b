/* Matrices of linear layers in another form than their files have: in another dtype, or as the processor likes them.
 * One way for all models; which form, and when, is said by those who own the weights: a CLIP's tower
 * (model_weights.c), what a language model sees with (eye.c), the language model (assistant_weights.c). */
#ifndef GAZE_FUSION_PREPARED_H
#define GAZE_FUSION_PREPARED_H

#include "core/nn/compute.h"
#include "core/nn/parameters.h"

/* Begin with {0}. */
typedef struct gaze_prepared {
  gaze_arena converted; /* empty until something is */
  gaze_packed **packed; /* [n_packed], NULL where nothing is gained */
  size_t n_packed;
  bool settled; /* gaze_packed_settle */
  size_t uses;  /* pictures or texts so far, for those who wait until packing pays */
} gaze_prepared;

/* Whose weights, and what multiplies by them. Borrowed. */
typedef struct gaze_preparation {
  gaze_parameters list;        /* vectors and tables in it are left as they are */
  const gaze_int8 *int8;       /* [list.n], what belongs to weights in I8; NULL: none is */
  const gaze_compute *compute; /* with matmul */
} gaze_preparation;

/* Matrices that are stored in one of the dtypes `from` become `to`, where their rows are of its whole blocks. Once. */
GAZE_CHECKED gaze_err gaze_prepared_convert(gaze_prepared *prepared, const gaze_preparation *what,
                                            const bool from[GAZE_DTYPES], gaze_dtype to);
/* All matrices as products of the precision like them. The numbers that they are packed of stay where they are, for
 * products that are short of memory, and are read no more. Once. */
GAZE_CHECKED gaze_err gaze_prepared_pack(gaze_prepared *prepared, const gaze_preparation *what);
/* What was packed as products of many rows like it, too. */
GAZE_CHECKED gaze_err gaze_prepared_settle(gaze_prepared *prepared, gaze_matmul *matmul);
void gaze_prepared_fini(gaze_prepared *prepared);

#endif
