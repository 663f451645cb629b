/* The index of a folder with two shards: what opens is exactly what the shards hold. */
#include "core/base/file.h"
#include "core/tensor/weights.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PATHS = 3 };

static char folder[64], paths[PATHS][96]; /* the index, then the shards */

static void write_or_abort(const char *path, const void *bytes, size_t size) {
  FILE *file = fopen(path, "wb");
  if (!file || fwrite(bytes, 1, size, file) != size || fclose(file) != 0)
    abort();
}

/* Tensors a and b in x, c in y. */
static void write_shards(void) {
  static const float numbers[4] = {1, 2, 3, 4};
  char names[3][2] = {"a", "b", "c"};
  gaze_named_tensor tensors[3];
  for (int i = 0; i < 3; i++)
    tensors[i] = (gaze_named_tensor){names[i], {.data = numbers, .rank = 1, .shape = {4}}, 0};
  if (gaze_safetensors_save(paths[1], tensors, 2) != GAZE_OK ||
      gaze_safetensors_save(paths[2], tensors + 2, 1) != GAZE_OK)
    abort();
}

static void remove_folder(void) {
  for (int i = 0; i < PATHS; i++)
    unlink(paths[i]);
  rmdir(folder);
}

static void make_folder(void) {
  static const char *const names[PATHS] = {"model.safetensors.index.json", "x", "y"};
  const char *base = getenv("TMPDIR");
  snprintf(folder, sizeof folder, "%.40s/gaze-fuzz-XXXXXX", base ? base : "/tmp");
  if (!mkdtemp(folder))
    abort();
  for (int i = 0; i < PATHS; i++)
    snprintf(paths[i], sizeof paths[i], "%s/%s", folder, names[i]);
  write_shards();
  atexit(remove_folder);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  gaze_weights *weights;
  if (!folder[0])
    make_folder();
  write_or_abort(paths[0], data, size);
  if (gaze_weights_open(folder, &weights) != GAZE_OK)
    return 0;
  size_t n = gaze_weights_count(weights);
  if (n != 1 && n != 2 && n != 3)
    abort();
  for (size_t i = 0; i < n; i++) {
    const gaze_named_tensor *item = gaze_weights_get(weights, i);
    bool in_y = strcmp(item->name, "c") == 0;
    if (((const float *)item->tensor.data)[3] != 4 ||
        strcmp(gaze_weights_path(weights, item->name), paths[in_y ? 2 : 1]) != 0)
      abort();
  }
  gaze_weights_close(weights);
  return 0;
}
