/* What every forward and backward needs besides weights and data. Passed explicitly, never global. */
#ifndef GAZE_CORE_NN_COMPUTE_H
#define GAZE_CORE_NN_COMPUTE_H

#include "core/kernels/kernels.h"
#include "core/kernels/matmul.h"

/* A named intermediate result, [rows, columns], borrowed for the time of the call. */
typedef void gaze_tap_fn(void *user, const char *name, const float *data, size_t rows, size_t columns);

typedef struct gaze_compute {
  const gaze_kernels *kernels; /* borrowed */
  gaze_matmul *matmul;         /* products of linear layers, borrowed; NULL: the table's gemm. All else is f32 */
  gaze_tap_fn *tap;            /* NULL: nobody listens. While one does, no row is left out */
  void *tap_user;
} gaze_compute;

/* N rows cut into B sequences: sequence b is rows offsets[b] .. offsets[b+1]. Borrowed. */
typedef struct gaze_sequences {
  size_t count;           /* B */
  const size_t *offsets;  /* [B + 1] */
  size_t longest;         /* rows of the longest one */
  const size_t *starts;   /* [B]: positions of their first rows; NULL: 0 */
  const bool *far;        /* [B]: whether they will be longer than rope.h's near factors serve; NULL: by these rows */
  const uint32_t *stems;  /* [B]: rows that all branches of a sequence have before them; NULL: nothing branches */
  const uint32_t *begins; /* [N]: the row of its sequence that a row's branch begins with, 0 in a stem */
} gaze_sequences;

/* A row of a branch sees the stem and its branch, as if they were all there is: rows first .. end of its sequence lie
 * between the two. */
typedef struct gaze_hidden_rows {
  size_t first, end;
} gaze_hidden_rows;

/* row: of sequence b. */
static inline gaze_hidden_rows gaze_sequences_hidden(const gaze_sequences *sequences, size_t b, size_t row) {
  if (!sequences->stems || row < sequences->stems[b])
    return (gaze_hidden_rows){0, 0};
  return (gaze_hidden_rows){sequences->stems[b], sequences->begins[sequences->offsets[b] + row]};
}

static inline size_t gaze_sequences_rows(const gaze_sequences *sequences) {
  return sequences->offsets[sequences->count];
}

#endif
