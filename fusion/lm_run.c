#include "fusion/lm_run.h"

#include "core/base/file.h"
#include "fusion/model.h"
#include "fusion/model_folder.h"

#include <stdlib.h>
#include <string.h>

enum { USUAL_CONTEXT = 256 };

void gaze_train_lm_defaults(gaze_train_lm_options *options) {
  *options = (gaze_train_lm_options){.run = gaze_training_usual(),
                                     .documents = "paragraphs",
                                     .layers = 8,
                                     .dim = 256,
                                     .heads = 4,
                                     .val_every = 500,
                                     .sample_tokens = 48,
                                     .sample_temperature = 0.8f};
  options->run.lr = 1e-3;
  options->run.beta2 = 0.95;
  options->run.weight_decay = 0.1;
}

static gaze_decoder_config new_config(const gaze_train_lm_options *o, size_t vocabulary) {
  size_t kv_heads = o->kv_heads ? o->kv_heads : o->heads;
  size_t mlp_dim = o->mlp_dim ? o->mlp_dim : (8 * o->dim / 3 + 31) / 32 * 32;
  gaze_decoder_config config = {
      .family = "llama", .vocabulary = vocabulary, .context = o->context, .layers = o->layers, .tied = !o->untied};
  config.block = (gaze_block_config){.dim = o->dim,
                                     .mlp_dim = mlp_dim,
                                     .norm = GAZE_RMS_NORM,
                                     .activation = GAZE_SILU,
                                     .gated = true,
                                     .eps = 1e-5f,
                                     .attention = {.heads = o->heads,
                                                   .kv_heads = kv_heads,
                                                   .head_dim = o->heads ? o->dim / o->heads : 0,
                                                   .causal = true,
                                                   .rope_theta = 10000,
                                                   .rope_scaling = {.factor = 1}}};
  return config;
}

static gaze_err read_config(const char *path, gaze_decoder_config *out) {
  json_t *json;
  GAZE_TRY(gaze_json_open(path, &json));
  gaze_err err = gaze_decoder_config_read(json, out);
  json_decref(json);
  return err;
}

static gaze_err check_config(const gaze_lm_run *run, const gaze_decoder_config *config) {
  const gaze_train_lm_options *o = &run->options;
  size_t ids = gaze_tokenizer_size(run->tokenizer);
  GAZE_TRY(gaze_decoder_config_check(config));
  if (!o->model && !o->config && o->dim % o->heads)
    return gaze_fail(GAZE_ERR_ARGUMENT, "--dim %zu over --heads %zu: give a multiple", o->dim, o->heads);
  if (ids > config->vocabulary)
    return gaze_fail(GAZE_ERR_MISMATCH, "tokenizer of %zu ids, model of %zu: %s: use the model's own", ids,
                     config->vocabulary, run->tokenizer_folder);
  if (o->context > config->context)
    return gaze_fail(GAZE_ERR_ARGUMENT, "--context %zu: the model reads %zu at most: give less", o->context,
                     config->context);
  return gaze_decoder_train_check(config, o->context);
}

static gaze_err add_lora(gaze_lm_run *run) {
  const gaze_train_lm_options *o = &run->options;
  GAZE_TRY(gaze_lora_name_base(o->model, &run->base));
  GAZE_TRY(gaze_lm_add_lora(&run->lm, &o->lora, o->run.seed));
  gaze_lora_base base = gaze_lm_lora_base(run->base);
  return o->run.resume ? gaze_lora_check_resumed(&run->lm.lora, &base, o->out) : GAZE_OK;
}

static gaze_err open_model(gaze_lm_run *run) {
  const gaze_train_lm_options *o = &run->options;
  gaze_decoder_config config = new_config(o, gaze_tokenizer_size(run->tokenizer));
  if (o->model)
    GAZE_TRY(gaze_lm_config_open(run->model_folder, &config));
  else if (o->config)
    GAZE_TRY(read_config(o->config, &config));
  GAZE_TRY(check_config(run, &config));
  GAZE_TRY(gaze_lm_init(&run->lm, &config, !o->lora.rank));
  if (!o->model) {
    gaze_lm_randomise(&run->lm, o->run.seed);
    return GAZE_OK;
  }
  GAZE_TRY(gaze_lm_load(&run->lm, &run->training.kernels, run->model_folder));
  return o->lora.rank ? add_lora(run) : GAZE_OK;
}

static gaze_err open_texts(gaze_lm_run *run, const char *const *paths, size_t n, gaze_bad_rows *bad,
                           gaze_lm_data *out) {
  gaze_documents documents = {0};
  gaze_document_ends ends;
  GAZE_TRY(gaze_document_ends_find(run->options.documents, &ends));
  gaze_err err = GAZE_OK;
  for (size_t i = 0; i < n && err == GAZE_OK; i++)
    err = gaze_documents_add(&documents, paths[i], ends, bad);
  if (err == GAZE_OK)
    err = gaze_lm_data_init(out, &documents, run->tokenizer, &run->marks, run->options.context);
  gaze_documents_fini(&documents);
  return err;
}

