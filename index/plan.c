#include "core/base/file.h"
#include "core/base/memory.h"
#include "index/folder.h"
#include "index/stop.h"
#include "index/update.h"
#include "index/walk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* found: the picture files there are. known, unread: ranges [low, high) of paths that were walked, and those inside
 * them whose contents are not known. SQLite spills them to disk when they are many. */
static const char scratch[] =
    "DROP TABLE IF EXISTS temp.found; DROP TABLE IF EXISTS temp.walked;"
    "DROP TABLE IF EXISTS temp.unread; DROP TABLE IF EXISTS temp.gone;"
    "CREATE TEMP TABLE found(path TEXT PRIMARY KEY, size INTEGER, mtime_ns INTEGER) WITHOUT ROWID;"
    "CREATE TEMP TABLE walked(low TEXT, high TEXT);"
    "CREATE TEMP TABLE unread(low TEXT, high TEXT);"
    "CREATE TEMP TABLE gone(id INTEGER PRIMARY KEY, content INTEGER);"
    "CREATE INDEX temp.gone_content ON gone(content);";

static const char find_gone[] = "INSERT OR IGNORE INTO gone SELECT p.id, p.content FROM walked w JOIN photo p ON "
                                "p.path >= w.low AND p.path < w.high "
                                "WHERE NOT EXISTS (SELECT 1 FROM found f WHERE f.path = p.path) "
                                "AND NOT EXISTS (SELECT 1 FROM unread u WHERE p.path >= u.low AND p.path < u.high)";

/* Columns: path, size, mtime_ns, changed, covered (null: no vector; 0: one of another variant). */
static const char find_jobs[] =
    "SELECT * FROM (SELECT f.path, f.size, f.mtime_ns, p.size <> f.size OR p.mtime_ns <> f.mtime_ns AS changed, "
    "(SELECT v.variant = ?2 FROM vector v WHERE v.content = p.content AND v.model = ?1) AS covered "
    "FROM found f LEFT JOIN photo p ON p.path = f.path) "
    "WHERE changed IS NOT 0 OR covered IS NOT 1 ORDER BY path";

typedef struct planner {
  gaze_update *update;
  sqlite3_stmt *found, *unread;
} planner;

static gaze_err keep_file(void *user, const char *path, int64_t size, int64_t mtime_ns) {
  planner *p = user;
  GAZE_TRY(gaze_sql_bind(p->found, "tii", path, size, mtime_ns));
  GAZE_TRY(gaze_sql_finish(p->found));
  p->update->progress.seen += (size_t)sqlite3_changes(p->update->index->db);
  gaze_update_tell(p->update, path);
  return GAZE_OK;
}

/* All below the folder, and with `itself` what has its name. */
static gaze_err insert_range(sqlite3_stmt *statement, const char *folder, bool itself) {
  char *low, *high;
  GAZE_TRY(gaze_folder_range(folder, &low, &high));
  gaze_err err = gaze_sql_bind(statement, "tt", itself ? folder : low, high);
  if (err == GAZE_OK)
    err = gaze_sql_finish(statement);
  free(low);
  free(high);
  return err;
}

/* What cannot be looked into is not taken for deleted. */
static gaze_err keep_unreadable(void *user, const char *path, const char *message) {
  planner *p = user;
  gaze_update_fail_file(p->update, path, message);
  return insert_range(p->unread, path, true);
}

/* Whether photos below the folder are known, but none is found: they were deleted, or their disk is not there. False
 * too where the folder was unreadable, which has been told. */
static gaze_err has_vanished(planner *p, const char *folder, bool *out) {
  static const char query[] = "SELECT 1 WHERE EXISTS(SELECT 1 FROM photo WHERE path >= ?1 AND path < ?2) "
                              "AND NOT EXISTS(SELECT 1 FROM found WHERE path >= ?1 AND path < ?2) "
                              "AND NOT EXISTS(SELECT 1 FROM unread WHERE high = ?2)";
  sqlite3_stmt *statement = NULL;
  char *low, *high;
  gaze_err err;
  GAZE_TRY(gaze_folder_range(folder, &low, &high));
  GAZE_TRY_DONE(gaze_sql_prepare(p->update->index->db, query, &statement));
  GAZE_TRY_DONE(gaze_sql_bind(statement, "tt", low, high));
  err = gaze_sql_step(statement, out);
done:
  sqlite3_finalize(statement);
  free(low);
  free(high);
  return err;
}

/* A folder that is gone counts as long as photos of it are known. */
static gaze_err real_folder(planner *p, const char *name, char **out) {
  struct stat status;
  bool known = false;
  if (stat(name, &status) == 0 && !S_ISDIR(status.st_mode))
    return gaze_fail(GAZE_ERR_ARGUMENT, "not a folder: %s: name the folder it lies in", name);
  if (!gaze_folder_exists(name) && errno != ENOENT && errno != ENOTDIR)
    return gaze_fail_errno(GAZE_ERR_IO, "cannot read the folder: %s", name);
  GAZE_TRY(gaze_folder_spell(name, out));
  if (gaze_folder_exists(*out))
    return GAZE_OK;
  GAZE_TRY(has_vanished(p, *out, &known));
  return known ? GAZE_OK : gaze_fail(GAZE_ERR_NOT_FOUND, "folder not found: %s: check the path", name);
}

