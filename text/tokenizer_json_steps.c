/* "normalizer", "pre_tokenizer" and "post_processor" of a tokenizer.json. */
#include "text/tokenizer_json.h"

#include <stdlib.h>
#include <string.h>

/* The text or the regular expression of a Split or Replace. */
static gaze_err read_pattern(gaze_pattern *pattern, const json_t *json, const char *what, const char *name) {
  const json_t *object = json_object_get(json, "pattern");
  const char *regex = json_string_value(json_object_get(object, "Regex"));
  const char *text = json_string_value(json_object_get(object, "String"));
  if (regex ? gaze_pattern_read(pattern, regex) : text && gaze_pattern_literal(pattern, text))
    return GAZE_OK;
  return gaze_tokenizer_refuse(name, what, regex ? regex : text);
}

static gaze_err set_text(gaze_normalizer_step *step, const json_t *json, const char *key, const char *name) {
  const char *text;
  GAZE_TRY(gaze_json_string(json, key, "", &text));
  return gaze_normalizer_set_text(step, text) ? GAZE_OK : gaze_tokenizer_refuse(name, key, text);
}

static int digit_of(char letter) {
  if (letter >= 'A' && letter <= 'Z')
    return letter - 'A';
  if (letter >= 'a' && letter <= 'z')
    return letter - 'a' + 26;
  if (letter >= '0' && letter <= '9')
    return letter - '0' + 52;
  return letter == '+' ? 62 : letter == '/' ? 63 : -1;
}

/* Base64 (RFC 4648) into bytes, which has room for 3 bytes of every 4 characters begun. False: it is not. */
static bool decode_base64(const char *text, size_t size, uint8_t *bytes, size_t *n) {
  uint32_t bits = 0;
  size_t count = 0;
  *n = 0;
  while (size && text[size - 1] == '=')
    size--;
  for (size_t i = 0; i < size; i++) {
    int digit = digit_of(text[i]);
    if (digit < 0)
      return false;
    bits = bits << 6 | (uint32_t)digit;
    if (count++ % 4) /* the first of four has no whole byte yet */
      bytes[(*n)++] = (uint8_t)(bits >> (6 - 2 * ((count - 1) % 4)));
  }
  return true;
}

static gaze_err read_charsmap(gaze_normalizer *normalizer, const json_t *json, const char *name) {
  const json_t *text = json_object_get(json, "precompiled_charsmap");
  uint8_t *bytes;
  size_t n;
  if (normalizer->charsmap.n_units)
    return gaze_tokenizer_refuse(name, "second normalizer", "Precompiled");
  if (!gaze_normalizer_add(normalizer, GAZE_NORMALIZE_CHARSMAP))
    return gaze_tokenizer_refuse(name, "number of normalizers", "more than 16");
  GAZE_TRY(gaze_alloc(json_string_length(text) + 4, 1, &bytes));
  gaze_err err =
      decode_base64(json_string_value(text), json_string_length(text), bytes, &n)
          ? gaze_charsmap_init(&normalizer->charsmap, bytes, n, name)
          : gaze_fail(GAZE_ERR_FORMAT, "a normalisation map that is not base64: %s: get the file again", name);
  free(bytes);
  return err;
}

/* The steps of a BertNormalizer, in their order. */
static gaze_err read_bert(gaze_normalizer *normalizer, const json_t *json, const char *name) {
  bool clean, spread, lower, strip;
  GAZE_TRY(gaze_json_bool(json, "clean_text", true, &clean));
  GAZE_TRY(gaze_json_bool(json, "handle_chinese_chars", true, &spread));
  GAZE_TRY(gaze_json_bool(json, "lowercase", true, &lower));
  GAZE_TRY(gaze_json_bool(json, "strip_accents", lower, &strip));
  if (gaze_normalizer_add_bert(normalizer, clean, spread, strip, lower))
    return GAZE_OK;
  return gaze_tokenizer_refuse(name, "number of normalizers", "more than 16");
}

/* Normalizers that are one step. */
typedef struct simple_step {
  const char *type;
  gaze_normalizer_kind kind;
  gaze_form form;
  bool left, right;
} simple_step;

