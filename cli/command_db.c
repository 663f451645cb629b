#include "cli/command.h"
#include "cli/db_export.h"
#include "cli/report.h"
#include "cli/settings.h"

#include <stdlib.h>
#include <string.h>

static export_arguments arguments;

static const option_row database_options[] = {DATABASE_OPTION, {0}};

static const option_row export_options[] = {
    {"out", 'o', OPTION_TEXT, "FILE", &arguments.out, "write there instead of standard output, whole or not at all", 0,
     0},
    {"vectors", 0, OPTION_TEXT, "FILE.npy", &arguments.vectors,
     "write the vectors too, float32 [rows, dim], a row a line; of one model: see -m", 0, 0},
    DATABASE_OPTION,
    {0},
};

static int no_words(const char *name, const word_list *words) {
  return words->n ? report_usage("unexpected word: %s: name the index with gaze %s --db FILE", words->items[0], name)
                  : STATUS_DONE;
}

static int info(const word_list *words) {
  int status = no_words("db info", words);
  if (status != STATUS_DONE)
    return status;
  gaze_index *index = NULL;
  char *json = NULL;
  gaze_err err = gaze_index_open(given.database, GAZE_INDEX_READ, &index);
  if (err == GAZE_OK)
    err = gaze_index_info_json(index, &json);
  gaze_index_close(index);
  return err == GAZE_OK ? json_print_given(json, given.json) : report_error(err);
}

static int check(const word_list *words) {
  int status = no_words("db check", words);
  if (status != STATUS_DONE)
    return status;
  gaze_index *index = NULL;
  gaze_err err = gaze_index_open(given.database, GAZE_INDEX_READ, &index);
  if (err == GAZE_OK)
    err = gaze_index_check(index);
  gaze_index_close(index);
  if (given.json)
    json_print(err == GAZE_OK ? json_pack("{s:b}", "ok", 1)
                              : json_pack("{s:b, s:o}", "ok", 0, "error", json_text(gaze_last_error())),
               stdout);
  else if (err == GAZE_OK)
    puts("ok");
  return err == GAZE_OK ? STATUS_DONE : report_error(err);
}

static json_int_t size_of(gaze_index *index) {
  char *text;
  if (gaze_index_info_json(index, &text) != GAZE_OK)
    return 0;
  json_t *object = json_loads(text, 0, NULL);
  json_int_t bytes = json_integer_value(json_object_get(object, "bytes"));
  json_decref(object);
  free(text);
  return bytes;
}

static int compact(const word_list *words) {
  int status = no_words("db compact", words);
  if (status != STATUS_DONE)
    return status;
  gaze_index *index = NULL;
  json_int_t before = 0, after = 0;
  gaze_err err = gaze_index_open(given.database, GAZE_INDEX_READ, &index); /* to write would create an absent one */
  gaze_index_close(index);
  index = NULL;
  if (err == GAZE_OK)
    err = gaze_index_open(given.database, GAZE_INDEX_WRITE, &index);
  if (err == GAZE_OK) {
    before = size_of(index);
    err = gaze_index_compact(index);
    after = size_of(index);
  }
  gaze_index_close(index);
  if (err != GAZE_OK)
    return report_error(err);
  if (given.json)
    json_print(json_pack("{s:I, s:I}", "before", before, "after", after), stdout);
  else
    printf("%lld bytes before, %lld after\n", (long long)before, (long long)after);
  return STATUS_DONE;
}

static int export_rows(const word_list *words) {
  int status = no_words("db export", words);
  return status == STATUS_DONE ? db_export(&arguments) : status;
}

static const command_row info_command = {
    .name = "db info",
    .summary = "photos, models and sizes",
    .usage = "[options]",
    .examples = "  gaze db info\n",
    .options = database_options,
    .run = info,
};

static const command_row check_command = {
    .name = "db check",
    .summary = "is the index whole?",
    .usage = "[options]",
    .about = "Reads all of it: what SQLite says of the file, and what the tables say of one another.",
    .examples = "  gaze db check && echo all is well\n",
    .options = database_options,
    .run = check,
};

static const command_row compact_command = {
    .name = "db compact",
    .summary = "forget vectors no photo needs, and give space back",
    .usage = "[options]",
    .examples = "  gaze db compact\n",
    .options = database_options,
    .run = compact,
};

static const command_row export_command = {
    .name = "db export",
    .summary = "every photo as CSV, or with --json as a line of JSON",
    .usage = "[options]",
    .about = "A line per photo and model: path, hash, model, width, height, taken, camera, latitude, longitude. With "
             "-m only "
             "that model's.",
    .examples = "  gaze db export > photos.csv\n"
                "  gaze db export --json | jq -r 'select(.camera == \"Pixel 7\") | .path'\n"
                "  gaze db export -m gaze-mini --out photos.csv --vectors photos.npy\n",
    .options = export_options,
    .run = export_rows,
};

static const command_row *const children[] = {&info_command, &check_command, &compact_command, &export_command, NULL};

const command_row db_command = {
    .name = "db",
    .summary = "look at the index of photos, check, shrink and export it",
    .usage = "info|check|compact|export [options]",
    .examples = "  gaze db info\n  gaze db export > photos.csv\n",
    .children = children,
};
