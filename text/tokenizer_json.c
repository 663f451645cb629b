/* tokenizer.json of Hugging Face's tokenizers library. */
#include "text/tokenizer_json.h"

#include "core/base/file.h"
#include "text/tokenizer_config.h"

#include <stdlib.h>
#include <string.h>

gaze_err gaze_tokenizer_refuse(const char *name, const char *what, const char *value) {
  return gaze_fail(GAZE_ERR_UNSUPPORTED,
                   "unsupported %s in a tokenizer: \"%s\" in %s: use a tokenizer of CLIP, SigLIP, BERT or XLM-R", what,
                   value ? value : "none", name);
}

gaze_err gaze_tokenizer_require(const json_t *object, const char *key, const char *wanted, const char *name) {
  const char *found;
  GAZE_TRY(gaze_json_string(object, key, "", &found));
  return strcmp(found, wanted) ? gaze_tokenizer_refuse(name, key, found) : GAZE_OK;
}

gaze_err gaze_tokenizer_require_false(const json_t *object, const char *key, const char *name) {
  bool found;
  GAZE_TRY(gaze_json_bool(object, key, false, &found));
  return found ? gaze_tokenizer_refuse(name, key, "true") : GAZE_OK;
}

static bool is(const char *key, size_t size, const char *wanted) {
  return size == strlen(wanted) && !memcmp(key, wanted, size);
}

/* Where the values of the two lists begin and end in the text. */
typedef struct ranges {
  const char *start[2], *end[2];
  size_t n;
} ranges;

/* The members of "model", which begins at the walk. */
static gaze_err find_lists(gaze_json_walk *walk, gaze_tokenizer_json *out, ranges *lists) {
  if (!gaze_json_walk_take(walk, '{'))
    return gaze_json_walk_skip(walk);
  for (bool first = true, more;; first = false) {
    const char *key;
    size_t size;
    GAZE_TRY(gaze_json_walk_more(walk, '}', first, &more));
    if (!more)
      return GAZE_OK;
    GAZE_TRY(gaze_json_walk_key(walk, &key, &size));
    gaze_json_walk *list = is(key, size, "vocab") ? &out->vocab : is(key, size, "merges") ? &out->merges : NULL;
    char opens = gaze_json_walk_peek(walk);
    const char *start = walk->at;
    GAZE_TRY(gaze_json_walk_skip(walk));
    if (!list || list->at || (opens != '{' && opens != '['))
      continue;
    *list = (gaze_json_walk){.at = start, .end = walk->at, .name = walk->name, .start = walk->start};
    lists->start[lists->n] = start;
    lists->end[lists->n++] = walk->at;
  }
}

static gaze_err find_model(gaze_json_walk *walk, gaze_tokenizer_json *out, ranges *lists) {
  if (!gaze_json_walk_take(walk, '{'))
    return GAZE_OK;
  for (bool first = true, more;; first = false) {
    const char *key;
    size_t size;
    GAZE_TRY(gaze_json_walk_more(walk, '}', first, &more));
    if (!more)
      return GAZE_OK;
    GAZE_TRY(gaze_json_walk_key(walk, &key, &size));
    GAZE_TRY(is(key, size, "model") && !lists->n ? find_lists(walk, out, lists) : gaze_json_walk_skip(walk));
  }
}

/* The text without the lists, which gaze_json_parse then checks. */
static gaze_err parse_rest(const char *text, size_t size, const ranges *lists, const char *name, json_t **out) {
  static const char null[] = "null";
  char *rest, *at;
  size_t from = 0;
  GAZE_TRY(gaze_alloc(size + 2 * sizeof null, 1, &rest));
  at = rest;
  for (size_t i = 0; i <= lists->n; i++) {
    size_t to = i < lists->n ? (size_t)(lists->start[i] - text) : size;
    memcpy(at, text + from, to - from);
    at += to - from;
    if (i == lists->n)
      break;
    memcpy(at, null, 4);
    at += 4;
    from = (size_t)(lists->end[i] - text);
  }
  gaze_err err = gaze_json_parse(rest, (size_t)(at - rest), name, out);
  free(rest);
  return err;
}

