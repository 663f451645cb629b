/* The file that keeps vectors of texts: what was added is found again, and nothing else ever is, whatever befell the
 * file. */
#include "data_files.h"

#include "core/base/file.h"
#include "fusion/text_cache.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { D = 6, ROW = 24 + 4 * D, LARGE = 1 << 20 };

static const char *path(void) { return test_path("texts/model"); }

static gaze_text_cache *open_cache(size_t dim, size_t limit) {
  gaze_text_cache *cache;
  if (gaze_text_cache_open(path(), dim, limit, &cache) != GAZE_OK)
    fail_msg("%s", gaze_last_error());
  return cache;
}

/* Key and vector of text number i. */
static void key_of(unsigned i, uint8_t *key) {
  for (unsigned k = 0; k < GAZE_TEXT_KEY; k++)
    key[k] = (uint8_t)((i + 1) * (k * 2 + 37) >> (k % 5));
  memcpy(key + 4, &i, sizeof i);
}

static void vector_of(unsigned i, float *vector) {
  for (unsigned d = 0; d < D; d++)
    vector[d] = (float)i + 0.1f * (float)d;
}

static void add(gaze_text_cache *cache, unsigned first, unsigned last) {
  for (unsigned i = first; i < last; i++) {
    uint8_t key[GAZE_TEXT_KEY];
    float vector[D];
    key_of(i, key);
    vector_of(i, vector);
    assert_int_equal(gaze_text_cache_add(cache, key, vector), GAZE_OK);
  }
}

/* How many of the texts are known; each with its own vector. */
static unsigned count(const gaze_text_cache *cache, unsigned first, unsigned last) {
  unsigned known = 0;
  for (unsigned i = first; i < last; i++) {
    uint8_t key[GAZE_TEXT_KEY];
    float vector[D];
    key_of(i, key);
    vector_of(i, vector);
    const float *found = gaze_text_cache_find(cache, key);
    if (found)
      assert_memory_equal(found, vector, sizeof vector);
    known += found != NULL;
  }
  return known;
}

static void fill(unsigned first, unsigned last, size_t limit) {
  gaze_text_cache *cache = open_cache(D, limit);
  add(cache, first, last);
  gaze_text_cache_close(cache);
}

static unsigned count_file(unsigned first, unsigned last) {
  gaze_text_cache *cache = open_cache(D, LARGE);
  unsigned known = count(cache, first, last);
  gaze_text_cache_close(cache);
  return known;
}

static size_t size_of_file(void) {
  struct stat status;
  return stat(path(), &status) == 0 ? (size_t)status.st_size : 0;
}

static int start_empty(void **state) {
  unlink(path());
  return 0;
}

static void finds_what_was_added(void **state) {
  gaze_text_cache *cache = open_cache(D, LARGE);
  assert_int_equal(count(cache, 0, 10), 0);
  add(cache, 0, 500);
  add(cache, 0, 500); /* nothing is kept twice */
  assert_int_equal(count(cache, 0, 500), 500);
  assert_int_equal(count(cache, 500, 1000), 0);
  gaze_text_cache_close(cache);
  assert_int_equal(size_of_file(), GAZE_TEXT_HEAD + 500 * ROW);
  assert_int_equal(count_file(0, 1000), 500);
  fill(490, 510, LARGE);
  assert_int_equal(size_of_file(), GAZE_TEXT_HEAD + 510 * ROW);
}

/* Two that opened the file before either wrote: both write. */
static void two_at_once(void **state) {
  gaze_text_cache *a = open_cache(D, LARGE), *b = open_cache(D, LARGE);
  add(a, 0, 5);
  add(b, 5, 9);
  gaze_text_cache_flush(a);
  gaze_text_cache_flush(b);
  add(a, 9, 11);
  gaze_text_cache_close(a);
  gaze_text_cache_close(b);
  assert_int_equal(count_file(0, 20), 11);
}

/* Several processes, a row at a time, some of them killed. */
static void many_at_once(void **state) {
  pid_t children[6];
  for (unsigned c = 0; c < 6; c++) {
    children[c] = fork();
    if (children[c] == 0) {
      for (unsigned i = 0; i < 200; i++)
        fill(c * 1000 + i, c * 1000 + i + 1, LARGE);
      _exit(0);
    }
  }
  for (unsigned c = 3; c < 6; c++) {
    usleep(4000);
    kill(children[c], SIGKILL);
  }
  for (unsigned c = 0; c < 6; c++)
    waitpid(children[c], NULL, 0);
  unsigned known = count_file(0, 6000);
  assert_true(known >= 200 && known <= 1200); /* one that waits for the lock too long gives up a row */
  fill(6000, 6001, LARGE);
  assert_int_equal(count_file(0, 6001), known + 1);
  assert_int_equal(size_of_file(), GAZE_TEXT_HEAD + (known + 1) * ROW);
}

