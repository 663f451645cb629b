/* A model folder through the public API: pictures and texts from files to vectors as transformers gives them, and every
 * way in which configuration and weights can disagree. */
#include "clip_fixtures.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void texts_equal_transformers(void **state) {
  gaze_model *model = open_clip_model(clip_path("quick"), NULL);
  count_warnings();
  check_texts(model, "vector");
  assert_int_equal(n_warnings, 2); /* the long one, alone and among the others */
  assert_non_null(strstr(last_warning, "cut at 16 tokens"));
  gaze_model_close(model);
}

/* Configurations from before 2023 say eos_token_id 2 and mean the highest id. */
static void old_configuration_pools_the_same_row(void **state) {
  json_t *config = open_clip_json("quick/config.json"), *text = json_object_get(config, "text_config");
  json_object_set_new(text, "bos_token_id", json_integer(0));
  json_object_set_new(text, "eos_token_id", json_integer(2));
  json_object_set_new(text, "pad_token_id", json_integer(1));
  gaze_model *model = open_clip_model(link_model_config("old", "quick", config), NULL);
  check_texts(model, "old");
  gaze_model_close(model);
}

static void ids_equal_transformers(void **state) {
  gaze_model *model = open_clip_model(clip_path("quick"), NULL);
  json_t *cases = open_clip_json("texts.json"), *item;
  size_t i, n;
  json_array_foreach(cases, i, item) {
    const json_t *wanted = json_object_get(item, "ids");
    int32_t *ids;
    assert_int_equal(gaze_tokenize(model, text_of(item, "text"), false, &ids, &n), GAZE_OK);
    assert_int_equal(n, json_array_size(wanted));
    for (size_t j = 0; j < n; j++)
      assert_int_equal(ids[j], json_integer_value(json_array_get(wanted, j)));
    free(ids);
  }
  json_decref(cases);
  gaze_model_close(model);
}

/* From the file, from a decoded picture, and as one of several files. */
static void check_picture(gaze_model *model, const json_t *item, const char *path) {
  gaze_picture picture;
  float vector[64], several[3 * 64];
  size_t dim = (size_t)gaze_model_dim(model);
  assert_int_equal(gaze_embed_file(model, path, NULL, vector), GAZE_OK);
  check_vector(path, item, "vector", vector, dim);
  assert_int_equal(gaze_picture_open(path, NULL, NULL, &picture), GAZE_OK);
  assert_int_equal(gaze_embed_pictures(model, &picture, 1, vector), GAZE_OK);
  check_vector(path, item, "vector", vector, dim);
  gaze_picture_fini(&picture);
  const char *paths[] = {clip_path("picture0.png"), path, clip_path("texts.json")};
  gaze_err status[3];
  char *messages[3];
  assert_int_equal(gaze_embed_files(model, paths, 3, NULL, several, status, messages), GAZE_OK);
  check_vector(path, item, "vector", several + dim, dim);
  assert_int_equal(status[2], GAZE_ERR_FORMAT);
  for (size_t i = 0; i < 3; i++)
    free(messages[i]);
}

static void pictures_equal_transformers(void **state) {
  json_t *cases = open_clip_json("pictures.json"), *item;
  static const gaze_model_options settings[] = {{0}, {.threads = 1}, {.threads = 4, .cpu = "c"}};
  size_t i;
  for (size_t j = 0; j < sizeof settings / sizeof *settings; j++) {
    gaze_model *model = open_clip_model(clip_path("quick"), &settings[j]);
    json_array_foreach(cases, i, item) check_picture(model, item, clip_path(text_of(item, "file")));
    gaze_model_close(model);
  }
  json_decref(cases);
}

