/* The options of a run as a table, under the names of the command line. */
#include "fusion/page.h"
#include "fusion/train_report.h"

#include <stdint.h>

static void write_list(FILE *stream, const char *const *items, size_t n) {
  for (size_t i = 0; i < n; i++) {
    fputs(i ? "<br>" : "", stream);
    gaze_page_text(stream, items[i]);
  }
}

/* Nothing at all for a value that means "not given". */
static bool is_given(const gaze_report_row *row, const void *value, size_t count) {
  switch (row->kind) {
  case GAZE_REPORT_TEXT:
    return *(const char *const *)value != NULL;
  case GAZE_REPORT_LIST:
    return count > 0;
  case GAZE_REPORT_SWITCH:
    return *(const bool *)value;
  case GAZE_REPORT_WHOLE:
    return *(const int *)value != 0;
  case GAZE_REPORT_SIZE:
    return *(const size_t *)value != 0;
  case GAZE_REPORT_LONG_WHOLE:
    return true;
  case GAZE_REPORT_REAL:
    return *(const double *)value != 0;
  }
  return false;
}

static void write_value(FILE *stream, const gaze_report_row *row, const void *value, size_t count) {
  switch (row->kind) {
  case GAZE_REPORT_TEXT:
    gaze_page_text(stream, *(const char *const *)value);
    break;
  case GAZE_REPORT_LIST:
    write_list(stream, *(const char *const *const *)value, count);
    break;
  case GAZE_REPORT_SWITCH:
    fputs("yes", stream);
    break;
  case GAZE_REPORT_WHOLE:
    fprintf(stream, "%d", *(const int *)value);
    break;
  case GAZE_REPORT_SIZE:
    fprintf(stream, "%zu", *(const size_t *)value);
    break;
  case GAZE_REPORT_LONG_WHOLE:
    fprintf(stream, "%llu", (unsigned long long)*(const uint64_t *)value);
    break;
  case GAZE_REPORT_REAL:
    fprintf(stream, "%.6g", *(const double *)value);
    break;
  }
}

static void write_name(FILE *stream, const char *name) {
  fputs("<tr><th>", stream);
  gaze_page_text(stream, name);
  fputs("<td>", stream);
}

#define RUN_ROW(name, kind, member) GAZE_REPORT_ROW(gaze_train_run_options, name, kind, member)
static const gaze_report_row run_rows[] = {
    RUN_ROW("batch-size", SIZE, batch_size),
    RUN_ROW("accum-freq", SIZE, accum_freq),
    RUN_ROW("epochs", REAL, epochs),
    RUN_ROW("lr", REAL, lr),
    RUN_ROW("opt", TEXT, optimizer),
    RUN_ROW("lr-scheduler", TEXT, lr_scheduler),
    RUN_ROW("warmup", LONG_WHOLE, warmup),
    RUN_ROW("beta1", REAL, beta1),
    RUN_ROW("beta2", REAL, beta2),
    RUN_ROW("eps", REAL, eps),
    RUN_ROW("wd", REAL, weight_decay),
    RUN_ROW("grad-clip-norm", REAL, grad_clip_norm),
    RUN_ROW("grad-checkpointing", SWITCH, grad_checkpointing),
    RUN_ROW("seed", LONG_WHOLE, seed),
    RUN_ROW("save-dtype", TEXT, model_dtype),
};

#define LORA_ROW(name, kind, member) GAZE_REPORT_ROW(gaze_lora_options, name, kind, member)
static const gaze_report_row lora_rows[] = {
    LORA_ROW("lora-rank", SIZE, rank),
    LORA_ROW("lora-alpha", REAL, alpha),
    LORA_ROW("lora-targets", TEXT, targets),
    LORA_ROW("lora-dropout", REAL, dropout),
};

static void write_rows(FILE *stream, const gaze_report_row *rows, size_t n, const void *options) {
  const char *base = options;
  for (size_t i = 0; i < n; i++) {
    const gaze_report_row *row = &rows[i];
    const void *value = base + row->offset;
    size_t count = row->kind == GAZE_REPORT_LIST ? *(const size_t *)(const void *)(base + row->count_offset) : 0;
    if (!is_given(row, value, count))
      continue;
    write_name(stream, row->name);
    write_value(stream, row, value, count);
    fputc('\n', stream);
  }
}

void gaze_report_options(FILE *stream, const gaze_report *report) {
  static const char *const precisions[] = {"f32", "bf16", "int8"};
  fputs("<div><h2>Options</h2><table>\n", stream);
  write_rows(stream, report->rows, report->n_rows, report->options);
  write_rows(stream, run_rows, sizeof run_rows / sizeof *run_rows, report->run);
  if (report->lora)
    write_rows(stream, lora_rows, sizeof lora_rows / sizeof *lora_rows, report->lora);
  write_name(stream, "precision");
  fprintf(stream, "%s\n</table></div>\n", precisions[report->run->compute.precision]);
}
