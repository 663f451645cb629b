#include "fusion/csv.h"

#include "core/base/memory.h"

#include <stdlib.h>
#include <string.h>

static char sniff_separator(const char *text, const char *end) {
  static const char candidates[] = {'\t', ',', ';', '|'};
  size_t counts[sizeof candidates] = {0}, best = 0;
  bool quoted = false;
  for (; text < end && (quoted || (*text != '\n' && *text != '\r')); text++) {
    quoted ^= *text == '"';
    for (size_t i = 0; i < sizeof candidates; i++)
      counts[i] += !quoted && *text == candidates[i];
  }
  for (size_t i = 1; i < sizeof candidates; i++)
    if (counts[i] > counts[best])
      best = i;
  return candidates[best];
}

void gaze_csv_init(gaze_csv *csv, const char *text, size_t size, const char *name, char separator) {
  const char *end = text + size;
  if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
    text += 3;
  *csv = (gaze_csv){.at = text, .end = end, .name = name, .next_line = 1};
  csv->separator = separator ? separator : sniff_separator(text, end);
}

void gaze_csv_fini(gaze_csv *csv) {
  free(csv->fields);
  free(csv->starts);
  free(csv->text);
  *csv = (gaze_csv){0};
}

static gaze_err fail_row(const gaze_csv *csv, const char *what) {
  return gaze_fail(GAZE_ERR_FORMAT, "%s: %s line %zu: put the field in quotes and double those inside", what, csv->name,
                   csv->line);
}

static gaze_err add_text(gaze_csv *csv, const char *from, size_t size) {
  if (memchr(from, 0, size))
    return gaze_fail(GAZE_ERR_FORMAT, "byte 0 in a table: %s line %zu: save it as UTF-8 text", csv->name, csv->line);
  GAZE_TRY(gaze_grow(&csv->text, &csv->text_capacity, csv->text_size + size + 1, 1));
  memcpy(csv->text + csv->text_size, from, size);
  csv->text_size += size;
  return GAZE_OK;
}

/* At an opening quote: everything up to the closing one. */
static gaze_err read_quoted(gaze_csv *csv) {
  for (csv->at++;;) {
    const char *quote = memchr(csv->at, '"', (size_t)(csv->end - csv->at));
    if (!quote)
      return fail_row(csv, "quote without an end");
    for (const char *c = csv->at; c < quote; c++)
      csv->next_line += *c == '\n';
    bool doubled = quote + 1 < csv->end && quote[1] == '"';
    GAZE_TRY(add_text(csv, csv->at, (size_t)(quote - csv->at) + doubled));
    csv->at = quote + 1 + doubled;
    if (!doubled)
      return GAZE_OK;
  }
}

static bool is_field_end(const gaze_csv *csv, const char *at) {
  return at == csv->end || *at == csv->separator || *at == '\n' || *at == '\r';
}

static gaze_err read_field(gaze_csv *csv) {
  GAZE_TRY(gaze_grow(&csv->starts, &csv->starts_capacity, csv->n_fields + 1, sizeof *csv->starts));
  csv->starts[csv->n_fields++] = csv->text_size;
  if (csv->at < csv->end && *csv->at == '"') {
    GAZE_TRY(read_quoted(csv));
    if (!is_field_end(csv, csv->at))
      return fail_row(csv, "text behind a closing quote");
  }
  const char *start = csv->at;
  while (!is_field_end(csv, csv->at))
    csv->at++;
  GAZE_TRY(add_text(csv, start, (size_t)(csv->at - start)));
  csv->text[csv->text_size++] = 0;
  return GAZE_OK;
}

static void skip_line_end(gaze_csv *csv) {
  if (csv->at < csv->end && *csv->at == '\r')
    csv->at++;
  if (csv->at < csv->end && *csv->at == '\n')
    csv->at++;
  csv->next_line++;
}

static gaze_err read_row(gaze_csv *csv) {
  csv->line = csv->next_line;
  csv->text_size = csv->n_fields = 0;
  GAZE_TRY(read_field(csv));
  while (csv->at < csv->end && *csv->at == csv->separator) {
    csv->at++;
    GAZE_TRY(read_field(csv));
  }
  skip_line_end(csv);
  GAZE_TRY(gaze_grow(&csv->fields, &csv->fields_capacity, csv->n_fields, sizeof *csv->fields));
  for (size_t i = 0; i < csv->n_fields; i++)
    csv->fields[i] = csv->text + csv->starts[i];
  return GAZE_OK;
}

gaze_err gaze_csv_next(gaze_csv *csv, bool *found) {
  while (csv->at < csv->end) {
    GAZE_TRY(read_row(csv));
    if (csv->n_fields > 1 || *csv->fields[0]) {
      *found = true;
      return GAZE_OK;
    }
  }
  *found = false;
  return GAZE_OK;
}
