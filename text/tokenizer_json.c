/* tokenizer.json of Hugging Face's tokenizers library. */
#include "text/tokenizer_json.h"

#include "core/base/file.h"
#include "text/tokenizer_config.h"

#include <stdlib.h>
#include <string.h>

gaze_err gaze_tokenizer_refuse(const char *name, const char *what, const char *value) {
  return gaze_fail(GAZE_ERR_UNSUPPORTED,
                   "unsupported %s in a tokenizer: \"%s\" in %s: use a tokenizer of CLIP, SigLIP, BERT, XLM-R "
                   "or a language model of LLaMA's or GPT-2's kind",
                   what, value ? value : "none", name);
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

/* A walk over the file, which reads the two large lists of "model" on its way, so that nobody keeps a copy of them. */
typedef struct reading {
  gaze_tokenizer *tokenizer;
  gaze_json_walk walk, merges; /* merges: where they stand before the vocabulary, to be read after it */
  bool has_vocabulary, has_merges;
  const char *start[2], *end[2]; /* of the lists */
  size_t n;
} reading;

static gaze_err read_list(reading *r, bool vocabulary) {
  if (vocabulary) {
    r->has_vocabulary = true;
    return gaze_tokenizer_read_vocabulary(r->tokenizer, &r->walk);
  }
  r->has_merges = true;
  if (r->has_vocabulary)
    return gaze_tokenizer_read_merges_list(r->tokenizer, &r->walk);
  r->merges = r->walk;
  r->merges.buffer = NULL;
  r->merges.capacity = 0;
  return gaze_json_walk_skip(&r->walk);
}

/* A member of "model". */
static gaze_err read_model_member(reading *r, const char *key, size_t size) {
  bool vocabulary = is(key, size, "vocab"), merges = is(key, size, "merges");
  char opens = gaze_json_walk_peek(&r->walk);
  if ((opens != '{' && opens != '[') || !(vocabulary ? !r->has_vocabulary : merges && !r->has_merges))
    return gaze_json_walk_skip(&r->walk);
  r->start[r->n] = r->walk.at;
  GAZE_TRY(read_list(r, vocabulary));
  r->end[r->n++] = r->walk.at;
  return GAZE_OK;
}

static gaze_err read_members(reading *r, gaze_err (*read)(struct reading *, const char *, size_t)) {
  if (gaze_json_walk_peek(&r->walk) != '{')
    return gaze_json_walk_skip(&r->walk);
  r->walk.at++;
  for (bool first = true, more;; first = false) {
    const char *key;
    size_t size;
    GAZE_TRY(gaze_json_walk_more(&r->walk, '}', first, &more));
    if (!more)
      return GAZE_OK;
    GAZE_TRY(gaze_json_walk_key(&r->walk, &key, &size));
    GAZE_TRY(read(r, key, size));
  }
}

static gaze_err read_member(reading *r, const char *key, size_t size) {
  return is(key, size, "model") ? read_members(r, read_model_member) : gaze_json_walk_skip(&r->walk);
}

/* The text with null for the lists, which gaze_json_parse then checks. */
static gaze_err parse_rest(const reading *r, const char *text, size_t size, json_t **out) {
  static const char null[] = "null";
  char *rest, *at;
  const char *from = text, *end = text + size;
  for (size_t i = 0; i < r->n; i++)
    size -= (size_t)(r->end[i] - r->start[i]);
  GAZE_TRY(gaze_alloc(size + 2 * sizeof null, 1, &rest));
  at = rest;
  for (size_t i = 0; i <= r->n; i++) {
    const char *to = i < r->n ? r->start[i] : end;
    memcpy(at, from, (size_t)(to - from));
    at += to - from;
    if (i == r->n)
      break;
    memcpy(at, null, 4);
    at += 4;
    from = r->end[i];
  }
  gaze_err err = gaze_json_parse(rest, (size_t)(at - rest), r->walk.name, out);
  free(rest);
  return err;
}

/* *out: what there is besides the lists; yours: json_decref(). */
static gaze_err read_lists(gaze_tokenizer *tokenizer, const char *text, size_t size, const char *name, json_t **out) {
  reading r = {.tokenizer = tokenizer, .walk = {.at = text, .end = text + size, .name = name, .start = text}};
  gaze_err err = read_members(&r, read_member);
  if (err == GAZE_OK && r.merges.at)
    err = gaze_tokenizer_read_merges_list(tokenizer, &r.merges);
  if (err == GAZE_OK)
    err = parse_rest(&r, text, size, out);
  gaze_json_walk_fini(&r.walk);
  gaze_json_walk_fini(&r.merges);
  return err;
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
  GAZE_TRY(gaze_json_bool(json, "special", false, &added.special));
  GAZE_TRY(gaze_tokenizer_require_false(json, "single_word", name));
  GAZE_TRY(enter_added(&tokenizer->vocabulary, content, id, name));
  added.id = (int32_t)id;
  return gaze_tokenizer_add_token(tokenizer, content, &added);
}

static gaze_err read_parts(gaze_tokenizer *tokenizer, const json_t *json, const json_t *config, const char *name) {
  const json_t *list = json_object_get(json, "added_tokens");
  json_t *added;
  size_t i;
  int64_t pad;
  const char *direction;
  GAZE_TRY(gaze_tokenizer_config_prepare(&tokenizer->normalizer, config));
  GAZE_TRY(gaze_tokenizer_read_normalizer(&tokenizer->normalizer, json_object_get(json, "normalizer"), name));
  GAZE_TRY(gaze_tokenizer_read_cutter(&tokenizer->cutter, json_object_get(json, "pre_tokenizer"), name));
  GAZE_TRY(gaze_tokenizer_read_model(tokenizer, json_object_get(json, "model"), name));
  json_array_foreach(list, i, added) GAZE_TRY(read_added(tokenizer, added, name));
  GAZE_TRY(gaze_tokenizer_read_decoder(&tokenizer->decoding, json_object_get(json, "decoder")));
  GAZE_TRY(tokenizer->cutter.n && tokenizer->cutter.steps[0].kind == GAZE_CUT_CLIP
               ? gaze_tokenizer_find_ends(tokenizer, name)
               : gaze_tokenizer_read_around(tokenizer, json_object_get(json, "post_processor"), name));
  GAZE_TRY(gaze_json_integer(json_object_get(json, "padding"), "pad_id", -1, &pad));
  GAZE_TRY(gaze_json_string(json_object_get(json, "padding"), "direction", "", &direction));
  if (*direction)
    tokenizer->padding = strcmp(direction, "Left") == 0 ? GAZE_PADDING_LEFT : GAZE_PADDING_RIGHT;
  if (pad >= 0 && pad < (int64_t)tokenizer->vocabulary.size)
    tokenizer->pad = (int32_t)pad;
  return gaze_tokenizer_config_finish(tokenizer, config);
}

gaze_err gaze_tokenizer_read_json(gaze_tokenizer *tokenizer, const char *text, size_t size, const json_t *config,
                                  const char *name) {
  json_t *json;
  GAZE_TRY(read_lists(tokenizer, text, size, name, &json));
  gaze_err err = read_parts(tokenizer, json, config, name);
  json_decref(json);
  return err;
}

gaze_err gaze_tokenizer_load_json(gaze_tokenizer *tokenizer, const char *path, const json_t *config) {
  gaze_map map;
  GAZE_TRY(gaze_map_open(path, &map));
  gaze_err err = gaze_tokenizer_read_json(tokenizer, (const char *)map.data, map.size, config, path);
  gaze_map_close(&map);
  return err;
}
