/* Databases that are not as expected: absent, foreign, older, newer, damaged, not to be written, full. */
#include "index_fixture.h"

#include "index/schema.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

static void run_sql(const char *path, const char *sql) {
  sqlite3 *db;
  assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
  if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
    fail_msg("%s: %s", sql, sqlite3_errmsg(db));
  sqlite3_close(db);
}

static int64_t ask_sql(const char *path, const char *sql) {
  sqlite3 *db;
  int64_t value;
  assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
  assert_ok(gaze_sql_integer(db, sql, &value));
  sqlite3_close(db);
  return value;
}

static void check_open(const char *path, gaze_index_mode mode, gaze_err expected) {
  gaze_index *index = NULL;
  gaze_err err = gaze_index_open(path, mode, &index);
  gaze_index_close(index);
  if (err != expected)
    fail_msg("opening %s gave %s, not %s: %s", path ? path : "the default", gaze_err_name(err), gaze_err_name(expected),
             gaze_last_error());
}

static void check_search(const place *p, const char *text, size_t expected) {
  gaze_index *index;
  gaze_hit *hits;
  size_t n;
  float query[FAKE_DIM];
  fake_vector(text, strlen(text), 0, FAKE_DIM, query);
  assert_ok(gaze_index_open(p->db, GAZE_INDEX_READ, &index));
  assert_ok(gaze_search(index, "fake", query, FAKE_DIM, NULL, &hits, &n));
  assert_int_equal(n, expected);
  assert_true(hits[0].score > 0.999f);
  free(hits);
  gaze_index_close(index);
}

static void absent_and_empty(void **unused) {
  place p;
  place_init(&p);
  check_open(p.db, GAZE_INDEX_READ, GAZE_ERR_NOT_FOUND);
  check_open(p.photos, GAZE_INDEX_READ, GAZE_ERR_ARGUMENT);
  check_open(p.photos, GAZE_INDEX_WRITE, GAZE_ERR_ARGUMENT);
  assert_int_equal(fclose(fopen(p.db, "wb")), 0);
  check_open(p.db, GAZE_INDEX_READ, GAZE_ERR_NOT_FOUND);
  check_open(p.db, GAZE_INDEX_WRITE, GAZE_OK);
  check_open(p.db, GAZE_INDEX_READ, GAZE_OK);
  check_open(place_path(&p, "no/such/folder/photos.db"), GAZE_INDEX_WRITE, GAZE_ERR_IO);
  place_fini(&p);
}

static void default_place(void **unused) {
  place p;
  place_init(&p);
  setenv("XDG_DATA_HOME", p.root, 1);
  check_open(NULL, GAZE_INDEX_WRITE, GAZE_OK);
  char path[128];
  snprintf(path, sizeof path, "%s/gaze/photos.db", p.root);
  assert_true(gaze_file_exists(path));
  unsetenv("XDG_DATA_HOME");
  place_fini(&p);
}

static void other_programs_are_left_alone(void **unused) {
  place p;
  place_init(&p);
  run_sql(p.db, "CREATE TABLE songs(name TEXT)");
  gaze_map before, after;
  uint8_t copy[8192];
  assert_ok(gaze_map_open(p.db, &before));
  assert_in_range(before.size, 1, sizeof copy);
  memcpy(copy, before.data, before.size);
  check_open(p.db, GAZE_INDEX_READ, GAZE_ERR_MISMATCH);
  check_open(p.db, GAZE_INDEX_WRITE, GAZE_ERR_MISMATCH);
  assert_ok(gaze_map_open(p.db, &after));
  assert_int_equal(before.size, after.size);
  assert_memory_equal(copy, after.data, after.size);
  gaze_map_close(&before);
  gaze_map_close(&after);
  run_sql(p.db, "PRAGMA application_id = 12345; DROP TABLE songs");
  check_open(p.db, GAZE_INDEX_WRITE, GAZE_ERR_MISMATCH);
  place_write(&p, "text.db",
              "this is a letter, not a database, and long enough to have a header of a hundred bytes, "
              "which is what a database begins with");
  check_open(place_path(&p, "text.db"), GAZE_INDEX_READ, GAZE_ERR_FORMAT);
  check_open(place_path(&p, "text.db"), GAZE_INDEX_WRITE, GAZE_ERR_FORMAT);
  place_fini(&p);
}

