#include "core/base/memory.h"
#include "index/quantise.h"
#include "index/sequence_format.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

size_t gaze_sequence_pad(size_t size) { return (size + GAZE_SCAN_ALIGN - 1) / GAZE_SCAN_ALIGN * GAZE_SCAN_ALIGN; }

uint32_t gaze_sequence_header_check(const gaze_sequence_header *header) {
  return XXH32(header, offsetof(gaze_sequence_header, check), 0);
}

uint64_t gaze_sequence_key(const char *model_key) { return XXH3_64bits(model_key, strlen(model_key)); }

gaze_err gaze_sequence_name(const gaze_sequence_source *source, char **out) {
  return gaze_format(out, "%s.%s.vec", source->database, source->key);
}

gaze_err gaze_sequence_vector(sqlite3_stmt *statement, int column, int dim, float *out) {
  const void *blob = sqlite3_column_blob(statement, column);
  size_t size = (size_t)dim * sizeof *out;
  if (!blob || (size_t)sqlite3_column_bytes(statement, column) != size)
    return gaze_fail(GAZE_ERR_CORRUPT, "a vector of the wrong length: %s: run `gaze db check`",
                     sqlite3_db_filename(sqlite3_db_handle(statement), "main"));
  memcpy(out, blob, size);
  return GAZE_OK;
}

gaze_err gaze_sequence_identity(sqlite3 *db, uint64_t *identity) {
  int64_t value;
  GAZE_TRY(gaze_sql_integer(db, "SELECT identity FROM origin", &value));
  *identity = (uint64_t)value;
  return GAZE_OK;
}

/* 0 where the database has no such vector. */
static gaze_err fingerprint(const gaze_sequence_source *source, int64_t id, uint64_t *out) {
  sqlite3_stmt *statement = NULL;
  bool row = false;
  gaze_err err = gaze_sql_prepare(source->db, "SELECT f32 FROM vector WHERE id = ?1 AND model = ?2", &statement);
  if (err == GAZE_OK)
    err = gaze_sql_bind(statement, "ii", id, source->model);
  if (err == GAZE_OK)
    err = gaze_sql_step(statement, &row);
  *out = 0;
  if (row) {
    const void *blob = sqlite3_column_blob(statement, 0);
    *out = blob ? XXH3_64bits(blob, (size_t)sqlite3_column_bytes(statement, 0)) : 0;
  }
  sqlite3_finalize(statement);
  return err;
}

void gaze_sequence_close(gaze_sequence *sequence) {
  gaze_map_close(&sequence->map);
  *sequence = (gaze_sequence){0};
}

static bool header_fits(const gaze_sequence_header *h, size_t file_size, const gaze_sequence_source *source,
                        uint64_t identity) {
  if (memcmp(h->magic, GAZE_SEQUENCE_MAGIC, sizeof h->magic) != 0 || h->check != gaze_sequence_header_check(h) ||
      h->identity != identity || h->key != gaze_sequence_key(source->key) || h->dim != (uint32_t)source->dim ||
      h->n == 0 || h->n > UINT32_MAX)
    return false;
  size_t n = (size_t)h->n;
  return file_size == sizeof *h + n * gaze_sequence_pad(h->dim) + gaze_sequence_pad(n * sizeof(float)) +
                          gaze_sequence_pad(n * sizeof(int64_t));
}

static void adopt(gaze_sequence *sequence, gaze_map map, const gaze_sequence_header *h, int64_t model) {
  size_t n = (size_t)h->n, stride = gaze_sequence_pad(h->dim);
  const uint8_t *rows = map.data + sizeof *h, *scales = rows + n * stride,
                *ids = scales + gaze_sequence_pad(n * sizeof(float));
  *sequence = (gaze_sequence){.map = map,
                              .n = n,
                              .dim = h->dim,
                              .stride = stride,
                              .last_id = h->last_id,
                              .rows = (const int8_t *)rows,
                              .scales = (const float *)(const void *)scales,
                              .ids = (const int64_t *)(const void *)ids,
                              .identity = h->identity,
                              .body = h->body,
                              .model = model};
}

