#include "fusion/model.h"

#include "core/base/file.h"
#include "core/base/memory.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

gaze_err gaze_compute_open(gaze_model_options *options, gaze_kernels *kernels, gaze_matmul **matmul, bool *native) {
  unsigned mask;
  GAZE_TRY(gaze_cpu_mask(options->cpu, &mask));
  options->cpu = NULL;
  if (options->threads <= 0)
    options->threads = gaze_cpu_count();
  omp_set_num_threads(options->threads);
  unsigned flags = gaze_cpu_detect() & mask;
  gaze_kernels_init(kernels, flags);
  GAZE_TRY(gaze_matmul_new(kernels, flags, options->precision, matmul));
  *native = gaze_precision_is_native(options->precision, flags);
  if (options->verbose && !*native)
    gaze_warn("this processor has no arithmetic for %s: products are as exact as that, and no faster than f32",
              options->precision == GAZE_PRECISION_BF16 ? "bf16" : "int8");
  return GAZE_OK;
}

static gaze_err open_compute(gaze_model *model, const gaze_model_options *options) {
  if (options)
    model->options = *options;
  GAZE_TRY(gaze_compute_open(&model->options, &model->kernels, &model->matmul, &model->native));
  model->compute = (gaze_compute){.kernels = &model->kernels, .matmul = model->matmul};
  return GAZE_OK;
}

/* Vectors are checked one by one; these two numbers come after them. */
static gaze_err check_scale(const gaze_model *model) {
  float bias = model->clip.config.sigmoid ? gaze_f32(model->clip.logit_bias)[0] : 0;
  if (!isfinite(gaze_model_logit_scale(model)) || !isfinite(bias))
    return gaze_fail(GAZE_ERR_FORMAT, "not finite: the temperature of %s: the weights are damaged, get them again",
                     model->folder);
  return GAZE_OK;
}

static gaze_err open_folder(gaze_model *model) {
  gaze_clip_config config;
  GAZE_TRY(gaze_clip_config_open(model->folder, &config, &model->preprocess));
  GAZE_TRY(gaze_clip_init(&model->clip, &config, false));
  model->clip.keeps[GAZE_DTYPE_F16] = model->clip.keeps[GAZE_DTYPE_BF16] = true; /* until gaze_model_prepare */
  model->clip.keeps[GAZE_DTYPE_I8] = model->options.precision == GAZE_PRECISION_INT8;
  GAZE_TRY(gaze_clip_load(&model->clip, &model->kernels, model->folder));
  return check_scale(model);
}

/* Pictures need none: where it is missing, texts are refused (gaze_model_check_texts). */
static gaze_err open_tokenizer(gaze_model *model) {
  gaze_err err = gaze_tokenizer_open(model->folder, &model->tokenizer);
  if (err == GAZE_ERR_NOT_FOUND && !model->clip.config.text_only)
    return GAZE_OK;
  GAZE_TRY(err);
  return gaze_clip_config_check_tokenizer(&model->clip.config, model->tokenizer, model->folder);
}

static gaze_err open_model(const char *name, const gaze_model_options *options, bool with_tokenizer, gaze_model **out) {
  gaze_model *model;
  GAZE_TRY(gaze_alloc(1, sizeof *model, &model));
  gaze_err err = open_compute(model, options);
  if (err == GAZE_OK)
    err = gaze_model_find(name, &model->folder);
  if (err == GAZE_OK)
    err = open_folder(model);
  if (err == GAZE_OK && with_tokenizer)
    err = open_tokenizer(model);
  if (err != GAZE_OK) {
    gaze_model_close(model);
    return err;
  }
  if (model->options.verbose)
    gaze_warn("%s: %s kernels, %d threads", model->folder, model->kernels.level, model->options.threads);
  *out = model;
  return GAZE_OK;
}

gaze_err gaze_model_open(const char *name, const gaze_model_options *options, gaze_model **out) {
  return open_model(name, options, true, out);
}

gaze_err gaze_model_open_towers(const char *name, const gaze_model_options *options, gaze_model **out) {
  return open_model(name, options, false, out);
}

gaze_err gaze_model_open_tokenizer(const char *name, gaze_model **out) {
  gaze_model *model;
  bool file = name && gaze_ends_with(name, ".gguf");
  GAZE_TRY(gaze_alloc(1, sizeof *model, &model));
  gaze_err err = file ? gaze_strdup(name, &model->folder) : gaze_model_find(name, &model->folder);
  if (err == GAZE_ERR_NOT_FOUND && name && gaze_folder_exists(name))
    err = gaze_strdup(name, &model->folder);
  if (err == GAZE_OK)
    err = gaze_tokenizer_open(model->folder, &model->tokenizer);
  if (err == GAZE_OK)
    *out = model;
  else
    gaze_model_close(model);
  return err;
}

