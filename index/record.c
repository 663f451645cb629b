#include "core/base/memory.h"
#include "index/quantise.h"
#include "index/schema.h"
#include "index/update.h"

#include <stdlib.h>
#include <string.h>

enum {
  FIND_KNOWN,
  ADD_CONTENT,
  FIND_VECTOR,
  ADD_VECTOR,
  CHANGE_VECTOR,
  FIND_PHOTO,
  ADD_PHOTO,
  CHANGE_PHOTO,
  DROP_OUTDATED,
  FIND_GONE,
  RENAME_PHOTO,
  FORGET_GONE,
  STATEMENTS
};

static const char *const sql[STATEMENTS] = {
    [FIND_KNOWN] = "SELECT c.id FROM content c JOIN vector v ON v.content = c.id AND v.model = ?2 AND v.variant = ?3 "
                   "WHERE c.hash = ?1",
    [ADD_CONTENT] =
        "INSERT INTO content(hash, width, height, taken, camera, latitude, longitude) VALUES(?1, ?2, ?3, "
        "nullif(?4, ''), nullif(?5, ''), iif(?8, ?6, NULL), iif(?8, ?7, NULL)) ON CONFLICT(hash) DO UPDATE SET "
        "width = excluded.width, height = excluded.height, taken = excluded.taken, camera = excluded.camera, "
        "latitude = excluded.latitude, longitude = excluded.longitude RETURNING id",
    [FIND_VECTOR] = "SELECT id FROM vector WHERE content = ?1 AND model = ?2",
    [ADD_VECTOR] = "INSERT INTO vector(model, content, f32, variant) VALUES(?1, ?2, ?3, ?4)",
    [CHANGE_VECTOR] = "UPDATE vector SET f32 = ?3, variant = ?4 WHERE content = ?2 AND model = ?1",
    [FIND_PHOTO] = "SELECT content FROM photo WHERE path = ?1",
    [ADD_PHOTO] = "INSERT INTO photo(path, content, size, mtime_ns) VALUES(?1, ?2, ?3, ?4)",
    [CHANGE_PHOTO] = "UPDATE photo SET content = ?2, size = ?3, mtime_ns = ?4 WHERE path = ?1",
    [DROP_OUTDATED] = "DELETE FROM photo WHERE path = ?1 AND content NOT IN (SELECT id FROM content WHERE hash = ?2)",
    [FIND_GONE] = "SELECT id FROM gone WHERE content = ?1 ORDER BY id LIMIT 1",
    [RENAME_PHOTO] = "UPDATE photo SET path = ?2, size = ?3, mtime_ns = ?4 WHERE id = ?1",
    [FORGET_GONE] = "DELETE FROM gone WHERE id = ?1",
};

struct gaze_record {
  gaze_update *update;
  sqlite3_stmt *statements[STATEMENTS];
  gaze_outcome *copies; /* of pictures that another worker was preparing */
  size_t n_copies, capacity;
};

gaze_err gaze_record_new(gaze_update *update, gaze_record **out) {
  gaze_record *record;
  GAZE_TRY(gaze_alloc(1, sizeof *record, &record));
  record->update = update;
  gaze_err err = GAZE_OK;
  for (int i = 0; i < STATEMENTS && err == GAZE_OK; i++)
    err = gaze_sql_prepare(update->index->db, sql[i], &record->statements[i]);
  if (err == GAZE_OK)
    *out = record;
  else
    gaze_record_free(record);
  return err;
}

void gaze_record_free(gaze_record *record) {
  if (!record)
    return;
  for (int i = 0; i < STATEMENTS; i++)
    sqlite3_finalize(record->statements[i]);
  free(record->copies);
  free(record);
}

/* Steps a bound statement to its first row, reads that row's integer and leaves the statement reset. 0: no row. */
static gaze_err answer(sqlite3_stmt *statement, int64_t *out) {
  bool row;
  GAZE_TRY(gaze_sql_step(statement, &row));
  *out = row ? sqlite3_column_int64(statement, 0) : 0;
  sqlite3_reset(statement);
  return GAZE_OK;
}

static gaze_err find_known(gaze_record *r, const gaze_outcome *outcome, int64_t *content) {
  sqlite3_stmt *find = r->statements[FIND_KNOWN];
  GAZE_TRY(
      gaze_sql_bind(find, "bii", outcome->hash, sizeof outcome->hash, r->update->model, r->update->embedder->variant));
  return answer(find, content);
}

/* In place of one that other options made, too: then what was derived from the vectors is no longer true. */
static gaze_err put_vector(gaze_record *r, int64_t content, const float *vector) {
  const gaze_embedder *embedder = r->update->embedder;
  int64_t before;
  GAZE_TRY(gaze_sql_bind(r->statements[FIND_VECTOR], "ii", content, r->update->model));
  GAZE_TRY(answer(r->statements[FIND_VECTOR], &before));
  if (before)
    GAZE_TRY(gaze_schema_renew(r->update->index->db));
  sqlite3_stmt *put = r->statements[before ? CHANGE_VECTOR : ADD_VECTOR];
  GAZE_TRY(gaze_sql_bind(put, "iibi", r->update->model, content, vector, (size_t)embedder->dim * sizeof *vector,
                         embedder->variant));
  return gaze_sql_finish(put);
}

