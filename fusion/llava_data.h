/* What a model that looks and talks learns from: lessons of all samples, drawn in an order that is a pure function of
 * the seed, those of like length together. */
#ifndef GAZE_FUSION_LLAVA_DATA_H
#define GAZE_FUSION_LLAVA_DATA_H

#include "fusion/lesson.h"
#include "fusion/llava_samples.h"

typedef struct gaze_llava_piece {
  size_t at;              /* its first row, in ids and labels */
  size_t shown;           /* its first picture */
  uint32_t rows, n_shown; /* how many of either */
  uint32_t stem;          /* rows before its branches part; `rows` where it has none */
} gaze_llava_piece;

typedef struct gaze_llava_data {
  int32_t *ids, *labels; /* of all pieces, as a lesson has them */
  uint32_t *begins;      /* so, too */
  size_t n_ids, ids_capacity, labels_capacity, begins_capacity;
  gaze_lm_picture *shown; /* of all pieces; rows are counted from a piece's first, numbers are of the features */
  size_t n_shown, shown_capacity;
  gaze_llava_piece *pieces; /* [n] */
  size_t n, capacity;
  size_t longest, asked; /* rows of the longest piece; labels of all */
} gaze_llava_data;

/* held_out: of the sources' files of that name; its pictures are among the features, too. GAZE_ERR_FORMAT where there
 * is nothing to learn from. */
GAZE_CHECKED gaze_err gaze_llava_data_init(gaze_llava_data *data, gaze_llava_data *held_out,
                                           gaze_llava_features *features, const gaze_llava_sources *sources,
                                           gaze_lesson_writer *writer, const gaze_llava_looker *looker,
                                           const char *folder, gaze_bad_rows *bad);
void gaze_llava_data_fini(gaze_llava_data *data);

/* Batches of `size` pieces, every round in another order, endless. */
typedef struct gaze_llava_reader {
  const gaze_llava_data *data; /* borrowed */
  size_t size, held;
  uint64_t seed, round;
  uint32_t *order;   /* [n] pieces; those of a batch lie together */
  uint32_t *batches; /* [n_batches] their order */
  size_t n_batches, at, slot;
  size_t rows, shown;        /* most rows and pictures of a batch */
  int32_t *ids, *labels;     /* [held, rows] */
  uint32_t *begins, *stems;  /* [held, rows], [held, size] */
  size_t *offsets;           /* [held, size + 1] */
  gaze_lm_picture *pictures; /* [held, shown] */
} gaze_llava_reader;

/* held: so many batches are there at a time. */
GAZE_CHECKED gaze_err gaze_llava_reader_init(gaze_llava_reader *reader, const gaze_llava_data *data, size_t size,
                                             size_t held, uint64_t seed);
void gaze_llava_reader_fini(gaze_llava_reader *reader);
/* Borrowed until the held-th after it. */
GAZE_CHECKED gaze_err gaze_llava_reader_next(gaze_llava_reader *reader, gaze_lm_batch *batch);
GAZE_CHECKED gaze_err gaze_llava_reader_skip(gaze_llava_reader *reader, uint64_t batches);

#endif
