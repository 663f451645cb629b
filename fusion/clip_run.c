#include "fusion/clip_run.h"

#include "core/base/file.h"

#include <stdlib.h>
#include <string.h>

void gaze_train_clip_defaults(gaze_train_clip_options *options) {
  *options = (gaze_train_clip_options){.image_size = 96,
                                       .patch_size = 12,
                                       .vision_width = 256,
                                       .vision_layers = 6,
                                       .vision_heads = 4,
                                       .text_width = 256,
                                       .text_layers = 3,
                                       .text_heads = 4,
                                       .context = 32,
                                       .dim = 256,
                                       .run.epochs = 32,
                                       .run.batch_size = 64,
                                       .run.accum_freq = 1,
                                       .run.lr = 5e-4,
                                       .run.beta1 = 0.9,
                                       .run.beta2 = 0.98,
                                       .run.eps = 1e-6,
                                       .run.weight_decay = 0.2,
                                       .run.optimizer = "adamw",
                                       .run.warmup = 10000,
                                       .text_teacher_weight = 1,
                                       .run.lr_scheduler = "cosine",
                                       .scale_low = 0.9,
                                       .workers = 1,
                                       .logs = "logs",
                                       .name = "clip",
                                       .save_frequency = 1,
                                       .val_frequency = 1,
                                       .zeroshot_frequency = 2,
                                       .run.log_every_n_steps = 100,
                                       .run.model_dtype = "f32"};
}

static gaze_block_config tower(size_t width, size_t heads, bool causal) {
  return (gaze_block_config){
      .dim = width,
      .mlp_dim = 4 * width,
      .norm = GAZE_LAYER_NORM,
      .activation = GAZE_QUICK_GELU,
      .biased = true,
      .eps = 1e-5f,
      .attention = {.heads = heads, .kv_heads = heads, .head_dim = heads ? width / heads : 0, .causal = causal}};
}

static gaze_clip_config new_config(const gaze_train_clip_options *o, const gaze_tokenizer *tokenizer) {
  gaze_clip_config config = {.family = "clip", .dim = o->dim, .sigmoid = o->siglip};
  config.vision = (gaze_vit_config){.image_size = o->image_size,
                                    .patch_size = o->patch_size,
                                    .block = tower(o->vision_width, o->vision_heads, false),
                                    .layers = o->vision_layers,
                                    .dim_out = o->dim};
  config.text = (gaze_text_config){.vocabulary = gaze_tokenizer_size(tokenizer),
                                   .context = o->context,
                                   .block = tower(o->text_width, o->text_heads, true),
                                   .layers = o->text_layers,
                                   .dim_out = o->dim};
  config.end_of_text = gaze_tokenizer_end(tokenizer);
  return config;
}

static gaze_err open_model(gaze_clip_run *run) {
  const gaze_train_clip_options *o = &run->options;
  gaze_clip_config config;
  if (o->model) {
    GAZE_TRY(gaze_clip_config_open(o->model, &config, &run->preprocess));
    GAZE_TRY(gaze_clip_config_check_tokenizer(&config, run->tokenizer, run->tokenizer_folder));
  } else {
    config = new_config(o, run->tokenizer);
    gaze_preprocess_default(&run->preprocess, (int)o->image_size);
  }
  GAZE_TRY(gaze_clip_init(&run->clip, &config, true));
  run->teacher.C = config.vision.block.dim;
  if (run->teacher.D)
    GAZE_TRY(gaze_teacher_list(&run->teacher, "teacher.", &run->clip.parameters));
  run->text_teacher = (gaze_teacher){.C = config.text.block.dim, .D = run->text_vectors.D};
  if (run->text_teacher.D)
    GAZE_TRY(gaze_teacher_list(&run->text_teacher, "text_teacher.", &run->clip.parameters));
  GAZE_TRY(gaze_clip_allocate(&run->clip));
  gaze_clip_randomise(&run->clip, o->run.seed);
  return o->model ? gaze_clip_load(&run->clip, &run->training.kernels, o->model) : GAZE_OK;
}

static gaze_err open_distill(gaze_clip_run *run) {
  const gaze_train_clip_options *o = &run->options;
  if (!o->distill_model)
    return GAZE_OK;
  return gaze_distill_init(&run->distill, o->distill_model, &o->run.compute, &run->preprocess, o->run.batch_size,
                           o->run.accum_freq);
}

uint64_t gaze_clip_run_steps(const gaze_clip_run *run, double epochs) {
  return (uint64_t)((double)run->steps_in_epoch * epochs + 0.5);
}

