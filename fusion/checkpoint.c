#include "fusion/checkpoint.h"

#include "core/base/file.h"
#include "core/tensor/safetensors.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static gaze_tensor floats(const float *data, size_t n) {
  return (gaze_tensor){.data = data, .dtype = GAZE_DTYPE_F32, .rank = 1, .shape = {n}};
}

static bool is_checkpoint(const char *name, uint64_t *step) {
  unsigned long long number;
  int length = 0;
  if (sscanf(name, "step-%llu.safetensors%n", &number, &length) != 1 || name[length] != 0 || length == 0)
    return false;
  *step = number;
  return true;
}

/* The newest checkpoint older than `before`. */
static gaze_err find_newest(const char *folder, uint64_t before, char **path) {
  *path = NULL;
  DIR *listing = opendir(folder);
  if (!listing)
    return errno == ENOENT ? GAZE_OK : gaze_fail_errno(GAZE_ERR_IO, "cannot read the folder: %s", folder);
  uint64_t newest = 0, step;
  char name[256] = "";
  for (struct dirent *entry; (entry = readdir(listing));)
    if (is_checkpoint(entry->d_name, &step) && step < before && (!name[0] || step > newest)) {
      newest = step;
      snprintf(name, sizeof name, "%s", entry->d_name);
    }
  closedir(listing);
  return name[0] ? gaze_path_join(folder, name, path) : GAZE_OK;
}

gaze_err gaze_checkpoint_latest(const char *folder, char **path) { return find_newest(folder, UINT64_MAX, path); }

static void name_checkpoint(uint64_t step, char *name, size_t size) {
  snprintf(name, size, "step-%08llu.safetensors", (unsigned long long)step);
}

gaze_err gaze_checkpoint_distrust(const char *folder, uint64_t step) {
  char name[64], *path, *older;
  name_checkpoint(step, name, sizeof name);
  GAZE_TRY(find_newest(folder, step, &older));
  bool replaceable = older != NULL;
  free(older);
  if (!replaceable)
    return GAZE_OK;
  GAZE_TRY(gaze_path_join(folder, name, &path));
  unlink(path);
  free(path);
  return GAZE_OK;
}

static gaze_err remove_older(const char *folder, uint64_t step, size_t keep) {
  for (size_t i = 0; step > 0; i++) {
    char *path;
    GAZE_TRY(find_newest(folder, step, &path));
    if (!path)
      return GAZE_OK;
    is_checkpoint(strrchr(path, '/') + 1, &step);
    if (i + 1 >= keep)
      unlink(path);
    free(path);
  }
  return GAZE_OK;
}

gaze_err gaze_checkpoint_save(const char *folder, const gaze_optimizer *optimizer, const json_t *state, size_t keep) {
  char *path = NULL, *text, name[64];
  GAZE_TRY(gaze_json_text(state, JSON_COMPACT | JSON_REAL_PRECISION(17), &text));
  char labels[4][8] = {"values", "first", "second", "state"};
  gaze_named_tensor tensors[4] = {
      {labels[0], floats(optimizer->values, optimizer->size), 0},
      {labels[1], floats(optimizer->first, optimizer->size), 0},
      {labels[2], floats(optimizer->second, optimizer->size), 0},
      {labels[3], {.data = text, .dtype = GAZE_DTYPE_U8, .rank = 1, .shape = {strlen(text)}}, 0}};
  name_checkpoint(optimizer->step, name, sizeof name);
  gaze_err err = gaze_folder_make(folder);
  if (err == GAZE_OK)
    err = gaze_path_join(folder, name, &path);
  if (err == GAZE_OK)
    err = gaze_safetensors_save(path, tensors, 4);
  if (err == GAZE_OK)
    err = remove_older(folder, optimizer->step, keep);
  free(path);
  free(text);
  return err;
}

static gaze_err load_floats(const gaze_safetensors *file, const char *name, const char *path, float *out, size_t n) {
  const gaze_tensor *tensor = gaze_safetensors_find(file, name);
  if (!tensor || tensor->dtype != GAZE_DTYPE_F32 || gaze_tensor_count(tensor) != n)
    return gaze_fail(GAZE_ERR_MISMATCH, "checkpoint of another model: %s: resume with the options it was made with",
                     path);
  memcpy(out, tensor->data, n * sizeof *out);
  return GAZE_OK;
}

static gaze_err load_from(const gaze_safetensors *file, const char *path, gaze_optimizer *optimizer, json_t **out) {
  const gaze_tensor *state = gaze_safetensors_find(file, "state");
  if (!state || state->dtype != GAZE_DTYPE_U8)
    return gaze_fail(GAZE_ERR_MISMATCH, "not a training checkpoint: %s: name a step-*.safetensors", path);
  GAZE_TRY(load_floats(file, "values", path, optimizer->values, optimizer->size));
  GAZE_TRY(load_floats(file, "first", path, optimizer->first, optimizer->size));
  GAZE_TRY(load_floats(file, "second", path, optimizer->second, optimizer->size));
  json_t *json;
  int64_t step;
  GAZE_TRY(gaze_json_parse(state->data, gaze_tensor_count(state), path, &json));
  gaze_err err = gaze_json_integer(json, "step", -1, &step);
  if (err == GAZE_OK && step < 0)
    err = gaze_fail(GAZE_ERR_FORMAT, "checkpoint without a step: %s: it is damaged", path);
  if (err != GAZE_OK) {
    json_decref(json);
    return err;
  }
  optimizer->step = (uint64_t)step;
  *out = json;
  return GAZE_OK;
}

gaze_err gaze_checkpoint_load(const char *path, gaze_optimizer *optimizer, json_t **state) {
  gaze_safetensors *file;
  GAZE_TRY(gaze_safetensors_open(path, &file));
  gaze_err err = load_from(file, path, optimizer, state);
  gaze_safetensors_close(file);
  return err;
}