/* An unmounted disk leaves nothing or an empty folder behind: its photos are kept unless the caller knows better. */
static gaze_err keep_vanished(planner *p, const char *folder) {
  char *message;
  bool vanished;
  GAZE_TRY(has_vanished(p, folder, &vanished));
  if (!vanished)
    return GAZE_OK;
  GAZE_TRY(gaze_format(&message, "no pictures any more: %s: mount its disk, or --forget what was known", folder));
  gaze_err err = keep_unreadable(p, folder, message);
  free(message);
  return err;
}

static gaze_err walk_folders(planner *p, char *const *folders, size_t n) {
  const gaze_index_options *options = &p->update->options;
  gaze_walk walk = {options->exclude, options->n_exclude, options->stop, p, keep_file, keep_unreadable};
  sqlite3_stmt *walked = NULL;
  gaze_err err = gaze_sql_prepare(p->update->index->db, "INSERT INTO walked VALUES(?1, ?2)", &walked);
  for (size_t i = 0; i < n && err == GAZE_OK; i++) {
    err = insert_range(walked, folders[i], false);
    if (err == GAZE_OK && gaze_folder_exists(folders[i]))
      err = gaze_walk_folder(&walk, folders[i]);
    if (err == GAZE_OK && !options->forget && !gaze_stop_is_raised(options->stop))
      err = keep_vanished(p, folders[i]);
  }
  sqlite3_finalize(walked);
  return err;
}

static gaze_err fill_scratch(planner *p, const char *const *folders, size_t n) {
  sqlite3 *db = p->update->index->db;
  char **real;
  gaze_err err = GAZE_OK;
  GAZE_TRY(gaze_sql_run(db, scratch));
  GAZE_TRY(gaze_alloc(n, sizeof *real, &real));
  for (size_t i = 0; i < n; i++)
    GAZE_TRY_DONE(real_folder(p, folders[i], &real[i]));
  GAZE_TRY_DONE(gaze_sql_prepare(db, "INSERT OR IGNORE INTO found VALUES(?1, ?2, ?3)", &p->found));
  GAZE_TRY_DONE(gaze_sql_prepare(db, "INSERT INTO unread VALUES(?1, ?2)", &p->unread));
  GAZE_TRY_DONE(walk_folders(p, real, n));
  err = gaze_sql_run(db, find_gone);
done:
  sqlite3_finalize(p->found);
  sqlite3_finalize(p->unread);
  for (size_t i = 0; i < n; i++)
    free(real[i]);
  free(real);
  return err;
}

static gaze_err add_job(gaze_update *update, sqlite3_stmt *row) {
  GAZE_TRY(gaze_grow(&update->jobs, &update->capacity, update->n_jobs + 1, sizeof *update->jobs));
  gaze_job *job = &update->jobs[update->n_jobs];
  const char *path = (const char *)sqlite3_column_text(row, 0);
  *job = (gaze_job){.size = sqlite3_column_int64(row, 1),
                    .mtime_ns = sqlite3_column_int64(row, 2),
                    .changed = sqlite3_column_int(row, 3),
                    .covered = sqlite3_column_int(row, 4),
                    .outdated = sqlite3_column_type(row, 4) != SQLITE_NULL && !sqlite3_column_int(row, 4)};
  GAZE_TRY(gaze_strdup(path ? path : "", &job->path));
  update->n_jobs++;
  return GAZE_OK;
}

static gaze_err list_jobs(gaze_update *update) {
  sqlite3_stmt *statement;
  GAZE_TRY(gaze_sql_prepare(update->index->db, find_jobs, &statement));
  gaze_err err = gaze_sql_bind(statement, "ii", update->model, update->embedder->variant);
  for (bool row = true; err == GAZE_OK && row;) {
    err = gaze_sql_step(statement, &row);
    if (err == GAZE_OK && row)
      err = add_job(update, statement);
  }
  sqlite3_finalize(statement);
  return err;
}

gaze_err gaze_plan_make(gaze_update *update, const char *const *folders, size_t n_folders) {
  planner p = {.update = update};
  GAZE_TRY(gaze_sql_run(update->index->db, "BEGIN"));
  gaze_err err = fill_scratch(&p, folders, n_folders);
  if (err == GAZE_OK)
    err = list_jobs(update);
  GAZE_TRY(gaze_sql_end(update->index->db, err));
  update->stats.unchanged = update->progress.seen - update->n_jobs;
  update->progress.total = update->n_jobs;
  return GAZE_OK;
}
