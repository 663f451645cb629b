#include "index/store.h"

#include "core/base/file.h"
#include "core/base/memory.h"
#include "index/connect.h"
#include "index/schema.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* $XDG_DATA_HOME/gaze/photos.db; yours: free(). */
static gaze_err default_path(bool make_folder, char **out) {
  const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
  char *folder;
  if (data && *data == '/')
    GAZE_TRY(gaze_path_join(data, "gaze", &folder));
  else if (home && *home)
    GAZE_TRY(gaze_path_join(home, ".local/share/gaze", &folder));
  else
    return gaze_fail(GAZE_ERR_ARGUMENT, "no home folder: neither XDG_DATA_HOME nor HOME is set: name a file with --db");
  gaze_err err = make_folder ? gaze_folder_make(folder) : GAZE_OK;
  if (err == GAZE_OK)
    err = gaze_path_join(folder, "photos.db", out);
  free(folder);
  return err;
}

gaze_err gaze_index_open(const char *path, gaze_index_mode mode, gaze_index **out) {
  char *chosen = NULL;
  gaze_index *index = NULL;
  gaze_err err = GAZE_OK;
  if (path)
    GAZE_TRY_DONE(gaze_strdup(path, &chosen));
  else
    GAZE_TRY_DONE(default_path(mode == GAZE_INDEX_WRITE, &chosen));
  GAZE_TRY_DONE(gaze_alloc(1, sizeof *index, &index));
  index->mode = mode;
  index->lock = -1;
  index->made = mode == GAZE_INDEX_WRITE && !gaze_file_exists(chosen);
  GAZE_TRY_DONE(mode == GAZE_INDEX_WRITE ? gaze_connect_to_write(chosen, &index->db)
                                         : gaze_connect_to_read(chosen, &index->db));
  index->path = sqlite3_db_filename(index->db, "main");
  GAZE_TRY_DONE(gaze_schema_settle(index->db, index->path, mode == GAZE_INDEX_WRITE));
  *out = index;
  index = NULL;
done:
  free(chosen);
  gaze_index_close(index);
  return err;
}

static void remove_files(const char *path) {
  static const char *const endings[] = {"", "-wal", "-shm", ".lock", NULL};
  gaze_connect_remove(path, endings);
}

/* A database that was made for nothing goes away again, unless somebody else is filling it. */
void gaze_index_close(gaze_index *index) {
  if (!index)
    return;
  char *path = NULL;
  if (index->vain && gaze_store_lock(index) == GAZE_OK)
    path = strdup(index->path); /* it is the connection's */
  gaze_sequence_close(&index->sequence);
  sqlite3_close(index->db);
  if (path)
    remove_files(path);
  free(path);
  gaze_store_unlock(index);
  free(index);
}

gaze_err gaze_store_lock(gaze_index *index) {
  char *name;
  GAZE_TRY(gaze_format(&name, "%s.lock", index->path));
  int lock = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  gaze_err err = GAZE_OK;
  if (lock < 0)
    err = gaze_fail_errno(GAZE_ERR_IO, "cannot write beside the database: %s", name);
  else if (flock(lock, LOCK_EX | LOCK_NB) != 0)
    err = errno == EWOULDBLOCK
              ? gaze_fail(GAZE_ERR_BUSY, "another gaze is writing this index: %s: wait for it to end", index->path)
              : gaze_fail_errno(GAZE_ERR_IO, "cannot lock: %s", name);
  free(name);
  if (err == GAZE_OK)
    index->lock = lock;
  else if (lock >= 0)
    close(lock);
  return err;
}

void gaze_store_unlock(gaze_index *index) {
  if (index->lock >= 0)
    close(index->lock);
  index->lock = -1;
}

