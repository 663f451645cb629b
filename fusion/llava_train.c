#include "fusion/llava_run.h"
#include "fusion/train_report.h"

static gaze_err add_gradients(void *user, double *loss) {
  gaze_llava_run *run = user;
  size_t n = run->options.run.accum_freq;
  for (size_t i = 0; i < n; i++)
    GAZE_TRY(gaze_llava_reader_next(&run->reader, &run->batches[i]));
  run->llava.lora.step.pass = run->training.optimizer.step * n;
  gaze_lm_step_run(&run->step, run->batches, n);
  *loss = run->step.loss;
  return GAZE_OK;
}

static bool tell(void *user, gaze_train_progress *progress, json_t *line) {
  (void)user;
  (void)progress;
  (void)line;
  return true;
}

static gaze_err save(void *user) {
  const gaze_llava_run *run = user;
  const gaze_lesson_writer *writer = &run->writer;
  if (run->base)
    return gaze_llava_save_adapter(&run->llava, &run->training.kernels, run->base, run->options.out, run->dtype);
  int32_t end = writer->n_end ? writer->end[writer->n_end - 1] : run->marks.end;
  GAZE_TRY(gaze_llava_save(&run->llava, &run->training.kernels, &run->marks, end, run->options.out, run->dtype));
  return gaze_llava_save_words(&run->words, run->options.chat_template != NULL, run->options.out);
}

static gaze_err measure(void *user) { return gaze_llava_run_measure(user); }

gaze_err gaze_train_llava(const gaze_train_llava_options *options) {
  gaze_llava_run run;
  gaze_err err = gaze_llava_run_init(&run, options);
  const gaze_learning learning = {.user = &run,
                                  .add_gradients = add_gradients,
                                  .tell = tell,
                                  .save = save,
                                  .measures = {{options->val_every, run.held_out.n ? measure : NULL}}};
  if (err == GAZE_OK)
    err = gaze_training_run(&run.training, &learning);
  if (err == GAZE_OK)
    err = gaze_train_report_llava(&run.options);
  if (err == GAZE_OK && run.training.optimizer.step >= run.training.steps)
    gaze_llava_features_remove(&run.features);
  gaze_llava_run_fini(&run);
  return err;
}
