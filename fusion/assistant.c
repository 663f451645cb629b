#include "fusion/assistant.h"

#include "core/base/file.h"
#include "fusion/adapter.h"
#include "fusion/model.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { USUAL_CONTEXT = 8192 }; /* rows */

/* The model that an adapter names takes its place. */
static gaze_err find_base(gaze_assistant *assistant) {
  gaze_adapter adapter;
  assistant->adapter = assistant->path;
  assistant->path = NULL;
  gaze_err err = gaze_adapter_open(assistant->adapter, &adapter);
  if (err == GAZE_OK)
    err = gaze_adapter_find_base(&adapter, &assistant->path);
  gaze_adapter_fini(&adapter);
  return err;
}

static gaze_err find_named(const char *name, char **out) {
  if (gaze_ends_with(name, ".gguf") && gaze_file_exists(name))
    return gaze_strdup(name, out);
  gaze_err err = gaze_model_find_any(name, out);
  if (err != GAZE_ERR_NOT_FOUND || !gaze_folder_exists(name))
    return err;
  return gaze_fail(GAZE_ERR_NOT_FOUND,
                   "no model in the folder: %s: config.json is not there; name a model's folder, or a GGUF", name);
}

/* $GAZE_MODEL may be what pictures are searched with, which does not answer. */
static gaze_err find_model(const char *name, char **out) {
  const char *set = getenv("GAZE_MODEL");
  bool answers = false;
  if (name && *name)
    return find_named(name, out);
  if (set && *set)
    GAZE_TRY(gaze_model_answers(set, &answers));
  return answers ? find_named(set, out) : gaze_model_find("gaze-mini-vqa", out);
}

gaze_err gaze_assistant_find(gaze_assistant *assistant, const char *name) {
  GAZE_TRY(find_model(name, &assistant->path));
  return gaze_adapter_is_folder(assistant->path) ? find_base(assistant) : GAZE_OK;
}

/* LLaVA's own layout has none where its language model is Vicuna. */
static gaze_err open_template_of_folder(gaze_assistant *assistant) {
  const gaze_eye *eye = assistant->eye;
  gaze_err err = gaze_chat_template_open(assistant->path, &assistant->chat);
  bool vicuna = eye && eye->config.original && strcmp(assistant->decoder.config.family, "llama") == 0;
  return err == GAZE_ERR_NOT_FOUND && vicuna ? gaze_chat_template_find("vicuna-v1", &assistant->chat) : err;
}

static gaze_err open_template(gaze_assistant *assistant) {
  gaze_gguf_text jinja = {0};
  if (assistant->options.chat_template)
    return gaze_chat_template_find(assistant->options.chat_template, &assistant->chat);
  if (!assistant->gguf)
    return open_template_of_folder(assistant);
  GAZE_TRY(gaze_gguf_string(assistant->gguf, "tokenizer.chat_template", &jinja));
  if (jinja.bytes)
    return gaze_chat_template_read(jinja.bytes, jinja.length, assistant->path, &assistant->chat);
  return gaze_fail(GAZE_ERR_NOT_FOUND, "no chat template: %s has no tokenizer.chat_template: name one with --template",
                   assistant->path);
}

static void add_end(gaze_assistant *assistant, int64_t id) {
  if (id >= 0 && assistant->n_ends < GAZE_ENDS_MOST && !gaze_assistant_ends(assistant, id))
    assistant->ends[assistant->n_ends++] = (int32_t)id;
}

/* eos_token_id: an id, or several. */
static void add_ends(gaze_assistant *assistant, const json_t *json) {
  const json_t *ends = json_object_get(json, "eos_token_id");
  if (json_is_integer(ends))
    add_end(assistant, json_integer_value(ends));
  for (size_t i = 0; i < json_array_size(ends); i++)
    add_end(assistant, json_integer_value(json_array_get(ends, i)));
}

/* Of a generation_config.json or config.json, which may say it of the part that speaks. */
static gaze_err read_ends(gaze_assistant *assistant, const char *file) {
  char *path;
  json_t *json;
  GAZE_TRY(gaze_path_join(assistant->path, file, &path));
  gaze_err err = gaze_file_exists(path) ? gaze_json_open(path, &json) : GAZE_ERR_NOT_FOUND;
  free(path);
  if (err == GAZE_ERR_NOT_FOUND)
    return GAZE_OK;
  GAZE_TRY(err);
  add_ends(assistant, json);
  add_ends(assistant, json_object_get(json, "text_config"));
  json_decref(json);
  return GAZE_OK;
}

gaze_err gaze_assistant_find_ends(gaze_assistant *assistant) {
  const int32_t *ids;
  size_t n = gaze_tokenizer_stops(assistant->tokenizer, &ids);
  for (size_t i = 0; i < n; i++)
    add_end(assistant, ids[i]);
  if (assistant->chat.format)
    for (const char *const *stop = gaze_chat_template_stops(&assistant->chat); *stop; stop++)
      add_end(assistant, gaze_tokenizer_find(assistant->tokenizer, *stop));
  if (assistant->gguf)
    return GAZE_OK;
  GAZE_TRY(read_ends(assistant, "generation_config.json"));
  return read_ends(assistant, "config.json");
}

