#include "data_files.h"

#include "core/base/file.h"
#include "fusion/dataset.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static gaze_err open_tar(test_tar *tar, gaze_dataset **dataset) {
  tar_write(tar, test_path("data.tar"));
  return gaze_dataset_open(test_path("data.tar"), NULL, dataset);
}

/* Key, class, name and captions of a sample as one text. */
static const char *describe(const gaze_sample *sample) {
  static char text[1024];
  char *at = text + sprintf(text, "%s %s %s%s", sample->key, sample->class_id ? sample->class_id : "-",
                            sample->name ? sample->name : "-", sample->fixed ? " fixed" : "");
  for (size_t i = 0; i < sample->n_captions; i++)
    at += sprintf(at, ";%s", sample->captions[i]);
  return text;
}

static void test_samples_of_a_tar(void **state) {
  test_tar tar = {0};
  tar_add_text(&tar, ".hidden", "left alone");
  tar_add_text(&tar, "folder.d/a.jpg", "A");
  tar_add_text(&tar, "folder.d/a.json",
               "{\"captions\":[\"one\",\"\",\"두 개\"],\"class\":\"n01\",\"name\":\"fish\",\"qa\":[]}");
  tar_add_text(&tar, "folder.d/a.depth.png", "left alone");
  tar_add_text(&tar, "b.txt", "a caption\r\n");
  tar_add_text(&tar, "b.PNG", "B");
  tar_add_text(&tar, "b.json", "{\"augment\":false,\"captions\":[\"another\"]}");
  tar_add_text(&tar, "no-picture.txt", "nothing to see");
  tar_add_text(&tar, "README", "left alone");
  tar_add_text(&tar, "c.webp", "C");
  gaze_dataset *dataset;
  count_warnings();
  assert_int_equal(open_tar(&tar, &dataset), GAZE_OK);
  assert_int_equal(n_warnings, 1);
  assert_non_null(strstr(last_warning, "1 samples without a picture"));
  assert_int_equal(gaze_dataset_size(dataset), 3);
  assert_string_equal(gaze_dataset_path(dataset), test_path("data.tar"));
  const gaze_sample *a = gaze_dataset_get(dataset, 0), *b = gaze_dataset_get(dataset, 1),
                    *c = gaze_dataset_get(dataset, 2);
  assert_string_equal(describe(a), "folder.d/a n01 fish;one;두 개");
  assert_string_equal(describe(b), "b - - fixed;a caption;another");
  assert_string_equal(describe(c), "c - -");
  assert_memory_equal(a->picture, "A", 1);
  assert_memory_equal(b->picture, "B", 1);
  assert_int_equal(c->picture_size, 1);
  assert_null(c->path);
  assert_null(c->teacher);
  gaze_dataset_close(dataset);
}

static void add_teacher(test_tar *tar, const char *key, const char *descr, const char *shape, const void *data,
                        size_t size) {
  uint8_t bytes[512];
  char name[64];
  memset(bytes, ' ', 128);
  memcpy(bytes, "\x93NUMPY\1\0\x76\0", 10);
  int length = sprintf((char *)bytes + 10, "{'descr': '%s', 'fortran_order': False, 'shape': %s, }", descr, shape);
  bytes[10 + length] = ' ';
  memcpy(bytes + 128, data, size);
  snprintf(name, sizeof name, "%s.teacher.npy", key);
  tar_add(tar, name, '0', bytes, 128 + size);
}

