#include "index/blobs.h"

#include "core/base/file.h"
#include "core/base/memory.h"
#include "index/connect.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#define USUAL_LIMIT ((uint64_t)2 << 30) /* bytes */

/* entry  a name; used: the larger, the later it was asked for; hash: XXH3-64 of the bytes.
 * body   its bytes, apart, so that `used` is written without them. */
static const char tables[] =
    "CREATE TABLE entry("
    "  id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, used INTEGER NOT NULL, size INTEGER NOT NULL,"
    "  hash INTEGER NOT NULL) STRICT;"
    "CREATE TABLE body(id INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT;";

static gaze_err create(sqlite3 *db) {
  char *sql = sqlite3_mprintf("BEGIN IMMEDIATE; %s PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT;",
                              tables, GAZE_BLOBS_APPLICATION, GAZE_BLOBS_VERSION);
  if (!sql)
    return gaze_fail(GAZE_ERR_MEMORY, "out of memory: making a database: free memory");
  gaze_err err = gaze_sql_run(db, sql);
  if (err != GAZE_OK)
    sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
  sqlite3_free(sql);
  return err;
}

/* Ours, or empty and made ours. */
static gaze_err settle(sqlite3 *db, const char *path) {
  int64_t application, version, objects;
  GAZE_TRY(gaze_sql_integer(db, "SELECT count(*) FROM sqlite_schema", &objects));
  if (objects == 0) {
    GAZE_TRY(gaze_sql_run(db, "PRAGMA journal_mode = WAL"));
    gaze_err err = create(db);
    if (err == GAZE_OK) /* somebody else may have been faster */
      return GAZE_OK;
  }
  GAZE_TRY(gaze_sql_integer(db, "PRAGMA application_id", &application));
  GAZE_TRY(gaze_sql_integer(db, "PRAGMA user_version", &version));
  if (application == GAZE_BLOBS_APPLICATION && version == GAZE_BLOBS_VERSION)
    return GAZE_OK;
  return gaze_fail(GAZE_ERR_CORRUPT, "no file of kept pictures: %s: delete it", path);
}

static gaze_err open_file(const char *path, sqlite3 **out) {
  sqlite3 *db;
  GAZE_TRY(gaze_connect_to_write(path, &db));
  sqlite3_limit(db, SQLITE_LIMIT_LENGTH, INT_MAX); /* a picture has megabytes */
  gaze_err err = settle(db, path);
  if (err == GAZE_OK)
    *out = db;
  else
    sqlite3_close(db);
  return err;
}

/* Nothing is lost that cannot be made again. */
static void remove_file(const char *path) {
  static const char *const endings[] = {"", "-wal", "-shm", "-journal", NULL};
  gaze_connect_remove(path, endings);
}

static gaze_err usual_path(char **out) {
  char *folder;
  GAZE_TRY(gaze_cache_folder("", &folder));
  if (!folder)
    return gaze_fail(GAZE_ERR_NOT_FOUND, "no home for what is kept of pictures: set $XDG_CACHE_HOME");
  gaze_err err = gaze_folder_make(folder);
  if (err == GAZE_OK)
    err = gaze_path_join(folder, "pictures.db", out);
  free(folder);
  return err;
}

static gaze_err open_blobs(const char *path, gaze_blobs *blobs) {
  gaze_err err = open_file(path, &blobs->db);
  if (err != GAZE_ERR_CORRUPT && err != GAZE_ERR_FORMAT)
    return err;
  remove_file(path);
  return open_file(path, &blobs->db);
}

static gaze_err get(void *user, const char *key, void **bytes, size_t *size);
static gaze_err put(void *user, const char *key, const void *bytes, size_t size);

gaze_err gaze_keep_open(const char *path, uint64_t limit, gaze_keep *out) {
  char *usual = NULL;
  gaze_blobs *blobs = NULL;
  gaze_err err = GAZE_OK;
  if (!path)
    GAZE_TRY_DONE(usual_path(&usual));
  GAZE_TRY_DONE(gaze_alloc(1, sizeof *blobs, &blobs));
  blobs->limit = limit ? limit : USUAL_LIMIT;
  GAZE_TRY_DONE(open_blobs(path ? path : usual, blobs));
  *out = (gaze_keep){get, put, blobs};
  blobs = NULL;
done:
  free(blobs);
  free(usual);
  return err;
}

void gaze_keep_close(gaze_keep *keep) {
  gaze_blobs *blobs = keep ? keep->user : NULL;
  if (!blobs)
    return;
  sqlite3_close(blobs->db);
  free(blobs);
  *keep = (gaze_keep){0};
}

/* A statement on one key or id that gives no row. */
static gaze_err run_on(sqlite3 *db, const char *sql, int64_t id) {
  sqlite3_stmt *statement;
  GAZE_TRY(gaze_sql_prepare(db, sql, &statement));
  gaze_err err = gaze_sql_bind(statement, "i", id);
  if (err == GAZE_OK)
    err = gaze_sql_finish(statement);
  sqlite3_finalize(statement);
  return err;
}

static gaze_err drop(sqlite3 *db, int64_t id) {
  GAZE_TRY(run_on(db, "DELETE FROM body WHERE id = ?1", id));
  return run_on(db, "DELETE FROM entry WHERE id = ?1", id);
}

