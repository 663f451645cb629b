#include "fusion/checkpoint.h"
#include "fusion/training.h"
#include "fusion/training_log.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>

double gaze_clock(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static gaze_err save(gaze_training *training, const gaze_learning *learning) {
  const gaze_train_run_options *o = &training->options;
  json_t *state = json_pack("{s:I, s:I, s:I, s:I, s:s, s:O}", "step", (json_int_t)training->optimizer.step, "seed",
                            (json_int_t)o->seed, "step_samples", (json_int_t)training->step_samples, "batch_size",
                            (json_int_t)o->batch_size, "opt", o->optimizer, "data", training->data);
  gaze_err err = gaze_checkpoint_save(training->checkpoints, &training->optimizer, state, 2);
  json_decref(state);
  GAZE_TRY(err);
  return learning->save(learning->user);
}

/* Goes back to the newest checkpoint whose weights gave a finite step, the saved model included. *path: yours, free();
 * NULL: there is none. */
static gaze_err fall_back(gaze_training *training, const gaze_learning *learning, char **path) {
  bool ours = training->optimizer.step > training->first_step; /* what a run began with is not its to remove */
  json_t *state = NULL;
  if (ours)
    GAZE_TRY(gaze_checkpoint_distrust(training->checkpoints, training->optimizer.step));
  GAZE_TRY(gaze_checkpoint_latest(training->checkpoints, path));
  if (!ours || !*path)
    return GAZE_OK;
  gaze_err err = gaze_checkpoint_load(*path, &training->optimizer, &state);
  json_decref(state);
  if (err == GAZE_OK)
    err = save(training, learning);
  if (err != GAZE_OK)
    free(*path);
  return err;
}

static gaze_err fail_diverged(gaze_training *training, const gaze_learning *learning, const char *what, double value) {
  unsigned long long step = training->optimizer.step;
  char *path;
  GAZE_TRY(fall_back(training, learning, &path));
  gaze_err err =
      gaze_fail(GAZE_ERR_DIVERGED,
                "training diverged: %s %g at step %llu: resume with a smaller --lr; the last good checkpoint: %s", what,
                value, step, path ? path : "none");
  free(path);
  return err;
}

static gaze_err take_step(gaze_training *training, const gaze_learning *learning) {
  training->lr = gaze_schedule_lr(&training->schedule, training->optimizer.step);
  GAZE_TRY(learning->add_gradients(learning->user, &training->loss));
  if (!isfinite(training->loss))
    return fail_diverged(training, learning, "loss", fabs(training->loss));
  double norm = gaze_optimizer_step(&training->optimizer, &training->compute, training->parameters, training->lr);
  if (!isfinite(norm))
    return fail_diverged(training, learning, "gradient of length", fabs(norm));
  if (learning->stepped)
    learning->stepped(learning->user);
  return GAZE_OK;
}

static gaze_train_progress progress_of(const gaze_training *training) {
  uint64_t step = training->optimizer.step, done = step - training->first_step, size = training->step_samples;
  double seconds = gaze_clock() - training->started, rate = (double)(done * size) / seconds;
  return (gaze_train_progress){.step = step,
                               .steps = training->steps,
                               .samples = step * size,
                               .loss = training->loss,
                               .lr = training->lr,
                               .samples_per_second = rate,
                               .seconds_left = (double)((training->steps - step) * size) / rate};
}

static gaze_err report(gaze_training *training, const gaze_learning *learning) {
  const gaze_train_run_options *o = &training->options;
  gaze_train_progress now = progress_of(training);
  bool logged = now.step == now.steps || (o->log_every_n_steps && now.step % o->log_every_n_steps == 0);
  json_t *line = NULL;
  if (logged)
    line = json_pack("{s:I, s:I, s:f, s:f, s:f}", "step", (json_int_t)now.step, "samples", (json_int_t)now.samples,
                     "loss", now.loss, "lr", now.lr, "samples_per_second", now.samples_per_second);
  if (!learning->tell(learning->user, &now, line)) {
    json_decref(line);
    line = NULL;
  }
  if (o->progress)
    o->progress(o->user, &now);
  return logged ? gaze_training_log(training, line) : GAZE_OK;
}

static bool must_stop(const gaze_training *training) {
  const gaze_train_run_options *o = &training->options;
  return (o->stop && *o->stop) || (o->stop_after && training->optimizer.step - training->first_step >= o->stop_after);
}

static bool is_due(const gaze_training *training, uint64_t every) {
  return training->optimizer.step == training->steps || (every && training->optimizer.step % every == 0);
}

static bool is_finite(const gaze_optimizer *optimizer) {
  for (size_t i = 0; i < optimizer->size; i++)
    if (!isfinite(optimizer->values[i]))
      return false;
  return true;
}

static bool is_measure_due(const gaze_training *training, const gaze_learning *learning) {
  for (size_t i = 0; i < GAZE_TRAINING_MEASURES; i++)
    if (learning->measures[i].run && is_due(training, learning->measures[i].every))
      return true;
  return false;
}

/* What is due of the model that was saved. */
static gaze_err measure(gaze_training *training, const gaze_learning *learning) {
  gaze_err err = GAZE_OK;
  for (size_t i = 0; i < GAZE_TRAINING_MEASURES && err == GAZE_OK; i++)
    if (learning->measures[i].run && is_due(training, learning->measures[i].every))
      err = learning->measures[i].run(learning->user);
  return err == GAZE_ERR_DIVERGED ? fail_diverged(training, learning, "loss on held-out data", NAN) : err;
}

/* After a step: what is due of saving and measuring. *done: nothing more is to be trained in this call. */
static gaze_err finish_step(gaze_training *training, const gaze_learning *learning, bool *done) {
  bool last = training->optimizer.step == training->steps;
  bool saves = is_due(training, training->options.save_every) || is_measure_due(training, learning);
  *done = last || must_stop(training);
  if ((*done || saves) && !is_finite(&training->optimizer)) /* the next step would see, but there may be none */
    return fail_diverged(training, learning, "weight", INFINITY);
  if (*done || saves)
    GAZE_TRY(save(training, learning));
  return last || !*done ? measure(training, learning) : GAZE_OK; /* else whoever goes on makes up for it */
}

/* What an earlier call may have left undone behind its last step. */
static gaze_err make_up(gaze_training *training, const gaze_learning *learning) {
  bool measured, due = is_measure_due(training, learning);
  if (!training->first_step)
    return GAZE_OK;
  GAZE_TRY(gaze_training_log_is_measured(training->metrics_path, training->first_step, &measured));
  if (training->first_step >= training->steps || (due && !measured))
    GAZE_TRY(learning->save(learning->user));
  return due && !measured ? measure(training, learning) : GAZE_OK;
}

gaze_err gaze_training_run(gaze_training *training, const gaze_learning *learning) {
  const volatile int *stop = training->options.stop;
  bool done = training->optimizer.step >= training->steps;
  GAZE_TRY(make_up(training, learning));
  training->started = gaze_clock();
  while (!done) {
    GAZE_TRY(take_step(training, learning));
    GAZE_TRY(report(training, learning));
    GAZE_TRY(finish_step(training, learning, &done));
  }
  if (stop && *stop && training->optimizer.step < training->steps)
    return gaze_fail(GAZE_ERR_INTERRUPTED, "training interrupted: %s: go on with --resume latest", training->folder);
  return GAZE_OK;
}

void gaze_training_say(const gaze_training *training, const char *line) {
  if (training->options.said)
    training->options.said(training->options.user, line);
}

gaze_err gaze_training_log(const gaze_training *training, json_t *json) {
  return gaze_training_log_add(training->metrics_path, json);
}