static void test_teacher(void **state) {
  static const uint16_t halves[3] = {0x3c00, 0xc000, 0x3800};
  static const float singles[3];
  test_tar tar = {0};
  gaze_dataset *dataset;
  tar_add_text(&tar, "a.jpg", "A");
  add_teacher(&tar, "a", "<f2", "(3,)", halves, sizeof halves);
  assert_int_equal(open_tar(&tar, &dataset), GAZE_OK);
  assert_int_equal(gaze_dataset_get(dataset, 0)->teacher_dim, 3);
  assert_memory_equal(gaze_dataset_get(dataset, 0)->teacher, halves, sizeof halves);
  gaze_dataset_close(dataset);
  tar_add_text(&tar, "a.jpg", "A");
  add_teacher(&tar, "a", "<f4", "(3,)", singles, sizeof singles);
  check_fails(open_tar(&tar, &dataset), GAZE_ERR_UNSUPPORTED, "a.teacher.npy in", "data.tar", "float16", NULL);
  tar_add_text(&tar, "a.jpg", "A");
  add_teacher(&tar, "a", "<f2", "(1, 3)", halves, sizeof halves);
  check_fails(open_tar(&tar, &dataset), GAZE_ERR_UNSUPPORTED, "a.teacher.npy in", NULL);
}

static void check_json_fails(const char *json, const char *word) {
  test_tar tar = {0};
  gaze_dataset *dataset;
  tar_add_text(&tar, "a.jpg", "A");
  tar_add_text(&tar, "a.json", json);
  check_fails(open_tar(&tar, &dataset), GAZE_ERR_FORMAT, word, "data.tar", NULL);
}

static void test_errors_of_a_tar(void **state) {
  check_json_fails("{\"captions\":", "a.json");
  check_json_fails("[]", "sample a");
  check_json_fails("{\"captions\":\"one\"}", "captions");
  check_json_fails("{\"captions\":[1]}", "captions");
  check_json_fails("{\"class\":3}", "class");
  check_json_fails("{\"augment\":0}", "augment");
  test_tar tar = {0};
  gaze_dataset *dataset;
  check_fails(open_tar(&tar, &dataset), GAZE_ERR_FORMAT, "no samples", "data.tar", NULL);
  tar_add_text(&tar, "a.jpg", "A");
  tar_add_text(&tar, "a.png", "A");
  check_fails(open_tar(&tar, &dataset), GAZE_ERR_FORMAT, "two files", "sample a", NULL);
  write_file(test_path("data.tar"), "\x1f\x8b\x08", 3);
  check_fails(gaze_dataset_open(test_path("data.tar"), NULL, &dataset), GAZE_ERR_UNSUPPORTED, "gunzip", NULL);
  check_fails(gaze_dataset_open(test_path("none.tar"), NULL, &dataset), GAZE_ERR_NOT_FOUND, "none.tar", NULL);
  check_fails(gaze_dataset_open(test_folder, NULL, &dataset), GAZE_ERR_ARGUMENT, test_folder, NULL);
}

static gaze_err open_csv(const char *text, const gaze_dataset_options *options, gaze_dataset **dataset) {
  write_text(test_path("data.csv"), text);
  return gaze_dataset_open(test_path("data.csv"), options, dataset);
}

static void test_csv(void **state) {
  gaze_dataset *dataset;
  assert_int_equal(
      open_csv("title,filepath\n\"a dog, running\",photos/a.jpg\n,/b.png\nagain,photos/a.jpg\n", NULL, &dataset),
      GAZE_OK);
  assert_int_equal(gaze_dataset_size(dataset), 3);
  assert_string_equal(describe(gaze_dataset_get(dataset, 0)), "photos/a.jpg - -;a dog, running");
  assert_string_equal(gaze_dataset_get(dataset, 0)->path, test_path("photos/a.jpg"));
  assert_string_equal(gaze_dataset_get(dataset, 1)->path, "/b.png");
  assert_int_equal(gaze_dataset_get(dataset, 1)->n_captions, 0);
  assert_string_equal(gaze_dataset_get(dataset, 2)->key, "photos/a.jpg");
  assert_null(gaze_dataset_get(dataset, 2)->picture);
  gaze_dataset_close(dataset);
  gaze_dataset_options options = {.type = "csv", .csv_img_key = "i", .csv_caption_key = "c", .csv_separator = "\\t"};
  assert_int_equal(open_csv("c,d\ti\tc\nx\ta.jpg\ty\n", &options, &dataset), GAZE_OK);
  assert_string_equal(describe(gaze_dataset_get(dataset, 0)), "a.jpg - -;y");
  gaze_dataset_close(dataset);
}