static gaze_err plan_steps(gaze_clip_run *run) {
  const gaze_train_clip_options *o = &run->options;
  run->steps_in_epoch = gaze_clip_run_samples(run) / run->training.step_samples;
  if (!run->steps_in_epoch)
    run->steps_in_epoch = 1;
  run->training.options.save_every = gaze_clip_run_steps(run, o->save_frequency);
  return gaze_training_plan(&run->training, gaze_clip_run_steps(run, o->run.epochs),
                            gaze_clip_run_steps(run, o->epochs_cooldown));
}

static gaze_err open_training(gaze_clip_run *run) {
  const gaze_train_run_options *o = &run->options.run;
  GAZE_TRY(gaze_path_join(run->options.logs, run->options.name, &run->folder));
  GAZE_TRY(gaze_path_join(run->folder, "model", &run->model_folder));
  return gaze_training_open(&run->training, run->folder, "--name", o, (uint64_t)o->batch_size * o->accum_freq);
}

static gaze_err begin(gaze_clip_run *run) {
  const gaze_train_clip_options *o = &run->options;
  gaze_clip *clip = &run->clip;
  gaze_clip_lock(clip, o->lock_image, (size_t)o->lock_image_unlocked_groups, o->lock_text);
  return gaze_training_begin(&run->training, &clip->parameters, clip->values, clip->gradients,
                             gaze_clip_run_describe_data(run));
}

static gaze_err open_step(gaze_clip_run *run) {
  const gaze_train_clip_options *o = &run->options;
  gaze_clip_step_options options = {.batch_size = o->run.batch_size,
                                    .accum_freq = o->run.accum_freq,
                                    .sigmoid = run->clip.config.sigmoid,
                                    .lock_image = o->lock_image && !o->lock_image_unlocked_groups,
                                    .lock_text = o->lock_text,
                                    .checkpointing = o->run.grad_checkpointing,
                                    .patch_dropout = o->patch_dropout,
                                    .teacher_weight = o->teacher_weight,
                                    .text_teacher_weight = o->text_teacher_weight,
                                    .text_teacher = &run->text_teacher,
                                    .seed = o->run.seed,
                                    .distill = o->distill_model ? &run->distill : NULL};
  return gaze_clip_step_init(&run->step, &options, &run->clip, &run->training.compute, &run->teacher);
}

/* Options that make no sense together. */
static gaze_err check_options(const gaze_train_clip_options *o) {
  if (!o->run.batch_size || !o->run.accum_freq)
    return gaze_fail(GAZE_ERR_ARGUMENT, "no samples in a step: --batch-size and --accum-freq: give at least 1");
  if (o->lock_image_unlocked_groups < 0 || (o->lock_image_unlocked_groups && !o->lock_image))
    return gaze_fail(GAZE_ERR_ARGUMENT,
                     "nothing is locked: --lock-image-unlocked-groups %d: give --lock-image and a number from 0 on",
                     o->lock_image_unlocked_groups);
  return GAZE_OK;
}

gaze_err gaze_clip_run_init(gaze_clip_run *run, const gaze_train_clip_options *options) {
  *run = (gaze_clip_run){.options = *options};
  const gaze_train_clip_options *o = &run->options;
  GAZE_TRY(check_options(o));
  const char *tokenizer = o->tokenizer ? o->tokenizer : o->model;
  if (!tokenizer)
    return gaze_fail(GAZE_ERR_ARGUMENT, "no vocabulary: --tokenizer: make one with gaze train tokenizer");
  GAZE_TRY(open_training(run));
  GAZE_TRY(gaze_strdup(tokenizer, &run->tokenizer_folder));
  GAZE_TRY(gaze_tokenizer_open(tokenizer, &run->tokenizer));
  GAZE_TRY(gaze_clip_run_open_data(run));
  GAZE_TRY(plan_steps(run));
  GAZE_TRY(open_model(run));
  GAZE_TRY(open_distill(run));
  GAZE_TRY(begin(run));
  GAZE_TRY(gaze_clip_run_open_loader(run));
  return open_step(run);
}

void gaze_clip_run_fini(gaze_clip_run *run) {
  gaze_loader_free(run->loader);
  gaze_distill_fini(&run->distill);
  gaze_clip_step_fini(&run->step);
  gaze_training_close(&run->training);
  gaze_clip_fini(&run->clip);
  gaze_tokenizer_free(run->tokenizer);
  for (size_t i = 0; run->sources && i < run->options.n_train_data; i++)
    gaze_dataset_close(run->sources[i].dataset);
  for (size_t i = 0; run->prompts && i < run->options.n_class_labels; i++) {
    gaze_labels_fini(&run->prompts[i].labels);
    free(run->prompts[i].templates);
  }
  gaze_text_vectors_fini(&run->text_vectors);
  free(run->sources);
  free(run->prompts);
  free(run->batches);
  free(run->folder);
  free(run->model_folder);
  free(run->tokenizer_folder);
  *run = (gaze_clip_run){0};
}
