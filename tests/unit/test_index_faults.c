/* The N-th allocation fails, and the N-th write, for N = 1, 2, ... until all goes well: each time an error in words or
 * a whole result, and a whole database behind it. */
#include "index_fixture.h"

#include <errno.h>
#include <sys/syscall.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif

#if !defined(SANITIZED) && defined(__GLIBC__)

/* Stand before the C library's own for everything in the program, SQLite included. */
static long allocations_left = -1, writes_left = -1; /* negative: none fails */

static bool fails(long *left) {
  long now = __atomic_load_n(left, __ATOMIC_RELAXED);
  return now >= 0 && __atomic_fetch_sub(left, 1, __ATOMIC_RELAXED) == 0;
}

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *block, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

static void *refuse(void) {
  errno = ENOMEM;
  return NULL;
}

void *malloc(size_t size) { return fails(&allocations_left) ? refuse() : __libc_malloc(size); }
void *calloc(size_t count, size_t size) { return fails(&allocations_left) ? refuse() : __libc_calloc(count, size); }
void *realloc(void *block, size_t size) { return fails(&allocations_left) ? refuse() : __libc_realloc(block, size); }
void *reallocarray(void *block, size_t count, size_t size) { return realloc(block, count * size); }
void *aligned_alloc(size_t alignment, size_t size) {
  return fails(&allocations_left) ? refuse() : __libc_memalign(alignment, size);
}

/* The disk fills up, and stays full. */
ssize_t pwrite64(int file, const void *bytes, size_t size, off_t offset) {
  long now = __atomic_load_n(&writes_left, __ATOMIC_RELAXED);
  if (now == 0) {
    errno = ENOSPC;
    return -1;
  }
  if (now > 0)
    __atomic_store_n(&writes_left, now - 1, __ATOMIC_RELAXED);
  return syscall(SYS_pwrite64, file, bytes, size, offset);
}

/* Thousands of runs need not wait for the disk. */
int fsync(int file) { return 0; }
int fdatasync(int file) { return 0; }

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
 * no database; the next run
 * must mend what a failed one left, which is tried now and then. */
static long until_success(const place *p, long *left, bool afresh, gaze_err (*call)(const place *p)) {
  for (long n = 0;; n++) {
    __atomic_store_n(left, n, __ATOMIC_RELAXED);
    gaze_err err = call(p);
    bool reached = __atomic_exchange_n(left, -1, __ATOMIC_RELAXED) <= 0;
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
  assert_true(until_success(&p, &allocations_left, false, search) > 50);
  remove_index(&p);
  assert_true(until_success(&p, &allocations_left, true, update) > 50);
  place_fini(&p);
}

static void writes_fail(void **unused) {
  place p;
  place_init(&p);
  fill(&p);
  assert_true(until_success(&p, &writes_left, true, update) > 10);
  place_fini(&p);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(allocations_fail), cmocka_unit_test(writes_fail)};
  gaze_set_warn(NULL);
  return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

int main(void) {
  printf("SKIP: a sanitizer brings its own allocator\n");
  return 77; /* meson counts it as skipped */
}

#endif