void gaze_model_close(gaze_model *model) {
  if (!model)
    return;
  gaze_text_cache_close(model->texts);
  gaze_clip_fini(&model->clip);
  for (gaze_tower tower = 0; tower < GAZE_TOWERS; tower++)
    gaze_prepared_fini(&model->towers[tower]);
  gaze_tokenizer_free(model->tokenizer);
  gaze_matmul_free(model->matmul);
  gaze_arena_fini(&model->step);
  free(model->folder);
  free(model);
}

int gaze_model_dim(const gaze_model *model) { return (int)model->clip.config.dim; }
int gaze_model_context(const gaze_model *model) { return (int)model->clip.config.text.context; }
float gaze_model_logit_scale(const gaze_model *model) {
  return model->clip.config.text_only ? 1 : expf(gaze_f32(model->clip.logit_scale)[0]);
}
const char *gaze_model_path(const gaze_model *model) { return model->folder; }

gaze_err gaze_model_check_pictures(const gaze_model *model) {
  if (!model->clip.config.text_only)
    return GAZE_OK;
  return gaze_fail(GAZE_ERR_UNSUPPORTED,
                   "a model of texts alone: %s: it has no image tower, use a CLIP or SigLIP model for pictures",
                   model->folder);
}

gaze_err gaze_model_check_texts(const gaze_model *model) {
  if (model->tokenizer)
    return GAZE_OK;
  return gaze_fail(GAZE_ERR_NOT_FOUND,
                   "a model without tokenizer: %s: texts cannot be read, put the tokenizer's files into the folder",
                   model->folder);
}

/* null where there is no such tower. */
static json_t *tower_info(const gaze_block_config *block, size_t layers) {
  if (!layers)
    return json_null();
  return json_pack("{s:I, s:I, s:I, s:I}", "width", (json_int_t)block->dim, "layers", (json_int_t)layers, "heads",
                   (json_int_t)block->attention.heads, "mlp", (json_int_t)block->mlp_dim);
}

/* {"F16": how many numbers, ...} */
static json_t *dtypes_info(const gaze_clip *clip) {
  json_t *info = json_object();
  for (int i = 0; i < GAZE_DTYPES; i++)
    if (clip->loaded.stored[i])
      json_object_set_new(info, gaze_dtype_name((gaze_dtype)i), json_integer((json_int_t)clip->loaded.stored[i]));
  return info;
}

/* null where a model without image tower has none. */
static json_t *size_info(const gaze_clip_config *config, size_t size) {
  return config->text_only ? json_null() : json_integer((json_int_t)size);
}

static json_t *model_info(const gaze_model *model, const char *key, size_t parameters) {
  const gaze_clip_config *c = &model->clip.config;
  return json_pack("{s:s, s:s, s:s, s:I, s:I, s:o, s:o, s:I, s:I, s:o, s:s*, s:o, s:o, s:o}", "path", model->folder,
                   "family", c->family, "key", key, "parameters", (json_int_t)parameters, "dim", (json_int_t)c->dim,
                   "image_size", size_info(c, c->vision.image_size), "patch_size", size_info(c, c->vision.patch_size),
                   "context", (json_int_t)c->text.context, "vocabulary", (json_int_t)c->text.vocabulary, "logit_scale",
                   c->text_only ? json_null() : json_real((double)gaze_model_logit_scale(model)), "loss",
                   c->text_only ? NULL
                   : c->sigmoid ? "sigmoid"
                                : "softmax",
                   "dtypes", dtypes_info(&model->clip), "vision", tower_info(&c->vision.block, c->vision.layers),
                   "text", tower_info(&c->text.block, c->text.layers));
}

gaze_err gaze_model_info_json(gaze_model *model, char **json) {
  char key[33];
  size_t count = 0;
  GAZE_TRY(gaze_model_key(model, key));
  for (size_t i = 0; i < model->clip.parameters.n; i++)
    count += gaze_parameter_count(&model->clip.parameters.items[i]);
  json_t *info = model_info(model, key, count);
  gaze_err err = gaze_json_text(info, JSON_INDENT(2) | JSON_REAL_PRECISION(6), json);
  json_decref(info);
  return err;
}

gaze_err gaze_tokenize(gaze_model *model, const char *text, bool bare, int32_t **ids, size_t *n) {
  int32_t *list = NULL;
  size_t count = 0, capacity = 0;
  GAZE_TRY(gaze_model_check_texts(model));
  gaze_err err = gaze_grow(&list, &capacity, 1, sizeof *list); /* no ids are a list, too */
  if (err == GAZE_OK)
    err = bare ? gaze_tokenizer_encode(model->tokenizer, text, strlen(text), &list, &count, &capacity)
               : gaze_tokenizer_encode_whole(model->tokenizer, text, &list, &count, &capacity);
  if (err != GAZE_OK) {
    free(list);
    return err;
  }
  *ids = list;
  *n = count;
  return GAZE_OK;
}

const char *gaze_token_text(gaze_model *model, int32_t id) {
  return model->tokenizer ? gaze_tokenizer_text(model->tokenizer, id) : NULL;
}
