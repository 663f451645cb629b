#include "core/base/memory.h"
#include "fusion/dataset_build.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  gaze_dataset *dataset;
  gaze_dataset_options options = {0};
  if (gaze_alloc(1, sizeof *dataset, &dataset) != GAZE_OK || gaze_strdup("folder/fuzz.csv", &dataset->path) != GAZE_OK)
    abort();
  dataset->map = (gaze_map){.data = data, .size = size};
  if (gaze_dataset_read_csv(dataset, &options) == GAZE_OK)
    for (size_t i = 0; i < dataset->n; i++) {
      const gaze_sample *sample = gaze_dataset_get(dataset, i);
      if (strlen(sample->path) + sample->n_captions > size + strlen(dataset->path) + 1)
        abort();
    }
  dataset->map = (gaze_map){0};
  gaze_dataset_close(dataset);
  return 0;
}
