#include "core/tensor/weight_files.h"

#include "core/base/file.h"
#include "core/base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SHARDS_MAX 4096
#define PART_LENGTH (sizeof "-00001-of-00003.gguf" - 1)

/* In order of preference, as transformers' and open_clip's programs name them. */
static const struct {
  const char *name;
  bool index;
  gaze_weight_format format;
} layouts[] = {{"model.safetensors", false, GAZE_WEIGHTS_SAFETENSORS},
               {"model.safetensors.index.json", true, GAZE_WEIGHTS_SAFETENSORS},
               {"open_clip_model.safetensors", false, GAZE_WEIGHTS_SAFETENSORS},
               {"pytorch_model.bin", false, GAZE_WEIGHTS_TORCH},
               {"pytorch_model.bin.index.json", true, GAZE_WEIGHTS_TORCH},
               {"open_clip_pytorch_model.bin", false, GAZE_WEIGHTS_TORCH},
               {"adapter_model.safetensors", false, GAZE_WEIGHTS_SAFETENSORS}, /* peft's */
               {"adapter_model.bin", false, GAZE_WEIGHTS_TORCH}};
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
  return gaze_fail(GAZE_ERR_NOT_FOUND, "%s: %s: check the path, or get the model again",
                   begun ? "weights not downloaded to their end" : "missing file of weights", path);
}

/* path becomes the list's. */
static gaze_err add_path(gaze_weight_files *files, char *path) {
  files->paths[files->n++] = path;
  return gaze_file_exists(path) ? GAZE_OK : fail_missing(path);
}

static gaze_err add_file(gaze_weight_files *files, const char *folder, const char *name) {
  char *path;
  GAZE_TRY(gaze_path_join(folder, name, &path));
  return add_path(files, path);
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
    err = add_file(files, folder, shards[i]);
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
    files->format = layouts[i].format;
    if (layouts[i].index) {
      files->index = path;
      return read_index(files, folder);
    }
    free(path);
    GAZE_TRY(gaze_alloc(1, sizeof *files->paths, &files->paths));
    return add_file(files, folder, layouts[i].name);
  }
  return fail_no_weights(folder);
}

/* How many parts a model has by the name of one of them; 0: the name is no part's. */
static unsigned parts_of(const char *path) {
  size_t length = strlen(path);
  unsigned part, n;
  int used = 0;
  if (length < PART_LENGTH || sscanf(path + length - PART_LENGTH, "-%5u-of-%5u.gguf%n", &part, &n, &used) != 2 ||
      used != PART_LENGTH)
    return 0;
  return part >= 1 && part <= n && n <= SHARDS_MAX ? n : 0;
}

static gaze_err list_parts(gaze_weight_files *files, const char *path) {
  unsigned n = parts_of(path);
  int stem = (int)(strlen(path) - (n ? PART_LENGTH : 0));
  files->format = GAZE_WEIGHTS_GGUF;
  GAZE_TRY(gaze_alloc(n ? n : 1, sizeof *files->paths, &files->paths));
  for (unsigned i = 1; i <= (n ? n : 1); i++) {
    char *part;
    GAZE_TRY(n ? gaze_format(&part, "%.*s-%05u-of-%05u.gguf", stem, path, i, n) : gaze_strdup(path, &part));
    GAZE_TRY(add_path(files, part));
  }
  return GAZE_OK;
}

gaze_err gaze_weight_files_init(gaze_weight_files *files, const char *path) {
  static const char *const endings[] = {"gguf", NULL};
  *files = (gaze_weight_files){0};
  bool folder = !gaze_name_ends(path, endings) || gaze_folder_exists(path);
  gaze_err err = folder ? find_layout(files, path) : list_parts(files, path);
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
