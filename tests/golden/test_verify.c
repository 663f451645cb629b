/* gaze_model_verify on the references that clip.py and families.py wrote: every model passes, and of every fault that
 * is planted the stage is named where it happens. */
#include "clip_fixtures.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *path_of(const char *folder, const char *name) {
  static char paths[8][1400];
  static int turn;
  char path[sizeof paths[0]]; /* folder may be one of the buffers */
  assert_in_range(snprintf(path, sizeof path, "%s/%s", folder, name), 1, sizeof path - 1);
  return strcpy(paths[turn++ % 8], path);
}

static const char *reference_of(const char *fixture) { return path_of(clip_path(fixture), "gaze-reference"); }

/* A model folder in the test's own folder, every file of it a link to the fixture's, none to its reference. */
static const char *link_folder(const char *name, const char *fixture) {
  static const char *const files[] = {"config.json",       "preprocessor_config.json", "tokenizer.json",
                                      "model.safetensors", "open_clip_config.json",    "open_clip_model.safetensors"};
  const char *folder = test_path(name);
  assert_int_equal(mkdir(folder, 0700), 0);
  for (size_t i = 0; i < sizeof files / sizeof *files; i++)
    if (access(path_of(clip_path(fixture), files[i]), R_OK) == 0)
      assert_int_equal(symlink(path_of(clip_path(fixture), files[i]), path_of(folder, files[i])), 0);
  return folder;
}

/* What a verification says, json_decref(); fails where none was made. */
static json_t *verify(const char *folder, const char *reference, gaze_precision precision, bool *same) {
  gaze_model_options options = {.precision = precision};
  char *text;
  if (gaze_model_verify(folder, &options, reference, same, &text) != GAZE_OK)
    fail_msg("%s: %s", folder, gaze_last_error());
  json_t *result = json_loads(text, 0, NULL);
  free(text);
  assert_string_equal(text_of(result, "result"), *same ? "PASS" : "FAIL");
  return result;
}

static void check_passes(const char *fixture, gaze_precision precision) {
  bool same, tokenizer = strcmp(fixture, "quick") == 0;
  json_t *result = verify(clip_path(fixture), NULL, precision, &same), *stage;
  size_t i, taps = 0, skipped = 0;
  if (!same)
    fail_msg("%s: %s parts", fixture, text_of(result, "first"));
  json_array_foreach(json_object_get(result, "stages"), i, stage) {
    skipped += strcmp(text_of(stage, "status"), "skipped") == 0;
    taps += strstr(text_of(stage, "stage"), ".block") != NULL;
  }
  assert_int_equal(skipped, tokenizer ? 0 : 1);
  assert_true(taps >= 12);
  json_decref(result);
}

static void every_fixture_passes(void **state) {
  static const char *const fixtures[] = {"quick",
                                         "../families/siglip",
                                         "../families/siglip-timm",
                                         "../families/chinese",
                                         "../families/open",
                                         "../families/open-both",
                                         "../families/xlmr"};
  for (size_t i = 0; i < sizeof fixtures / sizeof *fixtures; i++) {
    check_passes(fixtures[i], GAZE_PRECISION_F32);
    check_passes(fixtures[i], GAZE_PRECISION_BF16);
  }
}

/* siglip2 with another member of tokenizer_config.json (taken) and another class of tokenizer (NULL: its own). */
static const char *link_siglip2(const char *class_name, const char *key, json_t *value) {
  static const char *const links[] = {"config.json", "model.safetensors", "preprocessor_config.json", "tokenizer.json"};
  static int count;
  const char *fixture = clip_path("../families/siglip2");
  char name[24];
  snprintf(name, sizeof name, "words%d", count++);
  const char *folder = test_path(name);
  assert_int_equal(mkdir(folder, 0700), 0);
  for (size_t i = 0; i < sizeof links / sizeof *links; i++)
    assert_int_equal(symlink(path_of(fixture, links[i]), path_of(folder, links[i])), 0);
  json_t *config = json_load_file(path_of(fixture, "tokenizer_config.json"), 0, NULL);
  if (class_name)
    json_object_set_new(config, "tokenizer_class", json_string(class_name));
  json_object_set_new(config, key, value);
  assert_int_equal(json_dump_file(config, path_of(folder, "tokenizer_config.json"), 0), 0);
  json_decref(config);
  return folder;
}

