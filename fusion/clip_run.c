#include "fusion/clip_run.h"

#include "core/base/file.h"

#include <omp.h>
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
                                       .epochs = 32,
                                       .batch_size = 64,
                                       .accum_freq = 1,
                                       .lr = 5e-4,
                                       .beta1 = 0.9,
                                       .beta2 = 0.98,
                                       .eps = 1e-6,
                                       .weight_decay = 0.2,
                                       .optimizer = "adamw",
                                       .warmup = 10000,
                                       .text_teacher_weight = 1,
                                       .lr_scheduler = "cosine",
                                       .scale_low = 0.9,
                                       .workers = 1,
                                       .logs = "logs",
                                       .name = "clip",
                                       .save_frequency = 1,
                                       .val_frequency = 1,
                                       .zeroshot_frequency = 2,
                                       .log_every_n_steps = 100,
                                       .model_dtype = "f32"};
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
  gaze_clip_randomise(&run->clip, o->seed);
  return o->model ? gaze_clip_load(&run->clip, &run->kernels, o->model) : GAZE_OK;
}

static gaze_err open_distill(gaze_clip_run *run) {
  const gaze_train_clip_options *o = &run->options;
  if (!o->distill_model)
    return GAZE_OK;
  return gaze_distill_init(&run->distill, o->distill_model, &o->compute, &run->preprocess, o->batch_size,
                           o->accum_freq);
}

static gaze_err plan_steps(gaze_clip_run *run) {
  const gaze_train_clip_options *o = &run->options;
  uint64_t step_samples = (uint64_t)o->batch_size * o->accum_freq;
  if (!step_samples)
    return gaze_fail(GAZE_ERR_ARGUMENT, "no samples in a step: --batch-size and --accum-freq: give at least 1");
  run->steps_in_epoch = gaze_clip_run_samples(run) / step_samples;
  if (!run->steps_in_epoch)
    run->steps_in_epoch = 1;
  run->steps = (uint64_t)((double)run->steps_in_epoch * o->epochs + 0.5);
  return gaze_schedule_init(&run->schedule, o->lr_scheduler, o->lr, o->warmup, run->steps,
                            (uint64_t)((double)run->steps_in_epoch * o->epochs_cooldown + 0.5));
}

static gaze_err open_optimizer(gaze_clip_run *run) {
  const gaze_train_clip_options *o = &run->options;
  gaze_clip_lock(&run->clip, o->lock_image, (size_t)o->lock_image_unlocked_groups, o->lock_text);
  GAZE_TRY(gaze_optimizer_init(&run->optimizer, &run->clip.parameters, run->clip.values, run->clip.gradients));
  if (strcmp(o->optimizer, "muon") == 0)
    GAZE_TRY(gaze_optimizer_use_muon(&run->optimizer, &run->clip.parameters));
  else if (strcmp(o->optimizer, "adamw") != 0)
    return gaze_fail(GAZE_ERR_ARGUMENT, "unknown optimiser: %s: use adamw or muon", o->optimizer);
  run->optimizer.beta1 = o->beta1;
  run->optimizer.beta2 = o->beta2;
  run->optimizer.eps = o->eps;
  run->optimizer.weight_decay = o->weight_decay;
  run->optimizer.clip_norm = o->grad_clip_norm;
  return GAZE_OK;
}

static gaze_err name_paths(gaze_clip_run *run) {
  GAZE_TRY(gaze_path_join(run->options.logs, run->options.name, &run->folder));
  GAZE_TRY(gaze_path_join(run->folder, "checkpoints", &run->checkpoints));
  GAZE_TRY(gaze_path_join(run->folder, "model", &run->model_folder));
  GAZE_TRY(gaze_path_join(run->folder, "metrics.jsonl", &run->metrics_path));
  return gaze_folder_make(run->folder);
}

static gaze_err open_compute(gaze_clip_run *run) {
  unsigned mask;
  GAZE_TRY(gaze_cpu_mask(run->options.compute.cpu, &mask));
  unsigned flags = gaze_cpu_detect() & mask;
  gaze_kernels_init(&run->kernels, flags);
  omp_set_num_threads(run->options.compute.threads > 0 ? run->options.compute.threads : gaze_cpu_count());
  if (run->options.compute.precision == GAZE_PRECISION_INT8)
    return gaze_fail(GAZE_ERR_UNSUPPORTED, "training in int8: use --precision f32 or bf16");
  GAZE_TRY(gaze_matmul_new(&run->kernels, flags, run->options.compute.precision, &run->matmul));
  run->compute = (gaze_compute){.kernels = &run->kernels, .matmul = run->matmul};
  return GAZE_OK;
}

static gaze_err open_step(gaze_clip_run *run) {
  const gaze_train_clip_options *o = &run->options;
  gaze_clip_step_options options = {.batch_size = o->batch_size,
                                    .accum_freq = o->accum_freq,
                                    .sigmoid = run->clip.config.sigmoid,
                                    .lock_image = o->lock_image && !o->lock_image_unlocked_groups,
                                    .lock_text = o->lock_text,
                                    .checkpointing = o->grad_checkpointing,
                                    .patch_dropout = o->patch_dropout,
                                    .teacher_weight = o->teacher_weight,
                                    .text_teacher_weight = o->text_teacher_weight,
                                    .text_teacher = &run->text_teacher,
                                    .seed = o->seed,
                                    .distill = o->distill_model ? &run->distill : NULL};
  return gaze_clip_step_init(&run->step, &options, &run->clip, &run->compute, &run->teacher);
}

/* Options that make no sense together. */
static gaze_err check_options(const gaze_train_clip_options *o) {
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
  GAZE_TRY(open_compute(run));
  GAZE_TRY(name_paths(run));
  GAZE_TRY(gaze_clip_run_check_new(run));
  GAZE_TRY(gaze_strdup(tokenizer, &run->tokenizer_folder));
  GAZE_TRY(gaze_tokenizer_open(tokenizer, &run->tokenizer));
  GAZE_TRY(gaze_clip_run_open_data(run));
  GAZE_TRY(plan_steps(run));
  GAZE_TRY(open_model(run));
  GAZE_TRY(open_distill(run));
  GAZE_TRY(open_optimizer(run));
  GAZE_TRY(gaze_clip_run_resume(run));
  GAZE_TRY(gaze_clip_run_trim_log(run));
  GAZE_TRY(gaze_clip_run_open_loader(run));
  run->first_step = run->optimizer.step;
  return open_step(run);
}

void gaze_clip_run_fini(gaze_clip_run *run) {
  gaze_loader_free(run->loader);
  gaze_distill_fini(&run->distill);
  gaze_clip_step_fini(&run->step);
  gaze_optimizer_fini(&run->optimizer);
  gaze_clip_fini(&run->clip);
  gaze_tokenizer_free(run->tokenizer);
  gaze_matmul_free(run->matmul);
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
  free(run->checkpoints);
  free(run->model_folder);
  free(run->metrics_path);
  free(run->tokenizer_folder);
  *run = (gaze_clip_run){0};
}
