/* SQLite with gaze's errors. A statement lives from gaze_sql_prepare to sqlite3_finalize, which takes NULL. */
#ifndef GAZE_INDEX_SQL_H
#define GAZE_INDEX_SQL_H

#include "core/base/error.h"

#include <sqlite3.h>

/* The connection's last failure in gaze's words: busy, full disk, read-only, damaged, ... */
GAZE_CHECKED gaze_err gaze_sql_fail(sqlite3 *db);

/* One or several statements whose rows, if any, are of no interest. */
GAZE_CHECKED gaze_err gaze_sql_run(sqlite3 *db, const char *sql);
/* Ends a transaction: commits where err is GAZE_OK, else rolls back and returns err. */
GAZE_CHECKED gaze_err gaze_sql_end(sqlite3 *db, gaze_err err);

GAZE_CHECKED gaze_err gaze_sql_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **out);
/* Resets the statement and binds ?1, ?2, ...: kinds holds a letter a value: `i` int64_t, `d` double, `t` text (NULL:
 * null), `b` bytes and their size_t count. Texts and bytes are borrowed until the next bind. */
GAZE_CHECKED gaze_err gaze_sql_bind(sqlite3_stmt *statement, const char *kinds, ...);
/* *row: whether there is another one. After the last row and after a failure the statement is reset. */
GAZE_CHECKED gaze_err gaze_sql_step(sqlite3_stmt *statement, bool *row);
/* Steps a bound statement that gives no rows to its end. */
GAZE_CHECKED gaze_err gaze_sql_finish(sqlite3_stmt *statement);

/* The one integer a query answers with; 0 where it answers with no row. */
GAZE_CHECKED gaze_err gaze_sql_integer(sqlite3 *db, const char *sql, int64_t *out);

#endif
