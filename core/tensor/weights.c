#include "core/tensor/weights.h"

#include "core/base/memory.h"
#include "core/tensor/torch_file.h"
#include "core/tensor/weight_files.h"

#include <stdlib.h>
#include <string.h>

/* One of the two. */
typedef struct tensor_file {
  gaze_safetensors *safetensors;
  gaze_torch_file *torch;
} tensor_file;

typedef struct place {
  const gaze_named_tensor *tensor; /* borrowed from its file */
  size_t file;
} place;

struct gaze_weights {
  gaze_weight_files names;
  tensor_file *files; /* [names.n] */
  place *places;      /* [n], ascending by name */
  size_t n;
};

static gaze_err open_file(const char *path, bool pickled, tensor_file *out) {
  return pickled ? gaze_torch_file_open(path, &out->torch) : gaze_safetensors_open(path, &out->safetensors);
}

static size_t count_of(const tensor_file *file) {
  return file->torch ? gaze_torch_file_count(file->torch) : gaze_safetensors_count(file->safetensors);
}

static const gaze_named_tensor *get_of(const tensor_file *file, size_t i) {
  return file->torch ? gaze_torch_file_get(file->torch, i) : gaze_safetensors_get(file->safetensors, i);
}

static gaze_err open_files(gaze_weights *weights) {
  const gaze_weight_files *names = &weights->names;
  size_t count = 0;
  GAZE_TRY(gaze_alloc(names->n, sizeof *weights->files, &weights->files));
  for (size_t i = 0; i < names->n; i++) {
    GAZE_TRY(open_file(names->paths[i], names->pickled, &weights->files[i]));
    count += count_of(&weights->files[i]);
  }
  GAZE_TRY(gaze_alloc(count, sizeof *weights->places, &weights->places));
  for (size_t i = 0; i < names->n; i++)
    for (size_t j = 0; j < count_of(&weights->files[i]); j++)
      weights->places[weights->n++] = (place){get_of(&weights->files[i], j), i};
  return GAZE_OK;
}

static int by_name(const void *a, const void *b) {
  return strcmp(((const place *)a)->tensor->name, ((const place *)b)->tensor->name);
}

static const place *find_place(const gaze_weights *weights, const char *name) {
  const gaze_named_tensor wanted = {.name = (char *)(uintptr_t)name};
  const place key = {&wanted, 0};
  return weights->n ? bsearch(&key, weights->places, weights->n, sizeof key, by_name) : NULL;
}

static gaze_err check_twice(const gaze_weights *weights) {
  for (size_t i = 1; i < weights->n; i++) {
    const place *a = &weights->places[i - 1], *b = &weights->places[i];
    if (by_name(a, b) == 0)
      return gaze_fail(GAZE_ERR_MISMATCH, "tensor in two files: %s in %s and %s: get the model again", a->tensor->name,
                       weights->names.paths[a->file], weights->names.paths[b->file]);
  }
  return GAZE_OK;
}

static bool lies_in(const char *path, const char *file) { return strcmp(strrchr(path, '/') + 1, file) == 0; }

/* What the index says, and nothing else. */
static gaze_err check_index(const gaze_weights *weights) {
  const gaze_weight_files *names = &weights->names;
  const char *tensor;
  json_t *file;
  json_object_foreach(names->map, tensor, file) {
    const place *found = find_place(weights, tensor);
    if (!found || !lies_in(names->paths[found->file], json_string_value(file)))
      return gaze_fail(GAZE_ERR_MISMATCH,
                       "tensor that is not where the index says: %s in %s: %s lacks it, get the "
                       "model again",
                       tensor, names->index, json_string_value(file));
  }
  for (size_t i = 0; i < weights->n; i++)
    if (!json_object_get(names->map, weights->places[i].tensor->name))
      return gaze_fail(GAZE_ERR_MISMATCH, "tensor that the index does not name: %s in %s: get the model again",
                       weights->places[i].tensor->name, names->paths[weights->places[i].file]);
  return GAZE_OK;
}

static gaze_err open_folder(gaze_weights *weights, const char *folder) {
  GAZE_TRY(gaze_weight_files_init(&weights->names, folder));
  GAZE_TRY(open_files(weights));
  qsort(weights->places, weights->n, sizeof *weights->places, by_name);
  GAZE_TRY(check_twice(weights));
  return weights->names.map ? check_index(weights) : GAZE_OK;
}

gaze_err gaze_weights_open(const char *folder, gaze_weights **out) {
  gaze_weights *weights;
  GAZE_TRY(gaze_alloc(1, sizeof *weights, &weights));
  gaze_err err = open_folder(weights, folder);
  if (err == GAZE_OK)
    *out = weights;
  else
    gaze_weights_close(weights);
  return err;
}

void gaze_weights_close(gaze_weights *weights) {
  if (!weights)
    return;
  for (size_t i = 0; weights->files && i < weights->names.n; i++) {
    gaze_safetensors_close(weights->files[i].safetensors);
    gaze_torch_file_close(weights->files[i].torch);
  }
  free(weights->files);
  free(weights->places);
  gaze_weight_files_fini(&weights->names);
  free(weights);
}

size_t gaze_weights_count(const gaze_weights *weights) { return weights->n; }
const gaze_named_tensor *gaze_weights_get(const gaze_weights *weights, size_t i) { return weights->places[i].tensor; }

const gaze_tensor *gaze_weights_find(const gaze_weights *weights, const char *name) {
  const place *found = find_place(weights, name);
  return found ? &found->tensor->tensor : NULL;
}

const char *gaze_weights_path(const gaze_weights *weights, const char *name) {
  const place *found = find_place(weights, name);
  if (found || !weights->names.index)
    return weights->names.paths[found ? found->file : 0];
  return weights->names.index;
}