static gaze_err add_content(gaze_record *r, const gaze_outcome *outcome, const float *vector, int64_t *content) {
  const gaze_picture_facts *facts = &outcome->facts;
  sqlite3_stmt *add = r->statements[ADD_CONTENT];
  GAZE_TRY(gaze_sql_bind(add, "biittddi", outcome->hash, sizeof outcome->hash, (int64_t)facts->width,
                         (int64_t)facts->height, facts->taken, facts->camera, facts->latitude, facts->longitude,
                         (int64_t)facts->has_position));
  GAZE_TRY(answer(add, content));
  return put_vector(r, *content, vector);
}

/* A path that was not there before is a moved photo's where one of the same content went away. */
static gaze_err link_new(gaze_record *r, const gaze_job *job, int64_t content) {
  int64_t gone;
  GAZE_TRY(gaze_sql_bind(r->statements[FIND_GONE], "i", content));
  GAZE_TRY(answer(r->statements[FIND_GONE], &gone));
  sqlite3_stmt *change = r->statements[gone ? RENAME_PHOTO : ADD_PHOTO];
  if (gone) {
    GAZE_TRY(gaze_sql_bind(r->statements[FORGET_GONE], "i", gone));
    GAZE_TRY(gaze_sql_finish(r->statements[FORGET_GONE]));
    GAZE_TRY(gaze_sql_bind(change, "itii", gone, job->path, job->size, job->mtime_ns));
    r->update->stats.moved++;
  } else {
    GAZE_TRY(gaze_sql_bind(change, "tiii", job->path, content, job->size, job->mtime_ns));
    r->update->stats.added++;
  }
  return gaze_sql_finish(change);
}

static gaze_err link_photo(gaze_record *r, const gaze_job *job, int64_t content) {
  int64_t before;
  GAZE_TRY(gaze_sql_bind(r->statements[FIND_PHOTO], "t", job->path));
  GAZE_TRY(answer(r->statements[FIND_PHOTO], &before));
  if (!before)
    return link_new(r, job, content);
  if (before != content || job->outdated)
    r->update->stats.updated++;
  else if (job->covered)
    r->update->stats.unchanged++;
  else
    r->update->stats.added++;
  sqlite3_stmt *change = r->statements[CHANGE_PHOTO];
  GAZE_TRY(gaze_sql_bind(change, "tiii", job->path, content, job->size, job->mtime_ns));
  return gaze_sql_finish(change);
}

/* A file that changed and can no longer be read is not what the index says of its path. */
static gaze_err fail_photo(gaze_record *r, const gaze_outcome *outcome, const char *message) {
  gaze_update_fail_file(r->update, outcome->job->path, message);
  if (!outcome->job->changed)
    return GAZE_OK;
  sqlite3_stmt *drop = r->statements[DROP_OUTDATED];
  GAZE_TRY(gaze_sql_bind(drop, "tb", outcome->job->path, outcome->hash, outcome->hashed ? sizeof outcome->hash : 0));
  return gaze_sql_finish(drop);
}

static gaze_err record_known(gaze_record *r, const gaze_outcome *outcome, bool last) {
  int64_t content;
  GAZE_TRY(find_known(r, outcome, &content));
  if (content)
    return link_photo(r, outcome->job, content);
  if (last)
    return fail_photo(r, outcome, "a copy of a picture that could not be read");
  GAZE_TRY(gaze_grow(&r->copies, &r->capacity, r->n_copies + 1, sizeof *r->copies));
  r->copies[r->n_copies++] = *outcome;
  return GAZE_OK;
}

static gaze_err record_prepared(gaze_record *r, const gaze_outcome *outcome, const float *vector) {
  int64_t content;
  if (!gaze_vector_is_unit(vector, (size_t)r->update->embedder->dim))
    return fail_photo(r, outcome, "the model gave no unit vector");
  GAZE_TRY(add_content(r, outcome, vector, &content));
  return link_photo(r, outcome->job, content);
}

static gaze_err record_outcomes(gaze_record *r, gaze_batch *batch, const float *vectors) {
  size_t dim = (size_t)r->update->embedder->dim;
  for (size_t i = 0; i < batch->n; i++) {
    const gaze_outcome *outcome = &batch->outcomes[i];
    if (outcome->kind == GAZE_OUTCOME_PREPARED)
      GAZE_TRY(record_prepared(r, outcome, vectors + outcome->item * dim));
    else if (outcome->kind == GAZE_OUTCOME_KNOWN)
      GAZE_TRY(record_known(r, outcome, false));
    else
      GAZE_TRY(fail_photo(r, outcome, outcome->message));
    r->update->progress.done++;
    gaze_update_tell(r->update, outcome->job->path);
  }
  return GAZE_OK;
}

gaze_err gaze_record_batch(gaze_record *record, gaze_batch *batch, const float *vectors) {
  GAZE_TRY(gaze_sql_run(record->update->index->db, "BEGIN IMMEDIATE"));
  return gaze_sql_end(record->update->index->db, record_outcomes(record, batch, vectors));
}

static gaze_err record_rest(gaze_record *r) {
  for (size_t i = 0; i < r->n_copies; i++)
    GAZE_TRY(record_known(r, &r->copies[i], true));
  GAZE_TRY(gaze_sql_run(r->update->index->db, "DELETE FROM photo WHERE id IN (SELECT id FROM gone)"));
  r->update->stats.removed = (size_t)sqlite3_changes(r->update->index->db);
  return GAZE_OK;
}

gaze_err gaze_record_finish(gaze_record *record) {
  GAZE_TRY(gaze_sql_run(record->update->index->db, "BEGIN IMMEDIATE"));
  return gaze_sql_end(record->update->index->db, record_rest(record));
}