static const simple_step simple_steps[] = {{"NFC", GAZE_NORMALIZE_FORM, GAZE_FORM_NFC, false, false},
                                           {"NFD", GAZE_NORMALIZE_FORM, GAZE_FORM_NFD, false, false},
                                           {"NFKC", GAZE_NORMALIZE_FORM, GAZE_FORM_NFKC, false, false},
                                           {"NFKD", GAZE_NORMALIZE_FORM, GAZE_FORM_NFKD, false, false},
                                           {"Lowercase", GAZE_NORMALIZE_LOWER, 0, false, false},
                                           {"Nmt", GAZE_NORMALIZE_NMT, 0, false, false},
                                           {"StripAccents", GAZE_NORMALIZE_DROP_MARKS, 0, true, false},
                                           {"Strip", GAZE_NORMALIZE_STRIP, 0, true, true},
                                           {"Prepend", GAZE_NORMALIZE_PREPEND, 0, false, false},
                                           {"Replace", GAZE_NORMALIZE_REPLACE, 0, false, false}};

static gaze_err fill_step(gaze_normalizer_step *step, const json_t *json, const char *name) {
  switch (step->kind) {
  case GAZE_NORMALIZE_STRIP:
    GAZE_TRY(gaze_json_bool(json, "strip_left", true, &step->left));
    return gaze_json_bool(json, "strip_right", true, &step->right);
  case GAZE_NORMALIZE_PREPEND:
    return set_text(step, json, "prepend", name);
  case GAZE_NORMALIZE_REPLACE:
    GAZE_TRY(read_pattern(&step->pattern, json, "normalizer pattern", name));
    return set_text(step, json, "content", name);
  default:
    return GAZE_OK;
  }
}

static gaze_err read_step(gaze_normalizer *normalizer, const json_t *json, const char *name) {
  const char *type;
  GAZE_TRY(gaze_json_string(json, "type", "none", &type));
  if (!strcmp(type, "Precompiled"))
    return read_charsmap(normalizer, json, name);
  if (!strcmp(type, "BertNormalizer"))
    return read_bert(normalizer, json, name);
  for (size_t i = 0; i < sizeof simple_steps / sizeof *simple_steps; i++) {
    const simple_step *simple = &simple_steps[i];
    if (strcmp(type, simple->type))
      continue;
    gaze_normalizer_step *step = gaze_normalizer_add(normalizer, simple->kind);
    if (!step)
      return gaze_tokenizer_refuse(name, "number of normalizers", "more than 16");
    step->form = simple->form;
    step->left = simple->left;
    step->right = simple->right;
    return fill_step(step, json, name);
  }
  return gaze_tokenizer_refuse(name, "normalizer", type);
}

gaze_err gaze_tokenizer_read_normalizer(gaze_normalizer *normalizer, const json_t *json, const char *name) {
  const char *type;
  if (!json || json_is_null(json))
    return GAZE_OK;
  GAZE_TRY(gaze_json_string(json, "type", "none", &type));
  if (strcmp(type, "Sequence"))
    return read_step(normalizer, json, name);
  size_t i;
  json_t *step;
  json_array_foreach(json_object_get(json, "normalizers"), i, step) GAZE_TRY(read_step(normalizer, step, name));
  return GAZE_OK;
}

#define PLAIN_PATTERN "'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+"
#define LITERAL_PATTERN "<\\|startoftext\\|>|<\\|endoftext\\|>|" PLAIN_PATTERN

