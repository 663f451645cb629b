/* A learned vocabulary as files that transformers' CLIPTokenizer reads. */
#include "core/base/file.h"
#include "core/base/json.h"
#include "core/base/memory.h"
#include "text/tokenizer_parts.h"
#include "text/train_tokenizer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* All of tokenizer.json but vocabulary, merges and ids: what transformers writes for CLIP. */
static const char tokenizer_form[] =
    "{\"version\":\"1.0\",\"truncation\":null,\"padding\":null,\"added_tokens\":["
    "{\"id\":0,\"content\":\"<|startoftext|>\",\"single_word\":false,\"lstrip\":false,\"rstrip\":false,"
    "\"normalized\":false,\"special\":true},"
    "{\"id\":0,\"content\":\"<|endoftext|>\",\"single_word\":false,\"lstrip\":false,\"rstrip\":false,"
    "\"normalized\":false,\"special\":true}],"
    "\"normalizer\":{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"NFC\"},"
    "{\"type\":\"Replace\",\"pattern\":{\"Regex\":\"\\\\s+\"},\"content\":\" \"},{\"type\":\"Lowercase\"}]},"
    "\"pre_tokenizer\":{\"type\":\"Sequence\",\"pretokenizers\":[{\"type\":\"Split\",\"pattern\":{\"Regex\":"
    "\"<\\\\|startoftext\\\\|>|<\\\\|endoftext\\\\|>|'s|'t|'re|'ve|'m|'ll|'d|[\\\\p{L}]+|[\\\\p{N}]|"
    "[^\\\\s\\\\p{L}\\\\p{N}]+\"},\"behavior\":\"Removed\",\"invert\":true},{\"type\":\"ByteLevel\","
    "\"add_prefix_space\":false,\"trim_offsets\":true,\"use_regex\":true}]},"
    "\"post_processor\":{\"type\":\"RobertaProcessing\",\"sep\":[\"<|endoftext|>\",0],\"cls\":[\"<|startoftext|>\",0],"
    "\"trim_offsets\":false,\"add_prefix_space\":false},"
    "\"decoder\":{\"type\":\"ByteLevel\",\"add_prefix_space\":true,\"trim_offsets\":true,\"use_regex\":true},"
    "\"model\":{\"type\":\"BPE\",\"dropout\":null,\"unk_token\":\"<|endoftext|>\",\"continuing_subword_prefix\":\"\","
    "\"end_of_word_suffix\":\"</w>\",\"fuse_unk\":false,\"byte_fallback\":false,\"ignore_merges\":false}}";

static const char config_form[] =
    "{\"tokenizer_class\":\"CLIPTokenizer\",\"do_lower_case\":true,\"errors\":\"replace\","
    "\"add_prefix_space\":false,\"bos_token\":\"<|startoftext|>\",\"eos_token\":\"<|endoftext|>\","
    "\"pad_token\":\"<|endoftext|>\",\"unk_token\":\"<|endoftext|>\"}";

static const char special_form[] =
    "{\"bos_token\":\"<|startoftext|>\",\"eos_token\":\"<|endoftext|>\",\"pad_token\":\"<|endoftext|>\","
    "\"unk_token\":\"<|endoftext|>\"}";

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

static int set_id(json_t *list, size_t index, const char *key, size_t id) {
  json_t *value = json_integer((json_int_t)id), *item = json_array_get(list, index);
  return key ? json_object_set_new(item, key, value) : json_array_set_new(list, index, value);
}

static gaze_err save_tokenizer(const gaze_vocabulary *vocabulary, json_t *ids, json_t *merges, const char *folder) {
  json_t *json;
  GAZE_TRY(gaze_json_parse(tokenizer_form, strlen(tokenizer_form), "tokenizer.json", &json));
  json_t *added = json_object_get(json, "added_tokens"), *processor = json_object_get(json, "post_processor");
  json_t *model = json_object_get(json, "model");
  size_t start = vocabulary->size - 2, end = vocabulary->size - 1;
  bool failed = set_id(added, 0, "id", start) || set_id(added, 1, "id", end) ||
                set_id(json_object_get(processor, "cls"), 1, NULL, start) ||
                set_id(json_object_get(processor, "sep"), 1, NULL, end) || json_object_set(model, "vocab", ids) ||
                json_object_set(model, "merges", merges);
  gaze_err err = failed ? out_of_memory() : save_json(folder, "tokenizer.json", json);
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

gaze_err gaze_tokenizer_save(const gaze_vocabulary *vocabulary, const gaze_learned_merge *merges, size_t n,
                             const char *folder) {
  json_t *ids = NULL, *list = NULL;
  gaze_err err;
  GAZE_TRY_DONE(gaze_folder_make(folder));
  GAZE_TRY_DONE(make_vocabulary(vocabulary, &ids));
  GAZE_TRY_DONE(make_merges(vocabulary, merges, n, &list));
  GAZE_TRY_DONE(save_tokenizer(vocabulary, ids, list, folder));
  GAZE_TRY_DONE(save_json(folder, "vocab.json", ids));
  GAZE_TRY_DONE(save_merges(vocabulary, merges, n, folder));
  GAZE_TRY_DONE(save_form(folder, "tokenizer_config.json", config_form));
  GAZE_TRY_DONE(save_form(folder, "special_tokens_map.json", special_form));
done:
  json_decref(ids);
  json_decref(list);
  return err;
}
