#include "fusion/model.h"

#include "core/base/file.h"
#include "core/base/memory.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

static gaze_err open_compute(gaze_model *model, const gaze_model_options *options) {
  unsigned mask;
  if (options)
    model->options = *options;
  GAZE_TRY(gaze_cpu_mask(model->options.cpu, &mask));
  model->options.cpu = NULL;
  if (model->options.threads <= 0)
    model->options.threads = gaze_cpu_count();
  omp_set_num_threads(model->options.threads);
  unsigned flags = gaze_cpu_detect() & mask;
  gaze_kernels_init(&model->kernels, flags);
  gaze_precision precision = model->options.precision;
  GAZE_TRY(gaze_matmul_new(&model->kernels, flags, precision, &model->matmul));
  model->native = gaze_precision_is_native(precision, flags);
  if (model->options.verbose && !model->native)
    gaze_warn("this processor has no arithmetic for %s: products are as exact as that, and no faster than f32",
              precision == GAZE_PRECISION_BF16 ? "bf16" : "int8");
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
  model->clip.keeps_bf16 = model->native && model->options.precision == GAZE_PRECISION_BF16;
  model->clip.keeps_int8 = model->options.precision == GAZE_PRECISION_INT8;
  GAZE_TRY(gaze_clip_load(&model->clip, &model->kernels, model->folder));
  return check_scale(model);
}

static gaze_err open_tokenizer(gaze_model *model) {
  GAZE_TRY(gaze_tokenizer_open(model->folder, &model->tokenizer));
  if (gaze_tokenizer_pad(model->tokenizer) >= 0)
    model->clip.config.text.pad = gaze_tokenizer_pad(model->tokenizer);
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
    gaze_tower_weights_fini(&model->towers[tower]);
  gaze_tokenizer_free(model->tokenizer);
  gaze_matmul_free(model->matmul);
  free(model->folder);
  free(model);
}

int gaze_model_dim(const gaze_model *model) { return (int)model->clip.config.dim; }
int gaze_model_context(const gaze_model *model) { return (int)model->clip.config.text.context; }
float gaze_model_logit_scale(const gaze_model *model) { return expf(gaze_f32(model->clip.logit_scale)[0]); }
const char *gaze_model_path(const gaze_model *model) { return model->folder; }

static json_t *tower_info(const gaze_block_config *block, size_t layers) {
  return json_pack("{s:I, s:I, s:I, s:I}", "width", (json_int_t)block->dim, "layers", (json_int_t)layers, "heads",
                   (json_int_t)block->attention.heads, "mlp", (json_int_t)block->mlp_dim);
}

/* {"F16": how many numbers, ...} */
static json_t *dtypes_info(const gaze_clip *clip) {
  json_t *info = json_object();
  for (int i = 0; i < GAZE_DTYPES; i++)
    if (clip->stored[i])
      json_object_set_new(info, gaze_dtype_name((gaze_dtype)i), json_integer((json_int_t)clip->stored[i]));
  return info;
}

gaze_err gaze_model_info_json(gaze_model *model, char **json) {
  const gaze_clip_config *c = &model->clip.config;
  char key[33];
  size_t count = 0;
  GAZE_TRY(gaze_model_key(model, key));
  for (size_t i = 0; i < model->clip.parameters.n; i++)
    count += gaze_parameter_count(&model->clip.parameters.items[i]);
  json_t *info =
      json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:s, s:o, s:o, s:o}", "path", model->folder,
                "family", c->family, "key", key, "parameters", (json_int_t)count, "dim", (json_int_t)c->dim,
                "image_size", (json_int_t)c->vision.image_size, "patch_size", (json_int_t)c->vision.patch_size,
                "context", (json_int_t)c->text.context, "vocabulary", (json_int_t)c->text.vocabulary, "logit_scale",
                (double)gaze_model_logit_scale(model), "loss", c->sigmoid ? "sigmoid" : "softmax", "dtypes",
                dtypes_info(&model->clip), "vision", tower_info(&c->vision.block, c->vision.layers), "text",
                tower_info(&c->text.block, c->text.layers));
  gaze_err err = gaze_json_text(info, JSON_INDENT(2) | JSON_REAL_PRECISION(6), json);
  json_decref(info);
  return err;
}

gaze_err gaze_tokenize(gaze_model *model, const char *text, bool bare, int32_t **ids, size_t *n) {
  int32_t *list = NULL;
  size_t count = 0, capacity = 0;
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

const char *gaze_token_text(gaze_model *model, int32_t id) { return gaze_tokenizer_text(model->tokenizer, id); }
