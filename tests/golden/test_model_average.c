/* Several models in one: each weight is the mean of theirs, and models that do not fit together are an error in a line
 * that names the culprit. Made from data/clip/quick. */
#include "clip_fixtures.h"

#include "core/base/file.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define CHANGED "text_model.final_layer_norm.bias"

/* What CHANGED becomes in the other model. */
enum { MOST = 256 };
static float others[MOST];

/* quick, but for CHANGED; data are of its dtype, and it has `rows` of them. */
static const char *write_other(const char *name, gaze_dtype dtype, const void *data, size_t rows) {
  return write_clip_weights(name,
                            &(clip_change){CHANGED,
                                           {.name = (char *)(uintptr_t)CHANGED,
                                            .tensor = {.dtype = dtype, .rank = 1, .shape = {rows}, .data = data}}});
}

static size_t fill_others(void) {
  gaze_safetensors *file;
  assert_int_equal(gaze_safetensors_open(clip_path("quick/model.safetensors"), &file), GAZE_OK);
  size_t n = gaze_tensor_count(find_tensor(file, CHANGED));
  gaze_safetensors_close(file);
  assert_true(n <= MOST);
  for (size_t i = 0; i < n; i++)
    others[i] = 0.1F + (float)i / 7;
  return n;
}

/* CHANGED is the mean; every other tensor is quick's own, bit for bit. */
static void check_mean(const char *folder, double share_of_other) {
  gaze_safetensors *first, *mean;
  char path[1200];
  snprintf(path, sizeof path, "%s/model.safetensors", folder);
  assert_int_equal(gaze_safetensors_open(clip_path("quick/model.safetensors"), &first), GAZE_OK);
  assert_int_equal(gaze_safetensors_open(path, &mean), GAZE_OK);
  assert_int_equal(gaze_safetensors_count(mean), gaze_safetensors_count(first));
  for (size_t i = 0; i < gaze_safetensors_count(first); i++) {
    const gaze_named_tensor *a = gaze_safetensors_get(first, i);
    const gaze_tensor *b = find_tensor(mean, a->name);
    size_t n = gaze_tensor_count(b);
    assert_int_equal(b->dtype, a->tensor.dtype);
    if (strcmp(a->name, CHANGED) != 0)
      assert_memory_equal(b->data, a->tensor.data, n * gaze_dtype_size(b->dtype));
    for (size_t k = 0; k < n && strcmp(a->name, CHANGED) == 0; k++) {
      double own = ((const float *)a->tensor.data)[k];
      float wanted = (float)((1 - share_of_other) * own + share_of_other * (double)others[k]);
      assert_true(((const float *)b->data)[k] == wanted);
    }
  }
  gaze_safetensors_close(first);
  gaze_safetensors_close(mean);
}

/* Of quick and "other", n of them; the folder of what comes of it. */
static const char *average(const char *name, const double *shares, size_t n) {
  const char *models[] = {clip_path("quick"), test_path("other")}, *folder = test_path(name);
  if (gaze_model_average(models, shares, n, folder) != GAZE_OK)
    fail_msg("%s", gaze_last_error());
  return folder;
}

static void each_weight_is_the_mean(void **state) {
  const double shares[] = {0.5, 1.5}, none_of_it[] = {2, 0};
  write_other("other", GAZE_DTYPE_F32, others, fill_others());
  check_mean(average("alike", NULL, 2), 0.5);
  check_mean(average("shared", shares, 2), 0.75);
  check_mean(average("own", none_of_it, 2), 0);
  check_mean(average("alone", NULL, 1), 0);
  gaze_model_close(open_clip_model(test_path("shared"), NULL));
}

