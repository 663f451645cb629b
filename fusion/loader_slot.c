#include "fusion/loader_slot.h"

#include <stdlib.h>
#include <string.h>

void gaze_bad_add(gaze_bad *bad, gaze_bad *later) {
  if (later->n && (!bad->n || later->place < bad->place)) {
    free(bad->message);
    bad->message = later->message;
    later->message = NULL;
    bad->place = later->place;
    bad->err = later->err;
  }
  bad->n += later->n;
  gaze_bad_fini(later);
}

void gaze_bad_fini(gaze_bad *bad) {
  free(bad->message);
  *bad = (gaze_bad){0};
}

static size_t count_pixels(const gaze_loader_options *options) {
  return 3 * (size_t)options->preprocess.size * (size_t)options->preprocess.size;
}

gaze_err gaze_slot_init(gaze_slot *slot, const gaze_loader_options *options) {
  size_t B = options->batch_size, pixels = count_pixels(options);
  gaze_batch *batch = &slot->batch;
  size_t size = gaze_arena_cost(B * pixels, sizeof(float)) +
                2 * gaze_arena_cost(B * options->context, sizeof(int32_t)) + gaze_arena_cost(B + 1, sizeof(size_t)) +
                gaze_arena_cost(B, sizeof(size_t)) + gaze_arena_cost(B, sizeof(int32_t)) +
                gaze_arena_cost(B * options->teacher_dim, sizeof(float)) + 2 * gaze_arena_cost(B, 1);
  GAZE_TRY(gaze_arena_init(&slot->arena, size));
  batch->n = B;
  batch->pixels = gaze_arena_take(&slot->arena, B * pixels, sizeof(float));
  batch->ids = gaze_arena_take(&slot->arena, B * options->context, sizeof(int32_t));
  batch->offsets = gaze_arena_take(&slot->arena, B + 1, sizeof(size_t));
  batch->classes = gaze_arena_take(&slot->arena, B, sizeof(int32_t));
  batch->has_teacher = gaze_arena_take(&slot->arena, B, 1);
  memset(batch->has_teacher, 0, B);
  if (options->teacher_dim)
    batch->teacher = gaze_arena_take(&slot->arena, B * options->teacher_dim, sizeof(float));
  slot->texts = gaze_arena_take(&slot->arena, B * options->context, sizeof(int32_t));
  slot->cut = gaze_arena_take(&slot->arena, B, 1);
  slot->lengths = gaze_arena_take(&slot->arena, B, sizeof(size_t));
  return GAZE_OK;
}

void gaze_slot_fini(gaze_slot *slot) {
  gaze_arena_fini(&slot->arena);
  gaze_bad_fini(&slot->bad);
  free(slot->message);
  *slot = (gaze_slot){0};
}

void gaze_slot_begin(gaze_slot *slot, uint64_t number) {
  slot->batch.number = number;
  slot->missing = slot->batch.n;
  gaze_bad_fini(&slot->bad);
}

gaze_err gaze_slot_fill(gaze_slot *slot, size_t place, const gaze_loader_options *options, const gaze_plan *plan,
                        gaze_draw draw, const gaze_kernels *kernels, const gaze_picture *picture, gaze_random *random) {
  gaze_batch *batch = &slot->batch;
  gaze_sample_room room = {
      .pixels = batch->pixels + place * count_pixels(options),
      .ids = slot->texts + place * options->context,
      .teacher = batch->teacher ? batch->teacher + place * options->teacher_dim : NULL,
      .has_teacher = &batch->has_teacher[place],
  };
  const gaze_plan_source *source = &plan->sources[draw.source];
  GAZE_TRY(gaze_sample_fill(gaze_dataset_get(source->dataset, draw.sample), options, kernels, picture, random, &room));
  slot->lengths[place] = room.n_ids;
  slot->cut[place] = room.n_cut > 0;
  batch->classes[place] = source->classes[draw.sample];
  return GAZE_OK;
}

void gaze_slot_finish(gaze_slot *slot, size_t context) {
  gaze_batch *batch = &slot->batch;
  batch->offsets[0] = 0;
  for (size_t b = 0; b < batch->n; b++) {
    memcpy(batch->ids + batch->offsets[b], slot->texts + b * context, slot->lengths[b] * sizeof *batch->ids);
    batch->offsets[b + 1] = batch->offsets[b] + slot->lengths[b];
  }
}
