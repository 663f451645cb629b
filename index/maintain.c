#include "core/base/json.h"
#include "core/base/memory.h"
#include "index/schema.h"
#include "index/store.h"

#include <stdio.h>
#include <stdlib.h>

static gaze_err count(gaze_index *index, json_t *object, const char *name, const char *sql) {
  int64_t value;
  GAZE_TRY(gaze_sql_integer(index->db, sql, &value));
  json_object_set_new(object, name, json_integer(value));
  return GAZE_OK;
}

/* Left out where it is unknown or no UTF-8. */
static gaze_err add_path(gaze_index *index, int64_t model, json_t *info) {
  sqlite3_stmt *statement = NULL;
  bool row = false;
  gaze_err err = gaze_sql_prepare(index->db, "SELECT path FROM model WHERE id = ?1 AND path IS NOT NULL", &statement);
  if (err == GAZE_OK)
    err = gaze_sql_bind(statement, "i", model);
  if (err == GAZE_OK)
    err = gaze_sql_step(statement, &row);
  if (row)
    json_object_set_new(info, "path", json_string((const char *)sqlite3_column_text(statement, 0)));
  sqlite3_finalize(statement);
  return err;
}

static gaze_err add_model(gaze_index *index, const gaze_store_model *model, void *list) {
  gaze_sequence none = {0};
  gaze_sequence_source source = gaze_store_source(index, model);
  size_t vectors = 0;
  GAZE_TRY(gaze_sequence_tail(&none, &source, &vectors));
  json_t *info = json_pack("{s:s, s:i, s:I}", "key", model->key, "dim", model->dim, "vectors", (json_int_t)vectors);
  json_array_append_new(list, info);
  return add_path(index, model->id, info);
}

static gaze_err fill_info(gaze_index *index, json_t *info) {
  json_object_set_new(info, "path", json_string(index->path)); /* left out where it is no UTF-8 */
  GAZE_TRY(count(index, info, "schema", "PRAGMA user_version"));
  GAZE_TRY(count(index, info, "photos", "SELECT count(*) FROM photo"));
  GAZE_TRY(count(index, info, "pictures", "SELECT count(DISTINCT content) FROM photo"));
  GAZE_TRY(count(index, info, "deleted",
                 "SELECT count(*) FROM content c WHERE NOT EXISTS "
                 "(SELECT 1 FROM photo p WHERE p.content = c.id)"));
  GAZE_TRY(count(index, info, "bytes", "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"));
  json_t *models = json_array();
  json_object_set_new(info, "models", models);
  return gaze_store_each_model(index, add_model, models);
}

gaze_err gaze_index_info_json(gaze_index *index, char **json) {
  json_t *info = json_object();
  GAZE_TRY(gaze_sql_run(index->db, "BEGIN"));
  gaze_err err = gaze_sql_end(index->db, fill_info(index, info));
  char *text = err == GAZE_OK ? json_dumps(info, JSON_INDENT(2) | JSON_PRESERVE_ORDER) : NULL;
  json_decref(info);
  if (err == GAZE_OK && !text)
    err = gaze_fail(GAZE_ERR_MEMORY, "out of memory: describing the index: free memory");
  if (err == GAZE_OK)
    *json = text;
  return err;
}

static gaze_err write_sequence(gaze_index *index, const gaze_store_model *model, void *unused) {
  return gaze_store_open_sequence(index, model, 0);
}

static const char drop_deleted[] = "DELETE FROM vector WHERE content NOT IN (SELECT content FROM photo);"
                                   "DELETE FROM content WHERE id NOT IN (SELECT content FROM photo);";

static gaze_err compact(gaze_index *index) {
  GAZE_TRY(gaze_sql_run(index->db, "BEGIN IMMEDIATE"));
  gaze_err err = gaze_sql_run(index->db, drop_deleted);
  if (err == GAZE_OK)
    err = gaze_schema_renew(index->db);
  GAZE_TRY(gaze_sql_end(index->db, err));
  GAZE_TRY(gaze_sql_run(index->db, "VACUUM; PRAGMA wal_checkpoint(TRUNCATE);"));
  GAZE_TRY(gaze_sql_run(index->db, "BEGIN"));
  return gaze_sql_end(index->db, gaze_store_each_model(index, write_sequence, NULL));
}

