/* Every allocation and every call of the system fails once, and the disk is full at any byte, while pairs of matrices
 * are written as an adapter, while one is joined with its model, and while two models become one. */
#include "core/base/file.h"
#include "core/tensor/safetensors.h"
#include "fusion/adapter.h"
#include "fusion/llava.h"
#include "trials.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static gaze_kernels kernels;
static char base[512], adapter[512];

static int set_up(void **state) {
  const char *data = getenv("GAZE_SOURCE_ROOT");
  snprintf(base, sizeof base, "%s/tests/golden/data/llava/llava", data);
  snprintf(adapter, sizeof adapter, "%s/tests/golden/data/lora_train/adapter", data);
  gaze_kernels_init(&kernels, gaze_cpu_detect());
  gaze_set_warn(NULL);
  return make_folder(state);
}

static gaze_err add_pairs(void *user) {
  const gaze_lora_options options = {.rank = 2, .dropout = 0.1, .targets = "q_proj,down_proj"};
  gaze_llava llava;
  gaze_err err = gaze_llava_open(&llava, &kernels, base, NULL, false, 0);
  if (err == GAZE_OK)
    err = gaze_llava_add_lora(&llava, &options, 0);
  gaze_llava_fini(&llava);
  return err;
}

static void pairs_are_added(void **state) { every_fault("pairs", add_pairs, NULL, NULL); }

static gaze_err save_adapter(void *user) {
  gaze_llava *llava = user;
  llava->values[0] += 1;
  return gaze_llava_save_adapter(llava, &kernels, "base", test_path("saved"), GAZE_DTYPE_F32);
}

/* Old or new, it is whole. */
static void check_saved(void *user) {
  gaze_adapter saved;
  gaze_weights *weights;
  assert_int_equal(gaze_weights_open(base, &weights), GAZE_OK);
  if (gaze_adapter_open(test_path("saved"), &saved) != GAZE_OK ||
      gaze_adapter_apply(&saved, &kernels, weights, base) != GAZE_OK)
    fail_msg("%s", gaze_last_error());
  gaze_adapter_fini(&saved);
  gaze_weights_close(weights);
  check_no_half_files(test_path("saved"));
}

static void adapters_are_saved(void **state) {
  const gaze_lora_options options = {.rank = 2};
  gaze_llava llava;
  assert_int_equal(gaze_llava_open(&llava, &kernels, base, NULL, false, 0), GAZE_OK);
  assert_int_equal(gaze_llava_add_lora(&llava, &options, 0), GAZE_OK);
  assert_int_equal(save_adapter(&llava), GAZE_OK);
  every_fault("adapter", save_adapter, check_saved, &llava);
  full_disk("adapter", save_adapter, check_saved, &llava);
  gaze_llava_fini(&llava);
}

static void remove_merged(void) {
  static const char *const names[] = {"model.safetensors", "config.json", "preprocessor_config.json"};
  char path[1200];
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    snprintf(path, sizeof path, "%s/%s", test_path("merged"), names[i]);
    unlink(path);
  }
}

static gaze_err merge(void *user) {
  remove_merged();
  return gaze_model_merge(base, adapter, test_path("merged"));
}

/* What has weights is whole. */
static void check_merged(void *user) {
  gaze_llava llava;
  check_no_half_files(test_path("merged"));
  if (!gaze_file_exists(test_path("merged/model.safetensors")))
    return;
  assert_int_equal(gaze_llava_open(&llava, &kernels, test_path("merged"), NULL, false, 0), GAZE_OK);
  gaze_llava_fini(&llava);
}

static void models_are_joined(void **state) {
  assert_int_equal(gaze_folder_make(test_path("merged")), GAZE_OK);
  every_fault("merge", merge, check_merged, NULL);
  full_disk("merge", merge, check_merged, NULL);
}

static gaze_err average(void *user) {
  const char *models[] = {base, base};
  remove_merged();
  return gaze_model_average(models, NULL, 2, test_path("merged"));
}

static void models_are_averaged(void **state) {
  assert_int_equal(gaze_folder_make(test_path("merged")), GAZE_OK);
  every_fault("average", average, check_merged, NULL);
  full_disk("average", average, check_merged, NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(pairs_are_added), cmocka_unit_test(adapters_are_saved),
                                     cmocka_unit_test(models_are_joined), cmocka_unit_test(models_are_averaged)};
  if (!fault_possible()) {
    puts("SKIP: a sanitizer has the functions that should fail");
    return 77;
  }
  return cmocka_run_group_tests(tests, set_up, remove_folder);
}
