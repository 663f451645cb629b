/* The N-th allocation fails, and the N-th write, for N = 1, 2, ... until all goes well: each time an error in words or
 * a whole result, and a whole database behind it. */
#include "faults.h"
#include "tests/unit/index_fixture.h"

static gaze_err update(const place *p) {
  fake state = {0};
  gaze_index *index;
  gaze_index_stats stats = {0};
  gaze_embedder embedder = fake_embedder(&state, "fake");
  const gaze_index_options options = {.threads = 1};
  const char *folder = p->photos;
  GAZE_TRY(gaze_index_open(p->db, GAZE_INDEX_WRITE, &index));
  gaze_err err = gaze_index_update(index, &embedder, &folder, 1, &options, &stats);
  if (err == GAZE_OK)
    err = gaze_index_compact(index);
  gaze_index_close(index);
  if (err == GAZE_OK && stats.failed)
    return GAZE_ERR_MEMORY; /* told by its file */
  return err;
}

static gaze_err search(const place *p) {
  gaze_index *index;
  gaze_hit *hits;
  size_t n;
  float query[FAKE_DIM] = {1};
  const gaze_search_options options = {.folder = p->root, .min_score = -1};
  GAZE_TRY(gaze_index_open(p->db, GAZE_INDEX_READ, &index));
  gaze_err err = gaze_search(index, "fake", query, FAKE_DIM, &options, &hits, &n);
  if (err == GAZE_OK) {
    assert_int_equal(n, 3);
    free(hits);
  }
  char *json;
  if (err == GAZE_OK)
    err = gaze_index_info_json(index, &json);
  if (err == GAZE_OK)
    free(json);
  if (err == GAZE_OK)
    err = gaze_index_check(index);
  gaze_index_close(index);
  return err;
}

static void fill(const place *p) {
  place_write(p, "a.jpg", "one");
  place_write(p, "b.jpg", "two");
  place_write(p, "c.jpg", "one");
}

static void remove_index(const place *p) {
  static const char *const endings[] = {"", "-wal", "-shm", ".lock", ".fake.vec"};
  char path[80];
  for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
    snprintf(path, sizeof path, "%s%s", p->db, endings[i]);
    unlink(path);
  }
}

/* Calls with more and more allowed before the failure, until nothing fails. Returns how often that was. `afresh`: from
 * no database; the next run must mend what a failed one left, which is tried now and then. */
static long until_success(const place *p, fault_kind kind, bool afresh, gaze_err (*call)(const place *p)) {
  for (long n = 0;; n++) {
    fault_arm(kind, n);
    gaze_err err = call(p);
    bool reached = fault_disarm(kind);
    if (err != GAZE_OK)
      assert_true(strlen(gaze_last_error()) > 0);
    if (err == GAZE_OK && !reached)
      return n;
    assert_in_range(n, 0, 100000);
    if (afresh && n % 16 == 0) {
      assert_ok(update(p));
      assert_ok(search(p));
    }
    if (afresh)
      remove_index(p);
  }
}

static void allocations_fail(void **unused) {
  place p;
  place_init(&p);
  fill(&p);
  assert_ok(update(&p));
  assert_true(until_success(&p, FAULT_ALLOCATION, false, search) > 50);
  remove_index(&p);
  assert_true(until_success(&p, FAULT_ALLOCATION, true, update) > 50);
  place_fini(&p);
}

static void writes_fail(void **unused) {
  place p;
  place_init(&p);
  fill(&p);
  assert_true(until_success(&p, FAULT_DISK, true, update) > 10);
  place_fini(&p);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(allocations_fail), cmocka_unit_test(writes_fail)};
  if (!fault_possible()) {
    printf("SKIP: a sanitizer brings its own allocator\n");
    return 77; /* meson counts it as skipped */
  }
  gaze_set_warn(NULL);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
