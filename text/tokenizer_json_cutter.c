/* "pre_tokenizer" and "post_processor" of a tokenizer.json. */
#include "text/cutter_families.h"
#include "text/tokenizer_json.h"

#include <string.h>

#define PLAIN_PATTERN "'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+"
#define LITERAL_PATTERN "<\\|startoftext\\|>|<\\|endoftext\\|>|" PLAIN_PATTERN

/* Whether two steps are a Split by CLIP's expression, with or without the literals, and ByteLevel. */
static bool are_clip(const json_t *steps) {
  const json_t *split = json_array_get(steps, 0);
  const char *second = json_string_value(json_object_get(json_array_get(steps, 1), "type"));
  const char *pattern = json_string_value(json_object_get(json_object_get(split, "pattern"), "Regex"));
  return json_array_size(steps) == 2 && second && pattern && !strcmp(second, "ByteLevel") &&
         (!strcmp(pattern, LITERAL_PATTERN) || !strcmp(pattern, PLAIN_PATTERN));
}

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
  if (!strcmp(pattern, LITERAL_PATTERN)) {
    step->rules.literals[0] = GAZE_TOKEN_START;
    step->rules.literals[1] = GAZE_TOKEN_END;
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
  gaze_point_decode((const uint8_t *)sign, strlen(sign), &step->sign);
  return GAZE_OK;
}

static gaze_err fill_bytes(gaze_cutter_step *step, const json_t *json, const char *name) {
  bool front, cut;
  GAZE_TRY(gaze_json_bool(json, "add_prefix_space", true, &front));
  GAZE_TRY(gaze_json_bool(json, "use_regex", true, &cut));
  step->sign = ' ';
  step->prefix = front ? GAZE_PREFIX_ALWAYS : GAZE_PREFIX_NEVER;
  step->whole = !cut;
  step->matches = GAZE_CUT_ISOLATED;
  return gaze_pattern_read(&step->pattern, GAZE_GPT2_PATTERN)
             ? GAZE_OK
             : gaze_tokenizer_refuse(name, "pre_tokenizer pattern", GAZE_GPT2_PATTERN);
}

static gaze_err fill_digits(gaze_cutter_step *step, const json_t *json, const char *name) {
  bool alone;
  GAZE_TRY(gaze_json_bool(json, "individual_digits", false, &alone));
  step->matches = alone ? GAZE_CUT_ISOLATED : GAZE_CUT_CONTIGUOUS;
  gaze_pattern_property(&step->pattern, gaze_point_is_number);
  return GAZE_OK;
}

static gaze_err fill_split(gaze_cutter_step *step, const json_t *json, const char *name) {
  static const char *const behaviors[] = {"Removed", "Isolated", "Contiguous", "MergedWithPrevious", "MergedWithNext"};
  size_t behavior;
  GAZE_TRY(find_name(behaviors, 5, json, "behavior", "Removed", name, &behavior));
  GAZE_TRY(gaze_json_bool(json, "invert", false, &step->inverted));
  step->matches = (gaze_cutter_matches)behavior;
  return gaze_tokenizer_read_pattern(&step->pattern, json, "pre_tokenizer pattern", name);
}

/* Pre-tokenizers that are one step. */
static const struct {
  const char *type;
  gaze_cutter_kind kind;
  gaze_err (*fill)(gaze_cutter_step *, const json_t *, const char *);
} kinds[] = {{"Metaspace", GAZE_CUT_METASPACE, fill_metaspace},
             {"Split", GAZE_CUT_PATTERN, fill_split},
             {"ByteLevel", GAZE_CUT_BYTES, fill_bytes},
             {"Digits", GAZE_CUT_PATTERN, fill_digits}};

static gaze_err read_cut(gaze_cutter *cutter, const json_t *json, const char *name) {
  const char *type;
  GAZE_TRY(gaze_json_string(json, "type", "none", &type));
  if (cutter->n + 2 > GAZE_CUTTER_STEPS_MAX)
    return gaze_tokenizer_refuse(name, "number of pre_tokenizers", "more than 7");
  if (cutter->n && cutter->steps[cutter->n - 1].kind == GAZE_CUT_BYTES)
    return gaze_tokenizer_refuse(name, "pre_tokenizer behind ByteLevel", type);
  bool bert = !strcmp(type, "BertPreTokenizer");
  if (bert || !strcmp(type, "WhitespaceSplit")) {
    gaze_cutter_add_words(cutter, bert);
    return GAZE_OK;
  }
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    if (!strcmp(type, kinds[i].type))
      return kinds[i].fill(gaze_cutter_add(cutter, kinds[i].kind), json, name);
  return gaze_tokenizer_refuse(name, "pre_tokenizer", type);
}

gaze_err gaze_tokenizer_read_cutter(gaze_cutter *cutter, const json_t *json, const char *name) {
  const char *type;
  if (!json || json_is_null(json))
    return GAZE_OK;
  GAZE_TRY(gaze_json_string(json, "type", "none", &type));
  if (strcmp(type, "Sequence"))
    return read_cut(cutter, json, name);
  const json_t *steps = json_object_get(json, "pretokenizers");
  if (are_clip(steps))
    return read_clip(cutter, json_array_get(steps, 0), json_array_get(steps, 1), name);
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
  if (!strcmp(type, "ByteLevel"))
    return GAZE_OK; /* it moves offsets, which nobody asks for */
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
