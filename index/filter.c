#include "index/filter.h"

#include "core/base/memory.h"
#include "index/folder.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* YYYY, YYYY-MM or YYYY-MM-DD: a beginning of content.taken, so that comparing texts compares dates. */
static gaze_err check_date(const char *text) {
  static const char shape[] = "dddd-dd-dd";
  size_t length = strlen(text);
  bool good = length == 4 || length == 7 || length == 10;
  for (size_t i = 0; good && i < length; i++)
    good = shape[i] == 'd' ? isdigit((unsigned char)text[i]) != 0 : text[i] == shape[i];
  int month = good && length >= 7 ? atoi(text + 5) : 1, day = good && length == 10 ? atoi(text + 8) : 1;
  if (good && month >= 1 && month <= 12 && day >= 1 && day <= 31)
    return GAZE_OK;
  return gaze_fail(GAZE_ERR_ARGUMENT, "not a date: %s: write YYYY, YYYY-MM or YYYY-MM-DD", text);
}

static gaze_err set_folder(gaze_filter *filter, const char *folder) {
  char *path;
  GAZE_TRY(gaze_folder_spell(folder, &path));
  gaze_err err = gaze_folder_range(path, &filter->low, &filter->high);
  free(path);
  return err;
}

gaze_err gaze_filter_init(gaze_filter *filter, const gaze_search_options *options) {
  *filter = (gaze_filter){.after = options->after, .before = options->before, .camera = options->camera};
  filter->narrows = options->folder || options->after || options->before || options->camera;
  if (options->after)
    GAZE_TRY(check_date(options->after));
  if (options->before)
    GAZE_TRY(check_date(options->before));
  gaze_err err = options->folder ? set_folder(filter, options->folder) : GAZE_OK;
  if (err != GAZE_OK)
    gaze_filter_fini(filter);
  return err;
}

void gaze_filter_fini(gaze_filter *filter) {
  free(filter->low);
  free(filter->high);
  *filter = (gaze_filter){0};
}

static gaze_err bind_named(sqlite3_stmt *statement, const char *name, const char *value) {
  int place = sqlite3_bind_parameter_index(statement, name);
  if (!place || sqlite3_bind_text(statement, place, value, -1, SQLITE_STATIC) == SQLITE_OK)
    return GAZE_OK;
  return gaze_sql_fail(sqlite3_db_handle(statement));
}

static gaze_err bind_all(const gaze_filter *filter, sqlite3_stmt *statement) {
  GAZE_TRY(bind_named(statement, ":low", filter->low));
  GAZE_TRY(bind_named(statement, ":high", filter->high));
  GAZE_TRY(bind_named(statement, ":after", filter->after));
  GAZE_TRY(bind_named(statement, ":before", filter->before));
  return bind_named(statement, ":camera", filter->camera);
}

gaze_err gaze_filter_prepare(const gaze_filter *filter, sqlite3 *db, const char *head, const char *tail,
                             sqlite3_stmt **out) {
  char *sql;
  GAZE_TRY(gaze_format(&sql, "%s%s%s%s%s%s", head, filter->low ? " AND p.path >= :low AND p.path < :high" : "",
                       filter->after ? " AND c.taken >= :after" : "",
                       filter->before ? " AND substr(c.taken, 1, length(:before)) <= :before" : "",
                       filter->camera ? " AND instr(lower(c.camera), lower(:camera)) > 0" : "", tail));
  sqlite3_stmt *statement = NULL;
  gaze_err err = gaze_sql_prepare(db, sql, &statement);
  free(sql);
  if (err == GAZE_OK)
    err = bind_all(filter, statement);
  if (err == GAZE_OK)
    *out = statement;
  else
    sqlite3_finalize(statement);
  return err;
}
