/* Metadata of a GGUF: keys, and values of a dozen types. */
#include "core/tensor/gguf_parts.h"

#include "core/base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define VALUE_MIN (8 + 4 + 1) /* bytes of an entry without its key */
#define STRING_MIN 8          /* of an empty string: its length */

static const struct {
  const char *name;
  size_t size; /* bytes; 0: it varies */
} types[GAZE_GGUF_TYPES] = {
    [GAZE_GGUF_U8] = {"u8", 1},       [GAZE_GGUF_I8] = {"i8", 1},     [GAZE_GGUF_U16] = {"u16", 2},
    [GAZE_GGUF_I16] = {"i16", 2},     [GAZE_GGUF_U32] = {"u32", 4},   [GAZE_GGUF_I32] = {"i32", 4},
    [GAZE_GGUF_F32] = {"f32", 4},     [GAZE_GGUF_BOOL] = {"bool", 1}, [GAZE_GGUF_STRING] = {"string", 0},
    [GAZE_GGUF_ARRAY] = {"array", 0}, [GAZE_GGUF_U64] = {"u64", 8},   [GAZE_GGUF_I64] = {"i64", 8},
    [GAZE_GGUF_F64] = {"f64", 8},
};

const char *gaze_gguf_type_name(gaze_gguf_type type) { return types[type].name; }
size_t gaze_gguf_type_size(gaze_gguf_type type) { return types[type].size; }

static gaze_err fail_short(const gaze_gguf_cursor *cursor) {
  return gaze_fail(GAZE_ERR_FORMAT, "GGUF ends too early: %s: it is cut short or damaged", cursor->name);
}

static size_t left(const gaze_gguf_cursor *cursor) { return (size_t)(cursor->end - cursor->at); }

gaze_err gaze_gguf_take(gaze_gguf_cursor *cursor, void *out, size_t size) {
  if (size > left(cursor))
    return fail_short(cursor);
  memcpy(out, cursor->at, size); /* little-endian, as every machine gaze runs on */
  cursor->at += size;
  return GAZE_OK;
}

gaze_err gaze_gguf_take_text(gaze_gguf_cursor *cursor, gaze_gguf_text *out) {
  uint64_t length;
  GAZE_TRY(gaze_gguf_take(cursor, &length, sizeof length));
  if (length > left(cursor))
    return fail_short(cursor);
  *out = (gaze_gguf_text){(const char *)cursor->at, (size_t)length};
  cursor->at += length;
  return GAZE_OK;
}

int gaze_gguf_text_compare(gaze_gguf_text a, gaze_gguf_text b) {
  size_t shared = a.length < b.length ? a.length : b.length;
  int order = memcmp(a.bytes, b.bytes, shared);
  return order ? order : (a.length > b.length) - (a.length < b.length);
}

gaze_gguf_text gaze_gguf_text_of(const char *text) { return (gaze_gguf_text){text, strlen(text)}; }

bool gaze_gguf_text_is(gaze_gguf_text text, const char *expected) {
  return text.bytes && gaze_gguf_text_compare(text, gaze_gguf_text_of(expected)) == 0;
}

#define KEY(value) (int)((value)->key.length > 100 ? 100 : (value)->key.length), (value)->key.bytes

static gaze_err take_strings(gaze_gguf_cursor *cursor, gaze_gguf_value *value) {
  GAZE_TRY(gaze_alloc(value->n, sizeof *value->starts, &value->starts));
  for (size_t i = 0; i < value->n; i++) {
    gaze_gguf_text text;
    value->starts[i] = (size_t)(cursor->at - value->data);
    GAZE_TRY(gaze_gguf_take_text(cursor, &text));
  }
  return GAZE_OK;
}

/* n elements of a type that is checked. */
static gaze_err take_elements(gaze_gguf_cursor *cursor, gaze_gguf_value *value) {
  value->data = cursor->at;
  if (value->type == GAZE_GGUF_STRING && !value->array) {
    gaze_gguf_text text;
    return gaze_gguf_take_text(cursor, &text);
  }
  size_t size = value->type == GAZE_GGUF_STRING ? STRING_MIN : types[value->type].size;
  if (value->n > left(cursor) / size)
    return fail_short(cursor);
  if (value->type == GAZE_GGUF_STRING)
    return take_strings(cursor, value);
  for (size_t i = 0; value->type == GAZE_GGUF_BOOL && i < value->n; i++)
    if (value->data[i] > 1)
      return gaze_fail(GAZE_ERR_FORMAT, "bool that is neither 0 nor 1: %.*s in %s: the file is damaged", KEY(value),
                       cursor->name);
  cursor->at += value->n * size;
  return GAZE_OK;
}

