#include "text/tokenizer_config.h"

#include "core/base/file.h"

#include <stdlib.h>
#include <string.h>

gaze_err gaze_tokenizer_config_open(const char *folder, json_t **out) {
  char *path;
  *out = NULL;
  GAZE_TRY(gaze_path_join(folder, "tokenizer_config.json", &path));
  gaze_err err = gaze_file_exists(path) ? gaze_json_open(path, out) : GAZE_OK;
  free(path);
  return err;
}

static const char *class_of(const json_t *config) {
  const char *name = json_string_value(json_object_get(config, "tokenizer_class"));
  return name ? name : "";
}

bool gaze_tokenizer_config_has_class(const json_t *config) { return *class_of(config) != 0; }

bool gaze_tokenizer_config_is(const json_t *config, const char *class_name) {
  const char *name = class_of(config);
  size_t size = strlen(class_name);
  return !strncmp(name, class_name, size) && (!name[size] || !strcmp(name + size, "Fast"));
}

const char *gaze_tokenizer_config_token(const json_t *config, const char *key, const char *otherwise) {
  const json_t *token = json_object_get(config, key);
  const char *text = json_string_value(json_is_object(token) ? json_object_get(token, "content") : token);
  return text ? text : otherwise;
}

int32_t gaze_tokenizer_config_find(const gaze_tokenizer *tokenizer, const json_t *config, const char *key,
                                   const char *otherwise) {
  const char *text = gaze_tokenizer_config_token(config, key, otherwise);
  return gaze_tokenizer_find(tokenizer, text);
}

static gaze_normalizer_step *add_canonical(gaze_normalizer *normalizer, bool lower) {
  gaze_normalizer_step *step = gaze_normalizer_add(normalizer, GAZE_NORMALIZE_CANONICAL);
  step->left = lower;
  return step;
}

gaze_err gaze_tokenizer_config_prepare(gaze_normalizer *normalizer, const json_t *config) {
  bool siglip = gaze_tokenizer_config_is(config, "SiglipTokenizer"), lower;
  bool second = gaze_tokenizer_config_is(config, "Siglip2Tokenizer");
  GAZE_TRY(gaze_json_bool(config, "do_lower_case", siglip, &lower));
  if (siglip)
    add_canonical(normalizer, lower);
  else if (second || (lower && gaze_tokenizer_config_is(config, "GemmaTokenizer")))
    gaze_normalizer_add(normalizer, GAZE_NORMALIZE_LOWER);
  return GAZE_OK;
}

gaze_err gaze_tokenizer_set_around(gaze_tokenizer *tokenizer, const json_t *config, bool before, bool behind) {
  int32_t start = tokenizer->start, end = tokenizer->end;
  if (gaze_tokenizer_config_token(config, "bos_token", NULL))
    start = gaze_tokenizer_config_find(tokenizer, config, "bos_token", "");
  if (gaze_tokenizer_config_token(config, "eos_token", NULL))
    end = gaze_tokenizer_config_find(tokenizer, config, "eos_token", "");
  tokenizer->before.n = tokenizer->behind.n = 0;
  if (before && start >= 0 && !gaze_around_add(&tokenizer->before, start))
    return gaze_fail(GAZE_ERR_LIMIT, "too many ids in front of a text: %d: use another tokenizer", GAZE_AROUND_MAX);
  if (behind && end >= 0 && !gaze_around_add(&tokenizer->behind, end))
    return gaze_fail(GAZE_ERR_LIMIT, "too many ids behind a text: %d: use another tokenizer", GAZE_AROUND_MAX);
  gaze_tokenizer_set_ends(tokenizer);
  return GAZE_OK;
}

static bool sets_own_around(const json_t *config) {
  static const char *const classes[] = {"BertTokenizer", "XLMRobertaTokenizer", "CLIPTokenizer", "T5Tokenizer",
                                        "SiglipTokenizer"};
  for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
    if (gaze_tokenizer_config_is(config, classes[i]))
      return true;
  return false;
}

