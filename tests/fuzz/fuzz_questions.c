/* LLaVA's JSON of pictures, questions and captions. */
#include "core/base/memory.h"
#include "fusion/dataset_build.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static gaze_err ignore(void *user, const char *key, const char *message) {
  if (!*key || !*message)
    abort();
  return GAZE_OK;
}

/* All that samples point to is there. */
static size_t measure(const gaze_sample *sample) {
  size_t length = strlen(sample->key) + strlen(sample->file) + strlen(sample->path);
  for (size_t i = 0; i < sample->n_others; i++)
    length += strlen(sample->others[i].file) + strlen(sample->others[i].path);
  for (size_t i = 0; i < sample->n_captions; i++)
    length += strlen(sample->captions[i]);
  for (size_t i = 0; i < sample->n_questions; i++) {
    length += strlen(sample->questions[i].text);
    for (size_t j = 0; j < sample->questions[i].n_answers; j++)
      length += strlen(sample->questions[i].answers[j]);
  }
  return length;
}

static void read(const uint8_t *data, size_t size, const gaze_dataset_options *options) {
  gaze_dataset *dataset;
  if (gaze_alloc(1, sizeof *dataset, &dataset) != GAZE_OK || gaze_strdup("folder/fuzz.json", &dataset->path) != GAZE_OK)
    abort();
  dataset->map = (gaze_map){.data = data, .size = size};
  if (gaze_dataset_read_llava(dataset, options) == GAZE_OK)
    for (size_t i = 0; i < dataset->n; i++)
      if (measure(gaze_dataset_get(dataset, i)) > 6 * size + 64)
        abort();
  dataset->map = (gaze_map){0};
  gaze_dataset_close(dataset);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const gaze_dataset_options strict, careful = {.failed = ignore, .pictures = "photos", .several = true};
  read(data, size, &strict);
  read(data, size, &careful);
  return 0;
}
