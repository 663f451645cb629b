/* Zip archives of stored entries: read in place, and refused where directory, headers and bytes do not fit. */
#include "zip_files.h"

#include "core/tensor/zip.h"

#include <stdlib.h>
#include <string.h>

enum { DIRECTORY_MARK = 0, DIRECTORY_FLAGS = 8, DIRECTORY_METHOD = 10, DIRECTORY_OFFSET = 42 };

/* Entries a/two: "xyz" and a/one: "0123456789". */
static test_zip make_zip(bool zip64) {
  test_zip zip = {0};
  zip_add(&zip, "a/two", "xyz", 3);
  zip_add(&zip, "a/one", "0123456789", 10);
  zip_add(&zip, "a/", NULL, 0);
  zip_end(&zip, zip64);
  return zip;
}

static void check_entries(const uint8_t *bytes, size_t size) {
  gaze_zip zip;
  assert_int_equal(gaze_zip_init(&zip, bytes, size, "archive"), GAZE_OK);
  assert_int_equal(zip.n, 3);
  const gaze_zip_entry *one = gaze_zip_find(&zip, "a/one", 5), *two = gaze_zip_find(&zip, "a/two", 5);
  assert_non_null(one);
  assert_non_null(two);
  assert_int_equal(one->size, 10);
  assert_memory_equal(one->data, "0123456789", 10);
  assert_int_equal(two->size, 3);
  assert_memory_equal(two->data, "xyz", 3);
  assert_true(one->data > bytes && one->data < bytes + size);
  assert_null(gaze_zip_find(&zip, "a/on", 4));
  assert_null(gaze_zip_find(&zip, "a/three", 7));
  gaze_zip_fini(&zip);
}

static void refused(const test_zip *zip, gaze_err expected, const char *word) {
  gaze_zip read;
  check_fails(gaze_zip_init(&read, zip->bytes, zip->size, "archive"), expected, word, "archive", NULL);
  assert_null(read.entries);
}

static void test_entries_are_read(void **state) {
  for (int zip64 = 0; zip64 < 2; zip64++) {
    test_zip zip = make_zip(zip64);
    assert_true(gaze_zip_is(zip.bytes, zip.size));
    check_entries(zip.bytes, zip.size);
    zip_free(&zip);
  }
}

static void test_comment_is_skipped(void **state) {
  test_zip zip = make_zip(false);
  zip.bytes = realloc(zip.bytes, zip.size + 300);
  memset(zip.bytes + zip.size, 'c', 300);
  zip.bytes[zip.size - 2] = 300 & 255;
  zip.bytes[zip.size - 1] = 300 >> 8;
  check_entries(zip.bytes, zip.size + 300);
  zip.size += 299;
  refused(&zip, GAZE_ERR_FORMAT, "no end of the directory");
  zip_free(&zip);
}

/* Every length below the whole is an error: the end is what says where all else lies. */
static void test_cut_short(void **state) {
  for (int zip64 = 0; zip64 < 2; zip64++) {
    test_zip zip = make_zip(zip64);
    for (size_t n = 0; n < zip.size; n++) {
      gaze_zip read;
      uint8_t *exact = malloc(n ? n : 1);
      memcpy(exact, zip.bytes, n);
      check_fails(gaze_zip_init(&read, exact, n, "archive"), GAZE_ERR_FORMAT, "archive", NULL);
      free(exact);
    }
    zip_free(&zip);
  }
}

/* Record i of the directory. */
static uint8_t *record(const test_zip *zip, size_t i) {
  uint8_t *at = zip->bytes;
  while (memcmp(at, "PK\1\2", 4) != 0)
    at++;
  for (; i > 0; i--)
    at += 46 + at[28];
  return at;
}

static void change_record(size_t i, size_t place, uint8_t value, gaze_err expected, const char *word) {
  test_zip zip = make_zip(false);
  record(&zip, i)[place] = value;
  refused(&zip, expected, word);
  zip_free(&zip);
}

