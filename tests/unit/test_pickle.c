/* Files of torch.save: the tensors that PyTorch gets out of them, and refused where a pickle could do anything. */
#include "zip_files.h"

#include "core/base/file.h"
#include "core/base/json.h"
#include "core/tensor/pickle.h"
#include "core/tensor/torch_file.h"
#include "core/tensor/zip.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void test_tensors_are_those_of_torch(void **state) {
  static const char *const names[] = {"plain", "ordered", "shared", "parameter",
                                      "bools", "trained", "many",   "repacked"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    char name[64];
    gaze_torch_file *file;
    gaze_safetensors *wanted;
    snprintf(name, sizeof name, "good/%s.bin", names[i]);
    if (gaze_torch_file_open(weights_path(name), &file) != GAZE_OK)
      fail_msg("%s", gaze_last_error());
    snprintf(name, sizeof name, "good/%s.safetensors", names[i]);
    assert_int_equal(gaze_safetensors_open(weights_path(name), &wanted), GAZE_OK);
    assert_int_equal(gaze_torch_file_count(file), gaze_safetensors_count(wanted));
    for (size_t j = 0; j < gaze_torch_file_count(file); j++)
      check_same_tensor(gaze_torch_file_get(file, j), gaze_safetensors_get(wanted, j));
    gaze_safetensors_close(wanted);
    gaze_torch_file_close(file);
  }
}

/* Nothing is copied, and torch aligns. */
static void test_read_in_place(void **state) {
  gaze_map map;
  gaze_torch_file *file;
  assert_int_equal(gaze_map_open(weights_path("good/plain.bin"), &map), GAZE_OK);
  assert_int_equal(gaze_torch_file_parse(map.data, map.size, "plain", &file), GAZE_OK);
  for (size_t i = 0; i < gaze_torch_file_count(file); i++) {
    const gaze_named_tensor *item = gaze_torch_file_get(file, i);
    assert_ptr_equal(item->tensor.data, map.data + item->offset);
    assert_int_equal(item->offset % 64, 0);
  }
  gaze_torch_file_close(file);
  gaze_map_close(&map);
}

static void check_refused_file(const char *name, const json_t *words) {
  char path[128];
  gaze_torch_file *file;
  snprintf(path, sizeof path, "refused/%s.bin", name);
  gaze_err err = gaze_torch_file_open(weights_path(path), &file);
  if (err == GAZE_OK)
    fail_msg("%s is read", name);
  const char *message = gaze_last_error(), *first = json_string_value(json_array_get(words, 0));
  size_t i;
  json_t *word;
  json_array_foreach(words, i, word) if (!strstr(message, json_string_value(word)))
      fail_msg("no \"%s\" in: %s", json_string_value(word), message);
  assert_non_null(strstr(message, path));
  assert_null(strpbrk(message, "\n\x1b\xff"));
  assert_int_equal(err, strstr(first, "calls something") ? GAZE_ERR_UNSUPPORTED : err);
  assert_true(err == GAZE_ERR_UNSUPPORTED || err == GAZE_ERR_FORMAT);
}

static void test_others_are_refused_by_name(void **state) {
  json_t *cases, *words;
  const char *name;
  assert_int_equal(gaze_json_open(weights_path("refused/refused.json"), &cases), GAZE_OK);
  assert_true(json_object_size(cases) > 60);
  json_object_foreach(cases, name, words) check_refused_file(name, words);
  json_decref(cases);
}

static bool no_storage(void *user, const char *key, size_t length, const uint8_t **data, size_t *size) {
  static const uint8_t zeros[4096];
  *data = zeros;
  *size = sizeof zeros;
  return true;
}

static gaze_err parse(const void *bytes, size_t size) {
  gaze_named_tensor *tensors;
  size_t n;
  gaze_err err = gaze_pickle_parse(bytes, size, "pickle", no_storage, NULL, &tensors, &n);
  if (err == GAZE_OK)
    gaze_named_tensors_free(tensors, n);
  return err;
}