/* A Split by CLIP's expression, with or without the literals, then ByteLevel. */
static gaze_err read_clip(gaze_cutter *cutter, const json_t *split, const json_t *bytes, const char *name) {
  const char *pattern = json_string_value(json_object_get(json_object_get(split, "pattern"), "Regex"));
  bool inverted, cut;
  GAZE_TRY(gaze_tokenizer_require(split, "type", "Split", name));
  GAZE_TRY(gaze_tokenizer_require(split, "behavior", "Removed", name));
  GAZE_TRY(gaze_tokenizer_require_false(bytes, "add_prefix_space", name));
  GAZE_TRY(gaze_json_bool(split, "invert", false, &inverted));
  GAZE_TRY(gaze_json_bool(bytes, "use_regex", true, &cut));
  if (!inverted)
    return gaze_tokenizer_refuse(name, "pre_tokenizer", "Split without invert");
  gaze_cutter_step *step = gaze_cutter_add(cutter, GAZE_CUT_CLIP);
  step->rules.cut_literals = cut;
  if (pattern && !strcmp(pattern, LITERAL_PATTERN)) {
    step->rules.literals[0] = GAZE_TOKEN_START;
    step->rules.literals[1] = GAZE_TOKEN_END;
  } else if (!pattern || strcmp(pattern, PLAIN_PATTERN)) {
    return gaze_tokenizer_refuse(name, "pre_tokenizer pattern", pattern);
  }
  return GAZE_OK;
}

static gaze_err find_name(const char *const *names, size_t n, const json_t *json, const char *key,
                          const char *otherwise, const char *name, size_t *found) {
  const char *value;
  GAZE_TRY(gaze_json_string(json, key, otherwise, &value));
  for (*found = 0; *found < n; ++*found)
    if (!strcmp(names[*found], value))
      return GAZE_OK;
  return gaze_tokenizer_refuse(name, key, value);
}

/* What the sign for a space is, and where one is put: older files say add_prefix_space. */
static gaze_err fill_metaspace(gaze_cutter_step *step, const json_t *json, const char *name) {
  static const char *const schemes[] = {"never", "first", "always"};
  const char *sign;
  bool front, cut;
  size_t scheme;
  GAZE_TRY(gaze_json_string(json, "replacement", "\xE2\x96\x81", &sign));
  GAZE_TRY(gaze_json_bool(json, "add_prefix_space", true, &front));
  GAZE_TRY(gaze_json_bool(json, "split", true, &cut));
  GAZE_TRY(find_name(schemes, 3, json, "prepend_scheme", front ? "always" : "never", name, &scheme));
  step->prefix = (gaze_cutter_prefix)scheme;
  step->whole = !cut;
  step->matches = GAZE_CUT_WITH_NEXT;
  if (!gaze_pattern_literal(&step->pattern, sign) || step->pattern.n != 1)
    return gaze_tokenizer_refuse(name, "Metaspace replacement", sign);
  step->sign = step->pattern.atoms[0].point;
  return GAZE_OK;
}

static gaze_err fill_split(gaze_cutter_step *step, const json_t *json, const char *name) {
  static const char *const behaviors[] = {"Removed", "Isolated", "Contiguous", "MergedWithPrevious", "MergedWithNext"};
  size_t behavior;
  GAZE_TRY(find_name(behaviors, 5, json, "behavior", "Removed", name, &behavior));
  GAZE_TRY(gaze_json_bool(json, "invert", false, &step->inverted));
  step->matches = (gaze_cutter_matches)behavior;
  return read_pattern(&step->pattern, json, "pre_tokenizer pattern", name);
}

static gaze_err read_cut(gaze_cutter *cutter, const json_t *json, const char *name) {
  const char *type;
  GAZE_TRY(gaze_json_string(json, "type", "none", &type));
  bool words = !strcmp(type, "WhitespaceSplit"), bert = !strcmp(type, "BertPreTokenizer");
  bool metaspace = !strcmp(type, "Metaspace"), split = !strcmp(type, "Split");
  if (!words && !bert && !metaspace && !split)
    return gaze_tokenizer_refuse(name, "pre_tokenizer", type);
  if (cutter->n + 2 > GAZE_CUTTER_STEPS_MAX)
    return gaze_tokenizer_refuse(name, "number of pre_tokenizers", "more than 7");
  if (words || bert) {
    gaze_cutter_add_words(cutter, bert);
    return GAZE_OK;
  }
  gaze_cutter_step *step = gaze_cutter_add(cutter, metaspace ? GAZE_CUT_METASPACE : GAZE_CUT_PATTERN);
  return metaspace ? fill_metaspace(step, json, name) : fill_split(step, json, name);
}

