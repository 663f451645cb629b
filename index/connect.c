#include "index/connect.h"

#include "core/base/file.h"
#include "core/base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUSY_MILLISECONDS 5000 /* how long a statement waits for another connection's commit */
#define LENGTH_LIMIT (1 << 20) /* bytes of a row, so that a made-up one cannot ask for a gigabyte */

/* A database may come from anywhere: nothing in it may run code of its own or reach beyond itself. */
static gaze_err harden(sqlite3 *db) {
  static const int off[] = {SQLITE_DBCONFIG_ENABLE_TRIGGER, SQLITE_DBCONFIG_ENABLE_VIEW,
                            SQLITE_DBCONFIG_TRUSTED_SCHEMA};
  for (size_t i = 0; i < sizeof off / sizeof *off; i++)
    sqlite3_db_config(db, off[i], 0, NULL);
  sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
  sqlite3_limit(db, SQLITE_LIMIT_LENGTH, LENGTH_LIMIT);
  sqlite3_busy_timeout(db, BUSY_MILLISECONDS);
  return gaze_sql_run(db, "PRAGMA cell_size_check = ON; PRAGMA foreign_keys = ON;");
}

/* Why a file that is to be a database cannot be opened, for SQLite does not say. */
static gaze_err fail_open(sqlite3 *db, const char *path) {
  char *folder;
  GAZE_TRY(gaze_strdup(path, &folder));
  char *slash = strrchr(folder, '/');
  if (slash)
    slash[slash == folder] = 0;
  const char *where = slash ? folder : ".";
  gaze_err err;
  if (!gaze_folder_exists(where))
    err = gaze_fail(GAZE_ERR_IO, "no folder for the database: %s: make the folder %s, or name another with --db", path,
                    where);
  else if (access(path, F_OK) != 0)
    err = gaze_fail(GAZE_ERR_IO, "the database cannot be made: %s: check the permissions of its folder", path);
  else if (access(path, R_OK) != 0)
    err = gaze_fail(GAZE_ERR_IO, "the database cannot be read: %s: check its permissions", path);
  else
    err = gaze_fail(GAZE_ERR_IO, "the database cannot be opened: %s: %s: check the disk", path, sqlite3_errmsg(db));
  free(folder);
  return err;
}

/* name: the path, or a URI of it. */
static gaze_err open_database(const char *name, const char *path, int flags, sqlite3 **out) {
  sqlite3 *db = NULL;
  int code = sqlite3_open_v2(name, &db, flags | SQLITE_OPEN_FULLMUTEX, NULL);
  gaze_err err = GAZE_OK;
  if (!db)
    err = gaze_fail(GAZE_ERR_MEMORY, "out of memory: %s: free memory", path);
  else if ((code & 0xff) == SQLITE_CANTOPEN)
    err = fail_open(db, path);
  else if (code != SQLITE_OK)
    err = gaze_sql_fail(db);
  if (err == GAZE_OK)
    err = harden(db);
  if (err == GAZE_OK)
    *out = db;
  else
    sqlite3_close(db);
  return err;
}

/* A pipe would be waited for until somebody writes, and a device is no place to keep anything. */
static gaze_err check_kind(const char *path) {
  struct stat status;
  if (stat(path, &status) != 0 || S_ISREG(status.st_mode))
    return GAZE_OK;
  return gaze_fail(GAZE_ERR_ARGUMENT, "a %s stands where a database was expected: %s: name a file",
                   S_ISDIR(status.st_mode) ? "folder" : "pipe or device", path);
}

/* "file:/a/b.db?immutable=1", with what a URI reserves written as %XX. Yours: free(). */
static gaze_err immutable_name(const char *path, char **out) {
  char *escaped;
  GAZE_TRY(gaze_alloc(strlen(path) * 3 + 1, 1, &escaped));
  char *end = escaped;
  for (const char *p = path; *p; p++) {
    if (strchr("%?#", *p))
      end += sprintf(end, "%%%02X", (unsigned char)*p);
    else
      *end++ = *p;
  }
  gaze_err err = gaze_format(out, "file:%s?immutable=1", escaped);
  free(escaped);
  return err;
}

static bool has_pending(const char *path, const char *ending) {
  char *log;
  struct stat status;
  if (gaze_format(&log, "%s%s", path, ending) != GAZE_OK)
    return true;
  bool pending = stat(log, &status) == 0 && status.st_size > 0;
  free(log);
  return pending;
}

/* In a folder that cannot be written SQLite cannot make the shared memory that readers of a log need. Without a
 * log nobody is writing, and the file can be read as it lies. */
static gaze_err open_immutable(const char *path, sqlite3 **out) {
  char *name;
  GAZE_TRY(immutable_name(path, &name));
  gaze_err err = open_database(name, path, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, out);
  free(name);
  return err;
}

/* Opens and looks inside; *code is SQLite's when that fails. */
static gaze_err try_open(const char *path, int flags, sqlite3 **out, int *code) {
  sqlite3 *db;
  int64_t version;
  GAZE_TRY(open_database(path, path, flags, &db));
  gaze_err err = gaze_sql_integer(db, "PRAGMA user_version", &version);
  *code = sqlite3_errcode(db) & 0xff;
  if (err == GAZE_OK)
    *out = db;
  else
    sqlite3_close(db);
  return err;
}

gaze_err gaze_connect_to_read(const char *path, sqlite3 **out) {
  int code = SQLITE_OK;
  if (!gaze_file_exists(path))
    return gaze_fail(GAZE_ERR_NOT_FOUND, "no index: %s: make one with `gaze index FOLDER`", path);
  GAZE_TRY(check_kind(path));
  gaze_err err = try_open(path, SQLITE_OPEN_READONLY, out, &code);
  if (err == GAZE_OK || (code != SQLITE_CANTOPEN && code != SQLITE_READONLY))
    return err;
  if (!has_pending(path, "-wal") && !has_pending(path, "-journal"))
    return open_immutable(path, out);
  if (try_open(path, SQLITE_OPEN_READWRITE, out, &code) == GAZE_OK) /* takes back what a killed writer left half done */
    return GAZE_OK;
  return gaze_fail(GAZE_ERR_IO,
                   "the database was not closed, and its folder cannot be written: %s: search it once with permission "
                   "to write",
                   path);
}

gaze_err gaze_connect_to_write(const char *path, sqlite3 **out) {
  GAZE_TRY(check_kind(path));
  sqlite3 *db;
  GAZE_TRY(open_database(path, path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, &db));
  gaze_err err = GAZE_OK;
  if (sqlite3_db_readonly(db, "main"))
    err = gaze_fail(GAZE_ERR_IO, "the database cannot be written: %s: check its permissions", path);
  else
    err = gaze_sql_run(db, "PRAGMA synchronous = NORMAL"); /* a log needs no more to survive a crash whole */
  if (err == GAZE_OK)
    *out = db;
  else
    sqlite3_close(db);
  return err;
}

void gaze_connect_remove(const char *path, const char *const *endings) {
  for (; *endings; endings++) {
    char *name;
    if (gaze_format(&name, "%s%s", path, *endings) != GAZE_OK)
      return;
    unlink(name);
    free(name);
  }
}