/* A copy of the current row's bytes; *bytes NULL: they are not what was written. */
static gaze_err copy_row(sqlite3_stmt *statement, void **bytes, size_t *size) {
  const void *found = sqlite3_column_blob(statement, 1);
  size_t length = (size_t)sqlite3_column_bytes(statement, 1);
  *bytes = NULL;
  if (!found || (int64_t)XXH3_64bits(found, length) != sqlite3_column_int64(statement, 2))
    return GAZE_OK;
  GAZE_TRY(gaze_alloc(length, 1, bytes));
  memcpy(*bytes, found, length);
  *size = length;
  return GAZE_OK;
}

/* What is damaged goes; what is not becomes the latest. */
static gaze_err find(sqlite3 *db, sqlite3_stmt *statement, const char *key, void **bytes, size_t *size) {
  bool row;
  GAZE_TRY(gaze_sql_bind(statement, "t", key));
  GAZE_TRY(gaze_sql_step(statement, &row));
  if (!row)
    return GAZE_OK;
  int64_t id = sqlite3_column_int64(statement, 0);
  gaze_err err = copy_row(statement, bytes, size);
  sqlite3_reset(statement);
  GAZE_TRY(err);
  if (!*bytes)
    return drop(db, id);
  gaze_err ignored = run_on(db, "UPDATE entry SET used = (SELECT max(used) FROM entry) + 1 WHERE id = ?1", id);
  (void)ignored; /* in a folder that cannot be written, say */
  return GAZE_OK;
}

static gaze_err get(void *user, const char *key, void **bytes, size_t *size) {
  gaze_blobs *blobs = user;
  sqlite3_stmt *statement;
  *bytes = NULL;
  GAZE_TRY(gaze_sql_prepare(
      blobs->db, "SELECT entry.id, body.bytes, entry.hash FROM entry LEFT JOIN body USING(id) WHERE key = ?1",
      &statement));
  gaze_err err = find(blobs->db, statement, key, bytes, size);
  sqlite3_finalize(statement);
  if (err == GAZE_OK && !*bytes)
    return gaze_fail(GAZE_ERR_NOT_FOUND, "not kept: %s: it has to be made again", key);
  return err;
}

/* The ones that were not used for longest go until `size` bytes more have room. */
static gaze_err make_room(sqlite3 *db, uint64_t limit, uint64_t size) {
  for (;;) {
    int64_t all, oldest;
    GAZE_TRY(gaze_sql_integer(db, "SELECT coalesce(sum(size), 0) FROM entry", &all));
    GAZE_TRY(gaze_sql_integer(db, "SELECT id FROM entry ORDER BY used LIMIT 1", &oldest));
    if ((uint64_t)all + size <= limit || !oldest)
      return GAZE_OK;
    GAZE_TRY(drop(db, oldest));
  }
}

static gaze_err insert(sqlite3 *db, const char *key, const void *bytes, size_t size) {
  sqlite3_stmt *entry = NULL, *body = NULL;
  gaze_err err = GAZE_OK;
  GAZE_TRY_DONE(gaze_sql_prepare(db,
                                 "INSERT INTO entry(key, used, size, hash) VALUES(?1, (SELECT coalesce(max(used), 0) "
                                 "FROM entry) + 1, ?2, ?3)",
                                 &entry));
  GAZE_TRY_DONE(gaze_sql_bind(entry, "tii", key, (int64_t)size, (int64_t)XXH3_64bits(bytes, size)));
  GAZE_TRY_DONE(gaze_sql_finish(entry));
  GAZE_TRY_DONE(gaze_sql_prepare(db, "INSERT INTO body(id, bytes) VALUES(last_insert_rowid(), ?1)", &body));
  GAZE_TRY_DONE(gaze_sql_bind(body, "b", bytes, size));
  GAZE_TRY_DONE(gaze_sql_finish(body));
done:
  sqlite3_finalize(entry);
  sqlite3_finalize(body);
  return err;
}

/* Under a key that may be there already: the same bytes, or damaged ones. */
static gaze_err replace(gaze_blobs *blobs, const char *key, const void *bytes, size_t size) {
  sqlite3_stmt *statement;
  bool row = false;
  int64_t id = 0;
  GAZE_TRY(gaze_sql_prepare(blobs->db, "SELECT id FROM entry WHERE key = ?1", &statement));
  gaze_err err = gaze_sql_bind(statement, "t", key);
  if (err == GAZE_OK)
    err = gaze_sql_step(statement, &row);
  if (row)
    id = sqlite3_column_int64(statement, 0);
  sqlite3_finalize(statement);
  if (err == GAZE_OK && row)
    err = drop(blobs->db, id);
  GAZE_TRY(err);
  GAZE_TRY(make_room(blobs->db, blobs->limit, size));
  return insert(blobs->db, key, bytes, size);
}

static gaze_err put(void *user, const char *key, const void *bytes, size_t size) {
  gaze_blobs *blobs = user;
  if (size > blobs->limit)
    return gaze_fail(GAZE_ERR_LIMIT, "too much to keep: %zu bytes: %llu are kept at most", size,
                     (unsigned long long)blobs->limit);
  GAZE_TRY(gaze_sql_run(blobs->db, "BEGIN IMMEDIATE"));
  return gaze_sql_end(blobs->db, replace(blobs, key, bytes, size));
}
