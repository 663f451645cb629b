#include "fusion/clip_run.h"

#include "fusion/train_report.h"

#include <math.h>

static gaze_err add_gradients(void *user, double *loss) {
  gaze_clip_run *run = user;
  for (size_t a = 0; a < run->options.run.accum_freq; a++)
    GAZE_TRY(gaze_loader_next(run->loader, &run->batches[a]));
  gaze_clip_step_run(&run->step, run->batches);
  *loss = run->step.loss;
  return GAZE_OK;
}

static void stepped(void *user) { gaze_clip_bound_scale(&((gaze_clip_run *)user)->clip); }

static bool tell(void *user, gaze_train_progress *progress, json_t *line) {
  const gaze_clip_run *run = user;
  progress->scale = expf(gaze_f32(run->clip.logit_scale)[0]);
  if (!line)
    return true;
  const struct {
    const char *name;
    double value;
  } figures[] = {{"teacher_loss", run->step.teacher_loss},
                 {"text_teacher_loss", run->step.text_teacher_loss},
                 {"distill_loss", run->step.distill_loss},
                 {"scale", progress->scale}};
  bool whole = true;
  for (size_t i = 0; i < sizeof figures / sizeof *figures; i++)
    whole &= json_object_set_new(line, figures[i].name, json_real(figures[i].value)) == 0;
  return whole;
}

static gaze_err save(void *user) { return gaze_clip_run_save(user); }
static gaze_err measure_retrieval(void *user) { return gaze_clip_run_measure_retrieval(user); }
static gaze_err measure_classes(void *user) { return gaze_clip_run_measure_classes(user); }

static gaze_err train(gaze_clip_run *run) {
  const gaze_train_clip_options *o = &run->options;
  gaze_learning learning = {.user = run,
                            .add_gradients = add_gradients,
                            .stepped = stepped,
                            .tell = tell,
                            .save = save,
                            .measures = {{gaze_clip_run_steps(run, o->val_frequency), measure_retrieval},
                                         {gaze_clip_run_steps(run, o->zeroshot_frequency), measure_classes}}};
  GAZE_TRY(gaze_training_run(&run->training, &learning));
  return gaze_train_report_save(run->folder, o);
}

gaze_err gaze_train_clip(const gaze_train_clip_options *options) {
  gaze_clip_run run;
  gaze_err err = gaze_clip_run_init(&run, options);
  if (err == GAZE_OK)
    err = train(&run);
  gaze_clip_run_fini(&run);
  return err;
}
