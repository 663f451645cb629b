/* peft's adapters that are not what they say, or not for this model: each is an error in a line that names the culprit.
 * Made from data/lora_train/adapter. */
#include "clip_fixtures.h"

#include "core/base/file.h"
#include "fusion/adapter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LAYER "base_model.model.model.language_model.layers.1."

/* How the good adapter is changed. */
typedef struct change {
  const char *key, *value;    /* of its configuration, as JSON; value NULL: taken out */
  const char *without;        /* a tensor that is left out */
  const char *renamed, *name; /* a tensor that gets another name */
  const char *cut;            /* a tensor that loses its last row */
} change;

static json_t *changed_config(const change *how) {
  json_t *config, *value = NULL;
  assert_int_equal(gaze_json_open(clip_path("../lora_train/adapter/adapter_config.json"), &config), GAZE_OK);
  if (how->key && how->value)
    value = json_loads(how->value, JSON_DECODE_ANY, NULL);
  if (value)
    assert_int_equal(json_object_set_new(config, how->key, value), 0);
  else if (how->key)
    assert_int_equal(json_object_del(config, how->key), 0);
  return config;
}

static size_t change_tensors(const gaze_safetensors *file, const change *how, gaze_named_tensor *tensors) {
  size_t n = 0;
  for (size_t i = 0; i < gaze_safetensors_count(file); i++) {
    gaze_named_tensor named = *gaze_safetensors_get(file, i);
    if (how->without && strcmp(named.name, how->without) == 0)
      continue;
    if (how->cut && strcmp(named.name, how->cut) == 0)
      named.tensor.shape[0]--;
    if (how->renamed && strcmp(named.name, how->renamed) == 0)
      named.name = (char *)(uintptr_t)how->name;
    tensors[n++] = named;
  }
  return n;
}

/* The folder of the changed one; static, as test_path. */
static const char *write_adapter(const char *name, const change *how) {
  gaze_named_tensor tensors[64];
  gaze_safetensors *file;
  char path[1200];
  const char *folder = test_path(name);
  json_t *config = changed_config(how);
  assert_int_equal(gaze_folder_make(folder), GAZE_OK);
  snprintf(path, sizeof path, "%s/adapter_config.json", folder);
  assert_int_equal(gaze_json_save(path, config), GAZE_OK);
  json_decref(config);
  assert_int_equal(gaze_safetensors_open(clip_path("../lora_train/adapter/adapter_model.safetensors"), &file), GAZE_OK);
  assert_true(gaze_safetensors_count(file) < 64);
  size_t n = change_tensors(file, how, tensors);
  snprintf(path, sizeof path, "%s/adapter_model.safetensors", folder);
  assert_int_equal(gaze_safetensors_save(path, tensors, n), GAZE_OK);
  gaze_safetensors_close(file);
  return folder;
}

static gaze_err merge(const char *adapter, const char *out) {
  return gaze_model_merge(clip_path("../llava/llava"), adapter, test_path(out));
}

