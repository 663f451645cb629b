/* What a GGUF says of itself. */
#include "core/base/file.h"
#include "core/base/json.h"
#include "core/nn/parameters.h"
#include "fusion/weights_info.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_SHOWN 200 /* bytes; chat templates have thousands */

/* NULL: out of memory. */
static json_t *text_info(gaze_gguf_text text) {
  char size[48];
  json_t *whole = text.length <= TEXT_SHOWN ? json_stringn(text.bytes, text.length) : NULL; /* NULL, too: no UTF-8 */
  snprintf(size, sizeof size, "(%zu bytes)", text.length);
  return whole ? whole : json_string(size);
}

static json_t *value_info(const gaze_gguf_value *value) {
  char array[64];
  if (value->array) {
    snprintf(array, sizeof array, "(%zu of %s)", value->n, gaze_gguf_type_name(value->type));
    return json_string(array);
  }
  switch (value->type) {
  case GAZE_GGUF_STRING:
    return text_info(gaze_gguf_string_at(value, 0));
  case GAZE_GGUF_BOOL:
    return json_boolean(gaze_gguf_integer_at(value, 0));
  case GAZE_GGUF_F32:
  case GAZE_GGUF_F64:
    return json_real(gaze_gguf_number_at(value, 0)); /* NULL: not finite */
  default:
    return json_integer(gaze_gguf_integer_at(value, 0));
  }
}

static json_t *metadata_info(const gaze_gguf *file) {
  json_t *info = json_object();
  for (size_t i = 0; i < gaze_gguf_value_count(file); i++) {
    const gaze_gguf_value *value = gaze_gguf_value_get(file, i);
    json_t *shown = value_info(value);
    char key[256];
    snprintf(key, sizeof key, "%.*s", (int)(value->key.length < sizeof key ? value->key.length : sizeof key - 1),
             value->key.bytes);
    json_object_set_new(info, key, shown ? shown : json_null());
  }
  return info;
}

json_t *gaze_weights_dtypes_json(const gaze_weights *weights, size_t *total) {
  size_t counts[GAZE_DTYPES] = {0};
  json_t *info = json_object();
  for (size_t i = 0; i < gaze_weights_count(weights); i++) {
    const gaze_tensor *tensor = &gaze_weights_get(weights, i)->tensor;
    counts[tensor->dtype] += gaze_tensor_count(tensor);
  }
  for (gaze_dtype dtype = 0; dtype < GAZE_DTYPES; dtype++)
    if (counts[dtype]) {
      json_object_set_new(info, gaze_dtype_name(dtype), json_integer((json_int_t)counts[dtype]));
      *total += counts[dtype];
    }
  return info;
}

/* Under the key of the architecture: "llama.context_length". */
static gaze_err add_sizes(const gaze_gguf *file, const char *architecture, json_t *info) {
  static const char *const sizes[][2] = {
      {"context", "context_length"},          {"vocabulary", "vocab_size"},   {"layers", "block_count"},
      {"width", "embedding_length"},          {"mlp", "feed_forward_length"}, {"heads", "attention.head_count"},
      {"kv_heads", "attention.head_count_kv"}};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    char *key;
    GAZE_TRY(gaze_format(&key, "%s.%s", architecture, sizes[i][1]));
    const gaze_gguf_value *value = gaze_gguf_find(file, key);
    free(key);
    if (value)
      json_object_set_new(info, sizes[i][0], value_info(value));
  }
  return GAZE_OK;
}

static gaze_err add_text(const gaze_gguf *file, const char *key, const char *name, json_t *info) {
  gaze_gguf_text text = {0};
  GAZE_TRY(gaze_gguf_string(file, key, &text));
  if (text.bytes)
    json_object_set_new(info, name, text_info(text));
  return GAZE_OK;
}

static gaze_err fill(const gaze_weights *weights, const char *path, json_t *info) {
  const gaze_gguf *file = gaze_weights_gguf(weights);
  size_t total = 0;
  json_object_set_new(info, "path", json_string(path));
  GAZE_TRY(gaze_gguf_require(file, "general.architecture"));
  GAZE_TRY(add_text(file, "general.architecture", "architecture", info));
  GAZE_TRY(add_text(file, "general.name", "name", info));
  const char *architecture = json_string_value(json_object_get(info, "architecture"));
  GAZE_TRY(add_sizes(file, architecture ? architecture : "", info));
  GAZE_TRY(add_text(file, "clip.projector_type", "projector", info));
  GAZE_TRY(add_text(file, "tokenizer.ggml.model", "tokenizer", info));
  json_t *dtypes = gaze_weights_dtypes_json(weights, &total);
  json_object_set_new(info, "chat_template", json_boolean(gaze_gguf_find(file, "tokenizer.chat_template")));
  json_object_set_new(info, "tensors", json_integer((json_int_t)gaze_weights_count(weights)));
  json_object_set_new(info, "parameters", json_integer((json_int_t)total));
  json_object_set_new(info, "dtypes", dtypes);
  json_object_set_new(info, "metadata", metadata_info(file));
  return GAZE_OK;
}

gaze_err gaze_gguf_info_json(const char *path, char **json) {
  gaze_weights *weights;
  GAZE_TRY(gaze_weights_open(path, &weights));
  json_t *info = json_object();
  gaze_err err = gaze_weights_gguf(weights) ? fill(weights, path, info)
                                            : gaze_fail(GAZE_ERR_ARGUMENT, "not a GGUF: %s: name a file", path);
  if (err == GAZE_OK)
    err = gaze_json_text(info, JSON_INDENT(2) | JSON_REAL_PRECISION(6), json);
  json_decref(info);
  gaze_weights_close(weights);
  return err;
}
