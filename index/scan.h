/* The pass over all vectors as bytes: bound by memory, so each byte is read once, in order, by all processors. */
#ifndef GAZE_INDEX_SCAN_H
#define GAZE_INDEX_SCAN_H

#include "index/top.h"

#define GAZE_SCAN_ALIGN 64 /* rows start at multiples of this many bytes */

/* dots[i] = sum over k < stride of query[k] * rows[i * stride + k], exact; stride is a multiple of GAZE_SCAN_ALIGN. */
typedef void gaze_scan_fn(int32_t *dots, const int8_t *rows, size_t n, size_t stride, const int16_t *query);
gaze_scan_fn gaze_scan_c, gaze_scan_avx2, gaze_scan_vnni;

typedef struct gaze_scan_rows {
  const int8_t *rows;   /* [n, stride] */
  const float *scales;  /* [n] */
  const uint32_t *pick; /* [n_pick] rising rows to look at; NULL: all */
  size_t n, n_pick, stride;
} gaze_scan_rows;

/* Leaves in top (empty, its capacity the number wanted) the rows that look nearest; ids are row numbers, scores are
 * in proportion to cosines. query: [stride]. */
GAZE_CHECKED gaze_err gaze_scan_run(const gaze_scan_rows *rows, const int16_t *query, gaze_top *top);

#endif