/* Not a figure of quality, only that the way through oneDNN is the same way. */
static void bf16_stays_close(void **state) {
  json_t *cases = open_clip_json("pictures.json"), *item;
  gaze_model *model;
  size_t i;
  gaze_err err = gaze_model_open(clip_path("quick"), &(gaze_model_options){.precision = GAZE_PRECISION_BF16}, &model);
  if (err == GAZE_ERR_UNSUPPORTED) {
    printf("SKIP: %s\n", gaze_last_error());
    json_decref(cases);
    skip();
  }
  assert_int_equal(err, GAZE_OK);
  json_array_foreach(cases, i, item) {
    float vector[64], *wanted = list_numbers(json_object_get(item, "vector")), cosine = 0;
    assert_int_equal(gaze_embed_file(model, clip_path(text_of(item, "file")), NULL, vector), GAZE_OK);
    for (int j = 0; j < gaze_model_dim(model); j++)
      cosine += vector[j] * wanted[j];
    assert_true(cosine > 0.999f);
    free(wanted);
  }
  gaze_model_close(model);
  json_decref(cases);
}

/* tower NULL: the member is the configuration's own. value: JSON. */
static const struct {
  const char *tower, *key, *value;
  gaze_err expected;
  const char *first, *second; /* words of the message */
} wrong_configs[] = {
    {NULL, "model_type", "\"blip\"", GAZE_ERR_UNSUPPORTED, "blip", "clip"},
    {NULL, "model_type", "\"siglip2\"", GAZE_ERR_UNSUPPORTED, "siglip2", "NaFlex"},
    {NULL, "model_type", "null", GAZE_ERR_UNSUPPORTED, "model_type", "clip"},
    {NULL, "projection_dim", "12", GAZE_ERR_MISMATCH, "visual_projection.weight", "[12, 36]"},
    {"vision_config", "hidden_act", "\"relu\"", GAZE_ERR_UNSUPPORTED, "relu", "quick_gelu"},
    {"text_config", "hidden_act", "\"relu6\"", GAZE_ERR_UNSUPPORTED, "relu6", "quick_gelu"},
    {"vision_config", "num_attention_heads", "5", GAZE_ERR_MISMATCH, "vision", "36"},
    {"text_config", "num_attention_heads", "7", GAZE_ERR_MISMATCH, "text", "24"},
    {"vision_config", "num_attention_heads", "0", GAZE_ERR_FORMAT, "num_attention_heads", "0"},
    {"vision_config", "num_hidden_layers", "3", GAZE_ERR_MISMATCH, "missing", "vision_model.encoder.layers.2."},
    {"text_config", "num_hidden_layers", "1", GAZE_ERR_MISMATCH, "nobody", "text_model.encoder.layers.1."},
    {"text_config", "vocab_size", "601", GAZE_ERR_MISMATCH, "token_embedding.weight", "[600, 24]"},
    {"text_config", "max_position_embeddings", "77", GAZE_ERR_MISMATCH, "position_embedding.weight", "[16, 24]"},
    {"vision_config", "patch_size", "12", GAZE_ERR_MISMATCH, "patch_embedding.weight", "[36, 3, 12, 12]"},
    {"vision_config", "image_size", "32", GAZE_ERR_MISMATCH, "24", "32"},
    {"vision_config", "image_size", "-1", GAZE_ERR_FORMAT, "image_size", "-1"},
    {"vision_config", "patch_size", "48", GAZE_ERR_MISMATCH, "24", "48"},
    {"vision_config", "hidden_size", "\"wide\"", GAZE_ERR_FORMAT, "hidden_size", "integer"},
    {"text_config", "intermediate_size", "1e300", GAZE_ERR_FORMAT, "intermediate_size", "integer"},
    {"vision_config", "image_size", "[24, 24]", GAZE_ERR_FORMAT, "image_size", "integer"},
    {"vision_config", "patch_size", "{\"height\": 8, \"width\": 8}", GAZE_ERR_FORMAT, "patch_size", "integer"},
    {"text_config", "eos_token_id", "[599]", GAZE_ERR_FORMAT, "eos_token_id", "integer"},
    {"text_config", "eos_token_id", "598", GAZE_ERR_MISMATCH, "end token is 599", "eos_token_id 598"},
    {NULL, "text_config", "[1]", GAZE_ERR_FORMAT, "text_config", "object"},
    {NULL, "vision_config_dict", "\"no\"", GAZE_ERR_FORMAT, "vision_config_dict", "object"},
    {NULL, "text_config_dict", "{}", GAZE_ERR_MISMATCH, "[49408, 512]", "[600, 24]"},
};

