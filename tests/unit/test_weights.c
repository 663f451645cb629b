/* Weights of a folder: whatever files hold them, and refused where index and shards do not fit. */
#include "zip_files.h"

#include "core/base/file.h"
#include "core/tensor/weight_files.h"
#include "core/tensor/weights.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *inside(const char *folder, const char *name) {
  static char paths[4][1200];
  static int turn;
  char *path = paths[turn++ % 4];
  snprintf(path, sizeof paths[0], "%s/%s", folder, name);
  return path;
}

/* A fresh folder of the test's own. */
static const char *new_folder(void) {
  static char folders[4][600];
  static int n;
  char *folder = folders[n % 4], name[32];
  snprintf(name, sizeof name, "folder%d", n++);
  snprintf(folder, sizeof folders[0], "%s", test_path(name));
  assert_int_equal(mkdir(folder, 0700), 0);
  return folder;
}

static void link_fixture(const char *fixture, const char *folder, const char *name) {
  assert_int_equal(symlink(weights_path(fixture), inside(folder, name)), 0);
}

/* The shards of a fixture, without index. */
static const char *new_shards(void) {
  const char *folder = new_folder();
  for (int i = 1; i <= 3; i++) {
    char name[64];
    snprintf(name, sizeof name, "model-%05d-of-00003.safetensors", i);
    link_fixture(inside("sharded", name), folder, name);
  }
  return folder;
}

static gaze_weights *open_weights(const char *folder) {
  gaze_weights *weights = NULL;
  if (gaze_weights_open(folder, &weights) != GAZE_OK)
    fail_msg("%s", gaze_last_error());
  return weights;
}

static void refused(const char *folder, gaze_err expected, const char *first, const char *second) {
  gaze_weights *weights = NULL;
  check_fails(gaze_weights_open(folder, &weights), expected, first, second, NULL);
  assert_null(weights);
  assert_null(strchr(gaze_last_error(), '\n'));
}

static void check_same_weights(const char *folder, const char *whole) {
  gaze_weights *weights = open_weights(folder);
  gaze_safetensors *wanted;
  assert_int_equal(gaze_safetensors_open(weights_path(whole), &wanted), GAZE_OK);
  assert_int_equal(gaze_weights_count(weights), gaze_safetensors_count(wanted));
  for (size_t i = 0; i < gaze_weights_count(weights); i++) {
    const gaze_named_tensor *item = gaze_weights_get(weights, i);
    gaze_weights_forget(weights); /* what is read again is the same */
    check_same_tensor(item, gaze_safetensors_get(wanted, i));
    assert_ptr_equal(gaze_weights_find(weights, item->name), &item->tensor);
  }
  assert_null(gaze_weights_find(weights, "absent"));
  gaze_safetensors_close(wanted);
  gaze_weights_close(weights);
}

static void test_single_files(void **state) {
  static const char *const names[] = {"model.safetensors", "open_clip_model.safetensors", "pytorch_model.bin",
                                      "open_clip_pytorch_model.bin"};
  for (size_t i = 0; i < 4; i++) {
    const char *folder = new_folder();
    link_fixture(i < 2 ? "good/plain.safetensors" : "good/plain.bin", folder, names[i]);
    check_same_weights(folder, "good/plain.safetensors");
    gaze_weights *weights = open_weights(folder);
    assert_string_equal(gaze_weights_path(weights, "half"), inside(folder, names[i]));
    assert_string_equal(gaze_weights_path(weights, "absent"), inside(folder, names[i]));
    gaze_weights_close(weights);
  }
}

static void test_shards(void **state) {
  check_same_weights(weights_path("sharded"), "sharded/whole.safetensors");
  check_same_weights(weights_path("sharded-pickles"), "sharded-pickles/whole.safetensors");
  gaze_weights *weights = open_weights(weights_path("sharded"));
  assert_string_equal(gaze_weights_path(weights, "brain"), weights_path("sharded/model-00001-of-00003.safetensors"));
  assert_string_equal(gaze_weights_path(weights, "single"), weights_path("sharded/model-00003-of-00003.safetensors"));
  assert_string_equal(gaze_weights_path(weights, "absent"), weights_path("sharded/model.safetensors.index.json"));
  gaze_weights_close(weights);
}