static void newer_schema_is_refused(void **unused) {
  place p;
  place_init(&p);
  check_open(p.db, GAZE_INDEX_WRITE, GAZE_OK);
  run_sql(p.db, "PRAGMA user_version = 5"); /* GAZE_SCHEMA_VERSION + 1 */
  check_open(p.db, GAZE_INDEX_READ, GAZE_ERR_UNSUPPORTED);
  check_open(p.db, GAZE_INDEX_WRITE, GAZE_ERR_UNSUPPORTED);
  assert_non_null(strstr(gaze_last_error(), "newer"));
  place_fini(&p);
}

/* Version 1 as it was: no camera, no position. */
static void older_schema_is_migrated(void **unused) {
  place p;
  fake state = {0};
  place_init(&p);
  place_write(&p, "a.jpg", "one\ntaken=2020-05-01 10:00:00\ncamera=Box\n");
  place_update(&p, &state);
  run_sql(p.db, "ALTER TABLE content DROP COLUMN camera; ALTER TABLE content DROP COLUMN latitude;"
                "ALTER TABLE content DROP COLUMN longitude; ALTER TABLE vector DROP COLUMN variant;"
                "ALTER TABLE model DROP COLUMN path;"
                "PRAGMA user_version = 1");
  check_open(p.db, GAZE_INDEX_READ, GAZE_ERR_UNSUPPORTED);
  assert_non_null(strstr(gaze_last_error(), "older"));
  gaze_index_stats stats = place_update(&p, &state);
  assert_int_equal(stats.unchanged, 1);
  assert_int_equal(state.prepared, 1);
  assert_int_equal(ask_sql(p.db, "PRAGMA user_version"), GAZE_SCHEMA_VERSION);
  assert_int_equal(ask_sql(p.db, "SELECT count(*) FROM content WHERE camera IS NULL AND taken LIKE '2020%'"), 1);
  fake other = {.seed = 3};
  place_update_with(&p, &other, "other", NULL);
  assert_int_equal(ask_sql(p.db, "SELECT count(*) FROM content WHERE camera = 'Box'"), 1);
  place_fini(&p);
}

/* Version 2 as it was: no variants. What it holds is taken for vectors of no options. */
static void schema_without_variants_is_migrated(void **unused) {
  place p;
  fake state = {0}, turned = {.seed = 1, .variant = 2};
  place_init(&p);
  place_write(&p, "a.jpg", "one");
  place_update(&p, &state);
  run_sql(p.db, "ALTER TABLE vector DROP COLUMN variant; ALTER TABLE model DROP COLUMN path; PRAGMA user_version = 2");
  assert_int_equal(place_update(&p, &state).unchanged, 1);
  assert_int_equal(ask_sql(p.db, "PRAGMA user_version"), GAZE_SCHEMA_VERSION);
  assert_int_equal(place_update(&p, &turned).updated, 1);
  place_fini(&p);
}

static void check_model_path(const place *p, const char *model_path, const char *shown) {
  fake state = {0};
  gaze_index *index;
  gaze_embedder embedder = fake_embedder(&state, "fake");
  const char *folder = p->photos;
  char *info = NULL;
  embedder.model_path = model_path;
  assert_ok(gaze_index_open(p->db, GAZE_INDEX_WRITE, &index));
  assert_ok(gaze_index_update(index, &embedder, &folder, 1, NULL, NULL));
  assert_ok(gaze_index_info_json(index, &info));
  gaze_index_close(index);
  const char *models = strstr(info, "\"models\"");
  if (!shown != !strstr(models, "\"path\"") || (shown && !strstr(models, shown)))
    fail_msg("%s in %s", shown ? shown : "no path", info);
  free(info);
}

