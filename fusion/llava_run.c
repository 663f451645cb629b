#include "fusion/llava_run.h"

#include "core/base/file.h"
#include "fusion/llava_options.h"
#include "fusion/model.h"
#include "fusion/model_folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static gaze_err open_folders(gaze_llava_run *run) {
  const gaze_train_llava_options *o = &run->options;
  gaze_train_run_options options = o->run;
  if (o->stage == 1)
    options.lr = o->projector_lr;
  GAZE_TRY(gaze_saved_dtype_find(o->run.model_dtype, &run->dtype));
  if (o->model)
    GAZE_TRY(gaze_model_find(o->model, &run->model_folder));
  if (o->vision)
    GAZE_TRY(gaze_model_find(o->vision, &run->vision_folder));
  if (o->language)
    GAZE_TRY(gaze_model_find(o->language, &run->language_folder));
  GAZE_TRY(
      gaze_training_open(&run->training, o->out, "--out", &options, (uint64_t)o->run.batch_size * o->run.accum_freq));
  run->training.by_batches = true;
  return GAZE_OK;
}

/* Captions need no template. */
static gaze_err open_template(gaze_llava_run *run) {
  gaze_chat_template *chat = &run->words.chat;
  if (run->options.chat_template)
    return gaze_chat_template_find(run->options.chat_template, chat);
  gaze_err err = gaze_chat_template_open(run->words.path, chat);
  return err == GAZE_ERR_NOT_FOUND && run->options.stage == 1 ? GAZE_OK : err;
}

static gaze_err open_words(gaze_llava_run *run) {
  gaze_assistant *words = &run->words;
  GAZE_TRY(gaze_strdup(run->model_folder ? run->model_folder : run->language_folder, &words->path));
  GAZE_TRY(gaze_tokenizer_open(words->path, &words->tokenizer));
  GAZE_TRY(gaze_lm_marks_find(words->tokenizer, words->path, &run->marks));
  GAZE_TRY(open_template(run));
  return gaze_assistant_find_ends(words);
}

static gaze_err add_lora(gaze_llava_run *run) {
  const gaze_train_llava_options *o = &run->options;
  GAZE_TRY(gaze_lora_name_base(o->model, &run->base));
  GAZE_TRY(gaze_llava_add_lora(&run->llava, &o->lora, o->run.seed));
  return o->run.resume ? gaze_llava_check_adapter(&run->llava, run->base, o->out) : GAZE_OK;
}

static gaze_err open_model(gaze_llava_run *run) {
  const gaze_train_llava_options *o = &run->options;
  gaze_llava_parts parts = {.vision = run->vision_folder,
                            .language = run->language_folder,
                            .image_token = gaze_tokenizer_find(run->words.tokenizer, "<image>"),
                            .layer = o->vision_layer,
                            .select = o->vision_select,
                            .seed = o->run.seed};
  if (!o->model && parts.image_token < 0)
    return gaze_fail(GAZE_ERR_UNSUPPORTED,
                     "a vocabulary without <image>: %s: train one that gaze train tokenizer --kind lm made",
                     run->words.path);
  GAZE_TRY(gaze_llava_open(&run->llava, &run->training.kernels, run->model_folder, &parts,
                           o->stage == 2 && !o->lora.rank && !o->lock_language, o->vision_blocks));
  return o->lora.rank ? add_lora(run) : GAZE_OK;
}

static gaze_err check_model(gaze_llava_run *run) {
  gaze_train_llava_options *o = &run->options;
  const gaze_decoder_config *config = &run->llava.decoder.config;
  const gaze_eye *eye = &run->llava.eye;
  size_t ids = gaze_tokenizer_size(run->words.tokenizer);
  o->context = o->context ? o->context : config->context;
  if (ids > config->vocabulary)
    return gaze_fail(GAZE_ERR_MISMATCH, "tokenizer of %zu ids, model of %zu: %s: use the model's own", ids,
                     config->vocabulary, run->words.path);
  if (o->context > config->context)
    return gaze_fail(GAZE_ERR_ARGUMENT, "--context %zu: the model reads %zu at most: give less", o->context,
                     config->context);
  if (!o->blind && eye->config.tiling.tile_rows >= o->context)
    return gaze_fail(GAZE_ERR_ARGUMENT,
                     "a picture is %zu rows, a sample %zu at most: a language model that reads more "
                     "is needed, or a larger --context",
                     eye->config.tiling.tile_rows, o->context);
  return gaze_decoder_train_check(config, o->context);
}

static gaze_err open_writer(gaze_llava_run *run) {
  run->words.eye = &run->llava.eye;
  run->words.image_token = -1;
  if (gaze_tokenizer_text(run->words.tokenizer, (int32_t)run->llava.eye.config.image_token))
    run->words.image_token = (int32_t)run->llava.eye.config.image_token;
  return gaze_lesson_writer_init(&run->writer, &run->words, &run->marks);
}

static void say(const gaze_llava_run *run) {
  char line[160];
  snprintf(line, sizeof line, "%zu samples, %zu tokens of which %zu are learned, %zu pictures", run->data.n,
           run->data.n_ids, run->data.asked, run->features.n);
  gaze_training_say(&run->training, line);
}