static void wrong_configurations_are_refused(void **state) {
  for (size_t i = 0; i < sizeof wrong_configs / sizeof *wrong_configs; i++) {
    json_t *config = open_clip_json("quick/config.json"), *object = config;
    char name[32];
    if (wrong_configs[i].tower)
      object = json_object_get(config, wrong_configs[i].tower);
    json_object_set_new(object, wrong_configs[i].key, json_loads(wrong_configs[i].value, JSON_DECODE_ANY, NULL));
    snprintf(name, sizeof name, "config%zu", i);
    check_refused(link_model_config(name, "quick", config), wrong_configs[i].expected, wrong_configs[i].first,
                  wrong_configs[i].second);
  }
}

static char projection[] = "text_projection.weight", probe[] = "vision_model.head.probe",
            places[] = "text_model.embeddings.position_ids";
static const double zeros[16 * 24];

static void wrong_weights_are_refused(void **state) {
  const clip_change missing = {.without = projection};
  const clip_change extra = {.with = {probe, {zeros, GAZE_DTYPE_F32, 3, {1, 1, 36}}, 0}};
  const clip_change turned = {projection, {projection, {zeros, GAZE_DTYPE_F32, 2, {24, 16}}, 0}};
  const clip_change flat = {projection, {projection, {zeros, GAZE_DTYPE_F32, 1, {16 * 24}}, 0}};
  const clip_change wide = {projection, {projection, {zeros, GAZE_DTYPE_F64, 2, {16, 24}}, 0}};
  check_refused(write_clip_weights("missing", &missing), GAZE_ERR_MISMATCH, "missing", projection);
  check_refused(write_clip_weights("extra", &extra), GAZE_ERR_MISMATCH, "nobody", probe);
  check_refused(write_clip_weights("turned", &turned), GAZE_ERR_MISMATCH, projection, "[24, 16]");
  check_refused(write_clip_weights("flat", &flat), GAZE_ERR_MISMATCH, projection, "[384]");
  check_refused(write_clip_weights("wide", &wide), GAZE_ERR_UNSUPPORTED, projection, "F64");
}

/* Checkpoints from before 2023 carry a list 0, 1, 2, ... beside the weights. */
static void position_ids_are_no_weights(void **state) {
  const clip_change old = {.with = {places, {zeros, GAZE_DTYPE_I64, 2, {1, 16}}, 0}};
  gaze_model_close(open_clip_model(write_clip_weights("places", &old), NULL));
}

static void missing_files_are_named(void **state) {
  static const char *const files[] = {"config.json", "model.safetensors", "preprocessor_config.json"};
  for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
    char name[32], path[1200];
    snprintf(name, sizeof name, "without%zu", i);
    const char *folder = link_model(name, "quick");
    snprintf(path, sizeof path, "%s/%s", folder, files[i]);
    assert_int_equal(unlink(path), 0);
    check_refused(folder, GAZE_ERR_NOT_FOUND, files[i], folder);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(texts_equal_transformers),  cmocka_unit_test(old_configuration_pools_the_same_row),
      cmocka_unit_test(ids_equal_transformers),    cmocka_unit_test(pictures_equal_transformers),
      cmocka_unit_test(bf16_stays_close),          cmocka_unit_test(wrong_configurations_are_refused),
      cmocka_unit_test(wrong_weights_are_refused), cmocka_unit_test(position_ids_are_no_weights),
      cmocka_unit_test(missing_files_are_named),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
