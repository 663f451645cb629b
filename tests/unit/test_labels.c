#include "data_files.h"

#include "fusion/labels.h"

#include <stdlib.h>
#include <string.h>

static gaze_err open_text(const char *text, gaze_labels *labels) {
  write_text(test_path("labels.tsv"), text);
  return gaze_labels_open(test_path("labels.tsv"), labels);
}

static void test_classes_and_synonyms(void **state) {
  gaze_labels labels;
  assert_int_equal(open_text("\xef\xbb\xbfn01\tgoldfish|Carassius auratus\r\n\n n02\t고양이 \nn03\t||dog|\n", &labels),
                   GAZE_OK);
  assert_int_equal(labels.n, 3);
  assert_string_equal(labels.items[0].class_id, "n01");
  assert_string_equal(labels.items[0].text, "goldfish|Carassius auratus");
  assert_int_equal(labels.items[0].n_synonyms, 2);
  assert_string_equal(labels.items[0].synonyms[0], "goldfish");
  assert_string_equal(labels.items[0].synonyms[1], "Carassius auratus");
  assert_string_equal(labels.items[1].synonyms[0], "고양이");
  assert_int_equal(labels.items[2].n_synonyms, 1);
  assert_string_equal(labels.items[2].synonyms[0], "dog");
  assert_int_equal(gaze_labels_find(&labels, "n02", "n01"), 1);
  assert_int_equal(gaze_labels_find(&labels, NULL, "n03"), 2);
  assert_int_equal(gaze_labels_find(&labels, "goldfish", NULL), -1);
  assert_int_equal(gaze_labels_find(&labels, NULL, NULL), -1);
  gaze_labels_fini(&labels);
}

/* In a file without tabs a label is right where it equals the name, else the class. */
static void test_bare_labels(void **state) {
  gaze_labels labels;
  assert_int_equal(open_text("cat|kitten\ndog\nfood", &labels), GAZE_OK);
  assert_int_equal(labels.n, 3);
  assert_null(labels.items[0].class_id);
  assert_int_equal(gaze_labels_find(&labels, "food", "dog"), 1);
  assert_int_equal(gaze_labels_find(&labels, "food", "bird"), 2);
  assert_int_equal(gaze_labels_find(&labels, "food", NULL), 2);
  assert_int_equal(gaze_labels_find(&labels, "kitten", NULL), 0);
  gaze_labels_fini(&labels);
}

static void test_errors(void **state) {
  gaze_labels labels;
  check_fails(open_text("", &labels), GAZE_ERR_FORMAT, "no labels", "labels.tsv", NULL);
  check_fails(open_text("a\tb\nc\n", &labels), GAZE_ERR_FORMAT, "labels.tsv line 2", NULL);
  check_fails(open_text("a\nc\td\n", &labels), GAZE_ERR_FORMAT, "labels.tsv line 2", NULL);
  check_fails(open_text("a\tb\n\n\tb\n", &labels), GAZE_ERR_FORMAT, "labels.tsv line 3", NULL);
  check_fails(open_text("a\tb\tc\n", &labels), GAZE_ERR_FORMAT, "labels.tsv line 1", NULL);
  check_fails(open_text("a\t|\n", &labels), GAZE_ERR_FORMAT, "labels.tsv line 1", NULL);
  check_fails(open_text("a\tb\nc\td\na\te\n", &labels), GAZE_ERR_FORMAT, "class a", "labels.tsv line 3", NULL);
  write_file(test_path("binary"), "a\0b", 3);
  check_fails(gaze_labels_open(test_path("binary"), &labels), GAZE_ERR_FORMAT, "not a text file", NULL);
  check_fails(gaze_labels_open(test_path("none"), &labels), GAZE_ERR_NOT_FOUND, "none", NULL);
}

static void test_templates(void **state) {
  const char **templates;
  size_t n;
  write_text(test_path("templates.txt"), "# prompts\na photo of a {}.\r\n\n{} 사진");
  assert_int_equal(gaze_templates_open(test_path("templates.txt"), &templates, &n), GAZE_OK);
  assert_int_equal(n, 2);
  assert_string_equal(templates[0], "a photo of a {}.");
  assert_string_equal(templates[1], "{} 사진");
  free(templates);
  write_text(test_path("templates.txt"), "a {}\n\na photo\n");
  check_fails(gaze_templates_open(test_path("templates.txt"), &templates, &n), GAZE_ERR_FORMAT, "line 3", NULL);
  write_text(test_path("templates.txt"), "# nothing\n");
  check_fails(gaze_templates_open(test_path("templates.txt"), &templates, &n), GAZE_ERR_FORMAT, "no templates", NULL);
}

static void check_fill(const char *pattern, const char *label, const char *expected) {
  char *text;
  assert_int_equal(gaze_template_fill(pattern, label, &text), GAZE_OK);
  assert_string_equal(text, expected);
  free(text);
}

static void test_fill(void **state) {
  check_fill("a photo of a {}.", "dog", "a photo of a dog.");
  check_fill("{}", "{}", "{}");
  check_fill("{} and {}", "", " and ");
  check_fill("nothing", "dog", "nothing");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_classes_and_synonyms),
      cmocka_unit_test(test_bare_labels),
      cmocka_unit_test(test_errors),
      cmocka_unit_test(test_templates),
      cmocka_unit_test(test_fill),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