/* Files that hold nothing: the first that is there is taken, whatever the others are. */
static void test_order_of_preference(void **state) {
  static const char *const names[] = {
      "model.safetensors", "model.safetensors.index.json", "open_clip_model.safetensors",
      "pytorch_model.bin", "pytorch_model.bin.index.json", "open_clip_pytorch_model.bin"};
  const char *folder = new_folder();
  refused(folder, GAZE_ERR_NOT_FOUND, "no weights in the folder", folder);
  for (size_t i = 6; i-- > 0;) {
    write_text(inside(folder, names[i]), "[]");
    refused(folder, GAZE_ERR_FORMAT, names[i], folder);
  }
}

static void test_unfinished_downloads(void **state) {
  const char *folder = new_shards();
  link_fixture("sharded/model.safetensors.index.json", folder, "model.safetensors.index.json");
  check_same_weights(folder, "sharded/whole.safetensors");
  const char *second = "model-00002-of-00003.safetensors";
  assert_int_equal(unlink(inside(folder, second)), 0);
  refused(folder, GAZE_ERR_NOT_FOUND, "missing file of weights", second);
  write_text(inside(folder, "model-00002-of-00003.safetensors.incomplete"), "half");
  refused(folder, GAZE_ERR_NOT_FOUND, "not downloaded to their end", second);
  assert_int_equal(unlink(inside(folder, "model-00002-of-00003.safetensors.incomplete")), 0);
  assert_int_equal(symlink("../../blobs/none", inside(folder, second)), 0);
  refused(folder, GAZE_ERR_NOT_FOUND, "not downloaded to their end", second);
  folder = new_folder();
  write_text(inside(folder, "pytorch_model.bin.incomplete"), "half");
  refused(folder, GAZE_ERR_NOT_FOUND, "not downloaded to their end", "pytorch_model.bin");
}

static void refused_index(const char *index, gaze_err expected, const char *first, const char *second) {
  const char *folder = new_shards();
  write_text(inside(folder, "model.safetensors.index.json"), index);
  refused(folder, expected, first, second);
}

#define FIRST "\"model-00001-of-00003.safetensors\""

static void test_indexes_that_lie(void **state) {
  refused_index("{\"weight_map\":{\"a\":\"sub/model.safetensors\"}}", GAZE_ERR_FORMAT, "outside its folder",
                "sub/model.safetensors");
  refused_index("{\"weight_map\":{\"a\":\"/etc/passwd\"}}", GAZE_ERR_FORMAT, "outside its folder", "/etc/passwd");
  refused_index("{\"weight_map\":{\"a\":\"..\"}}", GAZE_ERR_FORMAT, "outside its folder", "..");
  refused_index("{\"weight_map\":{\"a\":\".\"}}", GAZE_ERR_FORMAT, "outside its folder", "index.json");
  refused_index("{\"weight_map\":{\"a\":\"\"}}", GAZE_ERR_FORMAT, "outside its folder", "index.json");
  refused_index("{\"weight_map\":{\"a\":7}}", GAZE_ERR_FORMAT, "no file for a tensor", "a");
  refused_index("{\"weight_map\":{\"a\":\"x\\u0000y\"}}", GAZE_ERR_FORMAT, "no file for a tensor", "a");
  refused_index("{\"weight_map\":{}}", GAZE_ERR_FORMAT, "no files", "weight_map");
  refused_index("{\"weight_map\":[]}", GAZE_ERR_FORMAT, "no files", "weight_map");
  refused_index("{}", GAZE_ERR_FORMAT, "no files", "weight_map");
  refused_index("[]", GAZE_ERR_FORMAT, "no files", "weight_map");
  refused_index("{\"weight_map\":{\"a\":\"x\"", GAZE_ERR_FORMAT, "not valid JSON", "index.json");
  refused_index("{\"weight_map\":{\"byte\":" FIRST ",\"byte\":" FIRST "}}", GAZE_ERR_FORMAT, "duplicate", "index.json");
  refused_index("{\"weight_map\":{\"byte\":\"model.safetensors.index.json\"}}", GAZE_ERR_FORMAT,
                "not a safetensors file", "index.json");
  refused_index("{\"weight_map\":{\"byte\":" FIRST ",\"none\":" FIRST "}}", GAZE_ERR_MISMATCH,
                "not where the index says", "none");
  refused_index("{\"weight_map\":{\"byte\":" FIRST "}}", GAZE_ERR_MISMATCH, "index does not name",
                "model-00001-of-00003.safetensors");
}

