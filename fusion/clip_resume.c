/* Where a run begins: at the first step of a new one, or at a checkpoint. */
#include "fusion/clip_run.h"

#include "core/base/file.h"
#include "fusion/checkpoint.h"

#include <stdlib.h>
#include <string.h>

gaze_err gaze_clip_run_check_new(const gaze_clip_run *run) {
  char *path;
  if (run->options.resume)
    return GAZE_OK;
  GAZE_TRY(gaze_checkpoint_latest(run->checkpoints, &path));
  bool there = path != NULL;
  free(path);
  return there
             ? gaze_fail(GAZE_ERR_ARGUMENT,
                         "there is a run already: %s: go on with --resume latest, or give another --name", run->folder)
             : GAZE_OK;
}

/* A run goes on only with what decides its pictures and their order, and with the optimiser whose moments it has. */
static gaze_err check_resumed(const gaze_clip_run *run, const json_t *state, const char *path) {
  int64_t seed, samples;
  const char *optimizer;
  GAZE_TRY(gaze_json_string(state, "opt", "adamw", &optimizer));
  GAZE_TRY(gaze_json_integer(state, "seed", -1, &seed));
  GAZE_TRY(gaze_json_integer(state, "step_samples", -1, &samples));
  if ((uint64_t)seed != run->options.seed ||
      (uint64_t)samples != (uint64_t)run->options.batch_size * run->options.accum_freq)
    return gaze_fail(GAZE_ERR_MISMATCH, "checkpoint of another run: %s: it has --seed %lld and %lld samples a step",
                     path, (long long)seed, (long long)samples);
  if (strcmp(optimizer, run->options.optimizer) != 0)
    return gaze_fail(GAZE_ERR_MISMATCH, "checkpoint of another run: %s: it has --opt %s", path, optimizer);
  return GAZE_OK;
}

/* Other data are allowed, for a run may be given more on its way; checkpoints of older versions do not say theirs. */
static gaze_err compare_data(const gaze_clip_run *run, const json_t *state, const char *path) {
  const json_t *before = json_object_get(state, "data");
  json_t *now;
  GAZE_TRY(gaze_clip_run_describe_data(run, &now));
  if (before && !json_equal(before, now))
    gaze_warn("other training data than the checkpoint's: %s: from here on the run learns from what was given now",
              path);
  json_decref(now);
  return GAZE_OK;
}

gaze_err gaze_clip_run_resume(gaze_clip_run *run) {
  char *path = NULL;
  if (!run->options.resume)
    return GAZE_OK;
  if (strcmp(run->options.resume, "latest") == 0)
    GAZE_TRY(gaze_checkpoint_latest(run->checkpoints, &path));
  else
    GAZE_TRY(gaze_strdup(run->options.resume, &path));
  if (!path)
    return GAZE_OK; /* latest of nothing: a fresh start */
  json_t *state = NULL;
  gaze_err err = gaze_checkpoint_load(path, &run->optimizer, &state);
  if (err == GAZE_OK)
    err = check_resumed(run, state, path);
  if (err == GAZE_OK)
    err = compare_data(run, state, path);
  json_decref(state);
  free(path);
  return err;
}
