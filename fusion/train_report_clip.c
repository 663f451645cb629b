/* The report of a CLIP's training: its options, and held-out pictures with their best captions. */
#include "core/base/file.h"
#include "fusion/train_report.h"

#include <stdlib.h>

#define ROW(name, kind, member) GAZE_REPORT_ROW(gaze_train_clip_options, name, kind, member)
#define LIST_ROW(name, member, count) GAZE_REPORT_LIST_ROW(gaze_train_clip_options, name, member, count)

static const gaze_report_row rows[] = {
    LIST_ROW("train-data", train_data, n_train_data),
    LIST_ROW("val-data", val_data, n_val_data),
    LIST_ROW("zeroshot-data", zeroshot_data, n_zeroshot_data),
    LIST_ROW("class-labels", class_labels, n_class_labels),
    ROW("train-num-samples", LONG_WHOLE, train_num_samples),
    ROW("model", TEXT, model),
    ROW("tokenizer", TEXT, tokenizer),
    ROW("image-size", SIZE, image_size),
    ROW("patch-size", SIZE, patch_size),
    ROW("width", SIZE, vision_width),
    ROW("layers", SIZE, vision_layers),
    ROW("heads", SIZE, vision_heads),
    ROW("text-width", SIZE, text_width),
    ROW("text-layers", SIZE, text_layers),
    ROW("text-heads", SIZE, text_heads),
    ROW("context", SIZE, context),
    ROW("dim", SIZE, dim),
    ROW("epochs-cooldown", REAL, epochs_cooldown),
    ROW("siglip", SWITCH, siglip),
    ROW("lock-image", SWITCH, lock_image),
    ROW("lock-image-unlocked-groups", WHOLE, lock_image_unlocked_groups),
    ROW("lock-text", SWITCH, lock_text),
    ROW("force-patch-dropout", REAL, patch_dropout),
    ROW("teacher-weight", REAL, teacher_weight),
    ROW("teacher-texts", TEXT, text_vectors),
    ROW("teacher-texts-weight", REAL, text_teacher_weight),
    ROW("distill-model", TEXT, distill_model),
    ROW("crop-scale", REAL, scale_low),
    ROW("color-jitter", REAL, color_jitter),
    ROW("grayscale", REAL, grayscale),
    ROW("flip", REAL, flip),
    ROW("workers", WHOLE, workers),
};

typedef struct shown {
  const char *folder;
  const gaze_train_clip_options *options;
} shown;

static gaze_err show(FILE *stream, const void *user) {
  const shown *of = user;
  char *model;
  if (!of->options->n_val_data)
    return GAZE_OK;
  GAZE_TRY(gaze_path_join(of->folder, "model", &model));
  gaze_err err = gaze_train_report_pictures(stream, model, of->options);
  free(model);
  return err;
}

gaze_err gaze_train_report_save(const char *folder, const gaze_train_clip_options *options) {
  const shown of = {folder, options};
  const gaze_report report = {.folder = folder,
                              .name = options->name,
                              .rows = rows,
                              .n_rows = sizeof rows / sizeof *rows,
                              .options = options,
                              .run = &options->run,
                              .show = show,
                              .user = &of};
  return gaze_report_save(&report);
}