gaze_err gaze_sequence_open(gaze_sequence *sequence, const gaze_sequence_source *source) {
  uint64_t identity, last;
  GAZE_TRY(gaze_sequence_identity(source->db, &identity));
  if (sequence->n && sequence->identity == identity && sequence->model == source->model)
    return GAZE_OK;
  gaze_sequence_close(sequence);
  char *name;
  GAZE_TRY(gaze_sequence_name(source, &name));
  gaze_map map = {0};
  gaze_err err = gaze_map_open(name, &map);
  free(name);
  if (err != GAZE_OK)
    return GAZE_OK;
  const gaze_sequence_header *h = (const gaze_sequence_header *)(const void *)map.data;
  if (map.size >= sizeof *h && header_fits(h, map.size, source, identity)) {
    err = fingerprint(source, h->last_id, &last);
    if (err == GAZE_OK && last == h->last) {
      adopt(sequence, map, h, source->model);
      return GAZE_OK;
    }
  }
  gaze_map_close(&map);
  return err;
}

gaze_err gaze_sequence_tail(const gaze_sequence *sequence, const gaze_sequence_source *source, size_t *n) {
  sqlite3_stmt *statement = NULL;
  bool row = false;
  gaze_err err = gaze_sql_prepare(source->db, "SELECT count(*) FROM vector WHERE model = ?1 AND id > ?2", &statement);
  if (err == GAZE_OK)
    err = gaze_sql_bind(statement, "ii", source->model, sequence->last_id);
  if (err == GAZE_OK)
    err = gaze_sql_step(statement, &row);
  if (row)
    *n = (size_t)sqlite3_column_int64(statement, 0);
  sqlite3_finalize(statement);
  return err;
}

/* One row of the file against the same vector in the database. */
static bool row_agrees(const gaze_sequence *sequence, size_t i, int64_t id, const float *x, int8_t *row) {
  float scale = gaze_quantise_row(row, sequence->stride, x, sequence->dim);
  return sequence->ids[i] == id && sequence->scales[i] == scale &&
         memcmp(sequence->rows + i * sequence->stride, row, sequence->stride) == 0;
}

static gaze_err check_rows(const gaze_sequence *sequence, const gaze_sequence_source *source, sqlite3_stmt *statement,
                           float *x, int8_t *row) {
  bool more;
  for (size_t i = 0; i < sequence->n; i++) {
    GAZE_TRY(gaze_sql_step(statement, &more));
    if (more)
      GAZE_TRY(gaze_sequence_vector(statement, 1, source->dim, x));
    if (!more || !row_agrees(sequence, i, sqlite3_column_int64(statement, 0), x, row))
      return gaze_fail(GAZE_ERR_CORRUPT,
                       "the vectors beside the database differ from those in it: %s, row %zu: "
                       "run `gaze db compact`",
                       source->database, i);
  }
  return GAZE_OK;
}

gaze_err gaze_sequence_check(const gaze_sequence *sequence, const gaze_sequence_source *source) {
  if (!sequence->n)
    return GAZE_OK;
  if (XXH3_64bits(sequence->map.data + sizeof(gaze_sequence_header),
                  sequence->map.size - sizeof(gaze_sequence_header)) != sequence->body)
    return gaze_fail(GAZE_ERR_CORRUPT, "the file of vectors beside the database is damaged: %s: run `gaze db compact`",
                     source->database);
  sqlite3_stmt *statement = NULL;
  float *x = NULL;
  int8_t *row = NULL;
  gaze_err err = GAZE_OK;
  GAZE_TRY_DONE(gaze_alloc(sequence->dim, sizeof *x, &x));
  GAZE_TRY_DONE(gaze_alloc(sequence->stride, 1, &row));
  GAZE_TRY_DONE(gaze_sql_prepare(source->db, "SELECT id, f32 FROM vector WHERE model = ?1 ORDER BY id", &statement));
  GAZE_TRY_DONE(gaze_sql_bind(statement, "i", source->model));
  err = check_rows(sequence, source, statement, x, row);
done:
  sqlite3_finalize(statement);
  free(x);
  free(row);
  return err;
}