/* Version 3 as it was: models by their keys alone. */
static void a_model_is_known_by_its_last_path(void **unused) {
  place p;
  fake state = {0};
  place_init(&p);
  place_write(&p, "a.jpg", "one");
  place_update(&p, &state);
  run_sql(p.db, "ALTER TABLE model DROP COLUMN path; PRAGMA user_version = 3");
  check_model_path(&p, NULL, NULL);
  check_model_path(&p, "/models/first", "\"/models/first\"");
  check_model_path(&p, "/models/second", "\"/models/second\"");
  check_model_path(&p, NULL, "\"/models/second\"");
  assert_int_equal(ask_sql(p.db, "SELECT count(*) FROM model"), 1);
  place_fini(&p);
}

/* Nobody has a use for the database of a mistyped folder; but one that was there stays. */
static void nothing_found_leaves_no_database(void **unused) {
  place p;
  fake state = {0};
  place_init(&p);
  place_update(&p, &state);
  assert_false(gaze_file_exists(p.db));
  place_write(&p, "bad.jpg", "broken");
  assert_int_equal(place_update(&p, &state).failed, 1);
  assert_false(gaze_file_exists(p.db));
  place_write(&p, "a.jpg", "one");
  place_update(&p, &state);
  assert_int_equal(unlink(place_path(&p, "a.jpg")), 0);
  place_update(&p, &state);
  assert_true(gaze_file_exists(p.db));
  char command[120];
  snprintf(command, sizeof command, "rm '%s' && touch '%s'", p.db, p.db);
  assert_int_equal(system(command), 0);
  place_update(&p, &state);
  assert_true(gaze_file_exists(p.db));
  place_fini(&p);
}

