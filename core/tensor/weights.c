#include "core/tensor/weights.h"

#include "core/base/memory.h"
#include "core/tensor/torch_file.h"
#include "core/tensor/weight_files.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

typedef struct tensor_file {
  gaze_safetensors *safetensors; /* one of the three */
  gaze_torch_file *torch;
  gaze_gguf *gguf;
} tensor_file;

typedef struct place {
  const gaze_named_tensor *tensor; /* borrowed from its file */
  size_t file;
} place;

/* What is there instead of a file's tensor. */
typedef struct replacement {
  gaze_named_tensor named; /* its name is the file's */
  void *memory;
} replacement;

struct gaze_weights {
  gaze_weight_files names;
  tensor_file *files; /* [names.n] */
  place *places;      /* [n], ascending by name */
  size_t n;
  replacement **replacements; /* [n_replacements] */
  size_t n_replacements, capacity;
};

static gaze_err open_file(const char *path, gaze_weight_format format, tensor_file *out) {
  switch (format) {
  case GAZE_WEIGHTS_TORCH:
    return gaze_torch_file_open(path, &out->torch);
  case GAZE_WEIGHTS_GGUF:
    return gaze_gguf_open(path, &out->gguf);
  default:
    return gaze_safetensors_open(path, &out->safetensors);
  }
}

static size_t count_of(const tensor_file *file) {
  if (file->gguf)
    return gaze_gguf_count(file->gguf);
  return file->torch ? gaze_torch_file_count(file->torch) : gaze_safetensors_count(file->safetensors);
}

static const gaze_named_tensor *get_of(const tensor_file *file, size_t i) {
  if (file->gguf)
    return gaze_gguf_get(file->gguf, i);
  return file->torch ? gaze_torch_file_get(file->torch, i) : gaze_safetensors_get(file->safetensors, i);
}

/* A GGUF cut in parts says in each how many there are and which it is, counted from 0. */
static gaze_err check_part(const gaze_gguf *file, size_t i, size_t n) {
  int64_t count = 1, number = 0;
  GAZE_TRY(gaze_gguf_integer(file, "split.count", 0, UINT16_MAX, &count));
  GAZE_TRY(gaze_gguf_integer(file, "split.no", 0, UINT16_MAX, &number));
  if (count <= 1 && n == 1)
    return GAZE_OK;
  if ((size_t)count == n && (size_t)number == i)
    return GAZE_OK;
  return gaze_fail(GAZE_ERR_MISMATCH,
                   "part %lld of %lld of a GGUF: %s: name its parts ...-00001-of-%05lld.gguf and so on in one folder, "
                   "or merge them",
                   (long long)number + 1, (long long)count, gaze_gguf_name(file), (long long)count);
}

static gaze_err check_parts(const gaze_weights *weights) {
  int64_t count = (int64_t)weights->n;
  for (size_t i = 0; i < weights->names.n; i++)
    GAZE_TRY(check_part(weights->files[i].gguf, i, weights->names.n));
  GAZE_TRY(gaze_gguf_integer(weights->files[0].gguf, "split.tensors.count", 0, INT64_MAX, &count));
  if ((size_t)count == weights->n)
    return GAZE_OK;
  return gaze_fail(GAZE_ERR_MISMATCH, "GGUF in parts that lack tensors: %zu of %lld: %s: get the model again",
                   weights->n, (long long)count, weights->names.paths[0]);
}

static gaze_err open_files(gaze_weights *weights) {
  const gaze_weight_files *names = &weights->names;
  size_t count = 0;
  GAZE_TRY(gaze_alloc(names->n, sizeof *weights->files, &weights->files));
  for (size_t i = 0; i < names->n; i++) {
    GAZE_TRY(open_file(names->paths[i], names->format, &weights->files[i]));
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

static place *find_place(const gaze_weights *weights, const char *name) {
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

static gaze_err open_path(gaze_weights *weights, const char *path) {
  GAZE_TRY(gaze_weight_files_init(&weights->names, path));
  GAZE_TRY(open_files(weights));
  qsort(weights->places, weights->n, sizeof *weights->places, by_name);
  GAZE_TRY(check_twice(weights));
  if (weights->names.format == GAZE_WEIGHTS_GGUF)
    return check_parts(weights);
  return weights->names.map ? check_index(weights) : GAZE_OK;
}

gaze_err gaze_weights_open(const char *path, gaze_weights **out) {
  gaze_weights *weights;
  GAZE_TRY(gaze_alloc(1, sizeof *weights, &weights));
  gaze_err err = open_path(weights, path);
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
    gaze_gguf_close(weights->files[i].gguf);
  }
  for (size_t i = 0; i < weights->n_replacements; i++) {
    free(weights->replacements[i]->memory);
    free(weights->replacements[i]);
  }
  free(weights->replacements);
  free(weights->files);
  free(weights->places);
  gaze_weight_files_fini(&weights->names);
  free(weights);
}

void gaze_weights_forget(const gaze_weights *weights) {
  for (size_t i = 0; i < weights->names.n; i++) {
    const tensor_file *file = &weights->files[i];
    if (file->gguf)
      gaze_gguf_forget(file->gguf);
    else if (file->torch)
      gaze_torch_file_forget(file->torch);
    else
      gaze_safetensors_forget(file->safetensors);
  }
}

size_t gaze_weights_count(const gaze_weights *weights) { return weights->n; }
const gaze_named_tensor *gaze_weights_get(const gaze_weights *weights, size_t i) { return weights->places[i].tensor; }

const gaze_tensor *gaze_weights_find(const gaze_weights *weights, const char *name) {
  const place *found = find_place(weights, name);
  return found ? &found->tensor->tensor : NULL;
}

gaze_err gaze_weights_replace(gaze_weights *weights, const char *name, const gaze_tensor *tensor, void *memory) {
  place *found = find_place(weights, name);
  replacement *new = NULL;
  assert(found);
  gaze_err err =
      gaze_grow(&weights->replacements, &weights->capacity, weights->n_replacements + 1, sizeof *weights->replacements);
  if (err == GAZE_OK)
    err = gaze_alloc(1, sizeof *new, &new);
  if (err != GAZE_OK) {
    free(memory);
    return err;
  }
  *new = (replacement){{.name = found->tensor->name, .tensor = *tensor}, memory};
  found->tensor = &new->named;
  weights->replacements[weights->n_replacements++] = new;
  return GAZE_OK;
}

const gaze_gguf *gaze_weights_gguf(const gaze_weights *weights) { return weights->files[0].gguf; }

const char *gaze_weights_path(const gaze_weights *weights, const char *name) {
  const place *found = find_place(weights, name);
  if (found || !weights->names.index)
    return weights->names.paths[found ? found->file : 0];
  return weights->names.index;
}