static void test_errors_of_a_csv(void **state) {
  gaze_dataset *dataset;
  gaze_dataset_options options = {.csv_separator = ",,"}, other = {.type = "parquet"};
  check_fails(open_csv("", NULL, &dataset), GAZE_ERR_FORMAT, "empty", "data.csv", NULL);
  check_fails(open_csv("filepath,title\n", NULL, &dataset), GAZE_ERR_FORMAT, "no samples", "data.csv", NULL);
  check_fails(open_csv("path,title\na,b\n", NULL, &dataset), GAZE_ERR_FORMAT, "\"filepath\"", "--csv-img-key", NULL);
  check_fails(open_csv("filepath,text\na,b\n", NULL, &dataset), GAZE_ERR_FORMAT, "\"title\"", "--csv-caption-key",
              NULL);
  check_fails(open_csv("filepath,title\na,b\nc,d,e\n", NULL, &dataset), GAZE_ERR_FORMAT, "data.csv line 3", NULL);
  check_fails(open_csv("filepath,title\na\n", NULL, &dataset), GAZE_ERR_FORMAT, "data.csv line 2", NULL);
  check_fails(open_csv("filepath,title\na,b\n", &options, &dataset), GAZE_ERR_ARGUMENT, ",,", NULL);
  check_fails(open_csv("filepath,title\na,b\n", &other, &dataset), GAZE_ERR_ARGUMENT, "parquet", NULL);
}

/* Questions with their answers as one text. */
static const char *describe_questions(const gaze_sample *sample) {
  static char text[1024];
  char *at = text;
  *at = 0;
  for (size_t i = 0; i < sample->n_questions; i++) {
    at += sprintf(at, "%s%s", i ? ";" : "", sample->questions[i].text);
    for (size_t j = 0; j < sample->questions[i].n_answers; j++)
      at += sprintf(at, "%s%s", j ? "|" : "=", sample->questions[i].answers[j]);
  }
  return text;
}

static void test_questions_of_a_tar(void **state) {
  test_tar tar = {0};
  gaze_dataset *dataset;
  tar_add_text(&tar, "a.jpg", "A");
  tar_add_text(&tar, "a.json", "{\"qa\":[[\"what?\",\"cat\"],[\"who?\",[\"a\",\"b\",\"\"]],[\"why?\",\"\"]]}");
  tar_add_text(&tar, "b.jpg", "B");
  tar_add_text(
      &tar, "b.json",
      "{\"conversations\":[{\"from\":\"human\",\"value\":\"<image>\\nWhat?\"},{\"from\":\"gpt\",\"value\":\"Cat\"},"
      "{\"from\":\"human\",\"value\":\"Why?\"},{\"from\":\"gpt\",\"value\":\"So\"}]}");
  tar_add_text(&tar, "c.jpg", "C");
  tar_add_text(&tar, "c.json", "{\"qa\":null}");
  assert_int_equal(open_tar(&tar, &dataset), GAZE_OK);
  assert_string_equal(describe_questions(gaze_dataset_get(dataset, 0)), "what?=cat;who?=a|b;why?");
  assert_string_equal(describe_questions(gaze_dataset_get(dataset, 1)), "What?=Cat;Why?=So");
  assert_int_equal(gaze_dataset_get(dataset, 2)->n_questions, 0);
  gaze_dataset_close(dataset);
  check_json_fails("{\"qa\":{}}", "qa");
  check_json_fails("{\"qa\":[[\"what?\"]]}", "qa");
  check_json_fails("{\"qa\":[[1,\"one\"]]}", "qa");
  check_json_fails("{\"qa\":[[\"what?\",1]]}", "answers");
  check_json_fails("{\"conversations\":[{\"from\":\"gpt\",\"value\":\"x\"}]}", "take turns");
  check_json_fails("{\"conversations\":[{\"from\":\"human\"}]}", "value");
}

