/* open_clip's CSV: a header, then a picture's path and a caption a row; or a question with its answer. A picture may
 * have several rows: samples of their own. */
#include "fusion/csv.h"
#include "fusion/dataset_build.h"

#include <stdio.h>
#include <string.h>

typedef struct table_columns {
  size_t picture, caption, question, answer, n; /* of captions, or of questions and answers; the others NO_COLUMN */
} table_columns;

static const size_t NO_COLUMN = SIZE_MAX;

static size_t seek_column(const gaze_csv *csv, const char *name) {
  for (size_t i = 0; i < csv->n_fields; i++)
    if (strcmp(csv->fields[i], name) == 0)
      return i;
  return NO_COLUMN;
}

static gaze_err find_column(const gaze_csv *csv, const char *name, const char *option, size_t *out) {
  *out = seek_column(csv, name);
  if (*out != NO_COLUMN)
    return GAZE_OK;
  return gaze_fail(GAZE_ERR_FORMAT, "no column \"%s\": %s: name it with %s, or the separator with --csv-separator",
                   name, csv->name, option);
}

static gaze_err parse_header(gaze_csv *csv, const gaze_dataset_options *options, table_columns *out) {
  bool found;
  GAZE_TRY(gaze_csv_next(csv, &found));
  if (!found)
    return gaze_fail(GAZE_ERR_FORMAT, "empty table: %s: write a header and a picture a row", csv->name);
  const char *picture = options->csv_img_key ? options->csv_img_key : "filepath";
  const char *caption = options->csv_caption_key ? options->csv_caption_key : "title";
  GAZE_TRY(find_column(csv, picture, "--csv-img-key", &out->picture));
  out->n = csv->n_fields;
  out->question = seek_column(csv, "question");
  out->answer = seek_column(csv, "answer");
  out->caption = seek_column(csv, caption);
  if (out->caption == NO_COLUMN && (out->question == NO_COLUMN || out->answer == NO_COLUMN))
    GAZE_TRY(find_column(csv, caption, "--csv-caption-key", &out->caption));
  return GAZE_OK;
}

static gaze_err read_header(gaze_csv *csv, const gaze_dataset_options *options, table_columns *out) {
  gaze_err err = parse_header(csv, options, out);
  if (err != GAZE_ERR_FORMAT || !options->columns_fixed)
    return err;
  return gaze_fail(err,
                   "no set of samples: %s: name a WebDataset tar, a table with the columns filepath and title "
                   "(or question and answer), or LLaVA's JSON",
                   csv->name);
}

/* A text of the row as a list of one; an empty one is none. */
static gaze_err keep_texts(gaze_dataset *dataset, const char *text, const char *const **out, size_t *n) {
  const char **list;
  GAZE_TRY(gaze_dataset_take(dataset, sizeof *list, &list));
  GAZE_TRY(gaze_dataset_text(dataset, text, strlen(text), list));
  *out = list;
  *n = *text != 0;
  return GAZE_OK;
}

static gaze_err keep_question(gaze_dataset *dataset, const char *text, const char *answer, gaze_sample *sample) {
  gaze_sample_question *question;
  GAZE_TRY(gaze_dataset_take(dataset, sizeof *question, &question));
  GAZE_TRY(gaze_dataset_text(dataset, text, strlen(text), &question->text));
  GAZE_TRY(keep_texts(dataset, answer, &question->answers, &question->n_answers));
  sample->questions = question;
  sample->n_questions = *text != 0;
  return GAZE_OK;
}

static gaze_err fail_fields(const gaze_csv *csv, const table_columns *columns) {
  return gaze_fail(GAZE_ERR_FORMAT, "%zu fields where the header has %zu: %s line %zu: put texts in quotes",
                   csv->n_fields, columns->n, csv->name, csv->line);
}

static gaze_err add_row(gaze_dataset *dataset, const gaze_csv *csv, const table_columns *columns,
                        const gaze_dataset_options *options) {
  char line[32];
  snprintf(line, sizeof line, "line %zu", csv->line);
  if (csv->n_fields != columns->n)
    return gaze_dataset_leave_out(dataset, options, line, fail_fields(csv, columns));
  const char *name = csv->fields[columns->picture];
  if (!*name)
    return gaze_dataset_miss_picture(dataset, options, line);
  gaze_sample sample = {0};
  GAZE_TRY(gaze_dataset_text(dataset, name, strlen(name), &sample.key));
  sample.file = sample.key;
  GAZE_TRY(gaze_dataset_place(dataset, options, name, &sample.path));
  if (columns->caption != NO_COLUMN)
    GAZE_TRY(keep_texts(dataset, csv->fields[columns->caption], &sample.captions, &sample.n_captions));
  if (columns->question != NO_COLUMN && columns->answer != NO_COLUMN)
    GAZE_TRY(keep_question(dataset, csv->fields[columns->question], csv->fields[columns->answer], &sample));
  return gaze_dataset_add(dataset, &sample);
}

static gaze_err read_rows(gaze_dataset *dataset, gaze_csv *csv, const gaze_dataset_options *options) {
  table_columns columns = {0};
  GAZE_TRY(read_header(csv, options, &columns));
  for (;;) {
    bool found;
    GAZE_TRY(gaze_csv_next(csv, &found));
    if (!found)
      return GAZE_OK;
    GAZE_TRY(add_row(dataset, csv, &columns, options));
  }
}

gaze_err gaze_dataset_read_csv(gaze_dataset *dataset, const gaze_dataset_options *options) {
  const char *separator = options->csv_separator ? options->csv_separator : "";
  if (strcmp(separator, "\\t") == 0)
    separator = "\t";
  if (strlen(separator) > 1 || (*separator && strchr("\"\r\n", *separator)))
    return gaze_fail(GAZE_ERR_ARGUMENT, "bad separator: \"%s\": give one character", separator);
  gaze_csv csv;
  gaze_csv_init(&csv, (const char *)dataset->map.data, dataset->map.size, dataset->path, *separator);
  gaze_err err = read_rows(dataset, &csv, options);
  gaze_csv_fini(&csv);
  return err;
}
