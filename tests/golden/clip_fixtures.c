#include "clip_fixtures.h"
#include "nearness.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TOLERANCE 1e-5

const char *clip_path(const char *name) {
  static char paths[8][1024];
  static int turn;
  char *path = paths[turn++ % 8];
  snprintf(path, sizeof paths[0], "%s/tests/golden/data/clip/%s", getenv("GAZE_SOURCE_ROOT"), name);
  return path;
}

json_t *open_clip_json(const char *name) {
  json_t *json;
  if (gaze_json_open(clip_path(name), &json) != GAZE_OK)
    fail_msg("%s", gaze_last_error());
  return json;
}

gaze_safetensors *open_clip_tensors(const char *name) {
  char file_name[64];
  gaze_safetensors *file;
  snprintf(file_name, sizeof file_name, "%s.safetensors", name);
  if (gaze_safetensors_open(clip_path(file_name), &file) != GAZE_OK)
    fail_msg("%s", gaze_last_error());
  return file;
}

const gaze_tensor *find_tensor(const gaze_safetensors *file, const char *name) {
  const gaze_tensor *tensor = gaze_safetensors_find(file, name);
  if (!tensor)
    fail_msg("no reference: %s", name);
  return tensor;
}

float *list_numbers(const json_t *list) {
  size_t n = json_array_size(list);
  float *numbers = malloc((n + 1) * sizeof *numbers);
  assert_non_null(numbers);
  for (size_t i = 0; i < n; i++)
    numbers[i] = (float)json_number_value(json_array_get(list, i));
  return numbers;
}

void check_near(const char *where, const char *what, const float *got, const float *wanted, size_t n) {
  double error = relative_error(got, wanted, n);
  if (!(error <= TOLERANCE))
    fail_msg("%s: %s is off by %.3g", where, what, error);
}

const char *link_model(const char *name, const char *fixture) {
  static const char *const files[] = {"config.json", "model.safetensors", "preprocessor_config.json", "tokenizer.json"};
  const char *folder = test_path(name);
  assert_int_equal(mkdir(folder, 0700), 0);
  for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
    char from[1200], to[1200];
    snprintf(from, sizeof from, "%s/%s", clip_path(fixture), files[i]);
    snprintf(to, sizeof to, "%s/%s", folder, files[i]);
    assert_int_equal(symlink(from, to), 0);
  }
  return folder;
}

const char *link_model_config(const char *name, const char *fixture, json_t *config) {
  const char *folder = link_model(name, fixture);
  char path[1200];
  snprintf(path, sizeof path, "%s/config.json", folder);
  assert_int_equal(unlink(path), 0);
  assert_int_equal(json_dump_file(config, path, 0), 0);
  json_decref(config);
  return folder;
}

gaze_model *open_clip_model(const char *folder, const gaze_model_options *options) {
  gaze_model *model;
  if (gaze_model_open(folder, options, &model) != GAZE_OK)
    fail_msg("%s", gaze_last_error());
  return model;
}

void check_vector(const char *where, const json_t *item, const char *name, const float *got, size_t dim) {
  const json_t *list = json_object_get(item, name);
  assert_int_equal(json_array_size(list), dim);
  float *wanted = list_numbers(list);
  check_near(where, name, got, wanted, dim);
  free(wanted);
}

const char *text_of(const json_t *item, const char *key) {
  const char *text = json_string_value(json_object_get(item, key));
  assert_non_null(text);
  return text;
}

void check_texts(gaze_model *model, const char *vector) {
  json_t *cases = open_clip_json("texts.json"), *item;
  const char *texts[16];
  float together[16 * 64];
  size_t i, n = json_array_size(cases), dim = (size_t)gaze_model_dim(model);
  assert_true(n > 0 && n <= 16 && dim <= 64);
  json_array_foreach(cases, i, item) {
    float alone[64];
    texts[i] = text_of(item, "text");
    assert_int_equal(gaze_embed_texts(model, &texts[i], 1, alone), GAZE_OK);
    check_vector(texts[i], item, vector, alone, dim);
  }
  assert_int_equal(gaze_embed_texts(model, texts, n, together), GAZE_OK);
  json_array_foreach(cases, i, item) check_vector(texts[i], item, vector, together + i * dim, dim);
  json_decref(cases);
}

void check_refused(const char *folder, gaze_err expected, const char *first, const char *second) {
  gaze_model *model = NULL;
  check_fails(gaze_model_open(folder, NULL, &model), expected, first, second, NULL);
  assert_null(model);
  assert_null(strchr(gaze_last_error(), '\n'));
}

const char *write_clip_weights(const char *name, const clip_change *how) {
  const char *folder = link_model(name, "quick");
  char path[1200];
  gaze_named_tensor tensors[128];
  gaze_safetensors *file;
  size_t n = 0;
  assert_int_equal(gaze_safetensors_open(clip_path("quick/model.safetensors"), &file), GAZE_OK);
  assert_true(gaze_safetensors_count(file) < 128);
  for (size_t i = 0; i < gaze_safetensors_count(file); i++)
    if (!how->without || strcmp(gaze_safetensors_get(file, i)->name, how->without) != 0)
      tensors[n++] = *gaze_safetensors_get(file, i);
  if (how->with.name)
    tensors[n++] = how->with;
  snprintf(path, sizeof path, "%s/model.safetensors", folder);
  assert_int_equal(unlink(path), 0);
  assert_int_equal(gaze_safetensors_save(path, tensors, n), GAZE_OK);
  gaze_safetensors_close(file);
  return folder;
}
