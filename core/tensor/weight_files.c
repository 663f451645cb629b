#include "core/tensor/weight_files.h"

#include "core/base/file.h"
#include "core/base/memory.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SHARDS_MAX 4096

/* In order of preference, as transformers' and open_clip's programs name them. */
static const struct {
  const char *name;
  bool index, pickled;
} layouts[] = {{"model.safetensors", false, false},           {"model.safetensors.index.json", true, false},
               {"open_clip_model.safetensors", false, false}, {"pytorch_model.bin", false, true},
               {"pytorch_model.bin.index.json", true, true},  {"open_clip_pytorch_model.bin", false, true}};
enum { LAYOUTS = sizeof layouts / sizeof *layouts };

static gaze_err fail_index(const gaze_weight_files *files, const char *what, const char *concerned) {
  return gaze_fail(GAZE_ERR_FORMAT, "index of weights with %s: %s in %s: it is damaged, get it again", what, concerned,
                   files->index);
}

/* A shard lies beside its index. */
static gaze_err check_shard_name(const gaze_weight_files *files, const char *tensor, const json_t *shard) {
  const char *name = json_string_value(shard);
  if (!name || strlen(name) != json_string_length(shard))
    return fail_index(files, "no file for a tensor", tensor);
  if (!name[0] || strchr(name, '/') || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
    return fail_index(files, "a file outside its folder", name);
  return GAZE_OK;
}

static int by_text(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

/* The names in the map, each once, ascending; borrowed from it. */
static gaze_err list_shards(const gaze_weight_files *files, const char ***out, size_t *n) {
  const char *tensor;
  json_t *shard;
  size_t used = 0;
  GAZE_TRY(gaze_alloc(json_object_size(files->map), sizeof **out, out));
  json_object_foreach(files->map, tensor, shard) {
    GAZE_TRY(check_shard_name(files, tensor, shard));
    (*out)[(*n)++] = json_string_value(shard);
  }
  qsort(*out, *n, sizeof **out, by_text);
  for (size_t i = 0; i < *n; i++)
    if (i == 0 || strcmp((*out)[i], (*out)[used - 1]) != 0)
      (*out)[used++] = (*out)[i];
  *n = used;
  return used <= SHARDS_MAX ? GAZE_OK : fail_index(files, "too many files", (*out)[SHARDS_MAX]);
}

/* Until it is whole, a download goes under another name, or a link to it leads nowhere. */
static gaze_err was_begun(const char *path, bool *out) {
  char *partial, byte;
  GAZE_TRY(gaze_format(&partial, "%s.incomplete", path));
  *out = gaze_file_exists(partial) || readlink(path, &byte, 1) >= 0;
  free(partial);
  return GAZE_OK;
}

static gaze_err fail_missing(const char *path) {
  bool begun;
  GAZE_TRY(was_begun(path, &begun));
  return gaze_fail(GAZE_ERR_NOT_FOUND, "%s: %s: get the model again",
                   begun ? "weights not downloaded to their end" : "missing file of weights", path);
}

static gaze_err add_path(gaze_weight_files *files, const char *folder, const char *name) {
  char **path = &files->paths[files->n];
  GAZE_TRY(gaze_path_join(folder, name, path));
  files->n++;
  return gaze_file_exists(*path) ? GAZE_OK : fail_missing(*path);
}

static gaze_err read_index(gaze_weight_files *files, const char *folder) {
  const char **shards = NULL;
  size_t n = 0;
  json_t *json;
  GAZE_TRY(gaze_json_open(files->index, &json));
  files->map = json_incref(json_object_get(json, "weight_map"));
  json_decref(json);
  if (!json_is_object(files->map) || json_object_size(files->map) == 0)
    return fail_index(files, "no files", "weight_map");
  gaze_err err = list_shards(files, &shards, &n);
  if (err == GAZE_OK)
    err = gaze_alloc(n, sizeof *files->paths, &files->paths);
  for (size_t i = 0; i < n && err == GAZE_OK; i++)
    err = add_path(files, folder, shards[i]);
  free(shards);
  return err;
}

/* Nothing that could be opened: what comes closest to it is named. */
static gaze_err fail_no_weights(const char *folder) {
  for (int i = 0; i < LAYOUTS; i++) {
    char *path;
    bool begun;
    GAZE_TRY(gaze_path_join(folder, layouts[i].name, &path));
    gaze_err err = was_begun(path, &begun);
    if (err == GAZE_OK && begun)
      err = fail_missing(path);
    free(path);
    GAZE_TRY(err);
  }
  return gaze_fail(GAZE_ERR_NOT_FOUND,
                   "no weights in the folder: %s: there should be model.safetensors, open_clip_model.safetensors or "
                   "pytorch_model.bin, or shards and their index",
                   folder);
}

static gaze_err find_layout(gaze_weight_files *files, const char *folder) {
  for (int i = 0; i < LAYOUTS; i++) {
    char *path;
    GAZE_TRY(gaze_path_join(folder, layouts[i].name, &path));
    if (!gaze_file_exists(path)) {
      free(path);
      continue;
    }
    files->pickled = layouts[i].pickled;
    if (layouts[i].index) {
      files->index = path;
      return read_index(files, folder);
    }
    free(path);
    GAZE_TRY(gaze_alloc(1, sizeof *files->paths, &files->paths));
    return add_path(files, folder, layouts[i].name);
  }
  return fail_no_weights(folder);
}

gaze_err gaze_weight_files_init(gaze_weight_files *files, const char *folder) {
  *files = (gaze_weight_files){0};
  gaze_err err = find_layout(files, folder);
  if (err != GAZE_OK)
    gaze_weight_files_fini(files);
  return err;
}

void gaze_weight_files_fini(gaze_weight_files *files) {
  for (size_t i = 0; i < files->n; i++)
    free(files->paths[i]);
  free(files->paths);
  free(files->index);
  json_decref(files->map);
  *files = (gaze_weight_files){0};
}