static void test_records_that_lie(void **state) {
  change_record(1, DIRECTORY_METHOD, 8, GAZE_ERR_UNSUPPORTED, "compressed entry in a zip archive: a/one");
  change_record(1, DIRECTORY_FLAGS, 1, GAZE_ERR_UNSUPPORTED, "encrypted entry in a zip archive: a/one");
  change_record(1, DIRECTORY_MARK, 0, GAZE_ERR_FORMAT, "a record");
  change_record(1, 20, 9, GAZE_ERR_FORMAT, "size of an entry");
  change_record(1, 28, 200, GAZE_ERR_FORMAT, "a record");
  change_record(1, 30, 200, GAZE_ERR_FORMAT, "a record");
  change_record(1, 46, 'b', GAZE_ERR_FORMAT, "header of an entry");
  change_record(1, DIRECTORY_OFFSET, 1, GAZE_ERR_FORMAT, "place of an entry");
  change_record(1, DIRECTORY_OFFSET + 3, 0x7f, GAZE_ERR_FORMAT, "place of an entry");
}

static void test_ends_that_lie(void **state) {
  static const struct {
    size_t place; /* from the end */
    uint8_t value;
    const char *word;
  } changes[] = {{12, 200, "directory's place"},
                 {10, 255, "directory's place"},
                 {6, 255, "directory's place"},
                 {12, 2, NULL}}; /* fewer entries than there are: those behind are not looked at */
  for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
    test_zip zip = make_zip(false);
    zip.bytes[zip.size - changes[i].place] = changes[i].value;
    if (changes[i].word)
      refused(&zip, GAZE_ERR_FORMAT, changes[i].word);
    zip_free(&zip);
  }
  test_zip zip = make_zip(true);
  zip.bytes[zip.size - 22 - 12] ^= 1; /* where zip64's end is */
  refused(&zip, GAZE_ERR_FORMAT, "zip64 end");
  zip_free(&zip);
}

static void test_entries_that_share(void **state) {
  test_zip zip = {0};
  zip_add(&zip, "same", "abc", 3);
  zip_add(&zip, "same", "abd", 3);
  zip_end(&zip, false);
  refused(&zip, GAZE_ERR_FORMAT, "two entries of one name");
  zip_free(&zip);
  test_zip inside = {0};
  zip_add(&inside, "inner", "abcdefgh", 8);
  zip_add(&zip, "outer", inside.bytes, inside.size);
  zip_add(&zip, "inner", "abcdefgh", 8);
  zip_end(&zip, false);
  record(&zip, 1)[DIRECTORY_OFFSET] = 30 + 5; /* the header within the other's data */
  refused(&zip, GAZE_ERR_FORMAT, "overlap");
  zip_free(&inside);
  zip_free(&zip);
}

/* Numbers of 64 bits stand in an extra field of the record. */
static void test_wide_numbers(void **state) {
  test_zip zip = {0};
  zip_add(&zip, "wide", "abcdefgh", 8);
  const size_t extra = 4 + 3 * 8;
  uint64_t numbers[3] = {8, 8, 0};
  zip.directory = realloc(zip.directory, zip.directory_size + extra);
  memset(zip.directory + 20, 0xff, 8);
  memset(zip.directory + DIRECTORY_OFFSET, 0xff, 4);
  zip.directory[30] = (uint8_t)extra;
  memcpy(zip.directory + zip.directory_size, "\1\0\x18\0", 4);
  memcpy(zip.directory + zip.directory_size + 4, numbers, sizeof numbers);
  zip.directory_size += extra;
  zip_end(&zip, true);
  gaze_zip read;
  assert_int_equal(gaze_zip_init(&read, zip.bytes, zip.size, "archive"), GAZE_OK);
  assert_int_equal(read.entries[0].size, 8);
  assert_memory_equal(read.entries[0].data, "abcdefgh", 8);
  gaze_zip_fini(&read);
  uint8_t *field = record(&zip, 0) + 46 + 4;
  field[2] = 0x10; /* one of them is missing */
  refused(&zip, GAZE_ERR_FORMAT, "a zip64 number");
  field[2] = 0x18;
  memset(field + 4, 0xff, 16);
  refused(&zip, GAZE_ERR_FORMAT, "header of an entry");
  zip_free(&zip);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_entries_are_read), cmocka_unit_test(test_comment_is_skipped),
                                     cmocka_unit_test(test_cut_short),        cmocka_unit_test(test_records_that_lie),
                                     cmocka_unit_test(test_ends_that_lie),    cmocka_unit_test(test_entries_that_share),
                                     cmocka_unit_test(test_wide_numbers)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