/* The first one's dtype is kept, whatever the others have. */
static void dtypes_are_the_first_ones(void **state) {
  size_t n = fill_others();
  uint16_t halves[MOST];
  for (size_t i = 0; i < n; i++)
    halves[i] = (uint16_t)(0x3c00 + i); /* 1 and what comes next in F16 */
  const char *models[] = {write_other("halves", GAZE_DTYPE_F16, halves, n), clip_path("quick")};
  const double shares[] = {1, 0};
  assert_int_equal(gaze_model_average(models, shares, 2, test_path("narrow")), GAZE_OK);
  gaze_safetensors *file;
  assert_int_equal(gaze_safetensors_open(test_path("narrow/model.safetensors"), &file), GAZE_OK);
  assert_int_equal(find_tensor(file, CHANGED)->dtype, GAZE_DTYPE_F16);
  assert_memory_equal(find_tensor(file, CHANGED)->data, halves, n * sizeof *halves);
  gaze_safetensors_close(file);
  for (size_t i = 0; i < n; i++)
    others[i] = 1 + (float)i / 1024;
  const char *turned[] = {models[1], models[0]};
  assert_int_equal(gaze_model_average(turned, NULL, 2, test_path("wide")), GAZE_OK);
  check_mean(test_path("wide"), 0.5);
}

static void check_never(const char *other, const double *shares, gaze_err expected, const char *first,
                        const char *second) {
  const char *models[] = {clip_path("quick"), other};
  check_fails(gaze_model_average(models, shares, 2, test_path("never")), expected, first, second, NULL);
  assert_null(strchr(gaze_last_error(), '\n'));
  assert_false(gaze_file_exists(test_path("never/config.json")));
  assert_false(gaze_file_exists(test_path("never/model.safetensors")));
}

static void what_does_not_fit_is_named(void **state) {
  size_t n = fill_others();
  const double below[] = {1, -1}, nothing[] = {0, 0}, endless[] = {1, INFINITY};
  check_never(write_clip_weights("less", &(clip_change){.without = CHANGED}), NULL, GAZE_ERR_MISMATCH, "tensors",
              "less");
  check_never(
      write_clip_weights(
          "renamed", &(clip_change){CHANGED,
                                    {.name = (char *)(uintptr_t) "stranger",
                                     .tensor = {.dtype = GAZE_DTYPE_F32, .rank = 1, .shape = {n}, .data = others}}}),
      NULL, GAZE_ERR_MISMATCH, "has no " CHANGED, "renamed");
  check_never(write_other("short", GAZE_DTYPE_F32, others, n - 1), NULL, GAZE_ERR_MISMATCH, CHANGED, "short");
  check_never(write_other("bytes", GAZE_DTYPE_I8, others, n), NULL, GAZE_ERR_UNSUPPORTED, CHANGED, "I8");
  check_never(clip_path("quick"), below, GAZE_ERR_ARGUMENT, "-1", NULL);
  check_never(clip_path("quick"), nothing, GAZE_ERR_ARGUMENT, "above 0", NULL);
  check_never(clip_path("quick"), endless, GAZE_ERR_ARGUMENT, "inf", NULL);
  check_never(clip_path("../lora_train/adapter"), NULL, GAZE_ERR_UNSUPPORTED, "an adapter", "merge-lora");
  check_never("nowhere-to-be-found", NULL, GAZE_ERR_NOT_FOUND, "nowhere-to-be-found", NULL);
  check_fails(gaze_model_average(NULL, NULL, 0, test_path("never")), GAZE_ERR_ARGUMENT, "no models", NULL);
}

/* Whole numbers cannot be averaged, but may be the same. */
static void whole_numbers_are_the_same(void **state) {
  int8_t one[MOST] = {1, 2}, other[MOST] = {1, 3};
  size_t n = fill_others();
  const char *a = write_other("one", GAZE_DTYPE_I8, one, n), *models[] = {a, a};
  assert_int_equal(gaze_model_average(models, NULL, 2, test_path("same")), GAZE_OK);
  models[1] = write_other("another", GAZE_DTYPE_I8, other, n);
  check_fails(gaze_model_average(models, NULL, 2, test_path("never")), GAZE_ERR_UNSUPPORTED, "differ", CHANGED, NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_weight_is_the_mean), cmocka_unit_test(dtypes_are_the_first_ones),
      cmocka_unit_test(what_does_not_fit_is_named), cmocka_unit_test(whole_numbers_are_the_same)};
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
