/* The order in which lessons are learned. */
#include "core/base/random.h"
#include "fusion/llava_data.h"

#include <stdlib.h>
#include <string.h>

enum { STRETCH = 50 }; /* batches whose pieces are sorted by length together */

typedef struct drawn_piece {
  uint32_t piece, rows, place;
} drawn_piece;

/* The longest first; those of one length as they were drawn. */
static int compare_drawn(const void *a, const void *b) {
  const drawn_piece *one = a, *other = b;
  if (one->rows != other->rows)
    return one->rows > other->rows ? -1 : 1;
  return one->place < other->place ? -1 : one->place > other->place;
}

static void sort_stretch(const gaze_llava_data *data, uint32_t *order, drawn_piece *drawn, size_t n) {
  for (size_t i = 0; i < n; i++)
    drawn[i] = (drawn_piece){order[i], data->pieces[order[i]].rows, (uint32_t)i};
  qsort(drawn, n, sizeof *drawn, compare_drawn);
  for (size_t i = 0; i < n; i++)
    order[i] = drawn[i].piece;
}

static gaze_err begin_round(gaze_llava_reader *r) {
  size_t n = r->data->n, stretch = STRETCH * r->size;
  gaze_random random;
  drawn_piece *drawn;
  GAZE_TRY(gaze_alloc(stretch < n ? stretch : n, sizeof *drawn, &drawn));
  gaze_random_init(&random, r->seed ^ 0x11a5a, r->round);
  for (size_t i = 0; i < n; i++)
    r->order[i] = (uint32_t)i;
  gaze_random_shuffle(&random, r->order, n);
  for (size_t first = 0; first < n; first += stretch)
    sort_stretch(r->data, r->order + first, drawn, n - first < stretch ? n - first : stretch);
  for (size_t i = 0; i < r->n_batches; i++)
    r->batches[i] = (uint32_t)i;
  gaze_random_shuffle(&random, r->batches, r->n_batches);
  r->at = 0;
  free(drawn);
  return GAZE_OK;
}

static int compare_counts(const void *a, const void *b) {
  uint32_t one = *(const uint32_t *)a, other = *(const uint32_t *)b;
  return one > other ? -1 : one < other;
}

/* No batch can have more than the largest together. */
static size_t sum_largest(const gaze_llava_reader *r, uint32_t *counts) {
  size_t sum = 0;
  qsort(counts, r->data->n, sizeof *counts, compare_counts);
  for (size_t i = 0; i < r->data->n && i < r->size; i++)
    sum += counts[i];
  return sum;
}

static gaze_err find_most(gaze_llava_reader *r) {
  const gaze_llava_piece *pieces = r->data->pieces;
  uint32_t *counts;
  GAZE_TRY(gaze_alloc(r->data->n, sizeof *counts, &counts));
  for (size_t i = 0; i < r->data->n; i++)
    counts[i] = pieces[i].rows;
  r->rows = sum_largest(r, counts);
  for (size_t i = 0; i < r->data->n; i++)
    counts[i] = pieces[i].n_shown;
  r->shown = sum_largest(r, counts);
  free(counts);
  return GAZE_OK;
}

gaze_err gaze_llava_reader_init(gaze_llava_reader *reader, const gaze_llava_data *data, size_t size, size_t held,
                                uint64_t seed) {
  size_t n_batches = (data->n + size - 1) / size;
  *reader = (gaze_llava_reader){.data = data, .size = size, .held = held, .seed = seed, .n_batches = n_batches};
  GAZE_TRY(find_most(reader));
  GAZE_TRY(gaze_alloc(data->n, sizeof *reader->order, &reader->order));
  GAZE_TRY(gaze_alloc(n_batches, sizeof *reader->batches, &reader->batches));
  GAZE_TRY(gaze_alloc(held * reader->rows, sizeof *reader->ids, &reader->ids));
  GAZE_TRY(gaze_alloc(held * reader->rows, sizeof *reader->labels, &reader->labels));
  GAZE_TRY(gaze_alloc(held * reader->rows, sizeof *reader->begins, &reader->begins));
  GAZE_TRY(gaze_alloc(held * size, sizeof *reader->stems, &reader->stems));
  GAZE_TRY(gaze_alloc(held * (size + 1), sizeof *reader->offsets, &reader->offsets));
  GAZE_TRY(gaze_alloc(held * reader->shown, sizeof *reader->pictures, &reader->pictures));
  return begin_round(reader);
}

void gaze_llava_reader_fini(gaze_llava_reader *reader) {
  free(reader->order);
  free(reader->batches);
  free(reader->ids);
  free(reader->labels);
  free(reader->begins);
  free(reader->stems);
  free(reader->offsets);
  free(reader->pictures);
  *reader = (gaze_llava_reader){0};
}

/* The next batch's place in order. */
static gaze_err next_place(gaze_llava_reader *r, size_t *out) {
  if (r->at == r->n_batches) {
    r->round++;
    GAZE_TRY(begin_round(r));
  }
  *out = r->batches[r->at++] * r->size;
  return GAZE_OK;
}

gaze_err gaze_llava_reader_skip(gaze_llava_reader *reader, uint64_t batches) {
  reader->round = batches / reader->n_batches;
  GAZE_TRY(begin_round(reader));
  reader->at = batches % reader->n_batches;
  return GAZE_OK;
}

typedef struct batch_room {
  int32_t *ids, *labels;
  uint32_t *begins, *stems;
  size_t *offsets;
  gaze_lm_picture *pictures;
} batch_room;

static void put_piece(const gaze_llava_data *data, const gaze_llava_piece *piece, const batch_room *room,
                      gaze_lm_batch *batch) {
  size_t first = room->offsets[batch->sequences.count];
  memcpy(room->ids + first, data->ids + piece->at, piece->rows * sizeof *room->ids);
  memcpy(room->labels + first, data->labels + piece->at, piece->rows * sizeof *room->labels);
  memcpy(room->begins + first, data->begins + piece->at, piece->rows * sizeof *room->begins);
  room->stems[batch->sequences.count] = piece->stem;
  for (const gaze_lm_picture *p = data->shown + piece->shown, *end = p + piece->n_shown; p < end; p++)
    room->pictures[batch->n_pictures++] = (gaze_lm_picture){first + p->row, p->number};
  room->offsets[++batch->sequences.count] = first + piece->rows;
  if (piece->rows > batch->sequences.longest)
    batch->sequences.longest = piece->rows;
}

gaze_err gaze_llava_reader_next(gaze_llava_reader *r, gaze_lm_batch *batch) {
  size_t place, slot = r->slot;
  GAZE_TRY(next_place(r, &place));
  const batch_room room = {r->ids + slot * r->rows,   r->labels + slot * r->rows,        r->begins + slot * r->rows,
                           r->stems + slot * r->size, r->offsets + slot * (r->size + 1), r->pictures + slot * r->shown};
  *batch = (gaze_lm_batch){.sequences = {.offsets = room.offsets, .stems = room.stems, .begins = room.begins},
                           .ids = room.ids,
                           .labels = room.labels,
                           .pictures = room.pictures};
  room.offsets[0] = 0;
  for (size_t i = place; i < place + r->size && i < r->data->n; i++)
    put_piece(r->data, &r->data->pieces[r->order[i]], &room, batch);
  r->slot = (slot + 1) % r->held;
  return GAZE_OK;
}