static gaze_err open_llava(const char *text, const gaze_dataset_options *options, gaze_dataset **dataset) {
  write_text(test_path("data.json"), text);
  return gaze_dataset_open(test_path("data.json"), options, dataset);
}

static void test_llava(void **state) {
  gaze_dataset *dataset;
  const gaze_dataset_options elsewhere = {.pictures = "/photos"};
  count_warnings();
  assert_int_equal(
      open_llava("\n [{\"id\":\"one\",\"image\":\"in/a.jpg\",\"conversations\":[{\"from\":\"human\",\"value\":"
                 "\"What is it?\\n<image>\"},{\"from\":\"gpt\",\"value\":\"A cat\"}]},"
                 "{\"id\":7,\"image\":[\"/b.jpg\"],\"conversations\":[]},{\"id\":\"text\"}]",
                 NULL, &dataset),
      GAZE_OK);
  assert_int_equal(n_warnings, 1);
  assert_int_equal(gaze_dataset_size(dataset), 2);
  assert_string_equal(gaze_dataset_get(dataset, 0)->key, "one");
  assert_string_equal(gaze_dataset_get(dataset, 0)->file, "in/a.jpg");
  assert_string_equal(gaze_dataset_get(dataset, 0)->path, test_path("in/a.jpg"));
  assert_string_equal(describe_questions(gaze_dataset_get(dataset, 0)), "What is it?=A cat");
  assert_string_equal(gaze_dataset_get(dataset, 1)->key, "7");
  assert_string_equal(gaze_dataset_get(dataset, 1)->path, "/b.jpg");
  gaze_dataset_close(dataset);
  assert_int_equal(
      open_llava(
          "{\"image\":\"a.jpg\",\"text\":\"Is it?\",\"label\":\"yes\"}\r\n\n"
          "{\"question_id\":3,\"image\":\"a.jpg\",\"question\":\"Who?\",\"answers\":[{\"answer\":\"I\"},\"me\"]}\n"
          "{\"image\":\"b.jpg\",\"captions\":[\"a bus\",\"red\"]}",
          &elsewhere, &dataset),
      GAZE_OK);
  assert_string_equal(gaze_dataset_get(dataset, 0)->key, "row 1");
  assert_string_equal(gaze_dataset_get(dataset, 0)->path, "/photos/a.jpg");
  assert_string_equal(describe_questions(gaze_dataset_get(dataset, 0)), "Is it?=yes");
  assert_string_equal(describe_questions(gaze_dataset_get(dataset, 1)), "Who?=I|me");
  assert_string_equal(describe(gaze_dataset_get(dataset, 2)), "row 4 - -;a bus;red");
  gaze_dataset_close(dataset);
}

static gaze_err list_keys(void *user, const char *key, const char *message) {
  char *keys = user;
  strcat(strcat(keys, key), ";");
  assert_true(*message);
  return GAZE_OK;
}

static gaze_err count_failure(void *user, const char *key, const char *message) {
  list_keys(user, key, message);
  assert_non_null(strstr(message, "data.json"));
  return GAZE_OK;
}