gaze_err gaze_index_compact(gaze_index *index) {
  if (index->mode != GAZE_INDEX_WRITE)
    return gaze_fail(GAZE_ERR_ARGUMENT, "the index was opened to read: %s: open it to write", index->path);
  GAZE_TRY(gaze_store_lock(index));
  gaze_err err = compact(index);
  gaze_store_unlock(index);
  return err;
}

static void copy_text(char *out, size_t size, sqlite3_stmt *row, int column) {
  const char *text = (const char *)sqlite3_column_text(row, column);
  snprintf(out, size, "%s", text ? text : "");
}

static gaze_err read_row(sqlite3_stmt *row, gaze_picture_facts *facts, char hash[33]) {
  const uint8_t *bytes = sqlite3_column_blob(row, 1);
  if (!bytes || sqlite3_column_bytes(row, 1) != 16)
    return gaze_fail(GAZE_ERR_CORRUPT, "a content hash of the wrong length: exporting the index: run `gaze db check`");
  for (int i = 0; i < 16; i++)
    snprintf(hash + 2 * i, 3, "%02x", bytes[i]);
  *facts = (gaze_picture_facts){.width = sqlite3_column_int(row, 4),
                                .height = sqlite3_column_int(row, 5),
                                .latitude = sqlite3_column_double(row, 8),
                                .longitude = sqlite3_column_double(row, 9),
                                .has_position = sqlite3_column_type(row, 8) != SQLITE_NULL};
  copy_text(facts->taken, sizeof facts->taken, row, 6);
  copy_text(facts->camera, sizeof facts->camera, row, 7);
  return GAZE_OK;
}

static gaze_err export_rows(sqlite3_stmt *statement, float *vector, gaze_export_fn *row, void *user) {
  for (;;) {
    bool more;
    gaze_picture_facts facts;
    char hash[33];
    GAZE_TRY(gaze_sql_step(statement, &more));
    if (!more)
      return GAZE_OK;
    int dim = sqlite3_column_int(statement, 3);
    if (dim < 1 || dim > GAZE_DIM_MAX)
      return gaze_fail(GAZE_ERR_CORRUPT, "vectors of an impossible size: exporting the index: run `gaze db check`");
    GAZE_TRY(read_row(statement, &facts, hash));
    GAZE_TRY(gaze_sequence_vector(statement, 10, dim, vector));
    const char *path = (const char *)sqlite3_column_text(statement, 0),
               *key = (const char *)sqlite3_column_text(statement, 2);
    GAZE_TRY(row(user, path ? path : "", hash, key ? key : "", &facts, vector, dim));
  }
}

gaze_err gaze_index_export(gaze_index *index, const char *model_key, gaze_export_fn *row, void *user) {
  sqlite3_stmt *statement = NULL;
  float *vector = NULL;
  gaze_err err = GAZE_OK;
  GAZE_TRY_DONE(gaze_alloc(GAZE_DIM_MAX, sizeof *vector, &vector));
  GAZE_TRY_DONE(
      gaze_sql_prepare(index->db,
                       "SELECT p.path, c.hash, m.key, m.dim, c.width, c.height, c.taken, c.camera, c.latitude, "
                       "c.longitude, v.f32 FROM photo p JOIN content c ON c.id = p.content JOIN vector v ON "
                       "v.content = c.id JOIN model m ON m.id = v.model WHERE ?1 IS NULL OR m.key = ?1 "
                       "ORDER BY p.path, m.id",
                       &statement));
  GAZE_TRY_DONE(gaze_sql_bind(statement, "t", model_key));
  err = export_rows(statement, vector, row, user);
done:
  sqlite3_finalize(statement);
  free(vector);
  return err;
}
