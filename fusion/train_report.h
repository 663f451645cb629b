/* What a training run looked like: one HTML page that needs no other file, for reading and for sending to others. */
#ifndef GAZE_FUSION_TRAIN_REPORT_H
#define GAZE_FUSION_TRAIN_REPORT_H

#include "gaze_train.h"

#include <stdio.h>

/* folder/report.html, whole or absent, from folder/metrics.jsonl and folder/model: curves, options, the last figures,
 * and held-out pictures of options->val_data with their best captions. */
GAZE_CHECKED gaze_err gaze_train_report_save(const char *folder, const gaze_train_clip_options *options);

/* Its parts. */
void gaze_train_report_options(FILE *stream, const gaze_train_clip_options *options);
GAZE_CHECKED gaze_err gaze_train_report_pictures(FILE *stream, const char *model_folder,
                                                 const gaze_train_clip_options *options);

#endif
