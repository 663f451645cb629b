/* The best few of many: a heap whose worst is at the root. */
#ifndef GAZE_INDEX_TOP_H
#define GAZE_INDEX_TOP_H

#include "core/base/error.h"

typedef struct gaze_ranked {
  float score;
  int64_t id;
} gaze_ranked;

typedef struct gaze_top {
  gaze_ranked *items; /* [n] */
  size_t n, capacity;
} gaze_top;

GAZE_CHECKED gaze_err gaze_top_init(gaze_top *top, size_t capacity); /* at least 1 */
void gaze_top_fini(gaze_top *top);
/* Keeps the best: higher scores, of equal ones lower ids, so that the order of arrival does not matter. */
void gaze_top_push(gaze_top *top, float score, int64_t id);
/* Best first. The heap is none any more: push nothing behind it. */
void gaze_top_sort(gaze_top *top);

#endif