/* Every length of the file, and of the pickle in it, below the whole is an error. */
static void test_cut_short(void **state) {
  gaze_map map;
  gaze_zip zip;
  gaze_torch_file *file;
  assert_int_equal(gaze_map_open(weights_path("good/ordered.bin"), &map), GAZE_OK);
  assert_int_equal(gaze_zip_init(&zip, map.data, map.size, "ordered"), GAZE_OK);
  const gaze_zip_entry *pickle = gaze_zip_find(&zip, "ordered/data.pkl", strlen("ordered/data.pkl"));
  assert_non_null(pickle);
  assert_int_equal(parse(pickle->data, pickle->size), GAZE_OK);
  for (size_t n = 0; n < map.size; n++) {
    uint8_t *exact = malloc(n ? n : 1);
    memcpy(exact, map.data, n);
    check_fails(gaze_torch_file_parse(exact, n, "weights", &file), GAZE_ERR_FORMAT, "weights", NULL);
    if (n < pickle->size) {
      memcpy(exact, pickle->data, n);
      check_fails(parse(exact, n), GAZE_ERR_FORMAT, "early end", "pickle", NULL);
    }
    free(exact);
  }
  gaze_zip_fini(&zip);
  gaze_map_close(&map);
}

/* Bytes that may hold zeros. */
#define BYTES(text) text, sizeof(text) - 1

/* head, then body again and again: one of them is the first too many. */
static void check_bomb(const char *head, size_t head_size, const char *body, size_t body_size, const char *word) {
  const size_t size = (size_t)13 << 20;
  uint8_t *bytes = malloc(size);
  size_t used = head_size;
  assert_non_null(bytes);
  memcpy(bytes, head, head_size);
  for (; used + body_size <= size; used += body_size)
    memcpy(bytes + used, body, body_size);
  check_fails(parse(bytes, used), GAZE_ERR_LIMIT, "too many", word, "pickle", NULL);
  free(bytes);
}

/* A list on the stack; the memo holds a storage's identity, the function that makes tensors, and its arguments. */
#define REMEMBERED                                                                \
  "\x80\2](X\7\0\0\0storagectorch\nByteStorage\nX\1\0\0\0000X\3\0\0\0cpuK\1tq\0a" \
  "ctorch._utils\n_rebuild_tensor_v2\nq\1a(h\0QK\0K\1\x85K\1\x85\x89Ntq\2a"

static void test_bombs_run_into_a_limit(void **state) {
  check_bomb(BYTES("\x80\2"), BYTES("N"), "values");           /* on the stack */
  check_bomb(BYTES("\x80\2N"), BYTES("\x85"), "values");       /* in tuples */
  check_bomb(BYTES("\x80\2}"), BYTES("K\1NsK\1Ns"), "values"); /* in dictionaries */
  check_bomb(BYTES("\x80\2"), BYTES("(K\1K\1K\1t"), "values"); /* on the stack, by way of tuples */
  check_bomb(BYTES(REMEMBERED), BYTES("h\0Qa"), "storages");
  check_bomb(BYTES(REMEMBERED), BYTES("h\1h\2Ra"), "tensors");
}

/* A prefix comes off when all names have it. */
static void test_prefix(void **state) {
  static const float ones[2] = {1, 1};
  char names[2][24] = {"module.a", "module.b"};
  gaze_named_tensor tensors[2] = {{names[0], {.data = ones, .rank = 1, .shape = {2}}, 0},
                                  {names[1], {.data = ones, .rank = 1, .shape = {1}}, 0}};
  for (int both = 0; both < 2; both++) {
    gaze_torch_file *file;
    strcpy(names[1], both ? "module.b" : "modular");
    write_torch_file(test_path("prefix.bin"), tensors, 2);
    assert_int_equal(gaze_torch_file_open(test_path("prefix.bin"), &file), GAZE_OK);
    assert_string_equal(gaze_torch_file_get(file, both ? 0 : 1)->name, both ? "a" : "module.a");
    gaze_torch_file_close(file);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_tensors_are_those_of_torch), cmocka_unit_test(test_read_in_place),
      cmocka_unit_test(test_others_are_refused_by_name), cmocka_unit_test(test_cut_short),
      cmocka_unit_test(test_bombs_run_into_a_limit),     cmocka_unit_test(test_prefix)};
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