/* Several pictures in a sample, where they are asked for. */
static void test_several_pictures(void **state) {
  gaze_dataset *dataset;
  char keys[64] = "";
  const gaze_dataset_options several = {.several = true, .failed = count_failure, .user = keys};
  assert_int_equal(
      open_llava(
          "[{\"id\":\"two\",\"image\":[\"a.png\",\"/b.png\"],\"conversations\":[{\"from\":\"human\",\"value\":"
          "\"<image>\\nHow?\"},{\"from\":\"gpt\",\"value\":\"So\"},{\"from\":\"human\",\"value\":\"And <image>?\"},"
          "{\"from\":\"gpt\",\"value\":\"So\"}]},"
          "{\"id\":\"unmarked\",\"image\":[\"a\",\"b\",\"c\"],\"question\":\"Who?\",\"answer\":\"I\"},"
          "{\"id\":\"none\",\"image\":[\"a\",\"\"],\"question\":\"Who?\",\"answer\":\"I\"},"
          "{\"id\":\"more\",\"image\":[\"a\",\"b\"],\"conversations\":[{\"from\":\"human\",\"value\":"
          "\"<image><image><image>\"}]}]",
          &several, &dataset),
      GAZE_OK);
  assert_string_equal(keys, "none;more;");
  const gaze_sample *two = gaze_dataset_get(dataset, 0), *unmarked = gaze_dataset_get(dataset, 1);
  assert_string_equal(two->file, "a.png");
  assert_int_equal(two->n_others, 1);
  assert_string_equal(two->others[0].file, "/b.png");
  assert_string_equal(two->others[0].path, "/b.png");
  assert_string_equal(describe_questions(two), "How?=So;And ?=So");
  assert_int_equal(two->questions[0].pictures, 1);
  assert_int_equal(two->questions[1].pictures, 1);
  assert_int_equal(unmarked->n_others, 2);
  assert_string_equal(unmarked->others[1].path, test_path("c"));
  gaze_dataset_close(dataset);
}

/* Samples without a picture are told of in every layout where that is asked for. */
static void test_missed_pictures(void **state) {
  gaze_dataset *dataset;
  char keys[128] = "";
  const gaze_dataset_options told = {.failed = list_keys, .user = keys, .pictures_missed = true};
  test_tar tar = {0};
  tar_add_text(&tar, "a.txt", "alone");
  tar_add_text(&tar, "b.png", "bytes");
  tar_write(&tar, test_path("data.tar"));
  assert_int_equal(gaze_dataset_open(test_path("data.tar"), &told, &dataset), GAZE_OK);
  gaze_dataset_close(dataset);
  assert_int_equal(open_csv("filepath,title\nb.png,x\n,y\n", &told, &dataset), GAZE_OK);
  gaze_dataset_close(dataset);
  assert_int_equal(open_llava("{\"image\":\"b.png\"}\n{\"id\":\"one\"}", &told, &dataset), GAZE_OK);
  gaze_dataset_close(dataset);
  assert_string_equal(keys, "a;line 3;one;");
}

static gaze_err refuse(void *user, const char *key, const char *message) {
  ++*(int *)user;
  return gaze_fail(GAZE_ERR_LIMIT, "too many: %s", key);
}

/* Rows of a table that are wrong are left out where they are told of; who is told may end the reading. */
static void test_wrong_rows_of_a_table(void **state) {
  gaze_dataset *dataset;
  char keys[128] = "";
  int n = 0;
  const gaze_dataset_options told = {.failed = list_keys, .user = keys}, once = {.failed = refuse, .user = &n};
  assert_int_equal(open_csv("filepath,title\na.png,x\nb.png\nc.png,y,z\nd.png,w\n", &told, &dataset), GAZE_OK);
  assert_int_equal(gaze_dataset_size(dataset), 2);
  gaze_dataset_close(dataset);
  assert_string_equal(keys, "line 3;line 4;");
  check_fails(open_csv("filepath,title\na.png,x\nb.png\nc.png,y,z\n", &once, &dataset), GAZE_ERR_LIMIT, "too many",
              "line 3", NULL);
  check_fails(open_llava("{\n{\n{\"image\":\"b.png\"}", &once, &dataset), GAZE_ERR_LIMIT, "too many", "line 1", NULL);
  assert_int_equal(n, 2);
}

static void test_samples_of_a_folder(void **state) {
  gaze_dataset *dataset;
  char folder[4096];
  const gaze_dataset_options options = {.folders = true, .pictures = "/elsewhere"};
  snprintf(folder, sizeof folder, "%s", test_path("samples"));
  assert_int_equal(gaze_folder_make(test_path("samples/in")), GAZE_OK);
  write_text(test_path("samples/in/b.png"), "");
  write_text(test_path("samples/in/b.json"), "{\"captions\":[\"a bus\"],\"qa\":[[\"red?\",\"yes\"]]}");
  write_text(test_path("samples/a.jpg"), "");
  assert_int_equal(gaze_dataset_open(folder, &options, &dataset), GAZE_OK);
  assert_int_equal(gaze_dataset_size(dataset), 2);
  const gaze_sample *sample = gaze_dataset_get(dataset, 1);
  assert_string_equal(describe(sample), "in/b - -;a bus");
  assert_string_equal(describe_questions(sample), "red?=yes");
  assert_string_equal(sample->file, "in/b.png");
  assert_string_equal(sample->path, test_path("samples/in/b.png"));
  assert_null(sample->picture);
  gaze_dataset_close(dataset);
}

