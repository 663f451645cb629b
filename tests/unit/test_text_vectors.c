/* A teacher's sentence vectors: found by their text, and files that do not fit. */
#include "data_files.h"

#include "fusion/text_vectors.h"

static void test_found_by_text(void **state) {
  gaze_text_vectors vectors;
  const char *path = write_text_vectors("three", 3, "a dog\n\xea\xb0\x9c\n a dog\n");
  assert_int_equal(gaze_text_vectors_open(path, &vectors), GAZE_OK);
  assert_int_equal(vectors.n, 3);
  assert_int_equal(vectors.D, 2);
  assert_int_equal(gaze_text_vectors_find(&vectors, "a dog")[0], 0x3c00);
  assert_int_equal(gaze_text_vectors_find(&vectors, "\xea\xb0\x9c")[0], 0x4000);
  assert_int_equal(gaze_text_vectors_find(&vectors, " a dog")[0], 0x4200);
  assert_int_equal(gaze_text_vectors_find(&vectors, " a dog")[1], 0xc000);
  assert_null(gaze_text_vectors_find(&vectors, "A dog"));
  assert_null(gaze_text_vectors_find(&vectors, ""));
  gaze_text_vectors_fini(&vectors);
}

static void refused(const char *path, gaze_err err, const char *word, const char *name) {
  gaze_text_vectors vectors;
  check_fails(gaze_text_vectors_open(path, &vectors), err, word, name, NULL);
}

static void test_files_that_do_not_fit(void **state) {
  refused(write_text_vectors("few", 3, "one\ntwo\n"), GAZE_ERR_MISMATCH, "2 texts for 3 vectors", "few");
  refused(write_text_vectors("many", 1, "one\ntwo\n"), GAZE_ERR_MISMATCH, "2 texts for 1 vectors", "many");
  refused(write_text_vectors("twice", 3, "one\ntwo\none\n"), GAZE_ERR_FORMAT, "twice", "line 3");
  refused(test_path("nowhere.npy"), GAZE_ERR_NOT_FOUND, "not found", "nowhere.npy");
  write_text(test_path("text.npy"), "no array");
  refused(test_path("text.npy"), GAZE_ERR_FORMAT, "text.npy", "");
  const char *path = write_text_vectors("alone", 1, "one\n");
  remove(test_path("alone.txt"));
  refused(path, GAZE_ERR_NOT_FOUND, "alone.txt", "");
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_found_by_text),
                                     cmocka_unit_test(test_files_that_do_not_fit)};
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