/* Whether ids, and with them all else, are those of the fixture's reference. */
static void check_words(const char *folder, const char *reference, bool expected) {
  bool same;
  json_t *result = verify(folder, path_of(clip_path("../families/siglip2"), reference), GAZE_PRECISION_F32, &same);
  assert_int_equal(same, expected);
  if (!same)
    assert_string_equal(text_of(result, "first"), "token ids");
  json_decref(result);
}

/* Said in tokenizer_config.json; else Gemma's own, the left. Its reference is of texts filled up in front. */
static void padding_on_the_left(void **state) {
  check_words(link_siglip2(NULL, "padding_side", json_string("left")), "gaze-reference-left", true);
  check_words(link_siglip2(NULL, "padding_side", json_null()), "gaze-reference-left", true);
  check_words(link_siglip2("PreTrainedTokenizerFast", "padding_side", json_null()), "gaze-reference-left", false);
  check_words(link_siglip2(NULL, "padding_side", json_string("right")), "gaze-reference-left", false);
  check_refused(link_siglip2(NULL, "padding_side", json_string("top")), GAZE_ERR_FORMAT, "padding_side", "top");
}

/* SigLIP 2's own class always does it, Gemma's where it is told to. */
static void lower_case_of_siglip2(void **state) {
  check_words(link_siglip2("GemmaTokenizer", "do_lower_case", json_true()), "gaze-reference", true);
  check_words(link_siglip2("GemmaTokenizer", "do_lower_case", json_null()), "gaze-reference", false);
}

static void check_parts(const char *folder, const char *reference, const char *stage) {
  bool same;
  json_t *result = verify(folder, reference, GAZE_PRECISION_F32, &same);
  if (same)
    fail_msg("%s passes where %s should part", folder, stage);
  assert_string_equal(text_of(result, "first"), stage);
  text_of(result, "hint");
  json_decref(result);
}

static json_t *member(json_t *json, const char *path) {
  char key[64];
  for (int length; *path; path += length + (path[length] == '/')) {
    length = (int)strcspn(path, "/");
    snprintf(key, sizeof key, "%.*s", length, path);
    json = json_object_get(json, key);
    assert_non_null(json);
  }
  return json;
}

/* A member of a JSON file of the fixture becomes another (taken): the stage parts. place: objects, "a/b". */
static void plant_setting(const char *fixture, const char *file, const char *place, const char *key, json_t *taken,
                          const char *stage) {
  static int count;
  char name[24];
  snprintf(name, sizeof name, "setting%d", count++);
  const char *folder = link_folder(name, fixture), *path = path_of(folder, file);
  json_t *json = json_load_file(path, 0, NULL);
  assert_int_equal(json_object_set_new(member(json, place), key, taken), 0);
  assert_int_equal(unlink(path), 0);
  assert_int_equal(json_dump_file(json, path, 0), 0);
  json_decref(json);
  check_parts(folder, reference_of(fixture), stage);
}

static void wrong_gelu(void **state) {
  plant_setting("quick", "config.json", "vision_config", "hidden_act", json_string("gelu"), "vision.block00");
  plant_setting("quick", "config.json", "text_config", "hidden_act", json_string("gelu"), "text.block00");
  plant_setting("../families/open", "open_clip_config.json", "model_cfg", "quick_gelu", json_false(), "vision.block00");
}

static void bilinear_for_bicubic(void **state) {
  plant_setting("quick", "preprocessor_config.json", "", "resample", json_integer(2), "resize");
}

static void crop_for_squash(void **state) {
  plant_setting("../families/open-both", "open_clip_config.json", "preprocess_cfg", "resize_mode",
                json_string("shortest"), "resize");
}

static void wrong_eps(void **state) {
  plant_setting("quick", "config.json", "vision_config", "layer_norm_eps", json_real(1e-2), "vision.pre_norm");
  plant_setting("quick", "config.json", "text_config", "layer_norm_eps", json_real(1e-2), "text.block00.norm1");
  plant_setting("../families/siglip", "config.json", "vision_config", "layer_norm_eps", json_real(1e-2),
                "vision.block00.norm1");
}

