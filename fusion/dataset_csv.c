/* open_clip's CSV: a header, then a picture's path and a caption a row. A picture may have several rows: samples of
 * their own. */
#include "fusion/csv.h"
#include "fusion/dataset_build.h"

#include <string.h>

typedef struct table_columns {
  size_t picture, caption, n;
} table_columns;

static gaze_err find_column(const gaze_csv *csv, const char *name, const char *option, size_t *out) {
  for (size_t i = 0; i < csv->n_fields; i++)
    if (strcmp(csv->fields[i], name) == 0) {
      *out = i;
      return GAZE_OK;
    }
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
  GAZE_TRY(find_column(csv, caption, "--csv-caption-key", &out->caption));
  out->n = csv->n_fields;
  return GAZE_OK;
}

static gaze_err read_header(gaze_csv *csv, const gaze_dataset_options *options, table_columns *out) {
  gaze_err err = parse_header(csv, options, out);
  if (err != GAZE_ERR_FORMAT || !options->columns_fixed)
    return err;
  return gaze_fail(err, "no set of samples: %s: name a WebDataset tar, or a table with the columns filepath and title",
                   csv->name);
}

/* folder: up to and including the last slash of the table's path; in front of a picture's path that is relative. */
static gaze_err keep_path(gaze_dataset *dataset, size_t folder, const char *name, const char **out) {
  size_t front = name[0] == '/' ? 0 : folder, length = strlen(name);
  char *path;
  GAZE_TRY(gaze_dataset_take(dataset, front + length + 1, &path));
  memcpy(path, dataset->path, front);
  memcpy(path + front, name, length + 1);
  *out = path;
  return GAZE_OK;
}

static gaze_err add_row(gaze_dataset *dataset, const gaze_csv *csv, const table_columns *columns, size_t folder) {
  if (csv->n_fields != columns->n)
    return gaze_fail(GAZE_ERR_FORMAT, "%zu fields where the header has %zu: %s line %zu: put the caption in quotes",
                     csv->n_fields, columns->n, csv->name, csv->line);
  const char *name = csv->fields[columns->picture], *caption = csv->fields[columns->caption];
  if (!*name) {
    dataset->left_out++;
    return GAZE_OK;
  }
  gaze_sample sample = {.n_captions = *caption != 0};
  GAZE_TRY(gaze_dataset_text(dataset, name, strlen(name), &sample.key));
  sample.file = sample.key;
  GAZE_TRY(keep_path(dataset, folder, name, &sample.path));
  const char **captions;
  GAZE_TRY(gaze_dataset_take(dataset, sizeof *captions, &captions));
  GAZE_TRY(gaze_dataset_text(dataset, caption, strlen(caption), captions));
  sample.captions = captions;
  return gaze_dataset_add(dataset, &sample);
}

static gaze_err read_rows(gaze_dataset *dataset, gaze_csv *csv, const gaze_dataset_options *options) {
  const char *slash = strrchr(dataset->path, '/');
  size_t folder = slash ? (size_t)(slash - dataset->path) + 1 : 0;
  table_columns columns = {0};
  GAZE_TRY(read_header(csv, options, &columns));
  for (;;) {
    bool found;
    GAZE_TRY(gaze_csv_next(csv, &found));
    if (!found)
      return GAZE_OK;
    GAZE_TRY(add_row(dataset, csv, &columns, folder));
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