/* Boxes are read where they are asked for alone. */
static void test_objects(void **state) {
  static const char text[] = "{\"image\":\"a\",\"objects\":[[\"dog\",0.25,0,0.5,1]]}\n{\"image\":\"b\",\"objects\":1}";
  gaze_dataset *dataset;
  char keys[128] = "";
  const gaze_dataset_options boxes = {.objects = true, .failed = count_failure, .user = keys};
  assert_int_equal(open_llava(text, NULL, &dataset), GAZE_OK);
  assert_int_equal(gaze_dataset_size(dataset), 2);
  assert_int_equal(gaze_dataset_get(dataset, 0)->n_objects, 0);
  gaze_dataset_close(dataset);
  assert_int_equal(open_llava(text, &boxes, &dataset), GAZE_OK);
  assert_string_equal(keys, "row 2;");
  const gaze_sample *sample = gaze_dataset_get(dataset, 0);
  assert_int_equal(sample->n_objects, 1);
  assert_string_equal(sample->objects[0].name, "dog");
  assert_true(sample->objects[0].x == 0.25f && sample->objects[0].height == 1);
  gaze_dataset_close(dataset);
}

static void test_errors_of_llava(void **state) {
  gaze_dataset *dataset;
  char keys[128] = "";
  const gaze_dataset_options careful = {.failed = count_failure, .user = keys};
  check_fails(open_llava("[{\"image\":\"a\"}", NULL, &dataset), GAZE_ERR_FORMAT, "data.json", NULL);
  check_fails(open_llava("[]", NULL, &dataset), GAZE_ERR_FORMAT, "no samples", NULL);
  check_fails(open_llava("{\"image\":1}", NULL, &dataset), GAZE_ERR_FORMAT, "row 1", "one \"image\"", NULL);
  check_fails(open_llava("{\"image\":\"a\"}\n{\n", NULL, &dataset), GAZE_ERR_FORMAT, "line 2 of", "data.json", NULL);
  assert_int_equal(open_llava("{\"image\":\"a\"}\n{\"image\":[\"a\",\"b\"],\"id\":\"two\"}\n{\n[1]\n"
                              "{\"image\":\"a\",\"question\":2}\n{\"image\":\"a\",\"question\":\"b\",\"answer\":3}",
                              &careful, &dataset),
                   GAZE_OK);
  assert_int_equal(gaze_dataset_size(dataset), 1);
  assert_string_equal(keys, "two;line 3;row 4;row 5;row 6;");
  gaze_dataset_close(dataset);
}

static void test_questions_of_a_csv(void **state) {
  gaze_dataset *dataset;
  assert_int_equal(open_csv("question,filepath,answer\n\"what, then?\",a.jpg,cat\nwhy?,a.jpg,\n", NULL, &dataset),
                   GAZE_OK);
  assert_string_equal(describe_questions(gaze_dataset_get(dataset, 0)), "what, then?=cat");
  assert_string_equal(describe_questions(gaze_dataset_get(dataset, 1)), "why?");
  assert_int_equal(gaze_dataset_get(dataset, 0)->n_captions, 0);
  gaze_dataset_close(dataset);
  assert_int_equal(open_csv("question,filepath,answer,title\nw?,a.jpg,cat,a cat\n", NULL, &dataset), GAZE_OK);
  assert_string_equal(describe(gaze_dataset_get(dataset, 0)), "a.jpg - -;a cat");
  assert_string_equal(describe_questions(gaze_dataset_get(dataset, 0)), "w?=cat");
  gaze_dataset_close(dataset);
  check_fails(open_csv("question,filepath\nw?,a.jpg\n", NULL, &dataset), GAZE_ERR_FORMAT, "\"title\"", NULL);
}

