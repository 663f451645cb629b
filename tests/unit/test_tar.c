#include "data_files.h"

#include "core/base/file.h"
#include "fusion/tar.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LONG_NAME \
  "a-name-of-more-than-one-hundred-bytes-0123456789-0123456789-0123456789-0123456789-0123456789-0123456789"

/* Every file of the tar: "name:contents;" one after another. */
static gaze_err list(const void *bytes, size_t size, char *text) {
  static gaze_tar tar;
  gaze_tar_init(&tar, bytes, size, "some.tar");
  *text = 0;
  for (;;) {
    gaze_tar_member member;
    bool found;
    gaze_err err = gaze_tar_next(&tar, &member, &found);
    if (err != GAZE_OK || !found)
      return err;
    text += sprintf(text, "%s:%.*s;", member.name, (int)member.size, (const char *)member.data);
  }
}

static void run(const char *format, ...) {
  char command[2048];
  int used = snprintf(command, sizeof command, "cd %s && ", test_folder);
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(command + used, sizeof command - (size_t)used, format, arguments);
  va_end(arguments);
  if (system(command) != 0)
    fail_msg("%s", command);
}

/* One of GNU tar's own formats, with a file in a folder so deep. */
static void check_format(const char *format, const char *deep) {
  char text[4096], expected[4096], name[512];
  run("mkdir -p %s && printf deep > %s/b.json && tar --format=%s -cf %s.tar top.jpg empty folder link %s/b.json", deep,
      deep, format, format, deep);
  snprintf(name, sizeof name, "%s.tar", format);
  gaze_map map;
  assert_int_equal(gaze_map_open(test_path(name), &map), GAZE_OK);
  assert_true(gaze_tar_check(map.data, map.size));
  assert_int_equal(list(map.data, map.size, text), GAZE_OK);
  snprintf(expected, sizeof expected, "top.jpg:picture;empty:;folder/inside.txt:caption;%s/b.json:deep;", deep);
  assert_string_equal(text, expected);
  gaze_map_close(&map);
}

/* With names longer than a header holds, a folder, a link and an empty file. */
static void test_gnu_tar(void **state) {
  run("printf picture > top.jpg && touch empty && mkdir folder && printf caption > folder/inside.txt && ln -s top.jpg "
      "link");
  check_format("v7", "short");
  check_format("ustar", LONG_NAME);
  check_format("gnu", LONG_NAME "/" LONG_NAME "/" LONG_NAME);
  check_format("pax", LONG_NAME "/" LONG_NAME "/" LONG_NAME);
}

static void test_binary_size_and_signed_checksum(void **state) {
  test_tar tar = {0};
  char text[256];
  tar_add_text(&tar, "a\xc3\xa9.txt", "hello");
  memset(tar.bytes + 124, 0, 12);
  tar.bytes[124] = 0x80;
  tar.bytes[135] = 5;
  tar_sign(&tar, 0);
  tar_end(&tar);
  assert_int_equal(list(tar.bytes, tar.size, text), GAZE_OK);
  assert_string_equal(text, "a\xc3\xa9.txt:hello;");
  unsigned sum = (unsigned)strtoul((char *)tar.bytes + 148, NULL, 8);
  snprintf((char *)tar.bytes + 148, 8, "%06o", sum - 3 * 256); /* three bytes have their top bit set */
  assert_int_equal(list(tar.bytes, tar.size, text), GAZE_OK);
  memset(tar.bytes + 124, 0xff, 12);
  tar_sign(&tar, 0);
  check_fails(list(tar.bytes, tar.size, text), GAZE_ERR_FORMAT, "some.tar at byte 0", NULL);
  free(tar.bytes);
}

static void test_damage_is_named(void **state) {
  test_tar tar = {0};
  char text[256];
  tar_add_text(&tar, "a.txt", "one");
  tar_add_text(&tar, "b.txt", "two");
  tar_end(&tar);
  tar.bytes[1024 + 3] ^= 1;
  check_fails(list(tar.bytes, tar.size, text), GAZE_ERR_FORMAT, "checksum", "some.tar at byte 1024", NULL);
  assert_string_equal(text, "a.txt:one;");
  free(tar.bytes);
}

/* However short, a tar gives its first members, an error, or a warning; a sanitizer watches its end. */
static void test_truncated(void **state) {
  test_tar tar = {0};
  tar_add(&tar, "././@LongLink", 'L', "long/name.txt", 14);
  tar_add_text(&tar, "cut", "one");
  tar_add(&tar, "pax", 'x', "17 path=pax/b.tx\n", 17);
  tar_add_text(&tar, "cut", "two");
  tar_end(&tar);
  for (size_t size = 0; size <= tar.size; size++) {
    char text[256];
    uint8_t *copy = malloc(size ? size : 1);
    memcpy(copy, tar.bytes, size);
    count_warnings();
    gaze_err err = list(copy, size, text);
    assert_true(err == GAZE_OK || err == GAZE_ERR_FORMAT);
    assert_memory_equal(text, "long/name.txt:one;pax/b.tx:two;", strlen(text));
    assert_int_equal(err == GAZE_OK && size < tar.size - 512, n_warnings);
    free(copy);
  }
  free(tar.bytes);
}

static void test_broken_pax(void **state) {
  static const char *const records[] = {"17 path=pax/b.txt",
                                        "99 path=pax/b.tx\n",
                                        "path=pax/b.tx\n",
                                        "3 a",
                                        "17 pathpax/bb.tx\n",
                                        "0 path=a\n",
                                        "12 size=12x\n",
                                        "5 a=\n\n",
                                        "18446744073709551617 path=a\n"};
  for (size_t i = 0; i < sizeof records / sizeof *records; i++) {
    test_tar tar = {0};
    char text[256];
    tar_add(&tar, "pax", 'x', records[i], strlen(records[i]));
    tar_add_text(&tar, "a.txt", "one");
    tar_end(&tar);
    check_fails(list(tar.bytes, tar.size, text), GAZE_ERR_FORMAT, "pax", "some.tar", NULL);
    free(tar.bytes);
  }
}

static void test_pax_size(void **state) {
  test_tar tar = {0};
  char text[256];
  tar_add(&tar, "pax", 'x', "9 size=3\n", 9);
  tar_add_text(&tar, "a.txt", "onetwo");
  tar_end(&tar);
  assert_int_equal(list(tar.bytes, tar.size, text), GAZE_OK);
  assert_string_equal(text, "a.txt:one;");
  free(tar.bytes);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_gnu_tar),    cmocka_unit_test(test_binary_size_and_signed_checksum),
      cmocka_unit_test(test_truncated),  cmocka_unit_test(test_damage_is_named),
      cmocka_unit_test(test_broken_pax), cmocka_unit_test(test_pax_size),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
