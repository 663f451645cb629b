/* A training run, whatever it is that learns: the loop over steps, how long and how fast, checkpoints and the log, when
 * it stops and how it goes on.
 *
 *   gaze_training_open(...)   arithmetic; refuses a folder that holds a run
 *   gaze_training_plan(...)   once the data say how many steps
 *   gaze_training_begin(...)  the optimiser, from its checkpoint where one is asked for
 *   gaze_training_run(...)
 *   gaze_training_close(...)  in any case
 */
#ifndef GAZE_FUSION_TRAINING_H
#define GAZE_FUSION_TRAINING_H

#include "core/base/json.h"
#include "core/nn/optimizer.h"
#include "fusion/schedule.h"
#include "gaze_train.h"

enum { GAZE_TRAINING_MEASURES = 2 };

/* What learns: functions are given `user`. */
typedef struct gaze_learning {
  void *user;
  /* Adds the gradients of the next step, and says the loss. */
  gaze_err (*add_gradients)(void *user, double *loss);
  /* Behind the optimiser's step; NULL: nothing. */
  void (*stepped)(void *user);
  /* More figures of the step that was taken; line NULL: this step is not logged. False: out of memory. */
  bool (*tell)(void *user, gaze_train_progress *progress, json_t *line);
  /* The model as users have it, from the optimiser's values. */
  gaze_err (*save)(void *user);
  /* What is measured of the model just saved: every so many steps (0: not before the end), and at the end.
   * GAZE_ERR_DIVERGED: it is no good, as where the loss is not finite. */
  struct {
    uint64_t every;
    gaze_err (*run)(void *user); /* NULL: no measure */
  } measures[GAZE_TRAINING_MEASURES];
} gaze_learning;

typedef struct gaze_training {
  gaze_train_run_options options; /* borrowed texts */
  uint64_t step_samples;          /* of all batches of a step: what decides the data and their order, with the seed */
  bool by_batches;                /* and the size of a batch does: to be set behind open */
  gaze_kernels kernels;
  gaze_compute compute;
  gaze_matmul *matmul; /* NULL unless products are bf16 */
  gaze_optimizer optimizer;
  const gaze_parameters *parameters; /* borrowed */
  gaze_schedule schedule;
  json_t *data;                              /* as gaze_training_begin was told */
  char *folder, *checkpoints, *metrics_path; /* of the run, and what lies in it */
  uint64_t steps, first_step;                /* in all, and where this call began */
  double started;                            /* seconds of the clock */
  double loss, lr;                           /* of the last step */
} gaze_training;

/* What trainings of models that talk have in common where nothing is given. */
gaze_train_run_options gaze_training_usual(void);
/* Without `resume`: GAZE_ERR_ARGUMENT where the folder holds the checkpoints of an earlier run; another: how else the
 * person may call the run ("--name"). */
GAZE_CHECKED gaze_err gaze_training_open(gaze_training *training, const char *folder, const char *another,
                                         const gaze_train_run_options *options, uint64_t step_samples);
/* How many steps `epochs` of the options make of so many samples, or of whatever a step is counted in; the last one may
 * begin the data anew. */
uint64_t gaze_training_steps_of(const gaze_training *training, uint64_t samples);
/* cooldown: steps of the last stretch, of the schedule that has one. GAZE_ERR_ARGUMENT without a step. */
GAZE_CHECKED gaze_err gaze_training_plan(gaze_training *training, uint64_t steps, uint64_t cooldown);
/* values, gradients: arenas of the list's layout, borrowed. data: what a checkpoint keeps of the data, taken; others
 * than the checkpoint's are warned of. GAZE_ERR_MISMATCH for another run's checkpoint. The log's lines behind the step
 * that the run goes on at are dropped. */
GAZE_CHECKED gaze_err gaze_training_begin(gaze_training *training, const gaze_parameters *list, float *values,
                                          float *gradients, json_t *data);
/* A run that is over is saved once more, and what is due of measures at the step that it goes on at is made up for
 * where the log has none: an earlier call may have been killed in between. No checkpoint and no model is written of
 * weights that are not finite. GAZE_ERR_DIVERGED, with the newest checkpoint whose weights gave a finite step in the
 * message and the model saved from it; GAZE_ERR_INTERRUPTED, with a checkpoint, when `stop` was raised. */
GAZE_CHECKED gaze_err gaze_training_run(gaze_training *training, const gaze_learning *learning);
void gaze_training_close(gaze_training *training);

/* Tells the person a line. */
void gaze_training_say(const gaze_training *training, const char *line);
/* A line of metrics.jsonl; json is taken. */
GAZE_CHECKED gaze_err gaze_training_log(const gaze_training *training, json_t *json);
double gaze_clock(void); /* seconds, monotonic */

#endif
