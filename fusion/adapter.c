#include "fusion/adapter.h"

#include "core/base/file.h"
#include "core/base/memory.h"
#include "fusion/model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool has_file(const char *folder, const char *name) {
  char *path;
  if (gaze_path_join(folder, name, &path) != GAZE_OK)
    return false;
  bool there = gaze_file_exists(path);
  free(path);
  return there;
}

bool gaze_adapter_is_folder(const char *folder) {
  return has_file(folder, "adapter_config.json") && !has_file(folder, "config.json");
}

static gaze_err refuse(const char *path, const char *key, const char *hint) {
  return gaze_fail(GAZE_ERR_UNSUPPORTED, "adapter with %s: %s: %s", key, path, hint);
}

/* Whether a member says something: not null, false, "none", nor empty. */
static bool is_set(const json_t *json, const char *key) {
  const json_t *value = json_object_get(json, key);
  if (json_is_string(value))
    return json_string_length(value) && strcmp(json_string_value(value), "none") != 0;
  if (json_is_object(value) || json_is_array(value))
    return json_object_size(value) + json_array_size(value) > 0;
  return value && !json_is_null(value) && !json_is_false(value);
}

/* What changes the sum, or is learned besides pairs and whole modules. */
static gaze_err refuse_other_kinds(const json_t *json, const char *path) {
  static const char *const keys[] = {"rank_pattern",
                                     "alpha_pattern",
                                     "fan_in_fan_out",
                                     "use_dora",
                                     "use_qalora",
                                     "use_bdlora",
                                     "lora_bias",
                                     "bias",
                                     "layer_replication",
                                     "target_parameters",
                                     "trainable_token_indices",
                                     "alora_invocation_tokens",
                                     "kasa_config",
                                     "arrow_config",
                                     "monteclora_config",
                                     "velora_config"};
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
    if (is_set(json, keys[i]))
      return refuse(path, keys[i], "merge it with peft, and name what that writes");
  return GAZE_OK;
}

/* Beginnings that change the model's own matrices, too. */
static gaze_err check_beginning(const json_t *json, const char *path) {
  static const char *const harmless[] = {"gaussian", "eva", "orthogonal", NULL};
  const json_t *value = json_object_get(json, "init_lora_weights");
  if (!json_is_string(value))
    return GAZE_OK;
  for (const char *const *name = harmless; *name; name++)
    if (strcmp(json_string_value(value), *name) == 0)
      return GAZE_OK;
  return refuse(path, "init_lora_weights that changes the model", "convert it with peft to plain LoRA");
}

gaze_err gaze_adapter_read(const json_t *json, const char *path, gaze_adapter *adapter) {
  const char *type, *base;
  int64_t rank;
  double alpha;
  bool by_root;
  GAZE_TRY(gaze_json_string(json, "peft_type", "", &type));
  if (strcmp(type, "LORA") != 0)
    return gaze_fail(GAZE_ERR_UNSUPPORTED, "adapter of another kind: %s (peft_type \"%s\"): LORA alone is read", path,
                     type);
  GAZE_TRY(refuse_other_kinds(json, path));
  GAZE_TRY(check_beginning(json, path));
  GAZE_TRY(gaze_json_string(json, "base_model_name_or_path", "", &base));
  GAZE_TRY(gaze_json_integer(json, "r", 0, &rank));
  GAZE_TRY(gaze_json_number(json, "lora_alpha", 8, &alpha)); /* peft's own */
  GAZE_TRY(gaze_json_bool(json, "use_rslora", false, &by_root));
  if (rank < 1 || rank > INT32_MAX || !isfinite(alpha))
    return gaze_fail(GAZE_ERR_FORMAT, "adapter's r %lld, lora_alpha %g: %s: it is damaged", (long long)rank, alpha,
                     path);
  adapter->rank = (size_t)rank;
  adapter->scale = alpha / (by_root ? sqrt((double)rank) : (double)rank);
  return gaze_strdup(base, &adapter->base);
}

static gaze_err open_config(const char *folder, gaze_adapter *adapter) {
  char *path;
  json_t *json = NULL;
  GAZE_TRY(gaze_path_join(folder, "adapter_config.json", &path));
  gaze_err err = gaze_json_open(path, &json);
  if (err == GAZE_OK)
    err = gaze_adapter_read(json, path, adapter);
  json_decref(json);
  free(path);
  return err;
}

gaze_err gaze_adapter_open(const char *folder, gaze_adapter *adapter) {
  *adapter = (gaze_adapter){0};
  GAZE_TRY(open_config(folder, adapter));
  GAZE_TRY(gaze_strdup(folder, &adapter->folder));
  return gaze_weights_open(folder, &adapter->weights);
}

gaze_err gaze_adapter_find_base(const gaze_adapter *adapter, char **folder) {
  gaze_err err = *adapter->base ? gaze_model_find(adapter->base, folder) : GAZE_ERR_NOT_FOUND;
  if (err != GAZE_ERR_NOT_FOUND && err != GAZE_ERR_UNSUPPORTED)
    return err;
  return gaze_fail(
      err,
      "the model of an adapter is not there: %s names \"%s\": gaze model merge-lora -m MODEL joins it with "
      "the one that you name",
      adapter->folder, adapter->base);
}

void gaze_adapter_fini(gaze_adapter *adapter) {
  gaze_weights_close(adapter->weights);
  free(adapter->folder);
  free(adapter->base);
  *adapter = (gaze_adapter){0};
}