gaze_err gaze_tokenizer_config_finish(gaze_tokenizer *tokenizer, const json_t *config) {
  bool before, behind;
  GAZE_TRY(gaze_json_bool(config, "add_bos_token", false, &before));
  GAZE_TRY(gaze_json_bool(config, "add_eos_token", false, &behind));
  bool siglip = gaze_tokenizer_config_is(config, "SiglipTokenizer");
  bool said = json_object_get(config, "add_bos_token") || json_object_get(config, "add_eos_token");
  if (said && !sets_own_around(config) && !tokenizer->ends_at_end)
    GAZE_TRY(gaze_tokenizer_set_around(tokenizer, config, before, behind));
  if (siglip && !tokenizer->behind.n) {
    tokenizer->end = gaze_tokenizer_config_find(tokenizer, config, "eos_token", "</s>");
    GAZE_TRY(gaze_tokenizer_set_around(tokenizer, config, false, true));
  }
  int32_t stop = gaze_tokenizer_config_find(tokenizer, config, "eos_token", "");
  if (stop >= 0)
    tokenizer->stops = (gaze_around){{stop}, 1};
  if (gaze_tokenizer_config_token(config, "pad_token", NULL))
    tokenizer->pad = gaze_tokenizer_config_find(tokenizer, config, "pad_token", "");
  if (tokenizer->pad < 0 && siglip)
    tokenizer->pad = tokenizer->end;
  for (size_t i = 0; i < 2 && tokenizer->pad < 0; i++)
    tokenizer->pad = gaze_tokenizer_config_find(tokenizer, NULL, "", i ? "[PAD]" : "<pad>");
  return GAZE_OK;
}

gaze_err gaze_tokenizer_config_read_padding(gaze_tokenizer *tokenizer, const json_t *config) {
  const char *side;
  bool gemma =
      gaze_tokenizer_config_is(config, "GemmaTokenizer") || gaze_tokenizer_config_is(config, "Siglip2Tokenizer");
  GAZE_TRY(gaze_json_string(config, "padding_side", "", &side));
  if (strcmp(side, "left") == 0)
    tokenizer->padding = GAZE_PADDING_LEFT;
  else if (strcmp(side, "right") == 0)
    tokenizer->padding = GAZE_PADDING_RIGHT;
  else if (*side)
    return gaze_fail(GAZE_ERR_FORMAT, "unknown padding_side: \"%s\" in tokenizer_config.json: it is left or right",
                     side);
  else if (tokenizer->padding == GAZE_PADDING_UNSAID)
    tokenizer->padding = gemma ? GAZE_PADDING_LEFT : GAZE_PADDING_RIGHT;
  return GAZE_OK;
}

static gaze_err add_listed(gaze_tokenizer *tokenizer, const char *number, const json_t *json, const char *name) {
  gaze_added_token added = {.id = (int32_t)strtol(number, NULL, 10)};
  const char *content;
  bool alone;
  GAZE_TRY(gaze_json_string(json, "content", "", &content));
  GAZE_TRY(gaze_json_bool(json, "normalized", true, &added.normalized));
  GAZE_TRY(gaze_json_bool(json, "lstrip", false, &added.takes_left));
  GAZE_TRY(gaze_json_bool(json, "rstrip", false, &added.takes_right));
  GAZE_TRY(gaze_json_bool(json, "special", false, &added.special));
  GAZE_TRY(gaze_json_bool(json, "single_word", false, &alone));
  int32_t known = gaze_vocabulary_find(&tokenizer->vocabulary, content, strlen(content));
  if (alone || (known >= 0 && known != added.id))
    return gaze_fail(GAZE_ERR_UNSUPPORTED, "unsupported added token: \"%s\" in %s: use the tokenizer.json of the model",
                     content, name);
  if (known < 0)
    GAZE_TRY(gaze_vocabulary_add(&tokenizer->vocabulary, content, strlen(content), added.id, name));
  return gaze_tokenizer_add_token(tokenizer, content, &added);
}

