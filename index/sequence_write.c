#include "core/base/memory.h"
#include "index/quantise.h"
#include "index/sequence_format.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

/* What is being written: the header so far, the sections behind the rows, the sum over the body. */
typedef struct writer {
  gaze_replace file;
  XXH3_state_t *sum;
  gaze_sequence_header head;
  size_t capacity;
  float *scales;
  int64_t *ids;
} writer;

static gaze_err put(writer *w, const void *bytes, size_t size) {
  static const uint8_t zeros[GAZE_SCAN_ALIGN];
  size_t rest = gaze_sequence_pad(size) - size;
  XXH3_64bits_update(w->sum, bytes, size);
  XXH3_64bits_update(w->sum, zeros, rest);
  if (fwrite(bytes, 1, size, w->file.stream) == size && fwrite(zeros, 1, rest, w->file.stream) == rest)
    return GAZE_OK;
  return gaze_fail_errno(GAZE_ERR_IO, "cannot write beside the database: %s", w->file.path);
}

static gaze_err put_held(writer *w, const gaze_sequence *sequence) {
  memcpy(w->scales, sequence->scales, sequence->n * sizeof *w->scales);
  memcpy(w->ids, sequence->ids, sequence->n * sizeof *w->ids);
  w->head.n = sequence->n;
  return put(w, sequence->rows, sequence->n * sequence->stride);
}

static gaze_err put_tail(writer *w, const gaze_sequence_source *source, sqlite3_stmt *statement, float *x,
                         int8_t *row) {
  bool more;
  size_t dim = (size_t)source->dim, stride = gaze_sequence_pad(dim);
  for (;;) {
    GAZE_TRY(gaze_sql_step(statement, &more));
    if (!more || w->head.n == w->capacity)
      return GAZE_OK;
    GAZE_TRY(gaze_sequence_vector(statement, 1, source->dim, x));
    w->ids[w->head.n] = w->head.last_id = sqlite3_column_int64(statement, 0);
    w->scales[w->head.n++] = gaze_quantise_row(row, stride, x, dim);
    w->head.last = XXH3_64bits(x, dim * sizeof *x);
    GAZE_TRY(put(w, row, stride));
  }
}

static gaze_err put_all(writer *w, const gaze_sequence *sequence, const gaze_sequence_source *source) {
  sqlite3_stmt *statement = NULL;
  float *x = NULL;
  int8_t *row = NULL;
  gaze_err err = GAZE_OK;
  GAZE_TRY_DONE(gaze_alloc((size_t)source->dim, sizeof *x, &x));
  GAZE_TRY_DONE(gaze_alloc(gaze_sequence_pad((size_t)source->dim), 1, &row));
  GAZE_TRY_DONE(
      gaze_sql_prepare(source->db, "SELECT id, f32 FROM vector WHERE model = ?1 AND id > ?2 ORDER BY id", &statement));
  GAZE_TRY_DONE(gaze_sql_bind(statement, "ii", source->model, sequence->last_id));
  if (fwrite(&w->head, sizeof w->head, 1, w->file.stream) != 1)
    GAZE_TRY_DONE(gaze_fail_errno(GAZE_ERR_IO, "cannot write beside the database: %s", w->file.path));
  if (sequence->n)
    GAZE_TRY_DONE(put_held(w, sequence));
  GAZE_TRY_DONE(put_tail(w, source, statement, x, row));
  GAZE_TRY_DONE(put(w, w->scales, (size_t)w->head.n * sizeof *w->scales));
  GAZE_TRY_DONE(put(w, w->ids, (size_t)w->head.n * sizeof *w->ids));
done:
  sqlite3_finalize(statement);
  free(x);
  free(row);
  return err;
}

static gaze_err finish(writer *w) {
  w->head.body = XXH3_64bits_digest(w->sum);
  w->head.check = gaze_sequence_header_check(&w->head);
  if (fseek(w->file.stream, 0, SEEK_SET) != 0 || fwrite(&w->head, sizeof w->head, 1, w->file.stream) != 1)
    return gaze_fail_errno(GAZE_ERR_IO, "cannot write beside the database: %s", w->file.path);
  return gaze_replace_commit(&w->file);
}

gaze_err gaze_sequence_extend(gaze_sequence *sequence, const gaze_sequence_source *source) {
  writer w = {.head = {.dim = (uint32_t)source->dim, .key = gaze_sequence_key(source->key)}};
  char *name = NULL;
  size_t tail;
  gaze_err err = GAZE_OK;
  memcpy(w.head.magic, GAZE_SEQUENCE_MAGIC, sizeof w.head.magic);
  GAZE_TRY_DONE(gaze_sequence_tail(sequence, source, &tail));
  w.capacity = sequence->n + tail;
  if (tail == 0 || w.capacity > UINT32_MAX)
    goto done;
  GAZE_TRY_DONE(gaze_sequence_identity(source->db, &w.head.identity));
  GAZE_TRY_DONE(gaze_alloc(w.capacity, sizeof *w.scales, &w.scales));
  GAZE_TRY_DONE(gaze_alloc(w.capacity, sizeof *w.ids, &w.ids));
  w.sum = XXH3_createState();
  if (!w.sum)
    GAZE_TRY_DONE(gaze_fail(GAZE_ERR_MEMORY, "out of memory: writing a sequence of vectors: free memory"));
  XXH3_64bits_reset(w.sum);
  GAZE_TRY_DONE(gaze_sequence_name(source, &name));
  GAZE_TRY_DONE(gaze_replace_init(&w.file, name));
  GAZE_TRY_DONE(put_all(&w, sequence, source));
  GAZE_TRY_DONE(finish(&w));
  gaze_sequence_close(sequence);
  err = gaze_sequence_open(sequence, source);
done:
  gaze_replace_fini(&w.file);
  XXH3_freeState(w.sum);
  free(w.scales);
  free(w.ids);
  free(name);
  return err;
}
