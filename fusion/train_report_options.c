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

static void write_row(FILE *stream, const char *name) {
  fputs("<tr><th>", stream);
  gaze_page_text(stream, name);
  fputs("<td>", stream);
}

void gaze_report_options(FILE *stream, const gaze_report *report) {
  static const char *const precisions[] = {"f32", "bf16", "int8"};
  const char *base = report->options;
  fputs("<div><h2>Options</h2><table>\n", stream);
  for (size_t i = 0; i < report->n_rows; i++) {
    const gaze_report_row *row = &report->rows[i];
    const void *value = base + row->offset;
    size_t count = row->kind == GAZE_REPORT_LIST ? *(const size_t *)(const void *)(base + row->count_offset) : 0;
    if (!is_given(row, value, count))
      continue;
    write_row(stream, row->name);
    write_value(stream, row, value, count);
    fputc('\n', stream);
  }
  write_row(stream, "precision");
  fprintf(stream, "%s\n</table></div>\n", precisions[report->precision]);
}
