/* Where a parameter lies in the files of each family: tables of patterns, one of which a checkpoint follows. */
#ifndef GAZE_CORE_NN_TENSOR_NAMES_H
#define GAZE_CORE_NN_TENSOR_NAMES_H

#include "core/nn/parameters.h"

/* `*` in both names stands for the same number, of a block. */
typedef struct gaze_name_pattern {
  const char *parameter, *tensor;
  unsigned char part, parts; /* of `parts` parameters side by side in the tensor this is number `part`; 0: all of it */
  bool transposed;           /* the tensor is [columns, rows] */
} gaze_name_pattern;

typedef struct gaze_name_table {
  const gaze_name_pattern *patterns; /* [n], borrowed */
  size_t n;
} gaze_name_table;

typedef struct gaze_tensor_place {
  char name[160];
  size_t part, parts;
  bool transposed;
} gaze_tensor_place;

/* The places where a parameter may lie, one a call: *turn begins at 0. False: no more. The files themselves say which
 * of them it is. */
bool gaze_tensor_place_next(const gaze_name_table *table, const char *parameter, size_t *turn,
                            gaze_tensor_place *place);

#endif
