/* "normalizer" of a tokenizer.json. */
#include "text/tokenizer_json.h"

#include <stdlib.h>
#include <string.h>

gaze_err gaze_tokenizer_read_pattern(gaze_pattern *pattern, const json_t *json, const char *what, const char *name) {
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
    GAZE_TRY(gaze_tokenizer_read_pattern(&step->pattern, json, "normalizer pattern", name));
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
