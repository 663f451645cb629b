#include "core/nn/kept.h"

gaze_kept gaze_kept_take(gaze_arena *arena, size_t rows, size_t columns, bool bf16) {
  gaze_kept kept = {.columns = columns};
  if (bf16)
    kept.bf16 = gaze_arena_take(arena, rows * columns, sizeof *kept.bf16);
  else
    kept.f32 = gaze_arena_take(arena, rows * columns, sizeof *kept.f32);
  return kept;
}

float *gaze_kept_place(const gaze_kept *kept, size_t first, float *room) {
  return kept->f32 ? kept->f32 + first * kept->columns : room;
}

void gaze_kept_store(const gaze_compute *compute, const gaze_kept *kept, size_t first, size_t n, const float *room) {
  size_t columns = kept->columns;
  if (kept->f32)
    return;
#pragma omp parallel for schedule(static)
  for (size_t i = 0; i < n; i++)
    compute->kernels->bf16_from_f32(kept->bf16 + (first + i) * columns, room + i * columns, columns);
}

const float *gaze_kept_load(const gaze_compute *compute, const gaze_kept *kept, size_t first, size_t n, float *room) {
  size_t columns = kept->columns;
  if (kept->f32)
    return kept->f32 + first * columns;
#pragma omp parallel for schedule(static)
  for (size_t i = 0; i < n; i++)
    compute->kernels->f32_from_bf16(room + i * columns, kept->bf16 + (first + i) * columns, columns);
  return room;
}
