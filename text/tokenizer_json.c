/* tokenizer.json of Hugging Face's tokenizers library, as CLIPTokenizerFast writes it. */
#include "core/base/json.h"
#include "core/base/memory.h"
#include "text/tokenizer_parts.h"

#include <stdlib.h>
#include <string.h>

static gaze_err refuse(const char *path, const char *what, const char *value) {
  return gaze_fail(GAZE_ERR_UNSUPPORTED, "unsupported %s in a tokenizer: \"%s\" in %s: only CLIP's are implemented",
                   what, value ? value : "none", path);
}

static gaze_err type_of(const json_t *object, const char **type) {
  return gaze_json_string(object, "type", "none", type);
}

static gaze_err require(const json_t *object, const char *key, const char *wanted, const char *path) {
  const char *found;
  GAZE_TRY(gaze_json_string(object, key, "", &found));
  return strcmp(found, wanted) ? refuse(path, key, found) : GAZE_OK;
}

static gaze_err require_false(const json_t *object, const char *key, const char *path) {
  bool found;
  GAZE_TRY(gaze_json_bool(object, key, false, &found));
  return found ? refuse(path, key, "true") : GAZE_OK;
}

/* The regular expression of a Split or Replace. */
static const char *pattern_of(const json_t *object) {
  const char *regex = json_string_value(json_object_get(json_object_get(object, "pattern"), "Regex"));
  return regex ? regex : "none";
}

static gaze_err read_step(gaze_normalizer *normalizer, const json_t *json, const char *path) {
  const char *type;
  GAZE_TRY(type_of(json, &type));
  if (normalizer->n == GAZE_NORMALIZER_STEPS_MAX)
    return refuse(path, "number of normalizers", "more than 8");
  gaze_normalizer_step *step = &normalizer->steps[normalizer->n++];
  if (!strcmp(type, "NFC")) {
    *step = GAZE_NORMALIZER_COMPOSE;
  } else if (!strcmp(type, "Lowercase")) {
    *step = GAZE_NORMALIZER_LOWER;
  } else if (!strcmp(type, "Replace")) {
    *step = GAZE_NORMALIZER_FOLD_SPACE;
    if (strcmp(pattern_of(json), "\\s+"))
      return refuse(path, "normalizer pattern", pattern_of(json));
    return require(json, "content", " ", path);
  } else {
    return refuse(path, "normalizer", type);
  }
  return GAZE_OK;
}

static gaze_err read_normalizer(gaze_normalizer *normalizer, const json_t *json, const char *path) {
  *normalizer = (gaze_normalizer){.n = 0};
  if (!json || json_is_null(json))
    return GAZE_OK;
  const char *type;
  GAZE_TRY(type_of(json, &type));
  if (strcmp(type, "Sequence"))
    return read_step(normalizer, json, path);
  size_t i;
  json_t *step;
  json_array_foreach(json_object_get(json, "normalizers"), i, step) GAZE_TRY(read_step(normalizer, step, path));
  return GAZE_OK;
}

#define PLAIN_PATTERN "'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+"
#define LITERAL_PATTERN "<\\|startoftext\\|>|<\\|endoftext\\|>|" PLAIN_PATTERN

/* A Split by CLIP's expression, with or without the literals, then ByteLevel. */
static gaze_err read_rules(gaze_split_rules *rules, const json_t *json, const char *path) {
  GAZE_TRY(require(json, "type", "Sequence", path));
  const json_t *steps = json_object_get(json, "pretokenizers");
  if (json_array_size(steps) != 2)
    return refuse(path, "pre_tokenizer", "not a Split and a ByteLevel");
  const json_t *split = json_array_get(steps, 0), *bytes = json_array_get(steps, 1);
  GAZE_TRY(require(split, "type", "Split", path));
  GAZE_TRY(require(split, "behavior", "Removed", path));
  GAZE_TRY(require(bytes, "type", "ByteLevel", path));
  GAZE_TRY(require_false(bytes, "add_prefix_space", path));
  bool inverted, cut;
  GAZE_TRY(gaze_json_bool(split, "invert", false, &inverted));
  GAZE_TRY(gaze_json_bool(bytes, "use_regex", true, &cut));
  if (!inverted)
    return refuse(path, "pre_tokenizer", "Split without invert");
  *rules = (gaze_split_rules){.cut_literals = cut};
  if (!strcmp(pattern_of(split), LITERAL_PATTERN)) {
    rules->literals[0] = GAZE_TOKEN_START;
    rules->literals[1] = GAZE_TOKEN_END;
  } else if (strcmp(pattern_of(split), PLAIN_PATTERN)) {
    return refuse(path, "pre_tokenizer pattern", pattern_of(split));
  }
  return GAZE_OK;
}

/* "left right", or the newer ["left", "right"]. */
static gaze_err read_merge(gaze_bpe *bpe, const json_t *merge, uint32_t rank, const char *path) {
  const json_t *left = json_array_get(merge, 0), *right = json_array_get(merge, 1);
  if (json_array_size(merge) == 2 && json_is_string(left) && json_is_string(right))
    return gaze_bpe_add_merge(bpe, json_string_value(left), json_string_length(left), json_string_value(right),
                              json_string_length(right), rank, path);
  const char *text = json_string_value(merge), *space = text ? strchr(text, ' ') : NULL;
  if (!space)
    return gaze_fail(GAZE_ERR_FORMAT, "merge %u is not a pair of spellings: %s: write it anew", rank, path);
  return gaze_bpe_add_merge(bpe, text, (size_t)(space - text), space + 1, strlen(space + 1), rank, path);
}

