/* What a training run looked like: one HTML page that needs no other file, for reading and for sending to others. */
#ifndef GAZE_FUSION_TRAIN_REPORT_H
#define GAZE_FUSION_TRAIN_REPORT_H

#include "gaze_train.h"

#include <stddef.h>
#include <stdio.h>

typedef enum gaze_report_kind {
  GAZE_REPORT_TEXT,
  GAZE_REPORT_LIST, /* of texts */
  GAZE_REPORT_SWITCH,
  GAZE_REPORT_WHOLE,      /* int */
  GAZE_REPORT_SIZE,       /* size_t */
  GAZE_REPORT_LONG_WHOLE, /* uint64_t */
  GAZE_REPORT_REAL        /* double */
} gaze_report_kind;

/* An option of a run. */
typedef struct gaze_report_row {
  const char *name; /* of the command line */
  gaze_report_kind kind;
  size_t offset, count_offset; /* in the options; of a list: where its length is */
} gaze_report_row;

/* Rows of a table for options of a type. */
#define GAZE_REPORT_ROW(type, name, kind, member) \
  { name, GAZE_REPORT_##kind, offsetof(type, member), 0 }
#define GAZE_REPORT_LIST_ROW(type, name, member, count) \
  { name, GAZE_REPORT_LIST, offsetof(type, member), offsetof(type, count) }

/* All borrowed. */
typedef struct gaze_report {
  const char *folder, *name; /* of the run */
  const gaze_report_row *rows;
  size_t n_rows;
  const void *options;                              /* of the rows */
  const gaze_train_run_options *run;                /* what all trainings have stands behind them */
  const gaze_lora_options *lora;                    /* NULL: pairs never learn */
  gaze_err (*show)(FILE *stream, const void *user); /* what stands between curves and tables; NULL: nothing */
  const void *user;
} gaze_report;

/* folder/report.html, whole or absent, from folder/metrics.jsonl: curves, options, the last figures. */
GAZE_CHECKED gaze_err gaze_report_save(const gaze_report *report);
/* The options as a table: a part of the page. */
void gaze_report_options(FILE *stream, const gaze_report *report);

/* Of a CLIP, from folder/model too: with held-out pictures of options->val_data and their best captions. */
GAZE_CHECKED gaze_err gaze_train_report_save(const char *folder, const gaze_train_clip_options *options);
GAZE_CHECKED gaze_err gaze_train_report_pictures(FILE *stream, const char *model_folder,
                                                 const gaze_train_clip_options *options);
/* Of a language model: with what it wrote last. */
GAZE_CHECKED gaze_err gaze_train_report_lm(const gaze_train_lm_options *options);
GAZE_CHECKED gaze_err gaze_train_report_llava(const gaze_train_llava_options *options);

#endif
