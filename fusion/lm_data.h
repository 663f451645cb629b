/* What a language model learns from: documents as ids, in pieces of at most a context's length, drawn in an order that
 * is a pure function of the seed. */
#ifndef GAZE_FUSION_LM_DATA_H
#define GAZE_FUSION_LM_DATA_H

#include "fusion/documents.h"
#include "fusion/lm_step.h"

/* What stands around every document: the tokenizer's start where it has one, else the end that stands behind all. */
typedef struct gaze_lm_marks {
  int32_t front, end;
} gaze_lm_marks;

/* GAZE_ERR_UNSUPPORTED for a tokenizer that has no end of a text. folder: for messages. */
GAZE_CHECKED gaze_err gaze_lm_marks_find(const gaze_tokenizer *tokenizer, const char *folder, gaze_lm_marks *out);

/* Rows of ids[at] to ids[at + rows - 1], each asked for the id behind it. */
typedef struct gaze_lm_piece {
  size_t at;
  uint32_t rows;
} gaze_lm_piece;

typedef struct gaze_lm_data {
  int32_t *ids; /* of all documents with their marks, one behind the other */
  size_t n_ids, ids_capacity;
  gaze_lm_piece *pieces; /* [n] */
  size_t n, capacity;
  size_t rows, bytes; /* of all pieces; of the documents' texts */
} gaze_lm_data;

/* context: rows of the longest piece. GAZE_ERR_FORMAT where there is nothing to learn from. */
GAZE_CHECKED gaze_err gaze_lm_data_init(gaze_lm_data *data, const gaze_documents *documents,
                                        const gaze_tokenizer *tokenizer, const gaze_lm_marks *marks, size_t context);
void gaze_lm_data_fini(gaze_lm_data *data);

/* A walk over the pieces in batches of at most `rows` rows; none is cut, so that a batch ends before the piece that it
 * has no room for. */
typedef struct gaze_lm_reader {
  const gaze_lm_data *data; /* borrowed */
  size_t rows, held;
  bool shuffled; /* every round anew, endless; else one round as they lie */
  uint64_t seed, round;
  uint32_t *order;       /* [n] */
  size_t at;             /* in order */
  size_t slot;           /* of the next batch */
  int32_t *ids, *labels; /* [held, rows] */
  size_t *offsets;       /* [held, rows + 1] */
} gaze_lm_reader;

/* rows: at least the longest piece's. held: so many batches are there at a time. */
GAZE_CHECKED gaze_err gaze_lm_reader_init(gaze_lm_reader *reader, const gaze_lm_data *data, size_t rows, size_t held,
                                          bool shuffled, uint64_t seed);
void gaze_lm_reader_fini(gaze_lm_reader *reader);
/* The next batch, borrowed until the held-th after it. False: the round is over, of a reader that does not shuffle. */
bool gaze_lm_reader_next(gaze_lm_reader *reader, gaze_lm_batch *batch);
/* Passes over so many batches. Returns their rows. */
uint64_t gaze_lm_reader_skip(gaze_lm_reader *reader, uint64_t batches);

#endif
