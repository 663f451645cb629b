/* Picture-text samples: WebDataset tars, folders alike, CSV/TSV, LLaVA's JSON. Everything but the pictures' bytes is
 * read at open; those stay mapped. */
#ifndef GAZE_FUSION_DATASET_H
#define GAZE_FUSION_DATASET_H

#include "core/base/json.h"
#include "gaze_train.h"

/* About a picture: of a tar's `qa`, a row of a table, or the turns of a conversation. */
typedef struct gaze_sample_question {
  const char *text;
  const char *const *answers; /* [n_answers] of as many people */
  size_t n_answers;           /* 0: nobody's */
  size_t pictures;            /* of a turn of a conversation: how many <image> stand in it */
} gaze_sample_question;

/* A thing in a picture, and the box around it in fractions of the picture's width and height. */
typedef struct gaze_object {
  const char *name;
  float x, y, width, height; /* x, y: of the upper left corner */
} gaze_object;

typedef struct gaze_sample {
  const char *key;
  const char *file;       /* the picture's name: of the tar's member, in the folder, or as the table or JSON has it */
  const uint8_t *picture; /* encoded bytes in the mapped tar; NULL elsewhere: then `path` is opened when needed */
  size_t picture_size;
  const char *path;            /* of the picture's file, NULL in a tar */
  const char *const *captions; /* [n_captions] */
  size_t n_captions;
  const gaze_sample_question *questions; /* [n_questions] */
  size_t n_questions;
  bool talks;                  /* the questions are turns of one conversation, and not each for itself */
  const char *class_id, *name; /* NULL when absent */
  const gaze_object *objects;  /* [n_objects], where the options ask for them */
  size_t n_objects;
  const struct gaze_sample *others; /* [n_others] pictures behind the first: file and path of each */
  size_t n_others;
  const uint16_t *teacher; /* f16 [teacher_dim] in the mapped tar (KEY.teacher.npy), or NULL */
  size_t teacher_dim;
  bool fixed; /* JSON `"augment": false`: captions that speak of sides, colours or counts must not be augmented */
} gaze_sample;

typedef struct gaze_dataset gaze_dataset;

typedef struct gaze_dataset_options {
  const char *type; /* "webdataset", "csv", "llava", "auto" (by content and name); NULL: auto */
  const char *csv_img_key, *csv_caption_key, *csv_separator; /* NULL: filepath, title, sniffed */
  bool columns_fixed;                                        /* nobody can name columns: messages do not advise it */
  const char *pictures; /* folder of pictures whose paths are relative; NULL: the file's own */
  bool objects;         /* read boxes, too; wrong ones make a sample wrong */
  bool folders;         /* path may be a folder in which samples lie as in a tar */
  bool texts_alone;     /* of LLaVA's JSON, samples that name no picture are kept, too; path and picture are NULL */
  bool several;         /* of LLaVA's JSON, samples may have several pictures; else such a one is wrong */
  /* Samples without a picture are told of, too (key and reason), if `failed` is there. */
  bool pictures_missed;
  /* Told of each sample that is wrong, which is left out; an error that it returns ends the reading. NULL: the first
   * one does. message is borrowed. */
  gaze_err (*failed)(void *user, const char *key, const char *message);
  void *user;
} gaze_dataset_options;

/* The columns that a training run names, for what it learns from and what it is measured on. Borrows from them. */
gaze_dataset_options gaze_dataset_columns_of(const gaze_train_clip_options *options);

/* path: one tar, CSV/TSV or JSON file, or a folder. Samples without a picture are left out and counted. */
GAZE_CHECKED gaze_err gaze_dataset_open(const char *path, const gaze_dataset_options *options, gaze_dataset **out);
void gaze_dataset_close(gaze_dataset *dataset);
size_t gaze_dataset_size(const gaze_dataset *dataset);
const gaze_sample *gaze_dataset_get(const gaze_dataset *dataset, size_t i); /* borrowed */
size_t gaze_dataset_bytes(const gaze_dataset *dataset);                     /* of the file */
const char *gaze_dataset_path(const gaze_dataset *dataset);

/* Decodes sample i. Yours: gaze_picture_fini. */
GAZE_CHECKED gaze_err gaze_sample_picture(const gaze_sample *sample, const gaze_picture_options *options,
                                          gaze_picture *out);

#endif
