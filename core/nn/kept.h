/* What forward keeps for backward: as it is, or rounded to bf16 where products are rounded so anyway. Half the memory,
 * which is most of what training takes. */
#ifndef GAZE_CORE_NN_KEPT_H
#define GAZE_CORE_NN_KEPT_H

#include "core/base/memory.h"
#include "core/nn/compute.h"

/* [rows, columns] in one of the two; borrowed from an arena. */
typedef struct gaze_kept {
  float *f32;
  uint16_t *bf16;
  size_t columns;
} gaze_kept;

gaze_kept gaze_kept_take(gaze_arena *arena, size_t rows, size_t columns, bool bf16);

/* Where rows from `first` on are to be written: their place, or room, from which gaze_kept_store takes them. */
float *gaze_kept_place(const gaze_kept *kept, size_t first, float *room);
/* Rows first .. first + n - 1 are in gaze_kept_place. They stay there too. */
void gaze_kept_store(const gaze_compute *compute, const gaze_kept *kept, size_t first, size_t n, const float *room);
/* The rows again, in their place or in room. */
const float *gaze_kept_load(const gaze_compute *compute, const gaze_kept *kept, size_t first, size_t n, float *room);

#endif