gaze_err gaze_tokenizer_read_cutter(gaze_cutter *cutter, const json_t *json, const char *name) {
  const char *type;
  if (!json || json_is_null(json))
    return GAZE_OK;
  GAZE_TRY(gaze_json_string(json, "type", "none", &type));
  if (strcmp(type, "Sequence"))
    return read_cut(cutter, json, name);
  const json_t *steps = json_object_get(json, "pretokenizers"), *last = json_array_get(steps, 1);
  const char *second = json_string_value(json_object_get(last, "type"));
  if (json_array_size(steps) == 2 && second && !strcmp(second, "ByteLevel"))
    return read_clip(cutter, json_array_get(steps, 0), last, name);
  size_t i;
  json_t *step;
  json_array_foreach(steps, i, step) GAZE_TRY(read_cut(cutter, step, name));
  return GAZE_OK;
}

static gaze_err add_around(gaze_tokenizer *tokenizer, bool behind, const json_t *id, const char *name) {
  int64_t value = json_is_integer(id) ? json_integer_value(id) : -1;
  if (value < 0 || value >= (int64_t)tokenizer->vocabulary.size)
    return gaze_fail(GAZE_ERR_FORMAT, "post_processor names an id that is not in the vocabulary: %s: write it anew",
                     name);
  if (gaze_around_add(behind ? &tokenizer->behind : &tokenizer->before, (int32_t)value))
    return GAZE_OK;
  return gaze_tokenizer_refuse(name, "post_processor", "more than 4 ids at a side");
}

/* "single": special tokens by name around the text, their ids in "special_tokens". */
static gaze_err read_template(gaze_tokenizer *tokenizer, const json_t *json, const char *name) {
  const json_t *tokens = json_object_get(json, "special_tokens");
  bool behind = false;
  size_t i, k;
  json_t *part, *id;
  json_array_foreach(json_object_get(json, "single"), i, part) {
    const char *special = json_string_value(json_object_get(json_object_get(part, "SpecialToken"), "id"));
    if (!special && (behind || !json_object_get(part, "Sequence")))
      return gaze_tokenizer_refuse(name, "post_processor", "a template that is not one text");
    const json_t *ids = special ? json_object_get(json_object_get(tokens, special), "ids") : NULL;
    if (special && !json_array_size(ids))
      return gaze_tokenizer_refuse(name, "token of a post_processor", special);
    json_array_foreach(ids, k, id) GAZE_TRY(add_around(tokenizer, behind, id, name));
    behind = behind || !special;
  }
  return behind ? GAZE_OK : gaze_tokenizer_refuse(name, "post_processor", "a template without a text");
}

static gaze_err read_processor(gaze_tokenizer *tokenizer, const json_t *json, const char *name) {
  const char *type;
  GAZE_TRY(gaze_json_string(json, "type", "none", &type));
  if (!strcmp(type, "TemplateProcessing"))
    return read_template(tokenizer, json, name);
  if (strcmp(type, "BertProcessing") && strcmp(type, "RobertaProcessing"))
    return gaze_tokenizer_refuse(name, "post_processor", type);
  GAZE_TRY(add_around(tokenizer, false, json_array_get(json_object_get(json, "cls"), 1), name));
  return add_around(tokenizer, true, json_array_get(json_object_get(json, "sep"), 1), name);
}

gaze_err gaze_tokenizer_read_around(gaze_tokenizer *tokenizer, const json_t *json, const char *name) {
  const char *type;
  if (!json || json_is_null(json))
    return GAZE_OK;
  GAZE_TRY(gaze_json_string(json, "type", "none", &type));
  if (strcmp(type, "Sequence")) {
    GAZE_TRY(read_processor(tokenizer, json, name));
  } else {
    size_t i;
    json_t *step;
    json_array_foreach(json_object_get(json, "processors"), i, step) GAZE_TRY(read_processor(tokenizer, step, name));
  }
  gaze_tokenizer_set_ends(tokenizer);
  return GAZE_OK;
}
