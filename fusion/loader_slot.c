#include "fusion/loader_slot.h"

#include <assert.h>
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

static size_t count_pixels(const gaze_preprocess *preprocess) {
  return 3 * (size_t)preprocess->size * (size_t)preprocess->size;
}

static void layout_second(gaze_slot *slot, const gaze_loader_options *options, gaze_arena *arena) {
  const gaze_second_view *second = &options->second;
  gaze_batch *batch = &slot->batch;
  size_t B = options->batch_size;
  assert(second->text->context >= 2);
  batch->second_pixels =
      second->preprocess ? gaze_arena_take(arena, B * count_pixels(second->preprocess), sizeof(float)) : batch->pixels;
  batch->second_ids = gaze_arena_take(arena, B * second->text->context, sizeof(int32_t));
  batch->second_offsets = gaze_arena_take(arena, B + 1, sizeof(size_t));
  slot->second_texts = gaze_arena_take(arena, B * second->text->context, sizeof(int32_t));
  slot->second_lengths = gaze_arena_take(arena, B, sizeof(size_t));
}

static void layout(gaze_slot *slot, const gaze_loader_options *options, gaze_arena *arena) {
  size_t B = options->batch_size;
  gaze_batch *batch = &slot->batch;
  batch->n = B;
  batch->pixels = gaze_arena_take(arena, B * count_pixels(&options->preprocess), sizeof(float));
  batch->ids = gaze_arena_take(arena, B * options->text->context, sizeof(int32_t));
  batch->offsets = gaze_arena_take(arena, B + 1, sizeof(size_t));
  batch->classes = gaze_arena_take(arena, B, sizeof(int32_t));
  batch->has_teacher = gaze_arena_take(arena, B, 1);
  if (options->teacher_dim)
    batch->teacher = gaze_arena_take(arena, B * options->teacher_dim, sizeof(float));
  batch->has_text_teacher = gaze_arena_take(arena, B, 1);
  if (options->text_vectors)
    batch->text_teacher = gaze_arena_take(arena, B * options->text_vectors->D, sizeof(float));
  slot->texts = gaze_arena_take(arena, B * options->text->context, sizeof(int32_t));
  slot->cut = gaze_arena_take(arena, B, 1);
  slot->lengths = gaze_arena_take(arena, B, sizeof(size_t));
  if (options->second.tokenizer)
    layout_second(slot, options, arena);
}

gaze_err gaze_slot_init(gaze_slot *slot, const gaze_loader_options *options) {
  gaze_arena measure = GAZE_ARENA_MEASURE;
  layout(slot, options, &measure);
  GAZE_TRY(gaze_arena_init(&slot->arena, measure.used));
  layout(slot, options, &slot->arena);
  memset(slot->batch.has_teacher, 0, options->batch_size);
  memset(slot->batch.has_text_teacher, 0, options->batch_size);
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
      .pixels = batch->pixels + place * count_pixels(&options->preprocess),
      .ids = slot->texts + place * options->text->context,
      .teacher = batch->teacher ? batch->teacher + place * options->teacher_dim : NULL,
      .has_teacher = &batch->has_teacher[place],
      .text_teacher = batch->text_teacher ? batch->text_teacher + place * options->text_vectors->D : NULL,
      .has_text_teacher = &batch->has_text_teacher[place],
  };
  const gaze_second_view *second = &options->second;
  if (second->tokenizer)
    room.second_ids = slot->second_texts + place * second->text->context;
  if (second->tokenizer && second->preprocess)
    room.second_pixels = batch->second_pixels + place * count_pixels(second->preprocess);
  const gaze_plan_source *source = &plan->sources[draw.source];
  GAZE_TRY(gaze_sample_fill(gaze_dataset_get(source->dataset, draw.sample), options, kernels, picture, random, &room));
  slot->lengths[place] = room.n_ids;
  slot->cut[place] = room.n_cut > 0;
  if (second->tokenizer)
    slot->second_lengths[place] = room.n_second_ids;
  batch->classes[place] = source->classes[draw.sample];
  return GAZE_OK;
}

/* Texts [n, context] of these lengths close ranks. */
static void join(int32_t *ids, size_t *offsets, const int32_t *texts, const size_t *lengths, size_t n, size_t context) {
  offsets[0] = 0;
  for (size_t b = 0; b < n; b++) {
    memcpy(ids + offsets[b], texts + b * context, lengths[b] * sizeof *ids);
    offsets[b + 1] = offsets[b] + lengths[b];
  }
}

void gaze_slot_finish(gaze_slot *slot, const gaze_loader_options *options) {
  gaze_batch *batch = &slot->batch;
  join(batch->ids, batch->offsets, slot->texts, slot->lengths, batch->n, options->text->context);
  if (options->second.tokenizer)
    join(batch->second_ids, batch->second_offsets, slot->second_texts, slot->second_lengths, batch->n,
         options->second.text->context);
}
