#include "fusion/clip_run.h"

#include "fusion/train_report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

double gaze_clock(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static gaze_err next_batches(gaze_clip_run *run) {
  for (size_t a = 0; a < run->options.accum_freq; a++)
    GAZE_TRY(gaze_loader_next(run->loader, &run->batches[a]));
  return GAZE_OK;
}

static gaze_err fail_diverged(gaze_clip_run *run, const char *what, double value) {
  unsigned long long step = run->optimizer.step;
  char *path;
  GAZE_TRY(gaze_clip_run_fall_back(run, &path));
  gaze_err err =
      gaze_fail(GAZE_ERR_DIVERGED,
                "training diverged: %s %g at step %llu: resume with a smaller --lr; the last good checkpoint: %s", what,
                value, step, path ? path : "none");
  free(path);
  return err;
}

static gaze_err take_step(gaze_clip_run *run, double lr) {
  GAZE_TRY(next_batches(run));
  gaze_clip_step_run(&run->step, run->batches);
  if (!isfinite(run->step.loss))
    return fail_diverged(run, "loss", fabs(run->step.loss));
  double norm = gaze_optimizer_step(&run->optimizer, &run->compute, &run->clip.parameters, lr);
  if (!isfinite(norm))
    return fail_diverged(run, "gradient of length", fabs(norm));
  gaze_clip_bound_scale(&run->clip);
  return GAZE_OK;
}

static gaze_train_progress progress_of(const gaze_clip_run *run, double lr) {
  uint64_t done = run->optimizer.step - run->first_step, a_step = run->options.batch_size * run->options.accum_freq;
  double seconds = gaze_clock() - run->started, rate = (double)(done * a_step) / seconds;
  return (gaze_train_progress){.step = run->optimizer.step,
                               .steps = run->steps,
                               .samples = run->optimizer.step * a_step,
                               .loss = run->step.loss,
                               .lr = lr,
                               .scale = expf(gaze_f32(run->clip.logit_scale)[0]),
                               .samples_per_second = rate,
                               .seconds_left = (double)((run->steps - run->optimizer.step) * a_step) / rate};
}

static gaze_err report(gaze_clip_run *run, double lr) {
  gaze_train_progress now = progress_of(run, lr);
  if (run->options.progress)
    run->options.progress(run->options.user, &now);
  if (run->optimizer.step % run->options.log_every_n_steps && run->optimizer.step != run->steps)
    return GAZE_OK;
  return gaze_clip_run_log(run, json_pack("{s:I, s:I, s:f, s:f, s:f, s:f, s:f, s:f, s:f}", "step", (json_int_t)now.step,
                                          "samples", (json_int_t)now.samples, "loss", now.loss, "teacher_loss",
                                          run->step.teacher_loss, "text_teacher_loss", run->step.text_teacher_loss,
                                          "distill_loss", run->step.distill_loss, "lr", now.lr, "scale", now.scale,
                                          "samples_per_second", now.samples_per_second));
}

/* Whether this step ends a stretch of `frequency` epochs; 0: never before the end. */
static bool is_due(const gaze_clip_run *run, double frequency) {
  uint64_t every = (uint64_t)((double)run->steps_in_epoch * frequency + 0.5);
  return every && run->optimizer.step % every == 0;
}

static bool must_stop(const gaze_clip_run *run) {
  uint64_t piece = run->options.stop_after;
  return (run->options.stop && *run->options.stop) || (piece && run->optimizer.step - run->first_step >= piece);
}

/* After a step: what is due of saving and measuring. *done: nothing more is to be trained in this call. */
static gaze_err finish_step(gaze_clip_run *run, bool *done) {
  const gaze_train_clip_options *o = &run->options;
  bool last = run->optimizer.step == run->steps;
  *done = last || must_stop(run);
  bool retrieval = last || is_due(run, o->val_frequency), classes = last || is_due(run, o->zeroshot_frequency);
  if (*done || retrieval || classes || is_due(run, o->save_frequency))
    GAZE_TRY(gaze_clip_run_save(run));
  return *done && !last ? GAZE_OK : gaze_clip_run_validate(run, retrieval, classes);
}

static gaze_err train(gaze_clip_run *run) {
  const volatile int *stop = run->options.stop;
  bool done = run->optimizer.step >= run->steps;
  run->started = gaze_clock();
  while (!done) {
    double lr = gaze_schedule_lr(&run->schedule, run->optimizer.step);
    GAZE_TRY(take_step(run, lr));
    GAZE_TRY(report(run, lr));
    GAZE_TRY(finish_step(run, &done));
  }
  if (stop && *stop && run->optimizer.step < run->steps)
    return gaze_fail(GAZE_ERR_INTERRUPTED, "training interrupted: %s: go on with --resume latest", run->folder);
  return gaze_train_report_save(run->folder, &run->options);
}

gaze_err gaze_train_clip(const gaze_train_clip_options *options) {
  gaze_clip_run run;
  gaze_err err = gaze_clip_run_init(&run, options);
  if (err == GAZE_OK)
    err = train(&run);
  gaze_clip_run_fini(&run);
  return err;
}
