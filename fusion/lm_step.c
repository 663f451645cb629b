#include "fusion/lm_step.h"

#include <assert.h>

gaze_err gaze_lm_step_init(gaze_lm_step *step, gaze_decoder *decoder, const gaze_compute *compute, size_t rows,
                           size_t longest, bool checkpointing) {
  *step = (gaze_lm_step){.decoder = decoder, .compute = *compute};
  gaze_tape_policy policy = gaze_tape_policy_of(compute, checkpointing);
  gaze_arena measure = GAZE_ARENA_MEASURE;
  gaze_decoder_train_layout(&step->tape, decoder, rows, longest, policy, &measure);
  GAZE_TRY(gaze_arena_init(&step->arena, measure.used));
  gaze_decoder_train_layout(&step->tape, decoder, rows, longest, policy, &step->arena);
  return GAZE_OK;
}

void gaze_lm_step_fini(gaze_lm_step *step) {
  gaze_arena_fini(&step->arena);
  *step = (gaze_lm_step){0};
}

static size_t count_labels(const gaze_lm_batch *batch) {
  size_t n = 0;
  for (size_t i = 0; i < gaze_sequences_rows(&batch->sequences); i++)
    n += batch->labels[i] != GAZE_NO_LABEL;
  return n;
}

static void embed(gaze_lm_step *step, const gaze_lm_batch *batch) {
  float *rows = gaze_decoder_train_rows(&step->tape);
  gaze_decoder_embed(&step->compute, step->decoder, rows, batch->ids, gaze_sequences_rows(&batch->sequences));
  if (batch->n_pictures)
    step->sight.put(step->sight.user, batch, rows);
}

/* Of one batch, times weight; returns the sum of its losses. */
static double add_gradients(gaze_lm_step *step, const gaze_lm_batch *batch, float weight) {
  double sum;
  size_t rows = gaze_sequences_rows(&batch->sequences);
  embed(step, batch);
  const float *drows = gaze_decoder_train_learn(&step->compute, &sum, step->decoder, &batch->sequences, batch->labels,
                                                weight, &step->tape);
  gaze_decoder_embed_backward(&step->compute, step->decoder, drows, batch->ids, rows);
  if (batch->n_pictures)
    step->sight.take(step->sight.user, batch, drows);
  return sum;
}

void gaze_lm_step_run(gaze_lm_step *step, const gaze_lm_batch *batches, size_t n) {
  gaze_low_rank_step none = {0}, *added = step->added ? step->added : &none;
  double sum = 0;
  step->labels = 0;
  for (size_t i = 0; i < n; i++)
    step->labels += count_labels(&batches[i]);
  assert(step->labels);
  added->learns = true;
  for (size_t i = 0; i < n; i++) {
    sum += add_gradients(step, &batches[i], 1.0f / (float)step->labels);
    added->pass++;
  }
  added->learns = false;
  step->loss = sum / (double)step->labels;
}

double gaze_lm_step_measure(gaze_lm_step *step, const gaze_lm_batch *batch, size_t *labels) {
  *labels = count_labels(batch);
  embed(step, batch);
  return gaze_decoder_train_measure(&step->compute, step->decoder, &batch->sequences, batch->labels, &step->tape);
}
