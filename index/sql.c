#include "index/sql.h"

#include <assert.h>
#include <stdarg.h>

gaze_err gaze_sql_fail(sqlite3 *db) {
  const char *path = sqlite3_db_filename(db, "main");
  if (!path || !*path)
    path = "the database";
  switch (sqlite3_errcode(db) & 0xff) {
  case SQLITE_BUSY:
  case SQLITE_LOCKED:
    return gaze_fail(GAZE_ERR_BUSY, "the database is in use: %s: wait for the other program to end", path);
  case SQLITE_FULL:
    return gaze_fail(GAZE_ERR_IO, "the disk is full: %s: free some space and run again", path);
  case SQLITE_READONLY:
  case SQLITE_PERM:
    return gaze_fail(GAZE_ERR_IO, "the database cannot be written: %s: check its permissions", path);
  case SQLITE_NOTADB:
    return gaze_fail(GAZE_ERR_FORMAT, "not a database: %s: name another file with --db", path);
  case SQLITE_CORRUPT:
    return gaze_fail(GAZE_ERR_CORRUPT, "the database is damaged: %s: restore a copy or index again", path);
  case SQLITE_NOMEM:
    return gaze_fail(GAZE_ERR_MEMORY, "out of memory: %s: free memory", path);
  case SQLITE_IOERR:
  case SQLITE_CANTOPEN:
    return gaze_fail(GAZE_ERR_IO,
                     "the database cannot be read or written: %s: %s: check the disk and the permissions of its folder",
                     path, sqlite3_errmsg(db));
  default:
    return gaze_fail(GAZE_ERR_CORRUPT, "the database is not as gaze makes it: %s: %s", path, sqlite3_errmsg(db));
  }
}

gaze_err gaze_sql_run(sqlite3 *db, const char *sql) {
  return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK ? GAZE_OK : gaze_sql_fail(db);
}

gaze_err gaze_sql_end(sqlite3 *db, gaze_err err) {
  if (err == GAZE_OK)
    err = gaze_sql_run(db, "COMMIT");
  if (err != GAZE_OK)
    sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
  return err;
}

gaze_err gaze_sql_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **out) {
  return sqlite3_prepare_v2(db, sql, -1, out, NULL) == SQLITE_OK ? GAZE_OK : gaze_sql_fail(db);
}

static int bind_one(sqlite3_stmt *statement, int place, char kind, va_list *values) {
  if (kind == 'i')
    return sqlite3_bind_int64(statement, place, va_arg(*values, int64_t));
  if (kind == 'd')
    return sqlite3_bind_double(statement, place, va_arg(*values, double));
  if (kind == 't')
    return sqlite3_bind_text(statement, place, va_arg(*values, const char *), -1, SQLITE_STATIC);
  assert(kind == 'b');
  const void *bytes = va_arg(*values, const void *);
  return sqlite3_bind_blob64(statement, place, bytes, va_arg(*values, size_t), SQLITE_STATIC);
}

gaze_err gaze_sql_bind(sqlite3_stmt *statement, const char *kinds, ...) {
  sqlite3_reset(statement);
  int code = SQLITE_OK;
  va_list values;
  va_start(values, kinds);
  for (int i = 0; kinds[i] && code == SQLITE_OK; i++)
    code = bind_one(statement, i + 1, kinds[i], &values);
  va_end(values);
  return code == SQLITE_OK ? GAZE_OK : gaze_sql_fail(sqlite3_db_handle(statement));
}

gaze_err gaze_sql_step(sqlite3_stmt *statement, bool *row) {
  int code = sqlite3_step(statement);
  *row = code == SQLITE_ROW;
  if (code == SQLITE_ROW)
    return GAZE_OK;
  gaze_err err = code == SQLITE_DONE ? GAZE_OK : gaze_sql_fail(sqlite3_db_handle(statement));
  sqlite3_reset(statement);
  return err;
}

gaze_err gaze_sql_finish(sqlite3_stmt *statement) {
  bool row;
  do
    GAZE_TRY(gaze_sql_step(statement, &row));
  while (row);
  return GAZE_OK;
}

gaze_err gaze_sql_integer(sqlite3 *db, const char *sql, int64_t *out) {
  sqlite3_stmt *statement;
  GAZE_TRY(gaze_sql_prepare(db, sql, &statement));
  bool row = false;
  gaze_err err = gaze_sql_step(statement, &row);
  if (err == GAZE_OK)
    *out = row ? sqlite3_column_int64(statement, 0) : 0;
  sqlite3_finalize(statement);
  return err;
}
