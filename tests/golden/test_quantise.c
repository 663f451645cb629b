/* Smaller copies of a model: as near to transformers as their precision allows, whatever precision opens them, and what
 * does not belong to them is refused. */
#include "clip_fixtures.h"

#include "core/base/random.h"
#include "fusion/model.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static double cosine_of(const float *a, const float *b, size_t n) {
  double ab = 0, aa = 0, bb = 0;
  for (size_t i = 0; i < n; i++) {
    ab += (double)a[i] * (double)b[i];
    aa += (double)a[i] * (double)a[i];
    bb += (double)b[i] * (double)b[i];
  }
  return ab / sqrt(aa * bb);
}

static double cosine(const float *got, const json_t *wanted) {
  float *numbers = list_numbers(wanted);
  double cosine = cosine_of(got, numbers, json_array_size(wanted));
  free(numbers);
  return cosine;
}

/* Of all pictures and texts. */
static double least_cosine(const char *folder, gaze_precision precision) {
  gaze_model_options options = {.precision = precision};
  gaze_model *model = open_clip_model(folder, &options);
  json_t *pictures = open_clip_json("pictures.json"), *texts = open_clip_json("texts.json"), *item;
  double least = 1;
  float vector[64];
  size_t i;
  json_array_foreach(pictures, i, item) {
    assert_int_equal(gaze_embed_file(model, clip_path(text_of(item, "file")), NULL, vector), GAZE_OK);
    least = fmin(least, cosine(vector, json_object_get(item, "vector")));
  }
  json_array_foreach(texts, i, item) {
    const char *text = text_of(item, "text");
    assert_int_equal(gaze_embed_texts(model, &text, 1, vector), GAZE_OK);
    least = fmin(least, cosine(vector, json_object_get(item, "vector")));
  }
  json_decref(pictures);
  json_decref(texts);
  gaze_model_close(model);
  return least;
}

static const char *quantised(const char *name, gaze_precision precision) {
  const char *folder = test_path(name);
  if (gaze_model_quantise(clip_path("quick"), precision, folder) != GAZE_OK)
    fail_msg("%s: %s", name, gaze_last_error());
  return folder;
}

static void check_copy(const char *name, gaze_precision made, double limit) {
  const char *folder = quantised(name, made);
  for (gaze_precision precision = GAZE_PRECISION_F32; precision <= GAZE_PRECISION_INT8; precision++) {
    double least = least_cosine(folder, precision);
    if (!(least >= (precision == GAZE_PRECISION_INT8 ? 0.995 : limit)))
      fail_msg("%s opened in precision %d: a cosine of %.6f", name, (int)precision, least);
  }
}

static void copies_are_near(void **state) {
  count_warnings();
  check_copy("bf16", GAZE_PRECISION_BF16, 0.9995);
  check_copy("int8", GAZE_PRECISION_INT8, 0.995);
}

/* A copy in int8 and the same made on the way give the same bits. */
static void int8_is_the_same_from_the_file(void **state) {
  const char *folder = quantised("same", GAZE_PRECISION_INT8), *text = "a dog";
  gaze_model_options options = {.precision = GAZE_PRECISION_INT8};
  gaze_model *made = open_clip_model(clip_path("quick"), &options), *stored = open_clip_model(folder, &options);
  float a[64], b[64];
  size_t size = (size_t)gaze_model_dim(made) * sizeof *a;
  assert_int_equal(gaze_embed_texts(made, &text, 1, a), GAZE_OK);
  assert_int_equal(gaze_embed_texts(stored, &text, 1, b), GAZE_OK);
  assert_memory_equal(a, b, size);
  assert_int_equal(gaze_embed_file(made, clip_path("picture0.png"), NULL, a), GAZE_OK);
  assert_int_equal(gaze_embed_file(stored, clip_path("picture0.png"), NULL, b), GAZE_OK);
  assert_memory_equal(a, b, size);
  gaze_model_close(made);
  gaze_model_close(stored);
}

/* Whatever stands out in the pictures beside it. */
static void a_picture_in_int8_is_alone(void **state) {
  enum { PICTURES = 7, PLACE = 3 };
  gaze_model_options options = {.precision = GAZE_PRECISION_INT8};
  gaze_model *model = open_clip_model(clip_path("quick"), &options);
  size_t size = gaze_model_pixels(model), D = (size_t)gaze_model_dim(model);
  float *pixels = calloc(PICTURES * size, sizeof *pixels), alone[64], together[PICTURES * 64];
  gaze_random random;
  gaze_random_init(&random, 3, 0);
  for (size_t i = 0; i < PICTURES * size; i++) {
    float spike = i / size != PLACE && i % 37 == i / size ? 100 : 1;
    pixels[i] = spike * (float)(gaze_random_uniform(&random) - 0.5);
  }
  assert_int_equal(gaze_model_encode(model, pixels + PLACE * size, 1, alone), GAZE_OK);
  assert_int_equal(gaze_model_encode(model, pixels, PICTURES, together), GAZE_OK);
  assert_memory_equal(together + PLACE * D, alone, D * sizeof *alone);
  free(pixels);
  gaze_model_close(model);
}

