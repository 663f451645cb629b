/* The report of a language model's training: its options, and what it wrote. */
#include "core/base/file.h"
#include "core/base/json.h"
#include "fusion/page.h"
#include "fusion/train_report.h"

#include <stdlib.h>
#include <string.h>

#define ROW(name, kind, member) GAZE_REPORT_ROW(gaze_train_lm_options, name, kind, member)
#define LIST_ROW(name, member, count) GAZE_REPORT_LIST_ROW(gaze_train_lm_options, name, member, count)

static const gaze_report_row rows[] = {
    LIST_ROW("train-data", train_data, n_train_data),
    LIST_ROW("val-data", val_data, n_val_data),
    ROW("documents", TEXT, documents),
    ROW("model", TEXT, model),
    ROW("config", TEXT, config),
    ROW("tokenizer", TEXT, tokenizer),
    ROW("layers", SIZE, layers),
    ROW("dim", SIZE, dim),
    ROW("heads", SIZE, heads),
    ROW("kv-heads", SIZE, kv_heads),
    ROW("mlp-dim", SIZE, mlp_dim),
    ROW("untied", SWITCH, untied),
    ROW("context", SIZE, context),
    ROW("steps", LONG_WHOLE, steps),
    ROW("cooldown", LONG_WHOLE, cooldown),
};

/* The last line of metrics.jsonl with texts; NULL: there is none. json_decref. */
static gaze_err find_written(const char *folder, json_t **out) {
  char *path;
  gaze_map map;
  *out = NULL;
  GAZE_TRY(gaze_path_join(folder, "metrics.jsonl", &path));
  bool there = gaze_file_exists(path); /* a run that ended before its first line has none */
  gaze_err err = there ? gaze_map_open(path, &map) : GAZE_OK;
  free(path);
  if (err != GAZE_OK || !there)
    return err;
  const char *at = (const char *)map.data, *end = at + map.size;
  for (const char *next; at < end; at = next) {
    const char *newline = memchr(at, '\n', (size_t)(end - at));
    next = newline ? newline + 1 : end;
    json_t *line = json_loadb(at, (size_t)(next - at), 0, NULL);
    if (json_is_array(json_object_get(line, "written"))) {
      json_decref(*out);
      *out = json_incref(line);
    }
    json_decref(line);
  }
  gaze_map_close(&map);
  return GAZE_OK;
}

static void write_text(FILE *stream, const json_t *item) {
  const char *prompt = json_string_value(json_object_get(item, "prompt"));
  const char *text = json_string_value(json_object_get(item, "text"));
  fputs("<figure><p class=\"soft\">", stream);
  gaze_page_text(stream, prompt ? prompt : "");
  fputs("</p><p>", stream);
  gaze_page_text(stream, text ? text : "");
  fputs("</p></figure>\n", stream);
}

static gaze_err show(FILE *stream, const void *user) {
  json_t *line, *item;
  size_t i;
  GAZE_TRY(find_written(user, &line));
  if (!line)
    return GAZE_OK;
  fputs("<h2>What it wrote last</h2>\n<div class=\"charts\">\n", stream);
  json_array_foreach(json_object_get(line, "written"), i, item) write_text(stream, item);
  fputs("</div>\n", stream);
  json_decref(line);
  return GAZE_OK;
}

gaze_err gaze_train_report_lm(const gaze_train_lm_options *options) {
  const gaze_report report = {.folder = options->out,
                              .name = options->out,
                              .rows = rows,
                              .n_rows = sizeof rows / sizeof *rows,
                              .options = options,
                              .run = &options->run,
                              .lora = &options->lora,
                              .show = show,
                              .user = options->out};
  return gaze_report_save(&report);
}
