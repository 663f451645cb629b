/* The report of a training of a model that looks and talks: its options. */
#include "fusion/train_report.h"

#define ROW(name, kind, member) GAZE_REPORT_ROW(gaze_train_llava_options, name, kind, member)
#define LIST_ROW(name, member, count) GAZE_REPORT_LIST_ROW(gaze_train_llava_options, name, member, count)

static const gaze_report_row rows[] = {
    ROW("stage", WHOLE, stage),
    LIST_ROW("train-data", train_data, n_train_data),
    LIST_ROW("val-data", val_data, n_val_data),
    LIST_ROW("image-data", image_data, n_image_data),
    ROW("image-folder", TEXT, image_folder),
    ROW("max-bad", SIZE, max_bad),
    ROW("model", TEXT, model),
    ROW("vision", TEXT, vision),
    ROW("vision-layer", WHOLE, vision_layer),
    ROW("vision-select", TEXT, vision_select),
    ROW("language", TEXT, language),
    ROW("template", TEXT, chat_template),
    ROW("blind", SWITCH, blind),
    ROW("lock-language", SWITCH, lock_language),
    ROW("context", SIZE, context),
    ROW("steps", LONG_WHOLE, steps),
    ROW("projector-lr", REAL, projector_lr),
    ROW("vision-blocks", SIZE, vision_blocks),
    ROW("vision-lr", REAL, vision_lr),
    ROW("cooldown", LONG_WHOLE, cooldown),
};

gaze_err gaze_train_report_llava(const gaze_train_llava_options *options) {
  const gaze_report report = {.folder = options->out,
                              .name = options->out,
                              .rows = rows,
                              .n_rows = sizeof rows / sizeof *rows,
                              .options = options,
                              .run = &options->run,
                              .lora = &options->lora};
  return gaze_report_save(&report);
}
