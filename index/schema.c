#include "index/schema.h"

/* content  one picture's bytes, whatever they are called: hash is XXH3-128, big end first.
 * photo    one path; copies share their content, and with it its vectors.
 * model    one key of gaze_model_key; models live side by side. path: where it lay when it was last used.
 * vector   one content under one model: unit [dim] float32, little end first, and the gaze_embedder's variant. Rows are
 *          only ever added, with rising ids, until `compact` or a change of variant renews the identity: a list of the
 *          first n of a model stays true.
 * origin   one row: the identity.
 * Pages of 16 KiB hold seven vectors of 512 numbers with little waste.
 * vector_order holds (model, id), since every index of SQLite ends in the rowid: a model's vectors in order. */
static const char tables[] =
    "CREATE TABLE content("
    "  id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE CHECK(length(hash) = 16),"
    "  width INTEGER NOT NULL, height INTEGER NOT NULL, taken TEXT,"
    "  camera TEXT, latitude REAL, longitude REAL) STRICT;"
    "CREATE TABLE photo("
    "  id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, content INTEGER NOT NULL REFERENCES content(id),"
    "  size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL) STRICT;"
    "CREATE INDEX photo_content ON photo(content);"
    "CREATE TABLE model("
    "  id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, dim INTEGER NOT NULL CHECK(dim > 0),"
    "  path TEXT) STRICT;"
    "CREATE TABLE vector("
    "  id INTEGER PRIMARY KEY, model INTEGER NOT NULL REFERENCES model(id),"
    "  content INTEGER NOT NULL REFERENCES content(id), f32 BLOB NOT NULL,"
    "  variant INTEGER NOT NULL DEFAULT 0) STRICT;"
    "CREATE UNIQUE INDEX vector_content ON vector(content, model);"
    "CREATE INDEX vector_order ON vector(model);"
    "CREATE TABLE origin(identity INTEGER NOT NULL) STRICT;"
    "INSERT INTO origin VALUES(random());";

/* migrations[v] leads from version v to v + 1. Version 1 knew neither cameras nor positions: they are filled
 * in as photos are embedded again. Version 2 knew no variants: its vectors are taken for those of no options. Version 3
 * knew models by their keys alone. */
static const char *const migrations[GAZE_SCHEMA_VERSION] = {
    [1] = "ALTER TABLE content ADD COLUMN camera TEXT;"
          "ALTER TABLE content ADD COLUMN latitude REAL;"
          "ALTER TABLE content ADD COLUMN longitude REAL;",
    [2] = "ALTER TABLE vector ADD COLUMN variant INTEGER NOT NULL DEFAULT 0;",
    [3] = "ALTER TABLE model ADD COLUMN path TEXT;",
};

static gaze_err set_marks(sqlite3 *db) {
  char *sql = sqlite3_mprintf("PRAGMA application_id = %d; PRAGMA user_version = %d;", GAZE_SCHEMA_APPLICATION,
                              GAZE_SCHEMA_VERSION);
  if (!sql)
    return gaze_fail(GAZE_ERR_MEMORY, "out of memory: opening a database: free memory");
  gaze_err err = gaze_sql_run(db, sql);
  sqlite3_free(sql);
  return err;
}

static gaze_err get_version(sqlite3 *db, int64_t *version) {
  return gaze_sql_integer(db, "PRAGMA user_version", version);
}

/* Somebody else may have done it between our look and our lock: hence the second look. */
static gaze_err create_or_migrate(sqlite3 *db) {
  GAZE_TRY(gaze_sql_run(db, "BEGIN IMMEDIATE"));
  int64_t version = 0;
  gaze_err err = get_version(db, &version);
  if (err == GAZE_OK && version == 0)
    err = gaze_sql_run(db, tables);
  for (int64_t v = version; err == GAZE_OK && v > 0 && v < GAZE_SCHEMA_VERSION; v++)
    err = gaze_sql_run(db, migrations[v]);
  if (err == GAZE_OK && version < GAZE_SCHEMA_VERSION)
    err = set_marks(db);
  return gaze_sql_end(db, err);
}

gaze_err gaze_schema_settle(sqlite3 *db, const char *path, bool writable) {
  int64_t application = 0, version = 0, objects = 0, code = 0;
  GAZE_TRY(gaze_sql_integer(db, "PRAGMA application_id", &application));
  GAZE_TRY(get_version(db, &version));
  GAZE_TRY(gaze_sql_integer(db, "SELECT count(*) FROM sqlite_schema", &objects));
  /* Views, triggers and virtual tables have no pages of their own: they are code that a query would run. */
  GAZE_TRY(gaze_sql_integer(db, "SELECT count(*) FROM sqlite_schema WHERE rootpage < 1", &code));
  bool empty = objects == 0 && application == 0 && version == 0;
  if (!empty && application != GAZE_SCHEMA_APPLICATION)
    return gaze_fail(GAZE_ERR_MISMATCH, "database of another program: %s: name another file with --db", path);
  if (version > GAZE_SCHEMA_VERSION)
    return gaze_fail(GAZE_ERR_UNSUPPORTED, "database of a newer gaze (schema %lld, this one knows %d): %s: update gaze",
                     (long long)version, GAZE_SCHEMA_VERSION, path);
  if (version < 0 || (version == 0 && !empty))
    return gaze_fail(GAZE_ERR_CORRUPT, "the database has no schema version: %s: restore a copy or index again", path);
  if (code > 0)
    return gaze_fail(GAZE_ERR_CORRUPT,
                     "the database holds what gaze never puts there: %s: restore a copy or index again", path);
  if (version == GAZE_SCHEMA_VERSION)
    return GAZE_OK;
  if (!writable && empty)
    return gaze_fail(GAZE_ERR_NOT_FOUND, "the index is empty: %s: fill it with `gaze index FOLDER`", path);
  if (!writable)
    return gaze_fail(GAZE_ERR_UNSUPPORTED,
                     "database of an older gaze: %s: run `gaze index` once to bring it up to date", path);
  if (empty)
    GAZE_TRY(gaze_sql_run(db, "PRAGMA page_size = 16384; PRAGMA journal_mode = WAL;"));
  return create_or_migrate(db);
}

gaze_err gaze_schema_renew(sqlite3 *db) { return gaze_sql_run(db, "UPDATE origin SET identity = random()"); }