/* Of a checkpoint in 16 bits only the tower that is asked becomes f32. */
static void a_tower_is_widened_when_first_used(void **state) {
  gaze_model *model = open_clip_model(quantised("lazy", GAZE_PRECISION_BF16), NULL);
  const char *text = "a dog";
  float vector[64];
  assert_null(model->towers[GAZE_TOWER_TEXT].converted.base);
  assert_int_equal(gaze_embed_texts(model, &text, 1, vector), GAZE_OK);
  assert_non_null(model->towers[GAZE_TOWER_TEXT].converted.base);
  assert_null(model->towers[GAZE_TOWER_VISION].converted.base);
  gaze_model_close(model);
}

/* A text tower whose sizes lie in a folder of their own: the copy has that folder, too. */
static void a_tower_of_another_folder_is_copied(void **state) {
  const char *source = clip_path("../families/xlmr"), *folder = test_path("xlmr");
  gaze_model_options options = {.precision = GAZE_PRECISION_INT8};
  gaze_safetensors *file = open_clip_tensors("../families/xlmr");
  const gaze_tensor *ids = find_tensor(file, "ids"), *ends = find_tensor(file, "offsets");
  const gaze_tensor *wanted = find_tensor(file, "text.embedding");
  size_t n = ends->shape[0] - 1, D = wanted->shape[1], offsets[16];
  gaze_model *model;
  float vectors[16 * 20];
  assert_true(n < 16 && D == 20);
  for (size_t i = 0; i <= n; i++)
    offsets[i] = (size_t)((const int32_t *)ends->data)[i];
  assert_int_equal(gaze_model_quantise(source, GAZE_PRECISION_INT8, folder), GAZE_OK);
  if (gaze_model_open_towers(folder, &options, &model) != GAZE_OK)
    fail_msg("%s", gaze_last_error());
  assert_int_equal(gaze_model_prepare(model, GAZE_TOWER_TEXT, n), GAZE_OK);
  assert_int_equal(gaze_model_encode_ids(model, ids->data, offsets, n, vectors), GAZE_OK);
  for (size_t i = 0; i < n; i++) {
    double cosine = cosine_of(vectors + i * D, (const float *)wanted->data + i * D, D);
    if (!(cosine >= 0.995))
      fail_msg("text %zu: a cosine of %.6f", i, cosine);
  }
  gaze_model_close(model);
  gaze_safetensors_close(file);
}

static void check_not_made(const char *model, gaze_precision precision, const char *folder, const char *word) {
  assert_int_equal(gaze_model_quantise(model, precision, folder), GAZE_ERR_ARGUMENT);
  if (!strstr(gaze_last_error(), word))
    fail_msg("%s: where is %s", gaze_last_error(), word);
}

static void what_cannot_be_made_smaller_is_said(void **state) {
  const char *folder = quantised("once", GAZE_PRECISION_INT8);
  check_not_made(folder, GAZE_PRECISION_INT8, test_path("twice"), "already in int8");
  check_not_made(clip_path("quick"), GAZE_PRECISION_BF16, folder, "a model is there already");
  check_not_made(clip_path("quick"), GAZE_PRECISION_F32, test_path("f32"), "choose int8 or bf16");
}

/* The weights of a copy again, less one tensor or with a shorter one. */
static void rewrite(const char *folder, const char *without, const char *shorter) {
  gaze_named_tensor tensors[128];
  gaze_safetensors *file;
  char path[1200];
  size_t n = 0;
  snprintf(path, sizeof path, "%s/model.safetensors", folder);
  assert_int_equal(gaze_safetensors_open(path, &file), GAZE_OK);
  for (size_t i = 0; i < gaze_safetensors_count(file); i++) {
    gaze_named_tensor tensor = *gaze_safetensors_get(file, i);
    if (shorter && strcmp(tensor.name, shorter) == 0)
      tensor.tensor.shape[0]--;
    if (!without || strcmp(tensor.name, without) != 0)
      tensors[n++] = tensor;
  }
  assert_int_equal(gaze_safetensors_save(path, tensors, n), GAZE_OK);
  gaze_safetensors_close(file);
}

static void scales_must_belong(void **state) {
  static const char scales[] = "text_projection.weight.scales";
  const char *folder = quantised("lost", GAZE_PRECISION_INT8);
  rewrite(folder, scales, NULL);
  check_refused(folder, GAZE_ERR_UNSUPPORTED, "text_projection.weight", "without scales");
  folder = quantised("short", GAZE_PRECISION_INT8);
  rewrite(folder, NULL, scales);
  check_refused(folder, GAZE_ERR_MISMATCH, scales, "numbers in F32");
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(copies_are_near),
                                     cmocka_unit_test(int8_is_the_same_from_the_file),
                                     cmocka_unit_test(a_tower_is_widened_when_first_used),
                                     cmocka_unit_test(what_cannot_be_made_smaller_is_said),
                                     cmocka_unit_test(a_picture_in_int8_is_alone),
                                     cmocka_unit_test(a_tower_of_another_folder_is_copied),
                                     cmocka_unit_test(scales_must_belong)};
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