/* The index with one tensor moved to another file that there is. */
static void test_tensor_in_another_shard(void **state) {
  const char *folder = new_shards();
  json_t *index;
  assert_int_equal(gaze_json_open(weights_path("sharded/model.safetensors.index.json"), &index), GAZE_OK);
  json_object_set_new(json_object_get(index, "weight_map"), "single", json_string("model-00001-of-00003.safetensors"));
  assert_int_equal(json_dump_file(index, inside(folder, "model.safetensors.index.json"), 0), 0);
  json_decref(index);
  refused(folder, GAZE_ERR_MISMATCH, "not where the index says: single", "model-00001-of-00003.safetensors lacks it");
}

static void test_tensor_in_two_shards(void **state) {
  const char *folder = new_folder();
  link_fixture("good/plain.safetensors", folder, "x.safetensors");
  link_fixture("good/plain.safetensors", folder, "y.safetensors");
  write_text(inside(folder, "model.safetensors.index.json"),
             "{\"weight_map\":{\"single\":\"x.safetensors\",\"half\":\"y.safetensors\"}}");
  refused(folder, GAZE_ERR_MISMATCH, "x.safetensors and", "y.safetensors");
}

/* What names a model covers: every file, the index among them. */
static void test_files_are_listed(void **state) {
  gaze_weight_files files;
  assert_int_equal(gaze_weight_files_init(&files, weights_path("sharded-pickles")), GAZE_OK);
  assert_int_equal(files.n, 3);
  assert_int_equal(files.format, GAZE_WEIGHTS_TORCH);
  assert_string_equal(files.index, weights_path("sharded-pickles/pytorch_model.bin.index.json"));
  for (size_t i = 0; i < files.n; i++) {
    char name[64];
    snprintf(name, sizeof name, "sharded-pickles/pytorch_model-%05zu-of-00003.bin", i + 1);
    assert_string_equal(files.paths[i], weights_path(name));
  }
  gaze_weight_files_fini(&files);
}

/* What came through a pipe is nowhere else. */
static void test_pipes_are_not_forgotten(void **state) {
  int ends[2];
  char path[32];
  gaze_map map;
  assert_int_equal(pipe(ends), 0);
  assert_int_equal(write(ends[1], "kept", 4), 4);
  close(ends[1]);
  snprintf(path, sizeof path, "/dev/fd/%d", ends[0]);
  assert_int_equal(gaze_map_open(path, &map), GAZE_OK);
  close(ends[0]);
  gaze_map_forget(&map);
  assert_int_equal(map.size, 4);
  assert_memory_equal(map.data, "kept", 4);
  gaze_map_close(&map);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_single_files),           cmocka_unit_test(test_shards),
      cmocka_unit_test(test_order_of_preference),    cmocka_unit_test(test_unfinished_downloads),
      cmocka_unit_test(test_indexes_that_lie),       cmocka_unit_test(test_tensor_in_another_shard),
      cmocka_unit_test(test_tensor_in_two_shards),   cmocka_unit_test(test_files_are_listed),
      cmocka_unit_test(test_pipes_are_not_forgotten)};
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
