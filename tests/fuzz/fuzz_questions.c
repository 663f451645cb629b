/* LLaVA's JSON of pictures, questions, captions and boxes, with and without samples that have no picture; and tables of
 * questions. */
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

/* All that samples point to is there; a sample without a picture has a question. */
static size_t measure(const gaze_sample *sample) {
  size_t length = strlen(sample->key);
  if (!sample->path != !sample->file || (!sample->path && !sample->n_questions) || sample->picture)
    abort();
  if (sample->path)
    length += strlen(sample->file) + strlen(sample->path);
  for (size_t i = 0; i < sample->n_others; i++)
    length += strlen(sample->others[i].file) + strlen(sample->others[i].path);
  for (size_t i = 0; i < sample->n_captions; i++)
    length += strlen(sample->captions[i]);
  for (size_t i = 0; i < sample->n_questions; i++) {
    length += strlen(sample->questions[i].text);
    for (size_t j = 0; j < sample->questions[i].n_answers; j++)
      length += strlen(sample->questions[i].answers[j]);
  }
  for (size_t i = 0; i < sample->n_objects; i++)
    length += strlen(sample->objects[i].name);
  return length;
}

typedef gaze_err reader(gaze_dataset *dataset, const gaze_dataset_options *options);

static void read(const uint8_t *data, size_t size, reader *read_all, const gaze_dataset_options *options) {
  gaze_dataset *dataset;
  if (gaze_alloc(1, sizeof *dataset, &dataset) != GAZE_OK || gaze_strdup("folder/fuzz.json", &dataset->path) != GAZE_OK)
    abort();
  dataset->map = (gaze_map){.data = data, .size = size};
  if (read_all(dataset, options) == GAZE_OK)
    for (size_t i = 0; i < dataset->n; i++)
      if (measure(gaze_dataset_get(dataset, i)) > 6 * size + 64)
        abort();
  dataset->map = (gaze_map){0};
  gaze_dataset_close(dataset);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const gaze_dataset_options strict,
      careful = {.failed = ignore, .pictures = "photos", .pictures_missed = true},
      talking = {.failed = ignore, .texts_alone = true, .several = true, .objects = true};
  gaze_set_warn(NULL);
  read(data, size, gaze_dataset_read_llava, &strict);
  read(data, size, gaze_dataset_read_llava, &careful);
  read(data, size, gaze_dataset_read_llava, &talking);
  read(data, size, gaze_dataset_read_csv, &careful);
  return 0;
}
