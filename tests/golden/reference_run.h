/* Twenty steps of training against PyTorch's: what the tests share that hold gaze to the files of a *_train.py. */
#ifndef GAZE_TESTS_GOLDEN_REFERENCE_RUN_H
#define GAZE_TESTS_GOLDEN_REFERENCE_RUN_H

#include "clip_fixtures.h"

#include "core/nn/optimizer.h"
#include "fusion/schedule.h"

enum { REFERENCE_STEPS = 20 };

/* One of runs.json, and gaze's own. What is not opened is filled by the test. */
typedef struct reference_run {
  char where[96]; /* for messages */
  const json_t *json;
  gaze_safetensors *tensors; /* "gradient.NAME" of the first step, "weights.NAME" [2, n] after the first and the last */
  void (*name)(const gaze_parameter *parameter, char *out, size_t size); /* NAME of a parameter */
  size_t stride;                                                         /* of the weights that are kept */
  bool keys_bias_blind; /* softmax does not see what is added to all keys: the gradient of their bias is noise */
  const gaze_parameters *list;
  float *values, *gradients; /* arenas of it */
  gaze_optimizer optimizer;
  gaze_schedule schedule;
  double rates; /* sum of the learning rates so far */
} reference_run;

/* folder: "../NAME/" beside data/clip, which has NAME.safetensors of the run. The rest of run stays as it is. */
void open_reference(reference_run *run, const char *folder, const json_t *json);
/* The optimiser that the run's options say, over list, values and gradients. */
void begin_reference(reference_run *run);
void close_reference(reference_run *run);

/* An option that must be there; a figure of a step. */
double reference_option(const reference_run *run, const char *name);
double reference_figure(const reference_run *run, size_t step, const char *name);
/* A parameter in the arena of values. */
float *reference_values(const reference_run *run, const gaze_parameter *parameter);
/* PREFIX and the parameter's name. */
const gaze_tensor *reference_tensor(const reference_run *run, const gaze_safetensors *file, const char *prefix,
                                    const gaze_parameter *parameter);
/* ||a - b|| of every stride-th of n * stride numbers of a and n of b; NULL: 0. */
double distance(const float *a, const float *b, size_t n, size_t stride);
/* Fails unless error is at most tolerance. what, of: for the message. */
void check_off(const reference_run *run, size_t step, const char *what, const char *of, double error, double tolerance);

/* The optimiser's step; returns the gradients' norm. */
double step_reference(reference_run *run, const gaze_compute *compute, size_t step);
void check_rate(const reference_run *run, size_t step);
/* Relative. */
void check_figures(const reference_run *run, size_t step, double loss, double loss_tolerance, double norm,
                   double norm_tolerance);
/* Of the first step. */
void check_gradients(const reference_run *run);
/* After the first step or the last. */
void check_weights(const reference_run *run, size_t step);

/* Chosen ones [n] of a file's samples, "ids", "labels" and "lengths", side by side: ids and labels [offsets[n]]. */
void pack_samples(const gaze_safetensors *samples, const int32_t *chosen, size_t n, int32_t *ids, int32_t *labels,
                  size_t *offsets);
/* A run of FOLDER/runs.json at every level of kernels that there is here, the batch whole and in up to `most` parts. */
void check_levels(const char *folder, size_t number, size_t most,
                  void (*check)(const json_t *json, unsigned cpu_flags, const char *level, size_t parts));

#endif
