/* A growing list of ids. */
#ifndef GAZE_TEXT_IDS_H
#define GAZE_TEXT_IDS_H

#include "core/base/memory.h"

typedef struct gaze_ids {
  int32_t *at; /* [n], malloc */
  size_t n, capacity;
} gaze_ids;

GAZE_CHECKED static inline gaze_err gaze_ids_push(gaze_ids *ids, int32_t id) {
  if (ids->n == ids->capacity)
    GAZE_TRY(gaze_grow(&ids->at, &ids->capacity, ids->n + 1, sizeof *ids->at));
  ids->at[ids->n++] = id;
  return GAZE_OK;
}

#endif