static bool is_added(const gaze_tokenizer *tokenizer, int32_t id) {
  for (size_t i = 0; i < tokenizer->n_added; i++)
    if (tokenizer->added[i].id == id)
      return true;
  return false;
}

gaze_err gaze_tokenizer_config_add_tokens(gaze_tokenizer *tokenizer, const json_t *config, const char *const (*keys)[2],
                                          const char *name) {
  const char *number;
  json_t *listed;
  json_object_foreach(json_object_get(config, "added_tokens_decoder"), number, listed)
      GAZE_TRY(add_listed(tokenizer, number, listed, name));
  for (; (*keys)[0]; keys++) {
    const char *text = gaze_tokenizer_config_token(config, (*keys)[0], (*keys)[1]);
    gaze_added_token added = {.id = gaze_tokenizer_find(tokenizer, text), .special = true};
    added.takes_left = !strcmp((*keys)[0], "mask_token") && !strcmp(text, "<mask>"); /* RoBERTa's family */
    if (added.id >= 0 && !is_added(tokenizer, added.id))
      GAZE_TRY(gaze_tokenizer_add_token(tokenizer, text, &added));
  }
  return GAZE_OK;
}

gaze_err gaze_tokenizer_add_special(gaze_tokenizer *tokenizer) {
  for (size_t id = 0; id < tokenizer->n_special; id++) {
    gaze_added_token added = {.id = (int32_t)id, .special = true};
    const char *text = gaze_tokenizer_text(tokenizer, added.id);
    if (tokenizer->special[id] && text && !is_added(tokenizer, added.id))
      GAZE_TRY(gaze_tokenizer_add_token(tokenizer, text, &added));
  }
  return GAZE_OK;
}

/* The pieces of <unk>, put in front so that the model sees no beginning of a text, are left out of every stretch. */
gaze_err gaze_tokenizer_set_siglip(gaze_tokenizer *tokenizer, const json_t *config, const char *name) {
  static const char *const keys[][2] = {{"eos_token", "</s>"}, {"unk_token", "<unk>"}, {"pad_token", "</s>"}, {NULL}};
  const char *unknown = gaze_tokenizer_config_token(config, "unk_token", "<unk>");
  gaze_normalizer *normalizer = &tokenizer->normalizer;
  gaze_points points = {0};
  gaze_ids ids = {0};
  bool lower;
  gaze_err err;
  GAZE_TRY_DONE(gaze_json_bool(config, "do_lower_case", true, &lower));
  GAZE_TRY_DONE(gaze_points_decode(&points, unknown, strlen(unknown)));
  GAZE_TRY_DONE(gaze_tokenizer_encode_points(tokenizer, points.at, points.n, &ids));
  normalizer->n = 0;
  add_canonical(normalizer, lower);
  if (!gaze_normalizer_set_text(gaze_normalizer_add(normalizer, GAZE_NORMALIZE_PREPEND), unknown))
    GAZE_TRY_DONE(
        gaze_fail(GAZE_ERR_UNSUPPORTED, "unsupported unk_token: \"%s\" in %s: it is too long", unknown, name));
  gaze_normalizer_add(normalizer, GAZE_NORMALIZE_SENTENCEPIECE);
  GAZE_TRY_DONE(gaze_tokenizer_config_add_tokens(tokenizer, config, keys, name));
  tokenizer->dropped = ids.n;
  tokenizer->signed_front = tokenizer->one_end = true;
  tokenizer->end = gaze_tokenizer_config_find(tokenizer, config, "eos_token", "</s>");
  tokenizer->pad = gaze_tokenizer_config_find(tokenizer, config, "pad_token", "</s>");
  GAZE_TRY_DONE(gaze_tokenizer_set_around(tokenizer, config, false, true));
done:
  gaze_points_fini(&points);
  free(ids.at);
  return err;
}