static void what_is_wrong_is_named(void **state) {
  static const struct {
    change how;
    gaze_err err;
    const char *first, *second;
  } cases[] = {
      {{.without = LAYER "mlp.up_proj.lora_B.weight"}, GAZE_ERR_MISMATCH, "missing tensor", "up_proj.lora_B"},
      {{.without = LAYER "mlp.up_proj.lora_A.weight"}, GAZE_ERR_MISMATCH, "missing tensor", "up_proj.lora_A"},
      {{.key = "r", .value = "2"}, GAZE_ERR_MISMATCH, "wrong shape", "r 2"},
      {{.key = "r"}, GAZE_ERR_FORMAT, "r 0", "adapter_config.json"},
      {{.key = "r", .value = "\"3\""}, GAZE_ERR_FORMAT, "wrong type", "\"r\""},
      {{.cut = LAYER "mlp.up_proj.lora_B.weight"}, GAZE_ERR_MISMATCH, "wrong shape", "[23, 3]"},
      {{.cut = "base_model.model.model.multi_modal_projector.linear_1.bias"}, GAZE_ERR_MISMATCH, "wrong shape", "[15]"},
      {{.renamed = LAYER "mlp.up_proj.lora_A.weight", .name = "base_model.model.model.layers.0.x.lora_A.weight"},
       GAZE_ERR_MISMATCH,
       "missing tensor",
       "up_proj.lora_A"},
      {{.renamed = "base_model.model.model.multi_modal_projector.linear_1.bias",
        .name = "base_model.model.model.resampler.bias"},
       GAZE_ERR_MISMATCH,
       "another model",
       "resampler.bias"},
      {{.renamed = "base_model.model.model.multi_modal_projector.linear_1.bias", .name = "linear_1.bias"},
       GAZE_ERR_FORMAT,
       "no adapter's",
       "linear_1.bias"},
      {{.key = "peft_type", .value = "\"IA3\""}, GAZE_ERR_UNSUPPORTED, "another kind", "IA3"},
      {{.key = "use_dora", .value = "true"}, GAZE_ERR_UNSUPPORTED, "use_dora", "peft"},
      {{.key = "rank_pattern", .value = "{\"q_proj\": 2}"}, GAZE_ERR_UNSUPPORTED, "rank_pattern", "peft"},
      {{.key = "alpha_pattern", .value = "{\"q_proj\": 2}"}, GAZE_ERR_UNSUPPORTED, "alpha_pattern", "peft"},
      {{.key = "fan_in_fan_out", .value = "true"}, GAZE_ERR_UNSUPPORTED, "fan_in_fan_out", "peft"},
      {{.key = "bias", .value = "\"lora_only\""}, GAZE_ERR_UNSUPPORTED, "bias", "peft"},
      {{.key = "target_parameters", .value = "[\"x\"]"}, GAZE_ERR_UNSUPPORTED, "target_parameters", "peft"},
      {{.key = "init_lora_weights", .value = "\"pissa\""}, GAZE_ERR_UNSUPPORTED, "init_lora_weights", "peft"},
      {{.key = "lora_alpha", .value = "\"x\""}, GAZE_ERR_FORMAT, "wrong type", "lora_alpha"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const char *folder = write_adapter("bad", &cases[i].how);
    check_fails(merge(folder, "never"), cases[i].err, cases[i].first, cases[i].second, NULL);
    assert_null(strchr(gaze_last_error(), '\n'));
    assert_false(gaze_file_exists(test_path("never/config.json")));
  }
}

static void another_model_is_refused(void **state) {
  const char *adapter = write_adapter("good", &(change){0});
  check_fails(gaze_model_merge(clip_path("../llava/smolvlm"), adapter, test_path("never")), GAZE_ERR_MISMATCH,
              "another model", NULL);
  check_fails(gaze_model_merge(clip_path("quick"), adapter, test_path("never")), GAZE_ERR_MISMATCH, "another model",
              NULL);
  check_fails(gaze_model_merge(NULL, adapter, test_path("never")), GAZE_ERR_NOT_FOUND, "tiny/llava", "-m", NULL);
  adapter = write_adapter("nameless", &(change){.key = "base_model_name_or_path", .value = "null"});
  check_fails(gaze_model_merge(NULL, adapter, test_path("never")), GAZE_ERR_NOT_FOUND, "-m", NULL);
  check_fails(gaze_model_merge(NULL, clip_path("quick"), test_path("never")), GAZE_ERR_NOT_FOUND, "adapter_config.json",
              NULL);
}

/* An adapter that transformers of old named, of a model that it named so, too: the same sums. */
static void names_of_old(void **state) {
  static const change old = {.renamed = "base_model.model.model.multi_modal_projector.linear_1.bias",
                             .name = "base_model.model.multi_modal_projector.linear_1.bias"};
  gaze_safetensors *a, *b;
  assert_int_equal(merge(write_adapter("new", &(change){0}), "one"), GAZE_OK);
  assert_int_equal(merge(write_adapter("old", &old), "other"), GAZE_OK);
  assert_int_equal(gaze_safetensors_open(test_path("one/model.safetensors"), &a), GAZE_OK);
  assert_int_equal(gaze_safetensors_open(test_path("other/model.safetensors"), &b), GAZE_OK);
  for (size_t i = 0; i < gaze_safetensors_count(a); i++) {
    const gaze_named_tensor *x = gaze_safetensors_get(a, i), *y = gaze_safetensors_get(b, i);
    assert_string_equal(x->name, y->name);
    assert_memory_equal(x->tensor.data, y->tensor.data, gaze_tensor_count(&x->tensor) * sizeof(float));
  }
  gaze_safetensors_close(a);
  gaze_safetensors_close(b);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(what_is_wrong_is_named),
                                     cmocka_unit_test(another_model_is_refused), cmocka_unit_test(names_of_old)};
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
