/* A language model's folder as one GGUF file, and as a second one what it sees with. */
#include "core/base/file.h"
#include "core/base/memory.h"
#include "core/nn/rope.h"
#include "fusion/assistant.h"
#include "fusion/clip_config.h"
#include "fusion/gguf_eye.h"
#include "fusion/gguf_make.h"
#include "fusion/gguf_mixture.h"
#include "fusion/model.h"
#include "text/tokenizer_gguf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_SIZE = 64 /* bytes of a tensor's name that ggml takes, and its end */ };

typedef struct writing {
  gaze_assistant *model; /* its files alone; nothing of it is run */
  gaze_decoder_config stored;
  gaze_quantisation to;
  gaze_gguf_metadata metadata;
  gaze_gguf_item *items;
  char (*names)[NAME_SIZE]; /* [n], of the items */
  size_t n;
  float factors[GAZE_ROPE_PAIRS]; /* [D / 2] */
} writing;

static void writing_fini(writing *w) {
  gaze_assistant_close(w->model);
  gaze_gguf_metadata_fini(&w->metadata);
  free(w->items);
  free(w->names);
}

static gaze_err refuse_clip(const char *folder) {
  json_t *json;
  gaze_clip_config clip;
  GAZE_TRY(gaze_json_open_in(folder, "config.json", &json));
  gaze_err err = gaze_clip_config_read(json, &clip);
  json_decref(json);
  if (err != GAZE_OK)
    return GAZE_OK;
  return gaze_fail(GAZE_ERR_ARGUMENT, "not a language model: %s: %s becomes smaller with int8 or bf16", folder,
                   clip.family);
}

static gaze_err open_model(writing *w, const char *name) {
  bool native;
  gaze_assistant *model;
  if (gaze_ends_with(name, ".gguf"))
    return gaze_fail(GAZE_ERR_ARGUMENT, "already a GGUF: %s: name the folder of the model that it was made of", name);
  GAZE_TRY(gaze_alloc(1, sizeof *w->model, &w->model));
  model = w->model;
  GAZE_TRY(gaze_assistant_find(model, name));
  GAZE_TRY(refuse_clip(model->path));
  GAZE_TRY(gaze_compute_open(&model->options.model, &model->kernels, &model->matmul, &native));
  GAZE_TRY(gaze_assistant_open_files(model));
  return gaze_assistant_open_tokenizer(model);
}

/* Of a parameter's places the last is GGUF's. */
static void find_place(const writing *w, const gaze_parameter *parameter, gaze_tensor_place *place) {
  const gaze_name_table *table = w->stored.fused_gguf ? &gaze_decoder_fused_names : &gaze_decoder_names;
  for (size_t turn = 0; gaze_tensor_place_next(table, parameter->name, &turn, place);)
    ;
}

static size_t heads_of(const writing *w, const char *parameter) {
  const gaze_attention *attention = &w->stored.block.attention;
  if (!attention->rope_interleaved)
    return 0;
  return gaze_ends_with(parameter, ".q_weight")   ? attention->heads
         : gaze_ends_with(parameter, ".k_weight") ? attention->kv_heads
                                                  : 0;
}

/* A new item, or more rows of the one that shares the tensor, whose first part comes first. */
static void add_parameter(writing *w, const gaze_parameter *parameter) {
  gaze_tensor_place place;
  find_place(w, parameter, &place);
  if (place.part > 0) {
    for (size_t i = 0; i < w->n; i++)
      if (strcmp(w->names[i], place.name) == 0)
        w->items[i].below[w->items[i].n_below++] = gaze_gguf_tensor_of(parameter);
    return;
  }
  memcpy(w->names[w->n], place.name, NAME_SIZE);
  w->items[w->n] = (gaze_gguf_item){
      .name = w->names[w->n], .source = gaze_gguf_tensor_of(parameter), .heads = heads_of(w, parameter->name)};
  gaze_gguf_item *item = &w->items[w->n++];
  item->dtype = gaze_gguf_fitting(gaze_gguf_mixture(w->to, &w->stored, item->name), &item->source);
}

static void add_factors(writing *w, const char *name, const float *factors) {
  size_t n = w->stored.block.attention.head_dim / 2;
  w->items[w->n++] = (gaze_gguf_item){.name = name,
                                      .source = {.data = factors, .dtype = GAZE_DTYPE_F32, .rank = 1, .shape = {n}},
                                      .dtype = GAZE_DTYPE_F32};
}

/* LLaMA 3's scaling, which the configuration has no key for, and LongRoPE's. */
static void add_scaling(writing *w) {
  const gaze_attention *attention = &w->model->decoder.config.block.attention;
  const gaze_rope_scaling *scaling = &attention->rope_scaling;
  if (scaling->kind == GAZE_ROPE_LLAMA3) {
    gaze_rope_find_factors(attention, w->factors);
    add_factors(w, "rope_freqs.weight", w->factors);
  } else if (scaling->kind == GAZE_ROPE_FACTORS) {
    add_factors(w, "rope_factors_short.weight", scaling->factors);
    add_factors(w, "rope_factors_long.weight", scaling->far_factors);
  }
}

static gaze_err add_tensors(writing *w) {
  const gaze_parameters *list = &w->model->parameters;
  GAZE_TRY(gaze_alloc(list->n + 2, sizeof *w->items, &w->items));
  GAZE_TRY(gaze_alloc(list->n, sizeof *w->names, &w->names));
  for (size_t i = 0; i < list->n; i++)
    add_parameter(w, &list->items[i]);
  add_scaling(w);
  return GAZE_OK;
}

/* The last part of its path. */
static const char *name_of(const gaze_assistant *model) {
  const char *slash = strrchr(model->path, '/');
  return slash ? slash + 1 : model->path;
}