/* Keys become part of file names. */
static bool is_key(const char *key) {
  size_t length = key ? strlen(key) : 0;
  return length >= 1 && length <= 64 &&
         strspn(key, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-") == length;
}

static gaze_err select_model(gaze_index *index, const char *key, gaze_store_model *out) {
  if (!is_key(key))
    return gaze_fail(GAZE_ERR_ARGUMENT, "not a model key: %s: at most 64 letters, digits, - and _",
                     key ? key : "(none)");
  sqlite3_stmt *statement = NULL;
  bool row = false;
  *out = (gaze_store_model){.key = key};
  gaze_err err = gaze_sql_prepare(index->db, "SELECT id, dim FROM model WHERE key = ?1", &statement);
  if (err == GAZE_OK)
    err = gaze_sql_bind(statement, "t", key);
  if (err == GAZE_OK)
    err = gaze_sql_step(statement, &row);
  if (row)
    *out = (gaze_store_model){key, sqlite3_column_int64(statement, 0), sqlite3_column_int(statement, 1)};
  sqlite3_finalize(statement);
  if (row && (out->dim < 1 || out->dim > GAZE_DIM_MAX))
    return gaze_fail(GAZE_ERR_CORRUPT, "vectors of an impossible size: model %s in %s: index again", key, index->path);
  return err;
}

gaze_err gaze_store_find_model(gaze_index *index, const char *key, gaze_store_model *out) {
  GAZE_TRY(select_model(index, key, out));
  if (out->id)
    return GAZE_OK;
  return gaze_fail(GAZE_ERR_NOT_FOUND, "no photo is indexed with this model: %s in %s: run `gaze index` with it", key,
                   index->path);
}

/* One statement without rows. */
static gaze_err run_bound(gaze_index *index, const char *sql, const char *text, int64_t number) {
  sqlite3_stmt *statement = NULL;
  gaze_err err = gaze_sql_prepare(index->db, sql, &statement);
  if (err == GAZE_OK)
    err = gaze_sql_bind(statement, "ti", text, number);
  if (err == GAZE_OK)
    err = gaze_sql_finish(statement);
  sqlite3_finalize(statement);
  return err;
}

gaze_err gaze_store_add_model(gaze_index *index, const char *key, int dim, const char *path, int64_t *id) {
  gaze_store_model model = {0};
  GAZE_TRY(select_model(index, key, &model));
  if (model.id && model.dim != dim)
    return gaze_fail(GAZE_ERR_MISMATCH,
                     "the index holds vectors of %d numbers, the model gives %d: model %s: use another database",
                     model.dim, dim, key);
  if (!model.id) {
    GAZE_TRY(run_bound(index, "INSERT INTO model(key, dim) VALUES(?1, ?2)", key, dim));
    model.id = sqlite3_last_insert_rowid(index->db);
  }
  *id = model.id;
  return path ? run_bound(index, "UPDATE model SET path = ?1 WHERE id = ?2 AND path IS NOT ?1", path, model.id)
              : GAZE_OK;
}

gaze_err gaze_store_each_model(gaze_index *index, gaze_store_visit *visit, void *user) {
  sqlite3_stmt *statement;
  GAZE_TRY(gaze_sql_prepare(index->db, "SELECT key, id, dim FROM model ORDER BY id", &statement));
  gaze_err err = GAZE_OK;
  for (bool row = true; err == GAZE_OK && row;) {
    err = gaze_sql_step(statement, &row);
    if (err != GAZE_OK || !row)
      break;
    const char *key = (const char *)sqlite3_column_text(statement, 0);
    gaze_store_model model;
    err = gaze_store_find_model(index, key, &model);
    if (err == GAZE_OK)
      err = visit(index, &model, user);
  }
  sqlite3_finalize(statement);
  return err;
}

gaze_sequence_source gaze_store_source(const gaze_index *index, const gaze_store_model *model) {
  return (gaze_sequence_source){index->db, index->path, model->key, model->id, model->dim};
}

static gaze_err extend_under_lock(gaze_index *index, const gaze_sequence_source *source) {
  bool locked = index->lock >= 0;
  if (!locked)
    GAZE_TRY(gaze_store_lock(index));
  gaze_err err = gaze_sequence_extend(&index->sequence, source);
  if (!locked)
    gaze_store_unlock(index);
  return err;
}

gaze_err gaze_store_open_sequence(gaze_index *index, const gaze_store_model *model, size_t tail_limit) {
  gaze_sequence_source source = gaze_store_source(index, model);
  size_t tail = 0;
  GAZE_TRY(gaze_sequence_open(&index->sequence, &source));
  GAZE_TRY(gaze_sequence_tail(&index->sequence, &source, &tail));
  if (tail <= tail_limit)
    return GAZE_OK;
  gaze_sequence_close(&index->sequence); /* another process may have written a longer one meanwhile */
  GAZE_TRY(gaze_sequence_open(&index->sequence, &source));
  GAZE_TRY(gaze_sequence_tail(&index->sequence, &source, &tail));
  return tail <= tail_limit ? GAZE_OK : extend_under_lock(index, &source);
}
