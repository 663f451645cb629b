/* A learned vocabulary as files that transformers reads. */
#include "core/base/file.h"
#include "core/base/json.h"
#include "core/base/memory.h"
#include "text/cutter_families.h"
#include "text/tokenizer_parts.h"
#include "text/train_tokenizer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static gaze_err out_of_memory(void) {
  return gaze_fail(GAZE_ERR_MEMORY, "out of memory: writing a tokenizer: free memory");
}

static gaze_err save_json(const char *folder, const char *name, const json_t *json) {
  char *path;
  GAZE_TRY(gaze_path_join(folder, name, &path));
  gaze_err err = gaze_json_save(path, json);
  free(path);
  return err;
}

static gaze_err save_form(const char *folder, const char *name, const char *form) {
  json_t *json;
  GAZE_TRY(gaze_json_parse(form, strlen(form), name, &json));
  gaze_err err = save_json(folder, name, json);
  json_decref(json);
  return err;
}

/* {spelling: id}; yours: json_decref(). */
static gaze_err make_vocabulary(const gaze_vocabulary *vocabulary, json_t **out) {
  json_t *json = json_object();
  bool failed = !json;
  for (size_t id = 0; id < vocabulary->size && !failed; id++)
    failed = json_object_set_new(json, gaze_vocabulary_text(vocabulary, (int32_t)id), json_integer((json_int_t)id));
  if (failed) {
    json_decref(json);
    return out_of_memory();
  }
  *out = json;
  return GAZE_OK;
}

/* ["left right", ...]: the form that every version of the tokenizers library reads. */
static gaze_err make_merges(const gaze_vocabulary *vocabulary, const gaze_learned_merge *merges, size_t n,
                            json_t **out) {
  json_t *list = json_array();
  bool failed = !list;
  for (size_t i = 0; i < n && !failed; i++)
    failed = json_array_append_new(list, json_sprintf("%s %s", gaze_vocabulary_text(vocabulary, merges[i].left),
                                                      gaze_vocabulary_text(vocabulary, merges[i].right)));
  if (failed) {
    json_decref(list);
    return out_of_memory();
  }
  *out = list;
  return GAZE_OK;
}

/* The id behind a special token's spelling, in a list [spelling, id] or as a member of an object. */
static bool set_id(const gaze_vocabulary *vocabulary, json_t *pair) {
  const json_t *spelling = json_is_array(pair) ? json_array_get(pair, 0) : json_object_get(pair, "content");
  int32_t id = gaze_vocabulary_find(vocabulary, json_string_value(spelling), json_string_length(spelling));
  return json_is_array(pair) ? json_array_set_new(pair, 1, json_integer(id)) == 0
                             : json_object_set_new(pair, "id", json_integer(id)) == 0;
}

static bool set_pattern(json_t *tokenizer, const char *pattern) {
  json_t *cutter = json_object_get(tokenizer, "pre_tokenizer");
  json_t *split = json_array_get(json_object_get(cutter, "pretokenizers"), 0);
  return json_object_set_new(json_object_get(split, "pattern"), "Regex", json_string(pattern)) == 0;
}

static gaze_err save_tokenizer(const gaze_learned_kind *kind, const gaze_vocabulary *vocabulary, json_t *ids,
                               json_t *merges, const char *folder) {
  json_t *json, *added;
  size_t i;
  GAZE_TRY(gaze_json_parse(kind->tokenizer, strlen(kind->tokenizer), "tokenizer.json", &json));
  json_t *model = json_object_get(json, "model"), *processor = json_object_get(json, "post_processor");
  json_t *start = json_object_get(processor, "cls"), *end = json_object_get(processor, "sep");
  bool whole = !json_object_set(model, "vocab", ids) && !json_object_set(model, "merges", merges);
  whole = whole && (!start || set_id(vocabulary, start)) && (!end || set_id(vocabulary, end));
  json_array_foreach(json_object_get(json, "added_tokens"), i, added) whole = whole && set_id(vocabulary, added);
  whole = whole && (!kind->family || set_pattern(json, gaze_cutter_family_pattern(kind->family)));
  gaze_err err = whole ? save_json(folder, "tokenizer.json", json) : out_of_memory();
  json_decref(json);
  return err;
}

static gaze_err save_merges(const gaze_vocabulary *vocabulary, const gaze_learned_merge *merges, size_t n,
                            const char *folder) {
  char *path;
  gaze_replace file;
  GAZE_TRY(gaze_path_join(folder, "merges.txt", &path));
  gaze_err err = gaze_replace_init(&file, path);
  free(path);
  GAZE_TRY(err);
  fputs("#version: 0.2\n", file.stream);
  for (size_t i = 0; i < n; i++)
    fprintf(file.stream, "%s %s\n", gaze_vocabulary_text(vocabulary, merges[i].left),
            gaze_vocabulary_text(vocabulary, merges[i].right));
  err = gaze_replace_commit(&file);
  gaze_replace_fini(&file);
  return err;
}

gaze_err gaze_tokenizer_save(const gaze_learned_kind *kind, const gaze_vocabulary *vocabulary,
                             const gaze_learned_merge *merges, size_t n, const char *folder) {
  json_t *ids = NULL, *list = NULL;
  gaze_err err;
  GAZE_TRY_DONE(gaze_folder_make(folder));
  GAZE_TRY_DONE(make_vocabulary(vocabulary, &ids));
  GAZE_TRY_DONE(make_merges(vocabulary, merges, n, &list));
  GAZE_TRY_DONE(save_tokenizer(kind, vocabulary, ids, list, folder));
  GAZE_TRY_DONE(save_json(folder, "vocab.json", ids));
  GAZE_TRY_DONE(save_merges(vocabulary, merges, n, folder));
  GAZE_TRY_DONE(save_form(folder, "tokenizer_config.json", kind->config));
  GAZE_TRY_DONE(save_form(folder, "special_tokens_map.json", kind->specials_map));
done:
  json_decref(ids);
  json_decref(list);
  return err;
}
