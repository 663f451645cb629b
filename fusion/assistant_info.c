/* What the folder of a model that answers says of itself. */
#include "core/base/file.h"
#include "fusion/adapter.h"
#include "fusion/assistant.h"
#include "fusion/model.h"
#include "fusion/weights_info.h"

#include <stdlib.h>
#include <string.h>

static gaze_err read_type(const char *folder, bool *answers) {
  char *path;
  json_t *json;
  const char *type;
  GAZE_TRY(gaze_path_join(folder, "config.json", &path));
  gaze_err err = gaze_file_exists(path) ? gaze_json_open(path, &json) : GAZE_ERR_NOT_FOUND;
  free(path);
  if (err == GAZE_ERR_NOT_FOUND) /* open_clip's folders have none */
    return GAZE_OK;
  GAZE_TRY(err);
  err = gaze_json_string(json, "model_type", "", &type);
  *answers = err == GAZE_OK && (gaze_decoder_is_family(type) || gaze_llava_is_family(type));
  json_decref(json);
  return err;
}

gaze_err gaze_model_answers(const char *name, bool *answers) {
  char *folder;
  *answers = name && gaze_ends_with(name, ".gguf") && gaze_file_exists(name);
  if (*answers)
    return GAZE_OK;
  GAZE_TRY(gaze_model_find_any(name, &folder));
  gaze_err err = GAZE_OK;
  if (gaze_adapter_is_folder(folder))
    *answers = true;
  else
    err = read_type(folder, answers);
  free(folder);
  return err;
}

/* NULL: it does not see. */
static json_t *eye_info(const gaze_eye *eye) {
  if (!eye)
    return NULL;
  const gaze_llava_config *c = &eye->config;
  return json_pack("{s:s, s:I, s:I, s:I, s:I}", "family", c->family, "image_size", (json_int_t)c->vision.image_size,
                   "patch_size", (json_int_t)c->vision.patch_size, "layers", (json_int_t)c->vision.layers, "width",
                   (json_int_t)c->vision.block.dim);
}

static json_t *assistant_info(const gaze_assistant *assistant, const char *chat) {
  const gaze_decoder_config *c = &assistant->decoder.config;
  const gaze_block_config *block = &c->block;
  size_t total = 0;
  json_t *dtypes = gaze_weights_dtypes_json(assistant->weights, &total);
  return json_pack("{s:s, s:s*, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:b, s:I, s:s?, s:o, s:o*}", "path",
                   assistant->path, "adapter", assistant->adapter, "family", c->family, "parameters", (json_int_t)total,
                   "context", (json_int_t)c->context, "vocabulary", (json_int_t)c->vocabulary, "layers",
                   (json_int_t)c->layers, "width", (json_int_t)block->dim, "mlp", (json_int_t)block->mlp_dim, "heads",
                   (json_int_t)block->attention.heads, "kv_heads", (json_int_t)block->attention.kv_heads, "tied_head",
                   (int)c->tied, "tokens", (json_int_t)gaze_tokenizer_size(assistant->tokenizer), "chat_template", chat,
                   "dtypes", dtypes, "vision", eye_info(assistant->eye));
}

/* A template that gaze does not know is "unknown"; NULL: there is none. */
static gaze_err find_template(gaze_assistant *assistant, const char **name) {
  char *jinja, *path;
  GAZE_TRY(gaze_chat_template_text(assistant->path, &jinja, &path));
  *name = NULL;
  if (jinja)
    *name = gaze_chat_template_read(jinja, strlen(jinja), path, &assistant->chat) == GAZE_OK
                ? gaze_chat_template_name(&assistant->chat)
                : "unknown";
  free(jinja);
  free(path);
  return GAZE_OK;
}

static gaze_err describe(gaze_assistant *assistant, const char *name, char **json) {
  bool native;
  const char *chat;
  GAZE_TRY(gaze_assistant_find(assistant, name));
  GAZE_TRY(gaze_compute_open(&assistant->options.model, &assistant->kernels, &assistant->matmul, &native));
  GAZE_TRY(gaze_assistant_open_files(assistant));
  GAZE_TRY(gaze_assistant_open_tokenizer(assistant));
  GAZE_TRY(find_template(assistant, &chat));
  json_t *info = assistant_info(assistant, chat);
  gaze_err err = gaze_json_text(info, JSON_INDENT(2), json);
  json_decref(info);
  return err;
}

gaze_err gaze_assistant_info_json(const char *name, char **json) {
  gaze_assistant *assistant;
  GAZE_TRY(gaze_alloc(1, sizeof *assistant, &assistant));
  gaze_err err = describe(assistant, name, json);
  gaze_assistant_close(assistant);
  return err;
}
