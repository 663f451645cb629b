#include "core/base/memory.h"
#include "index/quantise.h"
#include "index/store.h"

#include <stdlib.h>
#include <string.h>

static gaze_err contradiction(const gaze_index *index, const char *what) {
  return gaze_fail(GAZE_ERR_CORRUPT, "%s: %s: restore a copy or index again", what, index->path);
}

/* SQLite's own view: "ok", or the first thing that is wrong. */
static gaze_err check_file(gaze_index *index) {
  sqlite3_stmt *statement;
  bool row;
  GAZE_TRY(gaze_sql_prepare(index->db, "PRAGMA integrity_check(1)", &statement));
  gaze_err err = gaze_sql_step(statement, &row);
  const char *answer = err == GAZE_OK && row ? (const char *)sqlite3_column_text(statement, 0) : NULL;
  if (err == GAZE_OK && (!answer || strcmp(answer, "ok") != 0))
    err = contradiction(index, answer ? answer : "the database could not be examined");
  sqlite3_finalize(statement);
  return err;
}

/* Each query counts what must not be. */
static gaze_err check_rules(gaze_index *index) {
  static const struct {
    const char *what, *sql;
  } rules[] = {
      {"a row refers to one that is not there", "SELECT count(*) FROM pragma_foreign_key_check"},
      {"a content hash of the wrong length", "SELECT count(*) FROM content WHERE length(hash) <> 16"},
      {"a path that is not absolute", "SELECT count(*) FROM photo WHERE substr(path, 1, 1) <> '/'"},
      {"a photo without a vector", "SELECT count(*) FROM photo p WHERE NOT EXISTS "
                                   "(SELECT 1 FROM vector v WHERE v.content = p.content)"},
      {"not exactly one identity", "SELECT count(*) <> 1 FROM origin"},
  };
  for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
    int64_t wrong;
    GAZE_TRY(gaze_sql_integer(index->db, rules[i].sql, &wrong));
    if (wrong)
      return contradiction(index, rules[i].what);
  }
  return GAZE_OK;
}

static gaze_err check_vectors(gaze_index *index, const gaze_store_model *model, sqlite3_stmt *statement,
                              float *vector) {
  bool row;
  GAZE_TRY(gaze_sql_bind(statement, "i", model->id));
  for (;;) {
    GAZE_TRY(gaze_sql_step(statement, &row));
    if (!row)
      return GAZE_OK;
    GAZE_TRY(gaze_sequence_vector(statement, 0, model->dim, vector));
    if (!gaze_vector_is_unit(vector, (size_t)model->dim))
      return contradiction(index, "a vector that is not finite and of length 1");
  }
}

static gaze_err check_model(gaze_index *index, const gaze_store_model *model, void *unused) {
  gaze_sequence_source source = gaze_store_source(index, model);
  sqlite3_stmt *statement = NULL;
  float *vector = NULL;
  gaze_err err = GAZE_OK;
  GAZE_TRY_DONE(gaze_alloc((size_t)model->dim, sizeof *vector, &vector));
  GAZE_TRY_DONE(gaze_sql_prepare(index->db, "SELECT f32 FROM vector WHERE model = ?1 ORDER BY id", &statement));
  GAZE_TRY_DONE(check_vectors(index, model, statement, vector));
  GAZE_TRY_DONE(gaze_sequence_open(&index->sequence, &source));
  err = gaze_sequence_check(&index->sequence, &source);
done:
  sqlite3_finalize(statement);
  free(vector);
  return err;
}

static gaze_err check_all(gaze_index *index) {
  GAZE_TRY(check_file(index));
  GAZE_TRY(check_rules(index));
  return gaze_store_each_model(index, check_model, NULL);
}

gaze_err gaze_index_check(gaze_index *index) {
  GAZE_TRY(gaze_sql_run(index->db, "BEGIN"));
  return gaze_sql_end(index->db, check_all(index));
}
