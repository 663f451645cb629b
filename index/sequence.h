/* A model's vectors in the order of their ids, as bytes, in a file beside the database ("photos.db.KEY.vec"), which a
 * search maps and reads from front to back. It is derived: lost, damaged or written under another identity of the
 * database, it is left aside and made again. Since vectors are only added, an older file stays true of the first
 * of them; the rest, its tail, is read from the database. */
#ifndef GAZE_INDEX_SEQUENCE_H
#define GAZE_INDEX_SEQUENCE_H

#include "core/base/file.h"
#include "index/scan.h"
#include "index/sql.h"

typedef struct gaze_sequence {
  gaze_map map;
  size_t n, dim, stride;
  int64_t last_id;         /* of the vectors held; 0: none, everything is tail */
  const int8_t *rows;      /* [n, stride]; these three are borrowed from map */
  const float *scales;     /* [n] */
  const int64_t *ids;      /* [n], rising: vector.id */
  uint64_t identity, body; /* of the database; XXH3 of all behind the header */
  int64_t model;
} gaze_sequence;

typedef struct gaze_sequence_source {
  sqlite3 *db;
  const char *database; /* its path */
  const char *key;
  int64_t model;
  int dim;
} gaze_sequence_source;

/* The file of the source, where there is a true one; else an empty sequence. `sequence` may hold an older one, which
 * is kept while it is true. Fails only where the database does. */
GAZE_CHECKED gaze_err gaze_sequence_open(gaze_sequence *sequence, const gaze_sequence_source *source);
void gaze_sequence_close(gaze_sequence *sequence);

/* Vectors of the source behind the sequence. */
GAZE_CHECKED gaze_err gaze_sequence_tail(const gaze_sequence *sequence, const gaze_sequence_source *source, size_t *n);
/* Writes the file anew, with the tail, and opens it. The caller holds the index's lock. */
GAZE_CHECKED gaze_err gaze_sequence_extend(gaze_sequence *sequence, const gaze_sequence_source *source);

/* Every byte of the file against the database; GAZE_ERR_CORRUPT names the first contradiction. */
GAZE_CHECKED gaze_err gaze_sequence_check(const gaze_sequence *sequence, const gaze_sequence_source *source);

/* vector.f32 in column `column`, [dim], copied to out; GAZE_ERR_CORRUPT where its length is another. */
GAZE_CHECKED gaze_err gaze_sequence_vector(sqlite3_stmt *statement, int column, int dim, float *out);

#endif
