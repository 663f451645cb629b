/* Opening a database file, wherever it comes from, and saying in words why that cannot be. */
#ifndef GAZE_INDEX_CONNECT_H
#define GAZE_INDEX_CONNECT_H

#include "index/sql.h"

/* The connection is yours: sqlite3_close. To write makes the file where it is absent, not its folder. */
GAZE_CHECKED gaze_err gaze_connect_to_read(const char *path, sqlite3 **out);
GAZE_CHECKED gaze_err gaze_connect_to_write(const char *path, sqlite3 **out);
/* Removes path followed by each of the endings (NULL behind the last), as far as memory allows. */
void gaze_connect_remove(const char *path, const char *const *endings);

#endif