static gaze_err take_type(gaze_gguf_cursor *cursor, gaze_gguf_value *value) {
  uint32_t type;
  GAZE_TRY(gaze_gguf_take(cursor, &type, sizeof type));
  if (type >= GAZE_GGUF_TYPES)
    return gaze_fail(GAZE_ERR_UNSUPPORTED, "unknown type %u of metadata: %.*s in %s: the file is damaged, or too new",
                     type, KEY(value), cursor->name);
  value->type = (gaze_gguf_type)type;
  return GAZE_OK;
}

static gaze_err take_value(gaze_gguf_cursor *cursor, gaze_gguf_value *value) {
  GAZE_TRY(gaze_gguf_take_text(cursor, &value->key));
  if (value->key.length == 0)
    return gaze_fail(GAZE_ERR_FORMAT, "metadata without a key: %s: the file is damaged", cursor->name);
  GAZE_TRY(take_type(cursor, value));
  value->n = 1;
  value->array = value->type == GAZE_GGUF_ARRAY;
  if (value->array) {
    uint64_t n;
    GAZE_TRY(take_type(cursor, value));
    if (value->type == GAZE_GGUF_ARRAY)
      return gaze_fail(GAZE_ERR_UNSUPPORTED, "array of arrays in metadata: %.*s in %s: convert the model without it",
                       KEY(value), cursor->name);
    GAZE_TRY(gaze_gguf_take(cursor, &n, sizeof n));
    value->n = (size_t)n;
  }
  return take_elements(cursor, value);
}

static int by_key(const void *a, const void *b) {
  return gaze_gguf_text_compare(((const gaze_gguf_value *)a)->key, ((const gaze_gguf_value *)b)->key);
}

gaze_err gaze_gguf_values_parse(gaze_gguf_cursor *cursor, uint64_t n, gaze_gguf_value **out, size_t *count) {
  if (n > left(cursor) / VALUE_MIN)
    return fail_short(cursor);
  GAZE_TRY(gaze_alloc((size_t)n, sizeof **out, out));
  while (*count < n)
    GAZE_TRY(take_value(cursor, &(*out)[(*count)++]));
  qsort(*out, *count, sizeof **out, by_key);
  for (size_t i = 1; i < *count; i++)
    if (by_key(&(*out)[i - 1], &(*out)[i]) == 0)
      return gaze_fail(GAZE_ERR_FORMAT, "key of metadata twice: %.*s in %s: the file is damaged", KEY(&(*out)[i]),
                       cursor->name);
  return GAZE_OK;
}

void gaze_gguf_values_free(gaze_gguf_value *values, size_t n) {
  for (size_t i = 0; i < n; i++)
    free(values[i].starts);
  free(values);
}

gaze_gguf_text gaze_gguf_string_at(const gaze_gguf_value *value, size_t i) {
  const uint8_t *at = value->data + (value->starts ? value->starts[i] : 0);
  uint64_t length;
  memcpy(&length, at, sizeof length);
  return (gaze_gguf_text){(const char *)at + sizeof length, (size_t)length};
}

/* The bytes of a number, the first one lowest. */
static uint64_t bits_at(const gaze_gguf_value *value, size_t i) {
  uint64_t bits = 0;
  memcpy(&bits, value->data + i * types[value->type].size, types[value->type].size);
  return bits;
}

int64_t gaze_gguf_integer_at(const gaze_gguf_value *value, size_t i) {
  uint64_t bits = bits_at(value, i);
  switch (value->type) {
  case GAZE_GGUF_I8:
    return (int8_t)bits;
  case GAZE_GGUF_I16:
    return (int16_t)bits;
  case GAZE_GGUF_I32:
    return (int32_t)bits;
  case GAZE_GGUF_I64:
    return (int64_t)bits;
  default:
    return bits > INT64_MAX ? INT64_MAX : (int64_t)bits;
  }
}

