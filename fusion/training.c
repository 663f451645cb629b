#include "fusion/training.h"

#include "core/base/file.h"
#include "fusion/checkpoint.h"
#include "fusion/training_log.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

gaze_train_run_options gaze_training_usual(void) {
  return (gaze_train_run_options){.epochs = 1,
                                  .batch_size = 16,
                                  .accum_freq = 1,
                                  .optimizer = "adamw",
                                  .beta1 = 0.9,
                                  .eps = 1e-8,
                                  .grad_clip_norm = 1,
                                  .warmup = 100,
                                  .lr_scheduler = "cosine",
                                  .save_every = 500,
                                  .log_every_n_steps = 20,
                                  .model_dtype = "f32"};
}

static gaze_err open_compute(gaze_training *training) {
  unsigned mask;
  const gaze_model_options *how = &training->options.compute;
  GAZE_TRY(gaze_cpu_mask(how->cpu, &mask));
  unsigned flags = gaze_cpu_detect() & mask;
  gaze_kernels_init(&training->kernels, flags);
  omp_set_num_threads(how->threads > 0 ? how->threads : gaze_cpu_count());
  if (how->precision == GAZE_PRECISION_INT8)
    return gaze_fail(GAZE_ERR_UNSUPPORTED, "training in int8: use --precision f32 or bf16");
  GAZE_TRY(gaze_matmul_new(&training->kernels, flags, how->precision, &training->matmul));
  training->compute = (gaze_compute){.kernels = &training->kernels, .matmul = training->matmul};
  return GAZE_OK;
}

static gaze_err check_new(const gaze_training *training, const char *another) {
  char *path;
  if (training->options.resume)
    return GAZE_OK;
  GAZE_TRY(gaze_checkpoint_latest(training->checkpoints, &path));
  bool there = path != NULL;
  free(path);
  return there ? gaze_fail(GAZE_ERR_ARGUMENT,
                           "there is a run already: %s: go on with --resume latest, or give another %s",
                           training->folder, another)
               : GAZE_OK;
}

gaze_err gaze_training_open(gaze_training *training, const char *folder, const char *another,
                            const gaze_train_run_options *options, uint64_t step_samples) {
  *training = (gaze_training){.options = *options, .step_samples = step_samples};
  GAZE_TRY(open_compute(training));
  GAZE_TRY(gaze_strdup(folder, &training->folder));
  GAZE_TRY(gaze_path_join(folder, "checkpoints", &training->checkpoints));
  GAZE_TRY(gaze_path_join(folder, "metrics.jsonl", &training->metrics_path));
  GAZE_TRY(gaze_folder_make(folder));
  return check_new(training, another);
}

void gaze_training_close(gaze_training *training) {
  gaze_optimizer_fini(&training->optimizer);
  gaze_matmul_free(training->matmul);
  json_decref(training->data);
  free(training->folder);
  free(training->checkpoints);
  free(training->metrics_path);
  *training = (gaze_training){0};
}

uint64_t gaze_training_steps_of(const gaze_training *training, uint64_t samples) {
  double a_step = (double)training->step_samples;
  return (uint64_t)(((double)samples * training->options.epochs + a_step - 1) / a_step);
}

gaze_err gaze_training_plan(gaze_training *training, uint64_t steps, uint64_t cooldown) {
  const gaze_train_run_options *o = &training->options;
  if (!steps)
    return gaze_fail(GAZE_ERR_ARGUMENT, "--epochs %g: that is less than one step: give more", o->epochs);
  training->steps = steps;
  return gaze_schedule_init(&training->schedule, o->lr_scheduler, o->lr, o->warmup, steps, cooldown);
}

static gaze_err open_optimizer(gaze_training *training, const gaze_parameters *list, float *values, float *gradients) {
  const gaze_train_run_options *o = &training->options;
  gaze_optimizer *optimizer = &training->optimizer;
  GAZE_TRY(gaze_optimizer_init(optimizer, list, values, gradients));
  if (strcmp(o->optimizer, "muon") == 0)
    GAZE_TRY(gaze_optimizer_use_muon(optimizer, list));
  else if (strcmp(o->optimizer, "adamw") != 0)
    return gaze_fail(GAZE_ERR_ARGUMENT, "unknown optimiser: %s: use adamw or muon", o->optimizer);
  optimizer->beta1 = o->beta1;
  optimizer->beta2 = o->beta2;
  optimizer->eps = o->eps;
  optimizer->weight_decay = o->weight_decay;
  optimizer->clip_norm = o->grad_clip_norm;
  return GAZE_OK;
}

/* A run goes on only with what decides its samples and their order, and with the optimiser whose moments it has. */
static gaze_err check_resumed(const gaze_training *training, const json_t *state, const char *path) {
  const gaze_train_run_options *o = &training->options;
  int64_t seed, samples, batch;
  const char *optimizer;
  GAZE_TRY(gaze_json_string(state, "opt", "adamw", &optimizer));
  GAZE_TRY(gaze_json_integer(state, "seed", -1, &seed));
  GAZE_TRY(gaze_json_integer(state, "step_samples", -1, &samples));
  if ((uint64_t)seed != o->seed || (uint64_t)samples != training->step_samples)
    return gaze_fail(GAZE_ERR_MISMATCH, "checkpoint of another run: %s: it has --seed %lld and %lld samples a step",
                     path, (long long)seed, (long long)samples);
  GAZE_TRY(gaze_json_integer(state, "batch_size", -1, &batch)); /* checkpoints of older versions do not say theirs */
  if (training->by_batches && batch >= 0 && (uint64_t)batch != o->batch_size)
    return gaze_fail(GAZE_ERR_MISMATCH, "checkpoint of another run: %s: it has --batch-size %lld", path,
                     (long long)batch);
  if (strcmp(optimizer, o->optimizer) != 0)
    return gaze_fail(GAZE_ERR_MISMATCH, "checkpoint of another run: %s: it has --opt %s", path, optimizer);
  /* Other data are allowed, for a run may be given more on its way; checkpoints of older versions do not say theirs. */
  const json_t *before = json_object_get(state, "data");
  if (before && !json_equal(before, training->data))
    gaze_warn("other training data than the checkpoint's: %s: from here on the run learns from what was given now",
              path);
  return GAZE_OK;
}

static gaze_err resume(gaze_training *training) {
  const char *from = training->options.resume;
  char *path = NULL;
  if (!from)
    return GAZE_OK;
  GAZE_TRY(strcmp(from, "latest") == 0 ? gaze_checkpoint_latest(training->checkpoints, &path)
                                       : gaze_strdup(from, &path));
  if (!path)
    return GAZE_OK; /* latest of nothing: a fresh start */
  json_t *state = NULL;
  gaze_err err = gaze_checkpoint_load(path, &training->optimizer, &state);
  if (err == GAZE_OK)
    err = check_resumed(training, state, path);
  json_decref(state);
  free(path);
  return err;
}

gaze_err gaze_training_begin(gaze_training *training, const gaze_parameters *list, float *values, float *gradients,
                             json_t *data) {
  training->data = data;
  training->parameters = list;
  if (!data)
    return gaze_fail(GAZE_ERR_MEMORY, "out of memory: the list of training data: give fewer files");
  GAZE_TRY(open_optimizer(training, list, values, gradients));
  GAZE_TRY(resume(training));
  training->first_step = training->optimizer.step;
  return gaze_training_log_trim(training->metrics_path, training->first_step);
}
