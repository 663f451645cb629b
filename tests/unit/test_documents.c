/* Texts to learn language from, and rows that are no good. */
#include "data_files.h"

#include "core/base/file.h"
#include "fusion/documents.h"

#include <stdlib.h>
#include <string.h>

/* All of one file; bad may be NULL. */
static gaze_documents read(const char *name, gaze_document_ends ends, gaze_bad_rows *bad) {
  gaze_documents documents = {0};
  gaze_bad_rows none = {0};
  if (gaze_documents_add(&documents, test_path(name), ends, bad ? bad : &none) != GAZE_OK)
    fail_msg("%s", gaze_last_error());
  return documents;
}

/* NULL ends the texts that are wanted. */
static void check(gaze_documents documents, const char *const *wanted) {
  size_t n = 0, bytes = 0;
  for (; wanted[n]; n++) {
    assert_true(n < documents.n);
    assert_int_equal(documents.at[n].size, strlen(wanted[n]));
    assert_memory_equal(documents.at[n].text, wanted[n], strlen(wanted[n]));
    bytes += strlen(wanted[n]);
  }
  assert_int_equal(documents.n, n);
  assert_int_equal(documents.bytes, bytes);
  gaze_documents_fini(&documents);
}

static void text_files(void **state) {
  write_text(test_path("a.txt"), "\n one\ntwo \r\n\t\r\n\n  three\n\nfour");
  check(read("a.txt", GAZE_END_PARAGRAPH, NULL), (const char *[]){"one\ntwo", "three", "four", NULL});
  check(read("a.txt", GAZE_END_LINE, NULL), (const char *[]){"one", "two", "three", "four", NULL});
  check(read("a.txt", GAZE_END_FILE, NULL), (const char *[]){"one\ntwo \r\n\t\r\n\n  three\n\nfour", NULL});
  write_text(test_path("b.txt"), "");
  write_text(test_path("c.txt"), "\n\n  \n");
  for (gaze_document_ends ends = GAZE_END_PARAGRAPH; ends <= GAZE_END_FILE; ends++) {
    check(read("b.txt", ends, NULL), (const char *[]){NULL});
    check(read("c.txt", ends, NULL), (const char *[]){NULL});
  }
  gaze_document_ends ends;
  assert_int_equal(gaze_document_ends_find("files", &ends), GAZE_OK);
  assert_int_equal(ends, GAZE_END_FILE);
  check_fails(gaze_document_ends_find("pages", &ends), GAZE_ERR_ARGUMENT, "pages", "paragraphs", NULL);
}

#define LINES                                                                       \
  "{\"text\":\"one\\n\\ntwo\",\"other\":1}\n\n{\"text\":7}\n{\"text\": \"three\"\n" \
  "[\"text\"]\n{\"text\":\"  \"}\n{\"txt\":\"x\"}\n{\"text\":\"빨간 \\u0041\"}"

static void json_lines(void **state) {
  gaze_bad_rows bad;
  uint8_t *log;
  size_t size;
  write_text(test_path("a.jsonl"), LINES);
  write_text(test_path("bad.txt"), "of an earlier run");
  assert_int_equal(gaze_bad_rows_init(&bad, 4, test_path("bad.txt")), GAZE_OK);
  check(read("a.jsonl", GAZE_END_LINE, &bad), (const char *[]){"one\n\ntwo", "빨간 A", NULL});
  assert_int_equal(bad.n, 4);
  assert_int_equal(gaze_file_read(test_path("bad.txt"), 1 << 16, &log, &size), GAZE_OK);
  const char *text = (const char *)log;
  assert_null(strstr(text, "earlier"));
  assert_non_null(strstr(text, "a.jsonl: line 3: no \"text\""));
  assert_non_null(strstr(text, "a.jsonl: line 4: not valid JSON"));
  assert_non_null(strstr(text, "a.jsonl: line 5: no \"text\""));
  assert_non_null(strstr(text, "a.jsonl: line 7: no \"text\""));
  free(log);
  count_warnings();
  gaze_bad_rows_tell(&bad);
  assert_int_equal(n_warnings, 1);
  assert_non_null(strstr(last_warning, "4 bad rows"));
}

static void too_many_bad_rows(void **state) {
  gaze_documents documents = {0};
  gaze_bad_rows bad;
  write_text(test_path("a.jsonl"), LINES);
  assert_int_equal(gaze_bad_rows_init(&bad, 3, test_path("bad.txt")), GAZE_OK);
  check_fails(gaze_documents_add(&documents, test_path("a.jsonl"), GAZE_END_LINE, &bad), GAZE_ERR_LIMIT,
              "more than 3 bad rows", "--max-bad", "line 7", "a.jsonl", NULL);
  gaze_documents_fini(&documents);
  assert_int_equal(gaze_bad_rows_init(&bad, 0, NULL), GAZE_OK);
  count_warnings();
  gaze_bad_rows_tell(&bad);
  assert_int_equal(n_warnings, 0);
}

static void captions_of_tars(void **state) {
  test_tar tar = {0};
  gaze_bad_rows bad;
  tar_add_png(&tar, "a", 4, 4, 0xff0000);
  tar_add_text(&tar, "a.json", "{\"captions\":[\"a red square\",\"red\"]}");
  tar_add_png(&tar, "b", 4, 4, 0xff);
  tar_add_text(&tar, "b.json", "{\"captions\":7}");
  tar_add_png(&tar, "c", 4, 4, 0xff);
  tar_add_text(&tar, "c.txt", "blue\n");
  tar_write(&tar, test_path("a.tar"));
  assert_int_equal(gaze_bad_rows_init(&bad, 1, NULL), GAZE_OK);
  check(read("a.tar", GAZE_END_PARAGRAPH, &bad), (const char *[]){"a red square", "red", "blue", NULL});
  assert_int_equal(bad.n, 1);
  gaze_documents documents = {0};
  assert_int_equal(gaze_bad_rows_init(&bad, 0, NULL), GAZE_OK);
  check_fails(gaze_documents_add(&documents, test_path("a.tar"), GAZE_END_LINE, &bad), GAZE_ERR_LIMIT,
              "more than 0 bad rows", "b", "captions", NULL);
  gaze_documents_fini(&documents);
}

static void files_there_are_not(void **state) {
  static const char *const names[] = {"no.txt", "no.jsonl", "no.tar"};
  for (size_t i = 0; i < 3; i++) {
    gaze_documents documents = {0};
    gaze_bad_rows bad = {0};
    check_fails(gaze_documents_add(&documents, test_path(names[i]), GAZE_END_LINE, &bad), GAZE_ERR_NOT_FOUND, names[i],
                NULL);
    gaze_documents_fini(&documents);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(text_files), cmocka_unit_test(json_lines),
                                     cmocka_unit_test(too_many_bad_rows), cmocka_unit_test(captions_of_tars),
                                     cmocka_unit_test(files_there_are_not)};
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