/* Whom a file belongs to. */
static gaze_err put_name(writing *w, gaze_gguf_metadata *metadata) {
  char key[33];
  GAZE_TRY(gaze_assistant_key(w->model, key));
  GAZE_TRY(gaze_gguf_put_string(metadata, "general.name", name_of(w->model)));
  return gaze_gguf_put_string(metadata, GAZE_PAIR_KEY, key);
}

static gaze_err put_general(writing *w) {
  GAZE_TRY(put_name(w, &w->metadata));
  GAZE_TRY(gaze_gguf_put_integer(&w->metadata, "general.file_type", GAZE_GGUF_U32, gaze_gguf_file_type(w->to)));
  return gaze_gguf_put_integer(&w->metadata, "general.quantization_version", GAZE_GGUF_U32, 2);
}

/* The template goes along as it is, whether or not gaze knows it. */
static gaze_err put_template(writing *w) {
  char *jinja, *path;
  GAZE_TRY(gaze_chat_template_text(w->model->path, &jinja, &path));
  if (!jinja)
    gaze_warn("not in the GGUF: a chat template, which %s has none of: name one with --template when you ask it",
              name_of(w->model));
  gaze_err err = jinja ? gaze_gguf_put_string(&w->metadata, "tokenizer.chat_template", jinja) : GAZE_OK;
  if (jinja && gaze_chat_template_read(jinja, strlen(jinja), path, &w->model->chat) != GAZE_OK)
    gaze_chat_template_fini(&w->model->chat);
  free(jinja);
  free(path);
  return err;
}

/* bos_token_id of config.json; -1: none. */
static gaze_err find_start(const writing *w, int32_t *start) {
  json_t *json;
  int64_t id = -1;
  GAZE_TRY(gaze_json_open_in(w->model->path, "config.json", &json));
  const json_t *said = json_object_get(json, "bos_token_id");
  if (json_is_integer(said))
    id = json_integer_value(said);
  json_decref(json);
  *start = id >= 0 && (size_t)id < w->stored.vocabulary ? (int32_t)id : -1;
  return GAZE_OK;
}

static gaze_err put_tokenizer(writing *w) {
  gaze_assistant *model = w->model;
  gaze_tokenizer_surroundings beside = {
      .rows = w->stored.vocabulary, .widens = strcmp(w->stored.family, "phi3") == 0, .name = name_of(model)};
  GAZE_TRY(gaze_assistant_find_ends(model));
  GAZE_TRY(find_start(w, &beside.start));
  beside.end = model->n_ends > 0 ? model->ends[0] : -1;
  beside.turn = model->n_ends > 1 ? model->ends[1] : -1;
  return gaze_tokenizer_write_gguf(model->tokenizer, &beside, &w->metadata);
}

static gaze_err check_target(const char *path) {
  if (!gaze_ends_with(path, ".gguf"))
    return gaze_fail(GAZE_ERR_ARGUMENT, "not a GGUF's name: %s: let it end in .gguf", path);
  if (gaze_file_exists(path))
    return gaze_fail(GAZE_ERR_ARGUMENT, "a file is there already: %s: name a new one", path);
  return GAZE_OK;
}

/* Beside FOLDER/NAME.gguf, and begins as people's do. */
static gaze_err find_projector(const writing *w, const char *path, char **out) {
  const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
  GAZE_TRY(gaze_format(out, "%.*smmproj-%.*s-%s.gguf", (int)(name - path), path, (int)(strlen(name) - strlen(".gguf")),
                       name, w->to == GAZE_TO_F32 ? "f32" : "f16"));
  return check_target(*out);
}

static gaze_err describe(writing *w) {
  GAZE_TRY(gaze_decoder_config_write_gguf(&w->model->decoder.config, &w->metadata, &w->stored));
  GAZE_TRY(put_general(w));
  GAZE_TRY(put_template(w));
  GAZE_TRY(put_tokenizer(w));
  return add_tensors(w);
}

static gaze_err write_projector(writing *w, const char *path) {
  gaze_dtype matrices = w->to == GAZE_TO_F32 ? GAZE_DTYPE_F32 : GAZE_DTYPE_F16;
  gaze_gguf_metadata metadata = {0};
  gaze_err err = put_name(w, &metadata);
  if (err == GAZE_OK)
    err = gaze_eye_write_gguf(w->model->eye, matrices, &metadata, &w->model->kernels, path);
  gaze_gguf_metadata_fini(&metadata);
  return err;
}

/* The eye first, which is the smaller: a model that loses it leaves nothing. */
static gaze_err write_files(writing *w, const char *path, const char *projector) {
  if (projector)
    GAZE_TRY(write_projector(w, projector));
  gaze_err err = gaze_gguf_make(path, &w->metadata, w->items, w->n, &w->model->kernels);
  if (err != GAZE_OK && projector)
    remove(projector);
  return err;
}

gaze_err gaze_model_write_gguf(const char *name, gaze_quantisation to, const char *path, char **projector) {
  writing w = {.to = to};
  char *beside = NULL;
  gaze_err err;
  GAZE_TRY(check_target(path));
  GAZE_TRY_DONE(open_model(&w, name));
  if (projector && w.model->eye) {
    GAZE_TRY_DONE(find_projector(&w, path, &beside));
    GAZE_TRY_DONE(gaze_eye_check_gguf(w.model->eye));
  }
  GAZE_TRY_DONE(describe(&w));
  GAZE_TRY_DONE(write_files(&w, path, beside));
done:
  writing_fini(&w);
  if (err == GAZE_OK && projector)
    *projector = beside;
  else
    free(beside);
  return err;
}