static gaze_err open_data(gaze_llava_run *run) {
  const gaze_train_llava_options *o = &run->options;
  const gaze_llava_sources sources = {.paths = o->train_data,
                                      .n = o->n_train_data,
                                      .held_out = o->val_data,
                                      .n_held_out = o->n_val_data,
                                      .picture_sets = o->image_data,
                                      .n_picture_sets = o->n_image_data,
                                      .pictures = o->image_folder,
                                      .captions = o->stage == 1,
                                      .blind = o->blind,
                                      .context = o->context};
  const gaze_eye *eye = &run->llava.eye;
  gaze_vit front = gaze_vit_front(&eye->encoder);
  const gaze_llava_looker looker = {.compute = &run->training.compute,
                                    .encoder = o->vision_blocks ? &front : &eye->encoder,
                                    .preprocess = &eye->config.tiling.preprocess,
                                    .run = &o->run};
  gaze_bad_rows bad;
  GAZE_TRY(gaze_path_join(o->out, "bad-rows.txt", &run->bad_path));
  GAZE_TRY(gaze_bad_rows_init(&bad, o->max_bad, run->bad_path));
  GAZE_TRY(
      gaze_llava_data_init(&run->data, &run->held_out, &run->features, &sources, &run->writer, &looker, o->out, &bad));
  gaze_bad_rows_tell(&bad);
  say(run);
  return GAZE_OK;
}

/* Rates of encoder and projector beside the decoder's. */
static void set_paces(gaze_llava_run *run) {
  const gaze_train_llava_options *o = &run->options;
  const gaze_llava *llava = &run->llava;
  for (size_t i = 0; i < llava->n_tail + llava->n_projector && o->stage == 2; i++)
    llava->learned.items[i].pace = (i < llava->n_tail ? o->vision_lr : o->projector_lr) / o->run.lr;
}

static gaze_err open_readers(gaze_llava_run *run) {
  const gaze_train_llava_options *o = &run->options;
  GAZE_TRY(gaze_alloc(o->run.accum_freq, sizeof *run->batches, &run->batches));
  GAZE_TRY(gaze_llava_reader_init(&run->reader, &run->data, o->run.batch_size, o->run.accum_freq, o->run.seed));
  if (run->held_out.n)
    GAZE_TRY(gaze_llava_reader_init(&run->held_out_reader, &run->held_out, o->run.batch_size, 1, 0));
  return gaze_llava_reader_skip(&run->reader, run->training.first_step * o->run.accum_freq);
}

static size_t larger(size_t a, size_t b) { return a > b ? a : b; }

static gaze_err begin(gaze_llava_run *run) {
  gaze_train_llava_options *o = &run->options;
  gaze_llava *llava = &run->llava;
  if (!o->steps)
    o->steps = gaze_training_steps_of(&run->training, run->data.n);
  set_paces(run);
  GAZE_TRY(gaze_training_plan(&run->training, o->steps, o->cooldown));
  GAZE_TRY(gaze_training_begin(&run->training, &llava->learned, llava->values, llava->gradients,
                               json_pack("[I, I, i]", (json_int_t)run->data.n_ids, (json_int_t)run->data.n, o->stage)));
  GAZE_TRY(open_readers(run));
  const gaze_llava_reader *reader = &run->reader, *other = &run->held_out_reader;
  GAZE_TRY(gaze_llava_project_init(&run->project, &llava->eye, &run->features, &run->training.compute,
                                   larger(reader->shown, other->shown), o->run.grad_checkpointing));
  GAZE_TRY(gaze_lm_step_init(&run->step, &llava->decoder, &run->training.compute, larger(reader->rows, other->rows),
                             larger(run->data.longest, run->held_out.longest), o->run.grad_checkpointing));
  run->step.sight = gaze_llava_project_sight(&run->project);
  run->step.added = o->lora.rank ? &llava->lora.step : NULL;
  return GAZE_OK;
}

gaze_err gaze_llava_run_init(gaze_llava_run *run, const gaze_train_llava_options *options) {
  *run = (gaze_llava_run){.options = *options};
  GAZE_TRY(gaze_llava_options_settle(&run->options));
  GAZE_TRY(open_folders(run));
  GAZE_TRY(open_words(run));
  GAZE_TRY(open_model(run));
  GAZE_TRY(check_model(run));
  GAZE_TRY(open_writer(run));
  GAZE_TRY(open_data(run));
  return begin(run);
}

void gaze_llava_run_fini(gaze_llava_run *run) {
  gaze_lm_step_fini(&run->step);
  gaze_llava_project_fini(&run->project);
  gaze_llava_reader_fini(&run->reader);
  gaze_llava_reader_fini(&run->held_out_reader);
  gaze_llava_data_fini(&run->data);
  gaze_llava_data_fini(&run->held_out);
  gaze_llava_features_fini(&run->features);
  gaze_lesson_writer_fini(&run->writer);
  gaze_training_close(&run->training);
  gaze_llava_fini(&run->llava);
  gaze_chat_template_fini(&run->words.chat);
  gaze_tokenizer_free(run->words.tokenizer);
  free(run->words.path);
  free(run->batches);
  free(run->model_folder);
  free(run->vision_folder);
  free(run->language_folder);
  free(run->base);
  free(run->bad_path);
  *run = (gaze_llava_run){0};
}