static gaze_err open_data(gaze_lm_run *run) {
  const gaze_train_lm_options *o = &run->options;
  gaze_bad_rows bad;
  GAZE_TRY(gaze_path_join(o->out, "bad-rows.txt", &run->bad_path));
  GAZE_TRY(gaze_bad_rows_init(&bad, o->max_bad, run->bad_path));
  GAZE_TRY(open_texts(run, o->train_data, o->n_train_data, &bad, &run->data));
  if (o->n_val_data)
    GAZE_TRY(open_texts(run, o->val_data, o->n_val_data, &bad, &run->held_out));
  gaze_bad_rows_tell(&bad);
  return GAZE_OK;
}

static gaze_err check_options(const gaze_train_lm_options *o) {
  if (!o->n_train_data)
    return gaze_fail(GAZE_ERR_ARGUMENT, "no training data: --train-data: name text files, JSON lines or tars");
  if (!o->out)
    return gaze_fail(GAZE_ERR_ARGUMENT, "no folder to write to: --out: name one");
  if (!o->model && !o->tokenizer)
    return gaze_fail(GAZE_ERR_ARGUMENT, "no vocabulary: --tokenizer: make one with gaze train tokenizer --kind lm");
  if (o->lora.rank && !o->model)
    return gaze_fail(GAZE_ERR_ARGUMENT, "nothing for LoRA to add to: --lora-rank: name a model with -m");
  if (o->model && o->config)
    return gaze_fail(GAZE_ERR_ARGUMENT, "two models: -m and --config: a new one has no weights, give one of them");
  if (!o->run.batch_size || !o->run.accum_freq || !o->heads)
    return gaze_fail(GAZE_ERR_ARGUMENT, "no tokens in a step: --batch-size, --accum-freq and --heads: give at least 1");
  return GAZE_OK;
}

/* No more of a document at a time than a model that is there can read. */
static gaze_err settle_context(gaze_lm_run *run) {
  gaze_train_lm_options *o = &run->options;
  gaze_decoder_config config;
  if (o->context)
    return GAZE_OK;
  o->context = USUAL_CONTEXT;
  if (!o->model && !o->config)
    return GAZE_OK;
  GAZE_TRY(o->model ? gaze_lm_config_open(run->model_folder, &config) : read_config(o->config, &config));
  o->context = config.context < USUAL_CONTEXT ? config.context : USUAL_CONTEXT;
  return GAZE_OK;
}

static gaze_err open_folders(gaze_lm_run *run) {
  const gaze_train_lm_options *o = &run->options;
  GAZE_TRY(gaze_saved_dtype_find(o->run.model_dtype, &run->dtype));
  if (o->model)
    GAZE_TRY(gaze_model_find(o->model, &run->model_folder));
  run->tokenizer_folder = o->tokenizer ? o->tokenizer : run->model_folder;
  GAZE_TRY(settle_context(run));
  GAZE_TRY(gaze_training_open(&run->training, o->out, "--out", &o->run,
                              (uint64_t)o->run.batch_size * o->run.accum_freq * o->context));
  run->training.by_batches = true;
  GAZE_TRY(gaze_tokenizer_open(run->tokenizer_folder, &run->tokenizer));
  return gaze_lm_marks_find(run->tokenizer, run->tokenizer_folder, &run->marks);
}

/* Steps, the model and where it stands; then the data from there on. */
static gaze_err begin(gaze_lm_run *run) {
  gaze_train_lm_options *o = &run->options;
  if (!o->steps)
    o->steps = gaze_training_steps_of(&run->training, run->data.rows);
  GAZE_TRY(gaze_training_plan(&run->training, o->steps, o->cooldown));
  GAZE_TRY(gaze_training_begin(&run->training, &run->lm.learned, run->lm.values, run->lm.gradients,
                               json_pack("[I, I]", (json_int_t)run->data.bytes, (json_int_t)run->data.n)));
  GAZE_TRY(gaze_alloc(o->run.accum_freq, sizeof *run->batches, &run->batches));
  size_t rows = o->run.batch_size * o->context;
  GAZE_TRY(gaze_lm_reader_init(&run->reader, &run->data, rows, o->run.accum_freq, true, o->run.seed));
  run->tokens = run->tokens_before = gaze_lm_reader_skip(&run->reader, run->training.first_step * o->run.accum_freq);
  GAZE_TRY(gaze_lm_step_init(&run->step, &run->lm.decoder, &run->training.compute, rows, o->context,
                             o->run.grad_checkpointing));
  run->step.added = o->lora.rank ? &run->lm.lora.step : NULL;
  return GAZE_OK;
}

gaze_err gaze_lm_run_init(gaze_lm_run *run, const gaze_train_lm_options *options) {
  *run = (gaze_lm_run){.options = *options};
  GAZE_TRY(check_options(&run->options));
  GAZE_TRY(open_folders(run));
  GAZE_TRY(open_model(run));
  GAZE_TRY(open_data(run));
  return begin(run);
}

void gaze_lm_run_fini(gaze_lm_run *run) {
  gaze_lm_step_fini(&run->step);
  gaze_lm_reader_fini(&run->reader);
  gaze_lm_data_fini(&run->data);
  gaze_lm_data_fini(&run->held_out);
  gaze_training_close(&run->training);
  gaze_lm_fini(&run->lm);
  gaze_tokenizer_free(run->tokenizer);
  free(run->batches);
  free(run->model_folder);
  free(run->base);
  free(run->bad_path);
  *run = (gaze_lm_run){0};
}