/* Whoever holds the lock and does not let go stops nobody. */
static void lock_that_is_kept(void **state) {
  fill(0, 2, LARGE);
  FILE *folder = fopen(test_path("texts"), "r");
  assert_non_null(folder);
  assert_int_equal(flock(fileno(folder), LOCK_EX), 0);
  fill(2, 4, LARGE);
  fclose(folder);
  assert_int_equal(count_file(0, 4), 2);
}

static uint8_t *read_all(size_t *size) {
  uint8_t *bytes;
  assert_int_equal(gaze_file_read(path(), LARGE, &bytes, size), GAZE_OK);
  return bytes;
}

/* After the file became what it is: no wrong vector, at least `least` right ones, and after one is added all is well.
 */
static void check_damaged(unsigned least) {
  unsigned known = count_file(0, 4);
  assert_true(known >= least && known <= 4);
  fill(4, 5, LARGE);
  assert_int_equal(count_file(0, 5), known + 1);
  assert_int_equal(size_of_file(), GAZE_TEXT_HEAD + (known + 1) * ROW);
  unlink(path());
}

static void cut_anywhere(void **state) {
  size_t size;
  fill(0, 4, LARGE);
  uint8_t *bytes = read_all(&size);
  for (size_t n = 0; n < size; n++) {
    write_file(path(), bytes, n);
    check_damaged(n < GAZE_TEXT_HEAD ? 0 : (unsigned)((n - GAZE_TEXT_HEAD) / ROW));
  }
  free(bytes);
}

static void one_byte_other(void **state) {
  size_t size;
  fill(0, 4, LARGE);
  uint8_t *bytes = read_all(&size);
  for (size_t n = 0; n < size; n++) {
    bytes[n] ^= (uint8_t)(1u << (n % 8));
    write_file(path(), bytes, size);
    bytes[n] ^= (uint8_t)(1u << (n % 8));
    assert_true(count_file(0, 4) < 4);
    check_damaged(n < GAZE_TEXT_HEAD ? 0 : 3);
  }
  free(bytes);
}

/* A row written in part while this one had the file open. */
static void torn_by_another(void **state) {
  fill(0, 3, LARGE);
  gaze_text_cache *cache = open_cache(D, LARGE);
  add(cache, 3, 5);
  FILE *stream = fopen(path(), "ab");
  fputs("a part of a row", stream);
  fclose(stream);
  gaze_text_cache_close(cache);
  assert_int_equal(size_of_file(), GAZE_TEXT_HEAD + 5 * ROW);
  assert_int_equal(count_file(0, 5), 5);
}

static void oldest_go_first(void **state) {
  size_t limit = GAZE_TEXT_HEAD + 100 * ROW;
  for (unsigned i = 0; i < 1000; i += 10) {
    fill(i, i + 10, limit);
    assert_true(size_of_file() <= limit);
    assert_int_equal(count_file(i, i + 10), 10);
  }
  unsigned known = count_file(0, 1000);
  assert_true(known >= 49 && known <= 100);
  assert_int_equal(count_file(1000 - known, 1000), known);
}

static void other_sizes_are_made_anew(void **state) {
  fill(0, 4, LARGE);
  gaze_text_cache *cache = open_cache(D + 1, LARGE);
  uint8_t key[GAZE_TEXT_KEY];
  float vector[D + 1] = {1};
  key_of(0, key);
  assert_null(gaze_text_cache_find(cache, key));
  assert_int_equal(gaze_text_cache_add(cache, key, vector), GAZE_OK);
  gaze_text_cache_close(cache);
  assert_int_equal(count_file(0, 4), 0);
}

/* What was being written when somebody was killed goes with the next file that is made. */
static void leftovers_go(void **state) {
  write_text(test_path("texts/model.tmp123"), "half a file");
  fill(0, 1, LARGE);
  assert_false(gaze_file_exists(test_path("texts/model.tmp123")));
}

static void nowhere_to_write(void **state) {
  gaze_text_cache *cache;
  write_text(test_path("file"), "");
  assert_int_equal(gaze_text_cache_open(test_path("file/texts/model"), D, LARGE, &cache), GAZE_OK);
  add(cache, 0, 100);
  assert_int_equal(count(cache, 0, 100), 100);
  gaze_text_cache_close(cache);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(finds_what_was_added),
      cmocka_unit_test_setup(two_at_once, start_empty),
      cmocka_unit_test_setup(many_at_once, start_empty),
      cmocka_unit_test_setup(lock_that_is_kept, start_empty),
      cmocka_unit_test_setup(cut_anywhere, start_empty),
      cmocka_unit_test_setup(one_byte_other, start_empty),
      cmocka_unit_test_setup(torn_by_another, start_empty),
      cmocka_unit_test_setup(oldest_go_first, start_empty),
      cmocka_unit_test_setup(other_sizes_are_made_anew, start_empty),
      cmocka_unit_test_setup(leftovers_go, start_empty),
      cmocka_unit_test(nowhere_to_write),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
