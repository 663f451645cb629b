#include "fusion/lm_data.h"

#include "core/base/random.h"

#include <stdlib.h>
#include <string.h>

gaze_err gaze_lm_marks_find(const gaze_tokenizer *tokenizer, const char *folder, gaze_lm_marks *out) {
  static const char *const usual[] = {"<|endoftext|>", "</s>"};
  const int32_t *stops;
  int32_t start = gaze_tokenizer_start(tokenizer);
  out->end = gaze_tokenizer_stops(tokenizer, &stops) ? stops[0] : -1;
  for (size_t i = 0; i < sizeof usual / sizeof *usual && out->end < 0; i++)
    out->end = gaze_tokenizer_find(tokenizer, usual[i]);
  out->front = start >= 0 ? start : out->end;
  if (out->end >= 0)
    return GAZE_OK;
  return gaze_fail(GAZE_ERR_UNSUPPORTED, "a tokenizer without an end of texts: %s: its files name no eos_token",
                   folder);
}

static gaze_err add_piece(gaze_lm_data *data, size_t at, size_t rows) {
  GAZE_TRY(gaze_grow(&data->pieces, &data->capacity, data->n + 1, sizeof *data->pieces));
  data->pieces[data->n++] = (gaze_lm_piece){at, (uint32_t)rows};
  data->rows += rows;
  return GAZE_OK;
}

static gaze_err push_id(gaze_lm_data *data, int32_t id) {
  GAZE_TRY(gaze_grow(&data->ids, &data->ids_capacity, data->n_ids + 1, sizeof *data->ids));
  data->ids[data->n_ids++] = id;
  return GAZE_OK;
}

/* The document's ids between its marks; then pieces, of which each begins with the id that the one before was asked for
 * last. */
static gaze_err add_document(gaze_lm_data *data, const gaze_text_part *text, const gaze_tokenizer *tokenizer,
                             const gaze_lm_marks *marks, size_t context) {
  size_t first = data->n_ids;
  GAZE_TRY(push_id(data, marks->front));
  GAZE_TRY(gaze_tokenizer_encode(tokenizer, text->text, text->size, &data->ids, &data->n_ids, &data->ids_capacity));
  GAZE_TRY(push_id(data, marks->end));
  size_t rows = data->n_ids - first - 1;
  for (size_t done = 0, n; done < rows; done += n) {
    n = rows - done < context ? rows - done : context;
    GAZE_TRY(add_piece(data, first + done, n));
  }
  return GAZE_OK;
}

gaze_err gaze_lm_data_init(gaze_lm_data *data, const gaze_documents *documents, const gaze_tokenizer *tokenizer,
                           const gaze_lm_marks *marks, size_t context) {
  *data = (gaze_lm_data){.bytes = documents->bytes};
  for (size_t i = 0; i < documents->n; i++)
    GAZE_TRY(add_document(data, &documents->at[i], tokenizer, marks, context));
  if (!data->n)
    return gaze_fail(GAZE_ERR_FORMAT, "no text in the data: name files that hold some");
  if (data->n > UINT32_MAX)
    return gaze_fail(GAZE_ERR_LIMIT, "more than %u pieces of text: the training data: give fewer", UINT32_MAX);
  return GAZE_OK;
}

void gaze_lm_data_fini(gaze_lm_data *data) {
  free(data->ids);
  free(data->pieces);
  *data = (gaze_lm_data){0};
}

static void begin_round(gaze_lm_reader *reader) {
  gaze_random random;
  reader->at = 0;
  for (size_t i = 0; i < reader->data->n; i++)
    reader->order[i] = (uint32_t)i;
  gaze_random_init(&random, reader->seed ^ 0x1a9e5, reader->round);
  if (reader->shuffled)
    gaze_random_shuffle(&random, reader->order, reader->data->n);
}

gaze_err gaze_lm_reader_init(gaze_lm_reader *reader, const gaze_lm_data *data, size_t rows, size_t held, bool shuffled,
                             uint64_t seed) {
  *reader = (gaze_lm_reader){.data = data, .rows = rows, .held = held, .shuffled = shuffled, .seed = seed};
  GAZE_TRY(gaze_alloc(data->n, sizeof *reader->order, &reader->order));
  GAZE_TRY(gaze_alloc(held, rows * sizeof *reader->ids, &reader->ids));
  GAZE_TRY(gaze_alloc(held, rows * sizeof *reader->labels, &reader->labels));
  GAZE_TRY(gaze_alloc(held, (rows + 1) * sizeof *reader->offsets, &reader->offsets));
  begin_round(reader);
  return GAZE_OK;
}

void gaze_lm_reader_fini(gaze_lm_reader *reader) {
  free(reader->order);
  free(reader->ids);
  free(reader->labels);
  free(reader->offsets);
  *reader = (gaze_lm_reader){0};
}

/* The next piece where there is room for it; NULL: the batch is full, or the round is over. */
static const gaze_lm_piece *next_piece(gaze_lm_reader *reader, size_t room) {
  if (reader->at == reader->data->n) {
    if (!reader->shuffled)
      return NULL;
    reader->round++;
    begin_round(reader);
  }
  const gaze_lm_piece *piece = &reader->data->pieces[reader->order[reader->at]];
  if (piece->rows > room)
    return NULL;
  reader->at++;
  return piece;
}

/* A piece behind the batch's rows. */
static void put_piece(const gaze_lm_reader *reader, const gaze_lm_piece *piece, gaze_lm_batch *batch) {
  size_t *offsets = reader->offsets + reader->slot * (reader->rows + 1), first = offsets[batch->sequences.count];
  const int32_t *ids = reader->data->ids + piece->at;
  memcpy(reader->ids + reader->slot * reader->rows + first, ids, piece->rows * sizeof *ids);
  memcpy(reader->labels + reader->slot * reader->rows + first, ids + 1, piece->rows * sizeof *ids);
  offsets[++batch->sequences.count] = first + piece->rows;
  if (piece->rows > batch->sequences.longest)
    batch->sequences.longest = piece->rows;
}

bool gaze_lm_reader_next(gaze_lm_reader *reader, gaze_lm_batch *batch) {
  size_t room = reader->rows;
  *batch = (gaze_lm_batch){.sequences.offsets = reader->offsets + reader->slot * (reader->rows + 1),
                           .ids = reader->ids + reader->slot * reader->rows,
                           .labels = reader->labels + reader->slot * reader->rows};
  for (const gaze_lm_piece *piece; (piece = next_piece(reader, room)); room -= piece->rows)
    put_piece(reader, piece, batch);
  reader->slot = (reader->slot + 1) % reader->held;
  return batch->sequences.count > 0;
}

uint64_t gaze_lm_reader_skip(gaze_lm_reader *reader, uint64_t batches) {
  uint64_t rows = 0;
  for (; batches; batches--) {
    size_t room = reader->rows;
    for (const gaze_lm_piece *piece; (piece = next_piece(reader, room)); rows += piece->rows)
      room -= piece->rows;
  }
  return rows;
}