/* The id that the model's configuration names, or the usual spelling's. */
static gaze_err find_image_token(gaze_assistant *assistant) {
  int64_t id = assistant->eye ? assistant->eye->config.image_token : GAZE_NO_IMAGE_TOKEN;
  assistant->image_token = -1;
  if (assistant->eye && assistant->projector)
    assistant->image_token = gaze_tokenizer_find(assistant->tokenizer, "<image>");
  else if (id >= 0 && gaze_tokenizer_text(assistant->tokenizer, (int32_t)id))
    assistant->image_token = (int32_t)id;
  else if (id >= 0)
    return gaze_fail(GAZE_ERR_MISMATCH, "image token %lld is not in the tokenizer: %s: get its tokenizer files again",
                     (long long)id, assistant->path);
  return GAZE_OK;
}

gaze_err gaze_assistant_open_tokenizer(gaze_assistant *assistant) {
  size_t V = assistant->decoder.config.vocabulary;
  GAZE_TRY(gaze_tokenizer_open(assistant->path, &assistant->tokenizer));
  if (gaze_tokenizer_size(assistant->tokenizer) <= V)
    return GAZE_OK;
  return gaze_fail(GAZE_ERR_MISMATCH, "tokenizer of %zu ids, model of %zu: %s: they belong to different models",
                   gaze_tokenizer_size(assistant->tokenizer), V, assistant->path);
}

static gaze_err open_words(gaze_assistant *assistant) {
  GAZE_TRY(gaze_assistant_open_tokenizer(assistant));
  GAZE_TRY(find_image_token(assistant));
  GAZE_TRY(open_template(assistant));
  return gaze_assistant_find_ends(assistant);
}

static void lay_out(gaze_assistant *assistant, size_t rows, gaze_arena *arena) {
  size_t capacity = assistant->context + GAZE_KV_TILE;
  assistant->logits =
      gaze_arena_take(arena, (1 + GAZE_DRAFT_MOST) * assistant->decoder.config.vocabulary, sizeof(float));
  gaze_decoder_tape_layout(&assistant->tape, &assistant->decoder, 1, rows, capacity, arena);
}

void gaze_assistant_make_room(gaze_assistant *assistant, size_t rows) {
  gaze_arena_reset(&assistant->arena, 0);
  lay_out(assistant, rows, &assistant->arena);
}

/* Memory for the most rows, of which those that come take what they need. */
static gaze_err allocate(gaze_assistant *assistant) {
  size_t wanted = assistant->options.context ? assistant->options.context : USUAL_CONTEXT;
  size_t most = assistant->decoder.config.context;
  assistant->context = wanted < most ? wanted : most;
  gaze_arena measure = GAZE_ARENA_MEASURE;
  lay_out(assistant, GAZE_PROMPT_PIECE, &measure);
  GAZE_TRY(gaze_arena_init(&assistant->arena, measure.used));
  lay_out(assistant, 1, &assistant->arena);
  return GAZE_OK;
}

static gaze_err open_assistant(gaze_assistant *assistant, const char *name) {
  bool native;
  GAZE_TRY(gaze_assistant_find(assistant, name));
  GAZE_TRY(gaze_compute_open(&assistant->options.model, &assistant->kernels, &assistant->matmul, &native));
  assistant->compute = (gaze_compute){.kernels = &assistant->kernels, .matmul = assistant->matmul};
  GAZE_TRY(gaze_assistant_open_files(assistant));
  GAZE_TRY(open_words(assistant));
  GAZE_TRY(gaze_assistant_prepare(assistant));
  return allocate(assistant);
}

gaze_err gaze_assistant_open(const char *name, const gaze_assistant_options *options, gaze_assistant **out) {
  gaze_assistant *assistant;
  GAZE_TRY(gaze_alloc(1, sizeof *assistant, &assistant));
  assistant->seen.limit = GAZE_PICTURE_ROWS_LIMIT;
  if (options)
    assistant->options = *options;
  gaze_err err = open_assistant(assistant, name);
  assistant->options.chat_template = assistant->options.projector = NULL;
  if (err != GAZE_OK)
    gaze_assistant_close(assistant);
  else
    *out = assistant;
  return err;
}

void gaze_assistant_close(gaze_assistant *assistant) {
  if (!assistant)
    return;
  gaze_arena_fini(&assistant->arena);
  gaze_chat_template_fini(&assistant->chat);
  gaze_tokenizer_free(assistant->tokenizer);
  gaze_picture_rows_fini(&assistant->seen);
  gaze_assistant_close_files(assistant);
  gaze_matmul_free(assistant->matmul);
  free(assistant->path);
  free(assistant->adapter);
  free(assistant);
}

bool gaze_assistant_sees(const gaze_assistant *assistant) { return assistant->eye != NULL; }