/* Runs `body` in a process that is not root, whom permissions would not hold. Returns whether it said yes. */
static bool as_nobody(const place *p, bool (*body)(const place *p)) {
  pid_t child = fork();
  if (child == 0) {
    bool dropped = geteuid() != 0 || (setresgid(65534, 65534, 65534) == 0 && setresuid(65534, 65534, 65534) == 0);
    bool good = dropped && body(p);
    if (!good)
      fprintf(stderr, "as nobody: %s\n", gaze_last_error());
    _exit(good ? 0 : 1);
  }
  int status;
  assert_int_equal(waitpid(child, &status, 0), child);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool nobody_searches(const place *p) {
  gaze_index *index;
  gaze_hit *hits;
  size_t n = 0;
  float query[FAKE_DIM] = {1};
  if (gaze_index_open(p->db, GAZE_INDEX_READ, &index) != GAZE_OK ||
      gaze_search(index, "fake", query, FAKE_DIM, NULL, &hits, &n) != GAZE_OK)
    return false;
  free(hits);
  gaze_index_close(index);
  return n == 2;
}

static bool nobody_writes(const place *p) {
  gaze_index *index;
  return gaze_index_open(p->db, GAZE_INDEX_WRITE, &index) == GAZE_ERR_IO && strstr(gaze_last_error(), "permissions");
}

static void read_only_database(void **unused) {
  place p;
  fake state = {0};
  place_init(&p);
  place_write(&p, "a.jpg", "one");
  place_write(&p, "b.jpg", "two");
  place_update(&p, &state);
  assert_int_equal(chmod(p.db, 0444), 0);
  assert_int_equal(chmod(p.root, 0555), 0);
  assert_true(as_nobody(&p, nobody_searches));
  assert_true(as_nobody(&p, nobody_writes));
  place_fini(&p);
}

/* A killed writer's log is part of the database: it is read where it can be. */
static void read_only_database_with_a_log(void **unused) {
  place p;
  fake state = {0};
  place_init(&p);
  place_write(&p, "a.jpg", "one");
  place_write(&p, "b.jpg", "two");
  pid_t child = fork();
  if (child == 0) {
    gaze_index *index;
    gaze_embedder embedder = fake_embedder(&state, "fake");
    const char *folder = p.photos;
    bool good = gaze_index_open(p.db, GAZE_INDEX_WRITE, &index) == GAZE_OK &&
                gaze_index_update(index, &embedder, &folder, 1, NULL, NULL) == GAZE_OK;
    _exit(good ? 0 : 1);
  }
  int status;
  waitpid(child, &status, 0);
  assert_int_equal(status, 0);
  char log[64], shared[64];
  snprintf(log, sizeof log, "%s-wal", p.db);
  snprintf(shared, sizeof shared, "%s-shm", p.db);
  assert_true(gaze_file_exists(log));
  assert_int_equal(chmod(p.db, 0444) | chmod(log, 0444) | chmod(shared, 0444), 0);
  assert_int_equal(chmod(p.root, 0555), 0);
  assert_true(as_nobody(&p, nobody_searches));
  assert_int_equal(unlink(shared), 0);
  assert_false(as_nobody(&p, nobody_searches));
  place_fini(&p);
}

/* Killed before the log was set up: a rollback journal, which a reader has to play back. */
static void half_done_without_a_log(void **unused) {
  place p;
  fake state = {0};
  place_init(&p);
  place_write(&p, "a.jpg", "one");
  place_write(&p, "b.jpg", "two");
  place_update(&p, &state);
  pid_t child = fork();
  if (child == 0) {
    sqlite3 *db;
    sqlite3_open(p.db, &db);
    int code =
        sqlite3_exec(db,
                     "PRAGMA journal_mode = DELETE; PRAGMA cache_size = 1; PRAGMA cache_spill = 1; BEGIN;"
                     "UPDATE vector SET f32 = zeroblob(200000); UPDATE content SET taken = hex(zeroblob(200000));",
                     NULL, NULL, NULL);
    _exit(code);
  }
  int status;
  waitpid(child, &status, 0);
  assert_int_equal(status, 0);
  char journal[64];
  snprintf(journal, sizeof journal, "%s-journal", p.db);
  assert_true(gaze_file_exists(journal));
  check_search(&p, "one", 2);
  assert_false(gaze_file_exists(journal));
  place_fini(&p);
}

static bool nobody_sees_half(const place *p) {
  fake state = {0};
  gaze_index *index;
  gaze_index_stats stats;
  gaze_embedder embedder = fake_embedder(&state, "fake");
  const char *folder = p->photos;
  if (gaze_index_open(p->db, GAZE_INDEX_WRITE, &index) != GAZE_OK)
    return false;
  gaze_err err = gaze_index_update(index, &embedder, &folder, 1, NULL, &stats);
  bool good = err == GAZE_OK && stats.unchanged == 0 && stats.added == 1 && stats.failed == 2 && stats.removed == 0;
  gaze_index_close(index);
  return good;
}

/* An unreadable folder and an unreadable file are told; what they held before is not taken for deleted. */
static void unreadable_folder(void **unused) {
  place p;
  place_init(&p);
  place_write(&p, "open.jpg", "one");
  place_write(&p, "shut/b.jpg", "two");
  place_write(&p, "c.jpg", "three");
  assert_int_equal(chmod(p.root, 0777) | chmod(p.photos, 0755), 0);
  assert_int_equal(chmod(place_path(&p, "shut"), 0), 0);
  assert_int_equal(chmod(place_path(&p, "c.jpg"), 0), 0);
  assert_true(as_nobody(&p, nobody_sees_half));
  place_fini(&p);
}

static void full_disk_leaves_a_whole_database(void **unused) {
  place p;
  fake state = {0};
  place_init(&p);
  for (int i = 0; i < 2000; i++) {
    char name[32];
    snprintf(name, sizeof name, "%04d.jpg", i);
    place_write(&p, name, name);
  }
  pid_t child = fork();
  if (child == 0) {
    gaze_index *index;
    gaze_embedder embedder = fake_embedder(&state, "fake");
    const char *folder = p.photos;
    struct rlimit limit = {200 << 10, 200 << 10};
    signal(SIGXFSZ, SIG_IGN);
    if (gaze_index_open(p.db, GAZE_INDEX_WRITE, &index) != GAZE_OK || setrlimit(RLIMIT_FSIZE, &limit) != 0)
      _exit(2);
    _exit(gaze_index_update(index, &embedder, &folder, 1, NULL, NULL) == GAZE_ERR_IO ? 0 : 1);
  }
  int status;
  waitpid(child, &status, 0);
  assert_int_equal(status, 0);
  gaze_index *index;
  assert_ok(gaze_index_open(p.db, GAZE_INDEX_READ, &index));
  assert_ok(gaze_index_check(index));
  gaze_index_close(index);
  gaze_index_stats stats = place_update(&p, &state);
  assert_int_equal(stats.added + stats.unchanged, 2000);
  assert_int_equal(ask_sql(p.db, "SELECT count(*) FROM photo"), 2000);
  place_fini(&p);
}

/* Searches while another connection writes: always a whole answer. */
static gaze_err search_and_encode(void *user, const void *items, size_t n, float *vectors) {
  place *p = user;
  gaze_index *index;
  gaze_hit *hits;
  size_t found = 0;
  float query[FAKE_DIM] = {1};
  assert_ok(gaze_index_open(p->db, GAZE_INDEX_READ, &index));
  assert_ok(gaze_search(index, "fake", query, FAKE_DIM, NULL, &hits, &found));
  assert_int_equal(found, 2);
  free(hits);
  gaze_index_close(index);
  memcpy(vectors, items, n * FAKE_DIM * sizeof *vectors);
  return GAZE_OK;
}

static gaze_err prepare_for_place(void *user, const void *bytes, size_t size, const char *path, void *item,
                                  gaze_picture_facts *facts) {
  fake_vector(bytes, size, 0, FAKE_DIM, item);
  return GAZE_OK;
}

static void search_while_written(void **unused) {
  place p;
  fake state = {0};
  gaze_index *index;
  place_init(&p);
  place_write(&p, "a.jpg", "one");
  place_write(&p, "b.jpg", "two");
  place_update(&p, &state);
  place_write(&p, "c.jpg", "three");
  gaze_embedder embedder = {.user = &p,
                            .model_key = "fake",
                            .dim = FAKE_DIM,
                            .item_size = FAKE_DIM * sizeof(float),
                            .prepare = prepare_for_place,
                            .encode = search_and_encode};
  const char *folder = p.photos;
  assert_ok(gaze_index_open(p.db, GAZE_INDEX_WRITE, &index));
  assert_ok(gaze_index_update(index, &embedder, &folder, 1, NULL, NULL));
  gaze_index_close(index);
  check_search(&p, "three", 3);
  place_fini(&p);
}

static void check_finds(const char *damage, const char *word) {
  place p;
  fake state = {0};
  gaze_index *index;
  place_init(&p);
  place_write(&p, "a.jpg", "one");
  place_write(&p, "b.jpg", "two");
  place_update(&p, &state);
  run_sql(p.db, damage);
  assert_ok(gaze_index_open(p.db, GAZE_INDEX_READ, &index));
  assert_int_equal(gaze_index_check(index), GAZE_ERR_CORRUPT);
  if (!strstr(gaze_last_error(), word))
    fail_msg("\"%s\" is not about \"%s\"", gaze_last_error(), word);
  gaze_index_close(index);
  place_fini(&p);
}

static void check_finds_contradictions(void **unused) {
  check_finds("UPDATE vector SET f32 = zeroblob(128) WHERE id = 1", "length 1");
  check_finds("UPDATE vector SET f32 = zeroblob(124) WHERE id = 2", "wrong length");
  check_finds("PRAGMA foreign_keys = OFF; DELETE FROM content WHERE id = 1", "not there");
  check_finds("DELETE FROM vector WHERE id = 1", "without a vector");
  check_finds("DELETE FROM origin", "identity");
  check_finds("UPDATE photo SET path = 'a.jpg' WHERE id = 1", "absolute");
}

static void damaged_pages_are_an_error(void **unused) {
  place p;
  fake state = {0};
  place_init(&p);
  for (int i = 0; i < 200; i++) {
    char name[32];
    snprintf(name, sizeof name, "%04d.jpg", i);
    place_write(&p, name, name);
  }
  place_update(&p, &state);
  int db = open(p.db, O_RDWR);
  uint8_t noise[4096];
  memset(noise, 0xa5, sizeof noise);
  off_t size = lseek(db, 0, SEEK_END);
  for (off_t at = 16384; at + (off_t)sizeof noise <= size; at += 16384)
    assert_int_equal(pwrite(db, noise, sizeof noise, at), sizeof noise);
  close(db);
  gaze_index *index;
  gaze_hit *hits;
  size_t n;
  float query[FAKE_DIM] = {1};
  assert_ok(gaze_index_open(p.db, GAZE_INDEX_READ, &index));
  assert_int_equal(gaze_index_check(index), GAZE_ERR_CORRUPT);
  assert_int_equal(gaze_search(index, "fake", query, FAKE_DIM, NULL, &hits, &n), GAZE_ERR_CORRUPT);
  gaze_index_close(index);
  place_fini(&p);
}

static gaze_err collect(void *user, const char *path, const char *hash, const char *key,
                        const gaze_picture_facts *facts, const float *vector, int dim) {
  char *text = user;
  size_t used = strlen(text);
  snprintf(text + used, 1000 - used, "%s %zu %s %s %s %d;", strrchr(path, '/') + 1, strlen(hash), key, facts->taken,
           facts->camera, dim);
  return vector[0] * 0 == 0 ? GAZE_OK : GAZE_ERR_ARGUMENT;
}

static void info_and_export_and_compact(void **unused) {
  place p;
  fake state = {0};
  gaze_index *index;
  place_init(&p);
  place_write(&p, "a.jpg", "one\ntaken=2020-05-01 10:00:00\ncamera=Box\n");
  place_write(&p, "b.jpg", "two");
  place_update(&p, &state);
  assert_int_equal(unlink(place_path(&p, "b.jpg")), 0);
  place_update(&p, &state);
  assert_ok(gaze_index_open(p.db, GAZE_INDEX_WRITE, &index));
  char *json, text[1000] = "";
  assert_ok(gaze_index_info_json(index, &json));
  assert_non_null(strstr(json, "\"photos\": 1,"));
  assert_non_null(strstr(json, "\"deleted\": 1,"));
  assert_non_null(strstr(json, "\"vectors\": 2"));
  free(json);
  assert_ok(gaze_index_export(index, NULL, collect, text));
  assert_string_equal(text, "a.jpg 32 fake 2020-05-01 10:00:00 Box 32;");
  assert_ok(gaze_index_compact(index));
  assert_ok(gaze_index_check(index));
  assert_ok(gaze_index_info_json(index, &json));
  assert_non_null(strstr(json, "\"deleted\": 0,"));
  assert_non_null(strstr(json, "\"vectors\": 1"));
  free(json);
  gaze_index_close(index);
  check_search(&p, "one\ntaken=2020-05-01 10:00:00\ncamera=Box\n", 1);
  place_fini(&p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(absent_and_empty),
      cmocka_unit_test(default_place),
      cmocka_unit_test(other_programs_are_left_alone),
      cmocka_unit_test(newer_schema_is_refused),
      cmocka_unit_test(older_schema_is_migrated),
      cmocka_unit_test(schema_without_variants_is_migrated),
      cmocka_unit_test(a_model_is_known_by_its_last_path),
      cmocka_unit_test(nothing_found_leaves_no_database),
      cmocka_unit_test(read_only_database),
      cmocka_unit_test(read_only_database_with_a_log),
      cmocka_unit_test(half_done_without_a_log),
      cmocka_unit_test(unreadable_folder),
      cmocka_unit_test(full_disk_leaves_a_whole_database),
      cmocka_unit_test(search_while_written),
      cmocka_unit_test(check_finds_contradictions),
      cmocka_unit_test(damaged_pages_are_an_error),
      cmocka_unit_test(info_and_export_and_compact),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