static void test_pictures(void **state) {
  test_tar tar = {0};
  gaze_dataset *dataset;
  gaze_picture picture;
  uint8_t *bytes;
  size_t size;
  tar_add_png(&tar, "a", 5, 3, 0x102030);
  tar_add_text(&tar, "b.jpg", "no picture");
  assert_int_equal(open_tar(&tar, &dataset), GAZE_OK);
  assert_int_equal(gaze_sample_picture(gaze_dataset_get(dataset, 0), NULL, &picture), GAZE_OK);
  assert_int_equal(picture.width, 5);
  assert_memory_equal(picture.rgb + 3 * (5 * 3 - 1), "\x10\x20\x30", 3);
  gaze_picture_fini(&picture);
  assert_int_not_equal(gaze_sample_picture(gaze_dataset_get(dataset, 1), NULL, &picture), GAZE_OK);
  gaze_dataset_close(dataset);
  make_png(2, 2, 0xffffff, &bytes, &size);
  write_file(test_path("white.png"), bytes, size);
  free(bytes);
  assert_int_equal(open_csv("filepath\ttitle\nwhite.png\tx\nnone.png\tx\n", NULL, &dataset), GAZE_OK);
  assert_int_equal(gaze_sample_picture(gaze_dataset_get(dataset, 0), NULL, &picture), GAZE_OK);
  gaze_picture_fini(&picture);
  check_fails(gaze_sample_picture(gaze_dataset_get(dataset, 1), NULL, &picture), GAZE_ERR_NOT_FOUND, "none.png", NULL);
  gaze_dataset_close(dataset);
}

static void test_shared_sets(void **state) {
  static const struct {
    const char *name;
    size_t n, captions, classes, questions;
  } sets[] = {{"data/flickr8k-dev.tar", 1000, 5000, 0, 0},
              {"data/corel500.tar", 500, 0, 500, 0},
              {"data/tinyimagenet-val.tar", 2000, 0, 2000, 0},
              {"data/easyvqa-test.tar", 1000, 0, 0, 9673}};
  for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
    const char *path = shared_path(sets[i].name);
    gaze_dataset *dataset;
    size_t captions = 0, classes = 0, questions = 0;
    if (!path)
      skip();
    assert_int_equal(gaze_dataset_open(path, NULL, &dataset), GAZE_OK);
    assert_int_equal(gaze_dataset_size(dataset), sets[i].n);
    for (size_t k = 0; k < sets[i].n; k++) {
      captions += gaze_dataset_get(dataset, k)->n_captions;
      classes += gaze_dataset_get(dataset, k)->class_id != NULL;
      questions += gaze_dataset_get(dataset, k)->n_questions;
    }
    assert_int_equal(captions, sets[i].captions);
    assert_int_equal(classes, sets[i].classes);
    assert_int_equal(questions, sets[i].questions);
    gaze_dataset_close(dataset);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_samples_of_a_tar),
      cmocka_unit_test(test_teacher),
      cmocka_unit_test(test_errors_of_a_tar),
      cmocka_unit_test(test_csv),
      cmocka_unit_test(test_errors_of_a_csv),
      cmocka_unit_test(test_pictures),
      cmocka_unit_test(test_questions_of_a_tar),
      cmocka_unit_test(test_llava),
      cmocka_unit_test(test_several_pictures),
      cmocka_unit_test(test_errors_of_llava),
      cmocka_unit_test(test_questions_of_a_csv),
      cmocka_unit_test(test_missed_pictures),
      cmocka_unit_test(test_wrong_rows_of_a_table),
      cmocka_unit_test(test_samples_of_a_folder),
      cmocka_unit_test(test_objects),
      cmocka_unit_test(test_shared_sets),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
