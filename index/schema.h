/* The tables of an index, what marks a database as gaze's, and how older ones are brought up to date. */
#ifndef GAZE_INDEX_SCHEMA_H
#define GAZE_INDEX_SCHEMA_H

#include "index/sql.h"

#define GAZE_SCHEMA_VERSION 4
#define GAZE_SCHEMA_APPLICATION 0x67617a65 /* "gaze", in the database's header */

/* Makes the tables in an empty database, migrates an older one (both only where `writable`), refuses another
 * program's and a newer gaze's. path is for messages. */
GAZE_CHECKED gaze_err gaze_schema_settle(sqlite3 *db, const char *path, bool writable);

/* Gives the database a new random identity: whatever was derived from its vectors is stale from now on. */
GAZE_CHECKED gaze_err gaze_schema_renew(sqlite3 *db);

#endif
