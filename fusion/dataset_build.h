/* Inside of fusion/dataset*.c: how the readers of each layout fill a dataset. */
#ifndef GAZE_FUSION_DATASET_BUILD_H
#define GAZE_FUSION_DATASET_BUILD_H

#include "core/base/file.h"
#include "fusion/dataset.h"

typedef struct gaze_dataset_block gaze_dataset_block;

struct gaze_dataset {
  char *path;
  bool is_folder;
  gaze_map map; /* of the file */
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

/* A picture's path: a relative name is of the folder of pictures, or of the dataset that is a folder. */
GAZE_CHECKED gaze_err gaze_dataset_place(gaze_dataset *dataset, const gaze_dataset_options *options, const char *name,
                                         const char **out);
/* "wrong JSON of sample ...: what" */
GAZE_CHECKED gaze_err gaze_dataset_fail(const gaze_dataset *dataset, const char *key, const char *what);
/* What becomes of a sample that gave err: where it can be left out, the result is that of telling so. */
GAZE_CHECKED gaze_err gaze_dataset_leave_out(gaze_dataset *dataset, const gaze_dataset_options *options,
                                             const char *key, gaze_err err);
/* A sample without a picture: told of where that is asked for, else counted. */
GAZE_CHECKED gaze_err gaze_dataset_miss_picture(gaze_dataset *dataset, const gaze_dataset_options *options,
                                                const char *key);
/* The first sign of the file that is no space; 0: there is none. */
char gaze_dataset_first_sign(const gaze_dataset *dataset);
/* A list of texts that are not empty, behind `first` (NULL: nothing); name: of the member. */
GAZE_CHECKED gaze_err gaze_dataset_texts(gaze_dataset *dataset, const char *key, const char *name, const json_t *list,
                                         const char *first, const char *const **out, size_t *n);
/* Questions of a `qa` list of [question, answer or answers], and of LLaVA's `conversations`. NULL or null: none. */
GAZE_CHECKED gaze_err gaze_dataset_read_qa(gaze_dataset *dataset, const json_t *list, gaze_sample *sample);
GAZE_CHECKED gaze_err gaze_dataset_read_turns(gaze_dataset *dataset, const json_t *list, gaze_sample *sample);
/* One question; answer: a text or a list of them, NULL: nobody's. */
GAZE_CHECKED gaze_err gaze_dataset_read_question(gaze_dataset *dataset, const char *text, const json_t *answer,
                                                 gaze_sample *sample);

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
/* "objects" of a sample's JSON: a list of [name, x, y, width, height]. NULL or null: none. */
GAZE_CHECKED gaze_err gaze_dataset_read_objects(gaze_dataset *dataset, const json_t *list, gaze_sample *sample);

/* Fill the dataset from its map, or from its folder. */
GAZE_CHECKED gaze_err gaze_dataset_read_folder(gaze_dataset *dataset, const gaze_dataset_options *options);
GAZE_CHECKED gaze_err gaze_dataset_read_tar(gaze_dataset *dataset, const gaze_dataset_options *options);
GAZE_CHECKED gaze_err gaze_dataset_read_csv(gaze_dataset *dataset, const gaze_dataset_options *options);
GAZE_CHECKED gaze_err gaze_dataset_read_llava(gaze_dataset *dataset, const gaze_dataset_options *options);

#endif
