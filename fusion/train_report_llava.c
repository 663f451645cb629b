/* The report of a training of a model that looks and talks: its options. */
#include "fusion/train_report.h"

#include <stddef.h>

#define ROW(name, kind, member) \
  { name, GAZE_REPORT_##kind, offsetof(gaze_train_llava_options, member), 0 }
#define LIST_ROW(name, member, count) \
  { name, GAZE_REPORT_LIST, offsetof(gaze_train_llava_options, member), offsetof(gaze_train_llava_options, count) }

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
    ROW("context", SIZE, context),
    ROW("batch-size", SIZE, run.batch_size),
    ROW("accum-freq", SIZE, run.accum_freq),
    ROW("steps", LONG_WHOLE, steps),
    ROW("epochs", REAL, run.epochs),
    ROW("lr", REAL, run.lr),
    ROW("projector-lr", REAL, projector_lr),
    ROW("vision-blocks", SIZE, vision_blocks),
    ROW("vision-lr", REAL, vision_lr),
    ROW("opt", TEXT, run.optimizer),
    ROW("lr-scheduler", TEXT, run.lr_scheduler),
    ROW("warmup", LONG_WHOLE, run.warmup),
    ROW("cooldown", LONG_WHOLE, cooldown),
    ROW("beta1", REAL, run.beta1),
    ROW("beta2", REAL, run.beta2),
    ROW("eps", REAL, run.eps),
    ROW("wd", REAL, run.weight_decay),
    ROW("grad-clip-norm", REAL, run.grad_clip_norm),
    ROW("grad-checkpointing", SWITCH, run.grad_checkpointing),
    ROW("seed", LONG_WHOLE, run.seed),
    ROW("save-dtype", TEXT, run.model_dtype),
};

gaze_err gaze_train_report_llava(const gaze_train_llava_options *options) {
  const gaze_report report = {.folder = options->out,
                              .name = options->out,
                              .rows = rows,
                              .n_rows = sizeof rows / sizeof *rows,
                              .options = options,
                              .precision = options->run.compute.precision};
  return gaze_report_save(&report);
}
