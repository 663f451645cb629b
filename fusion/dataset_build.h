/* Inside of fusion/dataset*.c: how the readers of each layout fill a dataset. */
#ifndef GAZE_FUSION_DATASET_BUILD_H
#define GAZE_FUSION_DATASET_BUILD_H

#include "core/base/file.h"
#include "fusion/dataset.h"

typedef struct gaze_dataset_block gaze_dataset_block;

struct gaze_dataset {
  char *path;
  gaze_map map;
  gaze_sample *samples;
  size_t n, capacity;
  size_t left_out;            /* samples without a picture */
  size_t failed;              /* samples told to the options' `failed` */
  gaze_dataset_block *blocks; /* what the samples point into, the newest first */
};

/* size bytes that live as long as the dataset, aligned for pointers. */
GAZE_CHECKED gaze_err gaze_dataset_take(gaze_dataset *dataset, size_t size, void *out_pointer);
/* A copy of length bytes of text and a 0. */
GAZE_CHECKED gaze_err gaze_dataset_text(gaze_dataset *dataset, const char *text, size_t length, const char **out);
GAZE_CHECKED gaze_err gaze_dataset_add(gaze_dataset *dataset, const gaze_sample *sample);

/* Fill the dataset from its map. */
GAZE_CHECKED gaze_err gaze_dataset_read_tar(gaze_dataset *dataset, const gaze_dataset_options *options);
GAZE_CHECKED gaze_err gaze_dataset_read_csv(gaze_dataset *dataset, const gaze_dataset_options *options);

#endif
