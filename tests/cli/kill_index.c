/* kill -9 at random moments of indexing, while photos come, change, move and go: the database is whole after each, and
 * in the end every photo is there once, with the vector of its bytes. */
#include "tests/unit/index_fixture.h"

#include <signal.h>
#include <sys/wait.h>

#define KILLS 100
#define FIRST 200 /* photos to begin with */

/* A slow embedder: kills land in every part of a run. */
static gaze_err prepare_slowly(void *user, const void *bytes, size_t size, const char *path, void *item,
                               gaze_picture_facts *facts) {
  usleep(300);
  return fake_prepare(user, bytes, size, path, item, facts);
}

static gaze_err index_photos(const place *p, bool compact, gaze_index_stats *stats) {
  fake state = {0};
  gaze_index *index;
  gaze_embedder embedder = fake_embedder(&state, "fake");
  embedder.prepare = prepare_slowly;
  const char *folder = p->photos;
  GAZE_TRY(gaze_index_open(p->db, GAZE_INDEX_WRITE, &index));
  gaze_err err = gaze_index_update(index, &embedder, &folder, 1, NULL, stats);
  if (err == GAZE_OK && compact)
    err = gaze_index_compact(index);
  gaze_index_close(index);
  return err;
}

/* Kills at a moment below *latest microseconds. That follows how long runs take, which differs between machines: down
 * to where one was done before its kill, up a little after each that was not. Returns whether it was killed in time. */
static bool index_and_kill(const place *p, bool compact, gaze_random *random, double *latest) {
  unsigned microseconds = (unsigned)gaze_random_below(random, (uint64_t)*latest);
  pid_t child = fork();
  if (child == 0) {
    gaze_index_stats stats;
    gaze_err err = index_photos(p, compact, &stats);
    if (err != GAZE_OK)
      fprintf(stderr, "%s\n", gaze_last_error());
    _exit(err == GAZE_OK ? 0 : 1);
  }
  usleep(microseconds);
  kill(child, SIGKILL);
  int status;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
  *latest = WIFSIGNALED(status) ? *latest * 1.05 : microseconds + 1;
  return WIFSIGNALED(status);
}

static void name_photo(size_t number, char name[32]) { snprintf(name, 32, "%zu/%zu.jpg", number % 7, number); }

static void add_photo(const place *p, size_t number, size_t version) {
  char name[32], text[64];
  name_photo(number, name);
  snprintf(text, sizeof text, "photo %zu version %zu", number, version);
  place_write(p, name, text);
}

static void stir(const place *p, gaze_random *random, size_t *n, size_t round) {
  char name[32], moved[32];
  for (int i = 0; i < 10; i++)
    add_photo(p, (*n)++, 0);
  add_photo(p, gaze_random_below(random, *n), round + 1);
  name_photo(gaze_random_below(random, *n), name);
  snprintf(moved, sizeof moved, "%zu/moved-%zu.jpg", round % 7, round);
  if (gaze_file_exists(place_path(p, name)))
    place_move(p, name, moved);
  name_photo(gaze_random_below(random, *n), name);
  unlink(place_path(p, name));
}

static gaze_err check_photo(void *user, const char *path, const char *hash, const char *key,
                            const gaze_picture_facts *facts, const float *vector, int dim) {
  uint8_t *bytes;
  size_t size;
  float expected[FAKE_DIM];
  GAZE_TRY(gaze_file_read(path, 1000, &bytes, &size));
  fake_vector(bytes, size, 0, FAKE_DIM, expected);
  free(bytes);
  ++*(size_t *)user;
  if (memcmp(vector, expected, sizeof expected) != 0)
    return gaze_fail(GAZE_ERR_CORRUPT, "another photo's vector: %s: see the test", path);
  return GAZE_OK;
}

static size_t count_files(const place *p) {
  char command[160];
  size_t n = 0;
  snprintf(command, sizeof command, "find '%s' -name '*.jpg' | wc -l", p->photos);
  FILE *pipe = popen(command, "r");
  assert_non_null(pipe);
  assert_int_equal(fscanf(pipe, "%zu", &n), 1);
  pclose(pipe);
  return n;
}

static void check_database(const place *p) {
  gaze_index *index;
  gaze_err err = gaze_index_open(p->db, GAZE_INDEX_READ, &index);
  if (err == GAZE_ERR_NOT_FOUND) /* killed before there was one */
    return;
  assert_int_equal(err, GAZE_OK);
  assert_ok(gaze_index_check(index));
  gaze_index_close(index);
}

static void killed_at_random_moments(void **unused) {
  place p;
  gaze_random random;
  gaze_index *index;
  gaze_index_stats stats;
  size_t n = 0, killed = 0, exported = 0;
  double latest = 60000;
  gaze_random_init(&random, 11, 0);
  place_init(&p);
  while (n < FIRST)
    add_photo(&p, n++, 0);
  for (size_t round = 0; round < KILLS; round++) {
    killed += index_and_kill(&p, round % 3 == 2, &random, &latest);
    check_database(&p);
    stir(&p, &random, &n, round);
  }
  assert_ok(index_photos(&p, false, &stats));
  assert_int_equal(stats.failed, 0);
  check_database(&p);
  assert_ok(gaze_index_open(p.db, GAZE_INDEX_READ, &index));
  assert_ok(gaze_index_export(index, "fake", check_photo, &exported));
  gaze_index_close(index);
  assert_int_equal(exported, count_files(&p));
  printf("%zu of %d runs were killed; %zu photos, %zu of them embedded by the last run\n", killed, KILLS, exported,
         stats.added);
  assert_true(killed >= KILLS / 2);
  place_fini(&p);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(killed_at_random_moments)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