static void mean_of_another_family(void **state) {
  plant_setting("quick", "preprocessor_config.json", "", "image_mean", json_pack("[f, f, f]", 0.5, 0.5, 0.5), "pixels");
  plant_setting("../families/siglip", "preprocessor_config.json", "", "image_std",
                json_pack("[f, f, f]", 0.3, 0.3, 0.3), "pixels");
}

static void causal_mask_missing_and_unwanted(void **state) {
  plant_setting("../families/open-both", "open_clip_config.json", "model_cfg/text_cfg", "no_causal_mask", json_false(),
                "text.block00.attn");
  const char *fixture = clip_path("../families/open-both");
  check_parts(fixture, path_of(fixture, "gaze-reference-causal"), "text.block00.attn");
}

static void other_merges(void **state) {
  json_t *tokenizer = open_clip_json("quick/tokenizer.json");
  json_t *merges = json_deep_copy(member(tokenizer, "model/merges"));
  for (size_t i = 0, n = json_array_size(merges); i < n / 2; i++)
    json_array_remove(merges, json_array_size(merges) - 1);
  plant_setting("quick", "tokenizer.json", "model", "merges", merges, "token ids");
  json_decref(tokenizer);
}

static void lower_case_missing(void **state) {
  json_t *tokenizer = open_clip_json("quick/tokenizer.json"), *step;
  json_t *steps = json_deep_copy(member(tokenizer, "normalizer/normalizers"));
  size_t i;
  json_array_foreach(steps, i, step) if (strcmp(text_of(step, "type"), "Lowercase") == 0) break;
  assert_int_equal(json_array_remove(steps, i), 0);
  plant_setting("quick", "tokenizer.json", "normalizer", "normalizers", steps, "token ids");
  json_decref(tokenizer);
}

/* Another tensor in place of one; data [rows, columns] of to is filled from the old one. */
typedef void change_fn(float *to, const float *from, size_t rows, size_t columns);

static void transpose(float *to, const float *from, size_t rows, size_t columns) {
  assert_int_equal(rows, columns);
  for (size_t r = 0; r < rows; r++)
    for (size_t c = 0; c < columns; c++)
      to[r * columns + c] = from[c * rows + r];
}

static void shift(float *to, const float *from, size_t rows, size_t columns) {
  for (size_t r = 0; r < rows; r++)
    memcpy(to + r * columns, from + (r + 1) % rows * columns, columns * sizeof *to);
}

/* Writes the tensors of from to path, bytes last so that numbers stay aligned, the one of that name from data. */
static void rewrite(const char *from, const char *path, const char *name, const float *data) {
  gaze_named_tensor tensors[160];
  gaze_safetensors *file;
  size_t n = 0;
  assert_int_equal(gaze_safetensors_open(from, &file), GAZE_OK);
  assert_true(gaze_safetensors_count(file) < 160);
  for (int bytes = 0; bytes < 2; bytes++)
    for (size_t i = 0; i < gaze_safetensors_count(file); i++)
      if ((gaze_safetensors_get(file, i)->tensor.dtype == GAZE_DTYPE_U8) == bytes)
        tensors[n++] = *gaze_safetensors_get(file, i);
  for (size_t i = 0; i < n; i++)
    if (strcmp(tensors[i].name, name) == 0)
      tensors[i].tensor.data = data;
  assert_int_equal(gaze_safetensors_save(path, tensors, n), GAZE_OK);
  gaze_safetensors_close(file);
}

static void plant_weights(const char *fixture, const char *name, change_fn *change, const char *stage) {
  static int count;
  char folder_name[24], from[1400];
  snprintf(folder_name, sizeof folder_name, "weights%d", count++);
  const char *folder = link_folder(folder_name, fixture), *path = path_of(folder, "model.safetensors");
  gaze_safetensors *file;
  snprintf(from, sizeof from, "%s/model.safetensors", clip_path(fixture));
  assert_int_equal(gaze_safetensors_open(from, &file), GAZE_OK);
  const gaze_tensor *old = find_tensor(file, name);
  float *data = malloc(gaze_tensor_count(old) * sizeof *data);
  assert_non_null(data);
  change(data, old->data, old->shape[0], old->shape[1]);
  assert_int_equal(unlink(path), 0);
  rewrite(from, path, name, data);
  gaze_safetensors_close(file);
  free(data);
  check_parts(folder, reference_of(fixture), stage);
}

