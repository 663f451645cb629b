/* The options of a run as a table, under the names of the command line. */
#include "fusion/page.h"
#include "fusion/train_report.h"

#include <stddef.h>
#include <stdint.h>

typedef enum option_kind { TEXT, LIST, SWITCH, WHOLE, SIZE, LONG_WHOLE, REAL } option_kind;

typedef struct option_row {
  const char *name;
  option_kind kind;
  size_t offset, count_offset; /* of a list: where its length is */
} option_row;

#define ROW(name, kind, member) \
  { name, kind, offsetof(gaze_train_clip_options, member), 0 }
#define LIST_ROW(name, member, count) \
  { name, LIST, offsetof(gaze_train_clip_options, member), offsetof(gaze_train_clip_options, count) }

static const option_row rows[] = {
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
    ROW("batch-size", SIZE, batch_size),
    ROW("accum-freq", SIZE, accum_freq),
    ROW("epochs", REAL, epochs),
    ROW("lr", REAL, lr),
    ROW("opt", TEXT, optimizer),
    ROW("lr-scheduler", TEXT, lr_scheduler),
    ROW("warmup", LONG_WHOLE, warmup),
    ROW("epochs-cooldown", REAL, epochs_cooldown),
    ROW("beta1", REAL, beta1),
    ROW("beta2", REAL, beta2),
    ROW("eps", REAL, eps),
    ROW("wd", REAL, weight_decay),
    ROW("grad-clip-norm", REAL, grad_clip_norm),
    ROW("grad-checkpointing", SWITCH, grad_checkpointing),
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
    ROW("seed", LONG_WHOLE, seed),
    ROW("workers", WHOLE, workers),
    ROW("save-dtype", TEXT, model_dtype),
};

static void write_list(FILE *stream, const char *const *items, size_t n) {
  for (size_t i = 0; i < n; i++) {
    fputs(i ? "<br>" : "", stream);
    gaze_page_text(stream, items[i]);
  }
}

/* Nothing at all for a value that means "not given". */
static bool is_given(const option_row *row, const void *value, size_t count) {
  switch (row->kind) {
  case TEXT:
    return *(const char *const *)value != NULL;
  case LIST:
    return count > 0;
  case SWITCH:
    return *(const bool *)value;
  case WHOLE:
    return *(const int *)value != 0;
  case SIZE:
    return *(const size_t *)value != 0;
  case LONG_WHOLE:
    return true;
  case REAL:
    return *(const double *)value != 0;
  }
  return false;
}

static void write_value(FILE *stream, const option_row *row, const void *value, size_t count) {
  switch (row->kind) {
  case TEXT:
    gaze_page_text(stream, *(const char *const *)value);
    break;
  case LIST:
    write_list(stream, *(const char *const *const *)value, count);
    break;
  case SWITCH:
    fputs("yes", stream);
    break;
  case WHOLE:
    fprintf(stream, "%d", *(const int *)value);
    break;
  case SIZE:
    fprintf(stream, "%zu", *(const size_t *)value);
    break;
  case LONG_WHOLE:
    fprintf(stream, "%llu", (unsigned long long)*(const uint64_t *)value);
    break;
  case REAL:
    fprintf(stream, "%.6g", *(const double *)value);
    break;
  }
}

static void write_row(FILE *stream, const char *name) {
  fputs("<tr><th>", stream);
  gaze_page_text(stream, name);
  fputs("<td>", stream);
}

void gaze_train_report_options(FILE *stream, const gaze_train_clip_options *options) {
  static const char *const precisions[] = {"f32", "bf16", "int8"};
  const char *base = (const char *)options;
  fputs("<div><h2>Options</h2><table>\n", stream);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const void *value = base + rows[i].offset;
    size_t count = rows[i].kind == LIST ? *(const size_t *)(const void *)(base + rows[i].count_offset) : 0;
    if (!is_given(&rows[i], value, count))
      continue;
    write_row(stream, rows[i].name);
    write_value(stream, &rows[i], value, count);
    fputc('\n', stream);
  }
  write_row(stream, "precision");
  fprintf(stream, "%s\n</table></div>\n", precisions[options->compute.precision]);
}