double gaze_gguf_number_at(const gaze_gguf_value *value, size_t i) {
  uint64_t bits = bits_at(value, i);
  float single;
  double wide;
  switch (value->type) {
  case GAZE_GGUF_F32:
    memcpy(&single, &bits, sizeof single);
    return (double)single;
  case GAZE_GGUF_F64:
    memcpy(&wide, &bits, sizeof wide);
    return wide;
  case GAZE_GGUF_U64:
    return (double)bits;
  default:
    return (double)gaze_gguf_integer_at(value, i);
  }
}

static bool is_float(gaze_gguf_type type) { return type == GAZE_GGUF_F32 || type == GAZE_GGUF_F64; }
static bool is_integer(gaze_gguf_type type) { return types[type].size && !is_float(type) && type != GAZE_GGUF_BOOL; }
static bool is_number(gaze_gguf_type type) { return is_float(type) || is_integer(type); }
static bool is_flag(gaze_gguf_type type) { return type == GAZE_GGUF_BOOL; }
static bool is_string(gaze_gguf_type type) { return type == GAZE_GGUF_STRING; }

/* The value of a key, NULL: absent; of a type that fits, an array or not. */
static gaze_err find_typed(const gaze_gguf *file, const char *key, bool array, bool (*fits)(gaze_gguf_type),
                           const char *expected, const gaze_gguf_value **out) {
  *out = gaze_gguf_find(file, key);
  if (*out && ((*out)->array != array || !fits((*out)->type)))
    return gaze_fail(GAZE_ERR_FORMAT, "%s in metadata: %s is %s%s: %s: convert the model again", expected, key,
                     (*out)->array ? "an array of " : "", types[(*out)->type].name, gaze_gguf_name(file));
  return GAZE_OK;
}

gaze_err gaze_gguf_require(const gaze_gguf *file, const char *key) {
  if (gaze_gguf_find(file, key))
    return GAZE_OK;
  return gaze_fail(GAZE_ERR_FORMAT, "missing in the metadata: %s: %s: convert the model again", key,
                   gaze_gguf_name(file));
}

gaze_err gaze_gguf_integer(const gaze_gguf *file, const char *key, int64_t low, int64_t high, int64_t *out) {
  const gaze_gguf_value *value;
  GAZE_TRY(find_typed(file, key, false, is_integer, "no integer", &value));
  if (!value)
    return GAZE_OK;
  int64_t found = gaze_gguf_integer_at(value, 0);
  if (found < low || found > high)
    return gaze_fail(GAZE_ERR_FORMAT,
                     "metadata out of range: %s is %lld, not %lld to %lld: %s: convert the model again", key,
                     (long long)found, (long long)low, (long long)high, gaze_gguf_name(file));
  *out = found;
  return GAZE_OK;
}

gaze_err gaze_gguf_number(const gaze_gguf *file, const char *key, double *out) {
  const gaze_gguf_value *value;
  GAZE_TRY(find_typed(file, key, false, is_number, "no number", &value));
  if (!value)
    return GAZE_OK;
  double found = gaze_gguf_number_at(value, 0);
  if (!isfinite(found))
    return gaze_fail(GAZE_ERR_FORMAT, "metadata that is not finite: %s: %s: convert the model again", key,
                     gaze_gguf_name(file));
  *out = found;
  return GAZE_OK;
}

gaze_err gaze_gguf_flag(const gaze_gguf *file, const char *key, bool *out) {
  const gaze_gguf_value *value;
  GAZE_TRY(find_typed(file, key, false, is_flag, "no bool", &value));
  if (value)
    *out = value->data[0] == 1;
  return GAZE_OK;
}

gaze_err gaze_gguf_string(const gaze_gguf *file, const char *key, gaze_gguf_text *out) {
  const gaze_gguf_value *value;
  GAZE_TRY(find_typed(file, key, false, is_string, "no string", &value));
  if (value)
    *out = gaze_gguf_string_at(value, 0);
  return GAZE_OK;
}

gaze_err gaze_gguf_strings(const gaze_gguf *file, const char *key, const gaze_gguf_value **out) {
  return find_typed(file, key, true, is_string, "no array of strings", out);
}

gaze_err gaze_gguf_integers(const gaze_gguf *file, const char *key, const gaze_gguf_value **out) {
  return find_typed(file, key, true, is_integer, "no array of integers", out);
}

gaze_err gaze_gguf_numbers(const gaze_gguf *file, const char *key, const gaze_gguf_value **out) {
  return find_typed(file, key, true, is_number, "no array of numbers", out);
}