static void transposed_projection(void **state) {
  plant_weights("../families/siglip", "text_model.head.weight", transpose, "text.embedding");
}

static void shifted_positions(void **state) {
  plant_weights("quick", "vision_model.embeddings.position_embedding.weight", shift, "vision.embedded");
  plant_weights("quick", "text_model.embeddings.position_embedding.weight", shift, "text.embedded");
}

static void norm_row(float *y, const float *x, const float *gain, const float *bias, size_t n) {
  double mean = 0, variance = 0;
  for (size_t i = 0; i < n; i++)
    mean += (double)x[i] / (double)n;
  for (size_t i = 0; i < n; i++)
    variance += ((double)x[i] - mean) * ((double)x[i] - mean) / (double)n;
  for (size_t i = 0; i < n; i++)
    y[i] = (float)(((double)x[i] - mean) / sqrt(variance + 1e-5) * (double)gain[i] + (double)bias[i]);
}

/* No configuration makes gaze pool another row than where the ids end: here the reference did, at each text's first. */
static void another_row_pooled(void **state) {
  static const char *const links[] = {"cases.json", "picture0.png", "picture1.png", "picture2.png", "picture3.png"};
  const char *folder = test_path("pooled");
  char reference[1400];
  gaze_safetensors *weights, *file;
  float pooled[16 * 64];
  strcpy(reference, reference_of("quick"));
  assert_int_equal(gaze_safetensors_open(clip_path("quick/model.safetensors"), &weights), GAZE_OK);
  assert_int_equal(gaze_safetensors_open(path_of(reference, "reference.safetensors"), &file), GAZE_OK);
  const gaze_tensor *rows = find_tensor(file, "text.block01"), *offsets = find_tensor(file, "offsets");
  size_t C = rows->shape[1], T = offsets->shape[0] - 1;
  assert_true(T <= 16 && C <= 64);
  for (size_t t = 0; t < T; t++)
    norm_row(pooled + t * C, (const float *)rows->data + (size_t)((const int32_t *)offsets->data)[t] * C,
             find_tensor(weights, "text_model.final_layer_norm.weight")->data,
             find_tensor(weights, "text_model.final_layer_norm.bias")->data, C);
  assert_int_equal(mkdir(folder, 0700), 0);
  for (size_t i = 0; i < sizeof links / sizeof *links; i++)
    assert_int_equal(symlink(path_of(reference, links[i]), path_of(folder, links[i])), 0);
  rewrite(path_of(reference, "reference.safetensors"), path_of(folder, "reference.safetensors"), "text.pooled", pooled);
  gaze_safetensors_close(weights);
  gaze_safetensors_close(file);
  check_parts(clip_path("quick"), folder, "text.pooled");
}

static void to_nan(float *to, const float *from, size_t rows, size_t columns) {
  memcpy(to, from, rows * columns * sizeof *to);
  to[columns + 1] = NAN;
}

static void damaged_weights(void **state) {
  plant_weights("quick", "visual_projection.weight", to_nan, "vision.embedding");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_fixture_passes),
      cmocka_unit_test(padding_on_the_left),
      cmocka_unit_test(lower_case_of_siglip2),
      cmocka_unit_test(wrong_gelu),
      cmocka_unit_test(bilinear_for_bicubic),
      cmocka_unit_test(crop_for_squash),
      cmocka_unit_test(transposed_projection),
      cmocka_unit_test(shifted_positions),
      cmocka_unit_test(wrong_eps),
      cmocka_unit_test(causal_mask_missing_and_unwanted),
      cmocka_unit_test(mean_of_another_family),
      cmocka_unit_test(other_merges),
      cmocka_unit_test(lower_case_missing),
      cmocka_unit_test(another_row_pooled),
      cmocka_unit_test(damaged_weights),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
