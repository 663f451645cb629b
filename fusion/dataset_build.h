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

typedef enum gaze_sample_part {
  GAZE_PART_PICTURE,
  GAZE_PART_TEXT,
  GAZE_PART_FIELDS,
  GAZE_PART_TEACHER,
  GAZE_PARTS
} gaze_sample_part;

typedef struct gaze_span {
  const uint8_t *data; /* NULL: absent */
  size_t size;
} gaze_span;

/* The files of one sample, gathered so far. */
typedef struct gaze_sample_group {
  char key[4097], file[4097]; /* file: of the picture */
  const char *folder;         /* a folder's path: the picture stays there; NULL: it is in the map */
  gaze_span parts[GAZE_PARTS];
} gaze_sample_group;

/* Adds a file; where its name begins another sample the one before is finished. */
GAZE_CHECKED gaze_err gaze_sample_group_add(gaze_dataset *dataset, const gaze_dataset_options *options,
                                            gaze_sample_group *group, const char *name, gaze_span bytes);
/* Makes a sample of the group. */
GAZE_CHECKED gaze_err gaze_sample_group_finish(gaze_dataset *dataset, const gaze_dataset_options *options,
                                               const gaze_sample_group *group);
/* The part of a sample that a file is, by its name; GAZE_PARTS: none. */
gaze_sample_part gaze_sample_part_of(const char *name);
/* "objects" of a sample's JSON: a list of [name, x, y, width, height]. */
GAZE_CHECKED gaze_err gaze_dataset_read_objects(gaze_dataset *dataset, const json_t *list, gaze_sample *sample);

/* Fill the dataset from its map, or from its folder. */
GAZE_CHECKED gaze_err gaze_dataset_read_folder(gaze_dataset *dataset, const gaze_dataset_options *options);
GAZE_CHECKED gaze_err gaze_dataset_read_tar(gaze_dataset *dataset, const gaze_dataset_options *options);
GAZE_CHECKED gaze_err gaze_dataset_read_csv(gaze_dataset *dataset, const gaze_dataset_options *options);

#endif
