#include "fusion/reference.h"

#include "core/base/file.h"
#include "core/base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCRIPT "samples/verify/make_reference.py"

static gaze_err damaged(const gaze_reference *reference, const char *what) {
  return gaze_fail(GAZE_ERR_FORMAT, "damaged reference: %s: %s: write it again with " SCRIPT, reference->folder, what);
}

static gaze_err other_model(const gaze_reference *reference, const char *name, const gaze_tensor *found,
                            const char *wanted) {
  char shape[80];
  gaze_tensor_shape_text(found, shape, sizeof shape);
  return gaze_fail(GAZE_ERR_MISMATCH,
                   "reference of another model: %s: %s is %s where the model has %s: write one with " SCRIPT,
                   reference->folder, name, shape, wanted);
}

gaze_err gaze_reference_find(const gaze_reference *reference, const char *name, gaze_dtype dtype, int rank,
                             const size_t *shape, const gaze_tensor **out) {
  const gaze_tensor *tensor = gaze_safetensors_find(reference->file, name);
  char words[120];
  if (!tensor || tensor->dtype != dtype || tensor->rank != rank ||
      (uintptr_t)tensor->data % gaze_dtype_size(dtype) != 0) {
    snprintf(words, sizeof words, "no tensor %s of %d sides and dtype %s", name, rank, gaze_dtype_name(dtype));
    return damaged(reference, words);
  }
  for (int i = 0; i < rank; i++)
    if (shape[i] && shape[i] != tensor->shape[i]) {
      gaze_tensor wanted = {.rank = rank};
      memcpy(wanted.shape, shape, (size_t)rank * sizeof *shape);
      gaze_tensor_shape_text(&wanted, words, sizeof words);
      return other_model(reference, name, tensor, words);
    }
  *out = tensor;
  return GAZE_OK;
}

gaze_err gaze_reference_picture(const gaze_reference *reference, size_t i, char **path) {
  const char *name = json_string_value(json_array_get(json_object_get(reference->cases, "pictures"), i));
  if (!name || strchr(name, '/'))
    return damaged(reference, "cases.json names fewer pictures than there are");
  return gaze_path_join(reference->folder, name, path);
}

const char *gaze_reference_text(const gaze_reference *reference, size_t i) {
  return json_string_value(json_object_get(json_array_get(json_object_get(reference->cases, "texts"), i), "text"));
}

static bool is_tap(const char *name) { return strncmp(name, "vision.", 7) == 0 || strncmp(name, "text.", 5) == 0; }

gaze_err gaze_reference_tap(const gaze_reference *reference, const char *name, size_t rows, size_t columns,
                            const float **out) {
  const gaze_tensor *tensor;
  *out = NULL;
  if (!gaze_safetensors_find(reference->file, name))
    return GAZE_OK;
  GAZE_TRY(gaze_reference_find(reference, name, GAZE_DTYPE_F32, 2, (size_t[]){rows, columns}, &tensor));
  *out = tensor->data;
  return GAZE_OK;
}

size_t gaze_reference_taps(const gaze_reference *reference) {
  size_t taps = 0;
  for (size_t i = 0; i < gaze_safetensors_count(reference->file); i++)
    taps += is_tap(gaze_safetensors_get(reference->file, i)->name);
  return taps;
}

static gaze_err read_pixels(gaze_reference *reference, const gaze_model *model) {
  size_t S = model->clip.config.vision.image_size;
  const gaze_tensor *pixels;
  GAZE_TRY(gaze_reference_find(reference, "pixels", GAZE_DTYPE_F32, 4, (size_t[]){0, 3, S, S}, &pixels));
  reference->pictures = pixels->shape[0];
  reference->pixels = pixels->data;
  return reference->pictures && reference->pictures <= GAZE_REFERENCE_MOST
             ? GAZE_OK
             : damaged(reference, "it needs 1 to 64 pictures");
}

