#include "fusion/lm_run.h"

#include "fusion/model_folder.h"
#include "fusion/train_report.h"

static gaze_err add_gradients(void *user, double *loss) {
  gaze_lm_run *run = user;
  size_t n = run->options.run.accum_freq;
  for (size_t i = 0; i < n; i++)
    gaze_lm_reader_next(&run->reader, &run->batches[i]);
  run->lm.lora.step.pass = run->training.optimizer.step * n;
  gaze_lm_step_run(&run->step, run->batches, n);
  for (size_t i = 0; i < n; i++)
    run->tokens += gaze_sequences_rows(&run->batches[i].sequences);
  *loss = run->step.loss;
  return GAZE_OK;
}

/* Tokens are what is counted here, not samples. */
static bool tell(void *user, gaze_train_progress *progress, json_t *line) {
  gaze_lm_run *run = user;
  double seconds = gaze_clock() - run->training.started;
  progress->tokens = run->tokens;
  progress->tokens_per_second = (double)(run->tokens - run->tokens_before) / seconds;
  if (!line)
    return true;
  json_object_del(line, "samples");
  json_object_del(line, "samples_per_second");
  return json_object_set_new(line, "tokens", json_integer((json_int_t)progress->tokens)) == 0 &&
         json_object_set_new(line, "tokens_per_second", json_real(progress->tokens_per_second)) == 0;
}

static gaze_err save(void *user) {
  const gaze_lm_run *run = user;
  gaze_lora_base base = gaze_lm_lora_base(run->base);
  if (run->base)
    return gaze_lora_save(&run->lm.lora, &run->training.kernels, &base, run->options.out, run->dtype);
  GAZE_TRY(gaze_lm_save(&run->lm, &run->training.kernels, &run->marks, run->options.out, run->dtype));
  return gaze_tokenizer_copy(run->tokenizer_folder, run->options.out);
}

static gaze_err measure(void *user) { return gaze_lm_run_measure(user); }
static gaze_err write(void *user) { return gaze_lm_run_write(user); }

gaze_err gaze_train_lm(const gaze_train_lm_options *options) {
  gaze_lm_run run;
  gaze_err err = gaze_lm_run_init(&run, options);
  gaze_learning learning = {.user = &run,
                            .add_gradients = add_gradients,
                            .tell = tell,
                            .save = save,
                            .measures = {{options->val_every, run.held_out.n ? measure : NULL},
                                         {options->val_every, options->n_prompts ? write : NULL}}};
  if (err == GAZE_OK)
    err = gaze_training_run(&run.training, &learning);
  if (err == GAZE_OK)
    err = gaze_train_report_lm(&run.options);
  gaze_lm_run_fini(&run);
  return err;
}