gaze_err gaze_tokenizer_json_parse(const char *text, size_t size, const char *name, gaze_tokenizer_json *out) {
  gaze_json_walk walk = {.at = text, .end = text + size, .name = name, .start = text};
  ranges lists = {.n = 0};
  *out = (gaze_tokenizer_json){.rest = NULL};
  gaze_err err = find_model(&walk, out, &lists);
  gaze_json_walk_fini(&walk);
  return err == GAZE_OK ? parse_rest(text, size, &lists, name, &out->rest) : err;
}

/* An added token has an id of the vocabulary, or the next one behind it. */
static gaze_err enter_added(gaze_vocabulary *vocabulary, const char *content, int64_t id, const char *name) {
  int32_t known = gaze_vocabulary_find(vocabulary, content, strlen(content));
  if (id >= 0 && known == id)
    return GAZE_OK;
  if (known >= 0 || id < (int64_t)vocabulary->size || id >= GAZE_VOCABULARY_MAX)
    return gaze_tokenizer_refuse(name, "added token outside the vocabulary", content);
  return gaze_vocabulary_add(vocabulary, content, strlen(content), (int32_t)id, name);
}

static gaze_err read_added(gaze_tokenizer *tokenizer, const json_t *json, const char *name) {
  const char *content;
  int64_t id;
  gaze_added_token added = {.id = -1};
  GAZE_TRY(gaze_json_string(json, "content", "", &content));
  GAZE_TRY(gaze_json_integer(json, "id", -1, &id));
  GAZE_TRY(gaze_json_bool(json, "normalized", true, &added.normalized));
  GAZE_TRY(gaze_json_bool(json, "lstrip", false, &added.takes_left));
  GAZE_TRY(gaze_json_bool(json, "rstrip", false, &added.takes_right));
  GAZE_TRY(gaze_tokenizer_require_false(json, "single_word", name));
  GAZE_TRY(enter_added(&tokenizer->vocabulary, content, id, name));
  added.id = (int32_t)id;
  return gaze_tokenizer_add_token(tokenizer, content, &added);
}

static gaze_err read_parts(gaze_tokenizer *tokenizer, gaze_tokenizer_json *json, const json_t *config,
                           const char *name) {
  const json_t *list = json_object_get(json->rest, "added_tokens");
  json_t *added;
  size_t i;
  int64_t pad;
  GAZE_TRY(gaze_tokenizer_config_prepare(&tokenizer->normalizer, config));
  GAZE_TRY(gaze_tokenizer_read_normalizer(&tokenizer->normalizer, json_object_get(json->rest, "normalizer"), name));
  GAZE_TRY(gaze_tokenizer_read_cutter(&tokenizer->cutter, json_object_get(json->rest, "pre_tokenizer"), name));
  GAZE_TRY(gaze_tokenizer_read_model(tokenizer, json, name));
  json_array_foreach(list, i, added) GAZE_TRY(read_added(tokenizer, added, name));
  GAZE_TRY(tokenizer->model == GAZE_TOKENIZER_BPE && tokenizer->bpe.style == GAZE_BPE_OF_BYTES
               ? gaze_tokenizer_find_ends(tokenizer, name)
               : gaze_tokenizer_read_around(tokenizer, json_object_get(json->rest, "post_processor"), name));
  GAZE_TRY(gaze_json_integer(json_object_get(json->rest, "padding"), "pad_id", -1, &pad));
  if (pad >= 0 && pad < (int64_t)tokenizer->vocabulary.size)
    tokenizer->pad = (int32_t)pad;
  return gaze_tokenizer_config_finish(tokenizer, config);
}

gaze_err gaze_tokenizer_read_json(gaze_tokenizer *tokenizer, const char *text, size_t size, const json_t *config,
                                  const char *name) {
  gaze_tokenizer_json json;
  gaze_err err = gaze_tokenizer_json_parse(text, size, name, &json);
  if (err == GAZE_OK)
    err = read_parts(tokenizer, &json, config, name);
  gaze_json_walk_fini(&json.vocab);
  gaze_json_walk_fini(&json.merges);
  json_decref(json.rest);
  return err;
}

gaze_err gaze_tokenizer_load_json(gaze_tokenizer *tokenizer, const char *path, const json_t *config) {
  gaze_map map;
  GAZE_TRY(gaze_map_open(path, &map));
  gaze_err err = gaze_tokenizer_read_json(tokenizer, (const char *)map.data, map.size, config, path);
  gaze_map_close(&map);
  return err;
}
