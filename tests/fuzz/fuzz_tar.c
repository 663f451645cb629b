/* A tar of samples, with what is in it: keys, JSON, captions, boxes, teacher vectors. Changed headers get their right
 * checksum, since hardly any change would be seen otherwise. */
#include "core/base/memory.h"
#include "fusion/dataset_build.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 512, CHECKSUM = 148, MAGIC = 257 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void sign_headers(uint8_t *data, size_t size) {
  for (uint8_t *block = data; (size_t)(data + size - block) >= BLOCK; block += BLOCK) {
    if (memcmp(block + MAGIC, "ustar", 5) != 0)
      continue;
    unsigned sum = 0;
    memset(block + CHECKSUM, ' ', 8);
    for (int i = 0; i < BLOCK; i++)
      sum += block[i];
    snprintf((char *)block + CHECKSUM, 8, "%06o", sum);
  }
}

static void read_tar(const uint8_t *data, size_t size) {
  static const gaze_dataset_options options = {.objects = true};
  gaze_dataset *dataset;
  gaze_set_warn(NULL);
  if (gaze_alloc(1, sizeof *dataset, &dataset) != GAZE_OK || gaze_strdup("fuzz.tar", &dataset->path) != GAZE_OK)
    abort();
  dataset->map = (gaze_map){.data = data, .size = size};
  if (gaze_dataset_read_tar(dataset, &options) == GAZE_OK)
    for (size_t i = 0; i < dataset->n; i++) {
      const gaze_sample *sample = gaze_dataset_get(dataset, i);
      if (sample->picture < data || sample->picture_size > size - (size_t)(sample->picture - data))
        abort();
      for (size_t k = 0; k < sample->n_objects; k++)
        if (!*sample->objects[k].name || !(sample->objects[k].width >= 0 && sample->objects[k].height >= 0))
          abort();
    }
  dataset->map = (gaze_map){0};
  gaze_dataset_close(dataset);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  uint8_t *copy = malloc(size ? size : 1);
  if (!copy)
    abort();
  memcpy(copy, data, size);
  sign_headers(copy, size);
  read_tar(copy, size);
  free(copy);
  return 0;
}