gaze_err gaze_tokenizer_read_vocabulary(gaze_bpe *bpe, const json_t *vocabulary, size_t n_merges, const char *path) {
  const char *spelling;
  json_t *id;
  json_int_t largest = -1;
  json_object_foreach((json_t *)(uintptr_t)vocabulary, spelling, id) {
    if (!json_is_integer(id) || json_integer_value(id) < 0 || json_integer_value(id) >= GAZE_BPE_VOCABULARY_MAX)
      return gaze_fail(GAZE_ERR_FORMAT, "not an id below %d: \"%s\" in %s: write it anew", GAZE_BPE_VOCABULARY_MAX,
                       spelling, path);
    if (json_integer_value(id) > largest)
      largest = json_integer_value(id);
  }
  GAZE_TRY(gaze_bpe_init(bpe, (size_t)(largest + 1), n_merges));
  json_object_foreach((json_t *)(uintptr_t)vocabulary, spelling, id)
      GAZE_TRY(gaze_bpe_add(bpe, spelling, strlen(spelling), (int32_t)json_integer_value(id), path));
  return GAZE_OK;
}

static gaze_err read_model(gaze_bpe *bpe, const json_t *model, const char *path) {
  const json_t *merges = json_object_get(model, "merges"), *dropout = json_object_get(model, "dropout");
  GAZE_TRY(require(model, "type", "BPE", path));
  GAZE_TRY(require(model, "continuing_subword_prefix", "", path));
  GAZE_TRY(require(model, "end_of_word_suffix", GAZE_BPE_WORD_END, path));
  GAZE_TRY(require_false(model, "fuse_unk", path));
  GAZE_TRY(require_false(model, "byte_fallback", path));
  GAZE_TRY(require_false(model, "ignore_merges", path));
  if (dropout && !json_is_null(dropout))
    return refuse(path, "dropout", "set");
  GAZE_TRY(gaze_tokenizer_read_vocabulary(bpe, json_object_get(model, "vocab"), json_array_size(merges), path));
  size_t rank;
  json_t *merge;
  json_array_foreach(merges, rank, merge) GAZE_TRY(read_merge(bpe, merge, (uint32_t)rank, path));
  gaze_bpe_finish(bpe);
  const char *unknown;
  GAZE_TRY(gaze_json_string(model, "unk_token", "", &unknown));
  bpe->unknown = gaze_bpe_find(bpe, unknown, strlen(unknown));
  return GAZE_OK;
}

static gaze_err read_added(gaze_tokenizer *tokenizer, const json_t *added, const char *path) {
  const char *content;
  int64_t id;
  bool normalized;
  GAZE_TRY(gaze_json_string(added, "content", "", &content));
  GAZE_TRY(gaze_json_integer(added, "id", -1, &id));
  GAZE_TRY(gaze_json_bool(added, "normalized", true, &normalized));
  GAZE_TRY(require_false(added, "single_word", path));
  GAZE_TRY(require_false(added, "lstrip", path));
  GAZE_TRY(require_false(added, "rstrip", path));
  if (id < 0 || id != gaze_bpe_find(&tokenizer->bpe, content, strlen(content)))
    return refuse(path, "added token outside the vocabulary", content);
  return gaze_tokenizer_add_token(tokenizer, content, (int32_t)id, normalized);
}

gaze_err gaze_tokenizer_find_ends(gaze_tokenizer *tokenizer, const char *path) {
  tokenizer->start = gaze_bpe_find(&tokenizer->bpe, GAZE_TOKEN_START, strlen(GAZE_TOKEN_START));
  tokenizer->end = gaze_bpe_find(&tokenizer->bpe, GAZE_TOKEN_END, strlen(GAZE_TOKEN_END));
  if (tokenizer->start < 0 || tokenizer->end < 0)
    return gaze_fail(GAZE_ERR_FORMAT,
                     "no " GAZE_TOKEN_START " and " GAZE_TOKEN_END " in the vocabulary: %s: use a "
                     "tokenizer of CLIP's kind",
                     path);
  return GAZE_OK;
}

gaze_err gaze_tokenizer_read_json(gaze_tokenizer *tokenizer, const json_t *json, const char *name) {
  const json_t *list = json_object_get(json, "added_tokens");
  json_t *added;
  size_t i;
  GAZE_TRY(read_normalizer(&tokenizer->normalizer, json_object_get(json, "normalizer"), name));
  GAZE_TRY(read_rules(&tokenizer->rules, json_object_get(json, "pre_tokenizer"), name));
  GAZE_TRY(read_model(&tokenizer->bpe, json_object_get(json, "model"), name));
  GAZE_TRY(gaze_tokenizer_find_ends(tokenizer, name));
  json_array_foreach(list, i, added) GAZE_TRY(read_added(tokenizer, added, name));
  return GAZE_OK;
}

gaze_err gaze_tokenizer_load_json(gaze_tokenizer *tokenizer, const char *path) {
  json_t *json;
  GAZE_TRY(gaze_json_open(path, &json));
  gaze_err err = gaze_tokenizer_read_json(tokenizer, json, path);
  json_decref(json);
  return err;
}
