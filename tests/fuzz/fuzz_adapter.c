/* An adapter's folder: its configuration, a byte 0, its tensors. What is put into a model leaves the model's names,
 * shapes and dtypes as they were. */
#include "core/base/file.h"
#include "fusion/adapter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PATHS = 3, TENSORS = 3 };

static char folder[64], paths[PATHS][128]; /* the model's weights, the adapter's configuration and its weights */
static gaze_kernels kernels;

static void write_or_abort(const char *path, const void *bytes, size_t size) {
  FILE *file = fopen(path, "wb");
  if (!file || fwrite(bytes, 1, size, file) != size || fclose(file) != 0)
    abort();
}

static void write_model(void) {
  static const float numbers[12] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  static char names[TENSORS][64] = {"language_model.model.layers.0.self_attn.q_proj.weight",
                                    "language_model.model.layers.0.mlp.up_proj.weight",
                                    "multi_modal_projector.linear_1.bias"};
  const gaze_named_tensor tensors[TENSORS] = {
      {names[0], {.data = numbers, .rank = 2, .shape = {4, 3}}, 0},
      {names[1], {.data = numbers, .dtype = GAZE_DTYPE_BF16, .rank = 2, .shape = {2, 3}}, 0},
      {names[2], {.data = numbers, .rank = 1, .shape = {2}}, 0}};
  if (gaze_safetensors_save(paths[0], tensors, TENSORS) != GAZE_OK)
    abort();
}

static void remove_folder(void) {
  for (int i = 0; i < PATHS; i++)
    unlink(paths[i]);
  char adapter[96];
  snprintf(adapter, sizeof adapter, "%s/adapter", folder);
  rmdir(adapter);
  rmdir(folder);
}

static void make_folder(void) {
  static const char *const names[PATHS] = {"model.safetensors", "adapter/adapter_config.json",
                                           "adapter/adapter_model.safetensors"};
  const char *base = getenv("TMPDIR");
  char adapter[96];
  snprintf(folder, sizeof folder, "%.40s/gaze-fuzz-XXXXXX", base ? base : "/tmp");
  if (!mkdtemp(folder))
    abort();
  snprintf(adapter, sizeof adapter, "%s/adapter", folder);
  if (gaze_folder_make(adapter) != GAZE_OK)
    abort();
  for (int i = 0; i < PATHS; i++)
    snprintf(paths[i], sizeof paths[i], "%s/%s", folder, names[i]);
  write_model();
  gaze_kernels_init(&kernels, 0);
  atexit(remove_folder);
}

/* All that was there, as it was but for the numbers. */
static void check(const gaze_weights *weights) {
  static const gaze_dtype dtypes[TENSORS] = {GAZE_DTYPE_BF16, GAZE_DTYPE_F32, GAZE_DTYPE_F32};
  static const size_t counts[TENSORS] = {6, 12, 2};
  if (gaze_weights_count(weights) != TENSORS)
    abort();
  for (size_t i = 0; i < TENSORS; i++) {
    const gaze_tensor *tensor = &gaze_weights_get(weights, i)->tensor;
    if (tensor->dtype != dtypes[i] || gaze_tensor_count(tensor) != counts[i])
      abort();
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  gaze_adapter adapter;
  gaze_weights *weights;
  const uint8_t *zero = size ? memchr(data, 0, size) : NULL;
  char model[96];
  if (!zero)
    return 0;
  if (!folder[0])
    make_folder();
  write_or_abort(paths[1], data, (size_t)(zero - data));
  write_or_abort(paths[2], zero + 1, size - (size_t)(zero + 1 - data));
  snprintf(model, sizeof model, "%s/adapter", folder);
  if (gaze_adapter_open(model, &adapter) == GAZE_OK) {
    if (gaze_weights_open(folder, &weights) != GAZE_OK)
      abort();
    if (gaze_adapter_apply(&adapter, &kernels, weights, folder) == GAZE_OK)
      check(weights);
    gaze_weights_close(weights);
  }
  gaze_adapter_fini(&adapter);
  return 0;
}