/* The encoder takes what it is given: everything it relies on is looked at here. */
static gaze_err check_texts(const gaze_reference *reference, const gaze_text_config *config, size_t n) {
  size_t count = reference->offsets[reference->texts];
  if (reference->offsets[0] != 0 || count != n)
    return damaged(reference, "offsets do not fit ids");
  for (size_t i = 0; i < reference->texts; i++) {
    size_t T = reference->offsets[i + 1] - reference->offsets[i];
    if (reference->offsets[i + 1] <= reference->offsets[i] || reference->offsets[i + 1] > n)
      return damaged(reference, "offsets do not ascend");
    if (T > config->context || (config->filled && T != config->context))
      return gaze_fail(GAZE_ERR_MISMATCH,
                       "reference of another model: %s: a text of %zu tokens where the model has %s %zu: write one "
                       "with " SCRIPT,
                       reference->folder, T, config->filled ? "exactly" : "at most", config->context);
  }
  for (size_t i = 0; i < n; i++)
    if (reference->ids[i] < 0 || (size_t)reference->ids[i] >= config->vocabulary)
      return gaze_fail(GAZE_ERR_MISMATCH,
                       "reference of another model: %s: token %d where the model has %zu: write one with " SCRIPT,
                       reference->folder, reference->ids[i], config->vocabulary);
  return GAZE_OK;
}

static gaze_err read_texts(gaze_reference *reference, const gaze_model *model) {
  const gaze_tensor *ids, *offsets;
  GAZE_TRY(gaze_reference_find(reference, "ids", GAZE_DTYPE_I32, 1, (size_t[]){0}, &ids));
  GAZE_TRY(gaze_reference_find(reference, "offsets", GAZE_DTYPE_I32, 1, (size_t[]){0}, &offsets));
  if (offsets->shape[0] < 2 || offsets->shape[0] > GAZE_REFERENCE_MOST + 1)
    return damaged(reference, "it needs 1 to 64 texts");
  reference->texts = offsets->shape[0] - 1;
  reference->ids = ids->data;
  for (size_t i = 0; i <= reference->texts; i++)
    reference->offsets[i] = (size_t)((const int32_t *)offsets->data)[i];
  return check_texts(reference, &model->clip.config.text, ids->shape[0]);
}

static gaze_err read_cases(gaze_reference *reference) {
  const char *alpha;
  int64_t format;
  GAZE_TRY(gaze_json_integer(reference->cases, "format", 0, &format));
  GAZE_TRY(gaze_json_bool(reference->cases, "orientation_followed", false, &reference->orientation));
  GAZE_TRY(gaze_json_string(reference->cases, "alpha", "dropped", &alpha));
  reference->alpha_dropped = strcmp(alpha, "dropped") == 0;
  return format == 1 ? GAZE_OK : damaged(reference, "cases.json is not of format 1");
}

static gaze_err open_files(gaze_reference *reference) {
  char *path = NULL;
  GAZE_TRY(gaze_json_open_in(reference->folder, "cases.json", &reference->cases));
  GAZE_TRY(gaze_path_join(reference->folder, "reference.safetensors", &path));
  gaze_err err = gaze_safetensors_open(path, &reference->file);
  free(path);
  return err;
}

static gaze_err find_folder(const char *folder, const gaze_model *model, char **out) {
  GAZE_TRY(folder ? gaze_strdup(folder, out) : gaze_path_join(model->folder, "gaze-reference", out));
  if (gaze_folder_exists(*out))
    return GAZE_OK;
  return gaze_fail(GAZE_ERR_NOT_FOUND, "no reference: %s: write it once with python3 " SCRIPT " %s", *out,
                   model->folder);
}

gaze_err gaze_reference_open(const char *folder, const gaze_model *model, gaze_reference *out) {
  *out = (gaze_reference){0};
  gaze_err err;
  GAZE_TRY_DONE(find_folder(folder, model, &out->folder));
  GAZE_TRY_DONE(open_files(out));
  GAZE_TRY_DONE(read_cases(out));
  GAZE_TRY_DONE(read_pixels(out, model));
  GAZE_TRY_DONE(read_texts(out, model));
done:
  if (err != GAZE_OK)
    gaze_reference_fini(out);
  return err;
}

void gaze_reference_fini(gaze_reference *reference) {
  gaze_safetensors_close(reference->file);
  json_decref(reference->cases);
  free(reference->folder);
  *reference = (gaze_reference){0};
}
