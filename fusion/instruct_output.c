/* LLaVA's JSON, a record a line, and the pictures beside it. */
#include "fusion/instruct.h"

#include "core/base/memory.h"
#include "fusion/hub.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

gaze_err gaze_instruct_output_begin(gaze_instruct_output *output, const char *path) {
  *output = (gaze_instruct_output){0};
  GAZE_TRY(gaze_replace_init(&output->file, path));
  fputs("[", output->file.stream);
  return GAZE_OK;
}

/* Errors of writing are the stream's, and told when the file is committed. */
gaze_err gaze_instruct_output_add(gaze_instruct_output *output, const json_t *record, gaze_record_kind kind,
                                  gaze_language language) {
  char *text;
  GAZE_TRY(gaze_json_text(record, JSON_COMPACT, &text));
  fprintf(output->file.stream, "%s\n%s", output->records ? "," : "", text);
  free(text);
  output->records++;
  output->kinds[kind]++;
  output->turns += json_array_size(json_object_get(record, "conversations")) / 2;
  output->korean += language == GAZE_KOREAN;
  return GAZE_OK;
}

gaze_err gaze_instruct_output_end(gaze_instruct_output *output) {
  fputs("\n]\n", output->file.stream);
  return gaze_replace_commit(&output->file);
}

void gaze_instruct_output_fini(gaze_instruct_output *output) { gaze_replace_fini(&output->file); }

gaze_err gaze_instruct_id(const gaze_sample *sample, gaze_record_kind kind, char **out) {
  return gaze_format(out, "%s-%s", sample->key, gaze_record_names[kind]);
}

/* The picture's mark stands before the first question, on a line of its own. */
static gaze_err add_turn(json_t *list, const gaze_turn *turn, bool first) {
  char *question;
  GAZE_TRY(gaze_format(&question, "%s%s", first ? "<image>\n" : "", turn->question));
  json_t *asked = json_pack("{s:s,s:s}", "from", "human", "value", question);
  json_t *said = json_pack("{s:s,s:s}", "from", "gpt", "value", turn->answer);
  free(question);
  bool added = asked && said && json_array_append(list, asked) == 0 && json_array_append(list, said) == 0;
  json_decref(asked);
  json_decref(said);
  return added ? GAZE_OK : gaze_fail(GAZE_ERR_MEMORY, "out of memory: a record: free memory");
}

gaze_err gaze_instruct_record(const gaze_sample *sample, gaze_record_kind kind, const gaze_turns *turns, json_t **out) {
  char *id;
  GAZE_TRY(gaze_instruct_id(sample, kind, &id));
  json_t *list = json_array(),
         *record = json_pack("{s:s,s:s,s:O}", "id", id, "image", sample->file, "conversations", list);
  free(id);
  gaze_err err =
      list && record ? GAZE_OK : gaze_fail(GAZE_ERR_MEMORY, "out of memory: record of %s: free memory", sample->key);
  for (size_t i = 0; i < turns->n && err == GAZE_OK; i++)
    err = add_turn(list, &turns->items[i], i == 0);
  json_decref(list);
  if (err != GAZE_OK)
    json_decref(record);
  else
    *out = record;
  return err;
}

static bool has_size(const char *path, size_t size) {
  struct stat facts;
  return stat(path, &facts) == 0 && S_ISREG(facts.st_mode) && (size_t)facts.st_size == size;
}

static gaze_err write_picture(const gaze_sample *sample, const char *path) {
  gaze_map map = {0};
  if (sample->path)
    GAZE_TRY(gaze_map_open(sample->path, &map));
  const void *bytes = sample->path ? map.data : sample->picture;
  size_t size = sample->path ? map.size : sample->picture_size;
  gaze_err err = has_size(path, size) ? GAZE_OK : gaze_file_replace(path, bytes, size);
  gaze_map_close(&map);
  return err;
}

gaze_err gaze_instruct_extract(const gaze_sample *sample, const char *folder) {
  char *path;
  if (sample->file[0] == '/' && sample->path)
    return GAZE_OK;
  if (!gaze_hub_is_path(sample->file))
    return gaze_fail(GAZE_ERR_FORMAT, "a name that leaves the folder: %s: rename the picture", sample->file);
  GAZE_TRY(gaze_path_join(folder, sample->file, &path));
  char *slash = strrchr(path, '/');
  *slash = 0;
  gaze_err err = gaze_folder_make(path);
  *slash = '/';
  if (err == GAZE_OK)
    err = write_picture(sample, path);
  free(path);
  return err;
}
