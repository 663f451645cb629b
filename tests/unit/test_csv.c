#include "data_files.h"

#include "fusion/csv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* All rows as "line[field|field]"; fields end with | so that empty ones show. */
static gaze_err read_all(const char *bytes, size_t size, char separator, char *out) {
  char *copy = malloc(size ? size : 1);
  memcpy(copy, bytes, size);
  gaze_csv csv;
  gaze_csv_init(&csv, copy, size, "some.csv", separator);
  *out = 0;
  bool found = true;
  gaze_err err;
  while ((err = gaze_csv_next(&csv, &found)) == GAZE_OK && found) {
    out += sprintf(out, "%zu[", csv.line);
    for (size_t i = 0; i < csv.n_fields; i++)
      out += sprintf(out, "%s|", csv.fields[i]);
    out += sprintf(out, "]");
  }
  gaze_csv_fini(&csv);
  free(copy);
  return err;
}

static void check_rows(const char *text, const char *expected) {
  char rows[1024];
  assert_int_equal(read_all(text, strlen(text), 0, rows), GAZE_OK);
  assert_string_equal(rows, expected);
}

static void test_rows(void **state) {
  check_rows("", "");
  check_rows("\n\r\n\n", "");
  check_rows("a,b\n1,2\n", "1[a|b|]2[1|2|]");
  check_rows("a,b\r\n1,2", "1[a|b|]2[1|2|]");
  check_rows("a,b\r1,2\r", "1[a|b|]2[1|2|]");
  check_rows("\xef\xbb\xbf"
             "a,b\n\n,\n",
             "1[a|b|]3[||]");
  check_rows("a;b,c;d\n", "1[a|b,c|d|]");
  check_rows("a\tb,c\n", "1[a|b,c|]");
  check_rows("a|b\n", "1[a|b|]");
  check_rows("\"a;;;;b\",c\n", "1[a;;;;b|c|]");
}

static void test_quotes(void **state) {
  check_rows("\"a\",\"b, c\"\n\"say \"\"hi\"\"\",\"\"\n", "1[a|b, c|]2[say \"hi\"||]");
  check_rows("a,\"one\ntwo\r\n\"\nb,c\n", "1[a|one\ntwo\r\n|]4[b|c|]");
  check_rows("a,5\" pipe\n", "1[a|5\" pipe|]");
  check_rows("\"\"\"\",b", "1[\"|b|]");
}

static void test_given_separator(void **state) {
  char rows[256];
  assert_int_equal(read_all("a,b:c\n", 6, ':', rows), GAZE_OK);
  assert_string_equal(rows, "1[a,b|c|]");
}

static void test_errors_name_the_line(void **state) {
  char rows[256];
  check_fails(read_all("a,b\n\"x\ny", 8, 0, rows), GAZE_ERR_FORMAT, "without an end", "some.csv line 2", NULL);
  check_fails(read_all("a,b\n\"x\n\"y,z\n", 13, 0, rows), GAZE_ERR_FORMAT, "behind a closing quote", "line 2", NULL);
  check_fails(read_all("a,b\n1,2\nx\0y,z\n", 14, 0, rows), GAZE_ERR_FORMAT, "byte 0", "line 3", NULL);
  check_fails(read_all("a,b\n1,\"\0\"\n", 10, 0, rows), GAZE_ERR_FORMAT, "byte 0", "line 2", NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_rows),
      cmocka_unit_test(test_quotes),
      cmocka_unit_test(test_given_separator),
      cmocka_unit_test(test_errors_name_the_line),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
