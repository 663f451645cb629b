#include "core/nn/head.h"

#include "core/nn/linear.h"

#include <assert.h>
#include <string.h>

gaze_err gaze_head_list(gaze_head *head, const char *prefix, bool trained, gaze_parameters *list) {
  float **gain = trained ? &head->dnorm_gain : NULL, **bias = trained ? &head->dnorm_bias : NULL;
  if (!head->bare) {
    GAZE_TRY(gaze_parameters_add(list, prefix, "final_norm_gain", &head->norm_gain, gain, head->C, 1));
    GAZE_TRY(gaze_parameters_add(list, prefix, "final_norm_bias", &head->norm_bias, bias, head->C, 1));
  }
  if (head->unprojected)
    return GAZE_OK;
  if (head->hidden)
    GAZE_TRY(
        gaze_parameters_add(list, prefix, "first_projection", &head->first_projection, NULL, head->hidden, head->C));
  if (head->biased)
    GAZE_TRY(gaze_parameters_add(list, prefix, "projection_bias", &head->projection_bias, NULL, head->D, 1));
  return gaze_parameters_add(list, prefix, "projection", &head->projection, trained ? &head->dprojection : NULL,
                             head->D, head->hidden ? head->hidden : head->C);
}

void gaze_head_tape_layout(gaze_head_tape *tape, const gaze_head *head, size_t batch, bool backward,
                           gaze_arena *arena) {
  *tape = (gaze_head_tape){0};
  tape->pooled = gaze_arena_take(arena, batch * head->C, sizeof(float));
  tape->statistics = gaze_arena_take(arena, batch * 2, sizeof(float));
  tape->normed = gaze_arena_take(arena, batch * head->C, sizeof(float));
  if (head->hidden)
    tape->hidden = gaze_arena_take(arena, batch * head->hidden, sizeof(float));
  if (!backward)
    return;
  tape->dnormed = gaze_arena_take(arena, batch * head->C, sizeof(float));
  tape->scratch = gaze_arena_take(arena, gaze_norm_scratch(head->C), sizeof(float));
}

void gaze_head_pool(gaze_head_tape *tape, const gaze_head *head, const float *y, const gaze_sequences *sequences,
                    const size_t *queries, bool all) {
  size_t C = head->C;
  for (size_t b = 0; b < sequences->count; b++) {
    size_t row = all ? sequences->offsets[b] + queries[b] : b;
    memcpy(tape->pooled + b * C, y + row * C, C * sizeof *y);
  }
}

static gaze_norm final_norm(const gaze_head *head) {
  return (gaze_norm){GAZE_LAYER_NORM, head->norm_gain, head->norm_bias, head->eps, head->C};
}
static gaze_linear projection(const gaze_head *head) {
  return (gaze_linear){head->projection, head->projection_bias, head->hidden ? head->hidden : head->C, head->D, 0};
}

/* hidden = GELU(first_projection x) */
static void hidden_forward(const gaze_compute *compute, const gaze_head *head, gaze_head_tape *tape, size_t batch) {
  gaze_linear first = {head->first_projection, {0}, head->C, head->hidden, 0};
  gaze_linear_activate(compute, tape->hidden, head->hidden, tape->normed, head->C, &first, batch,
                       compute->kernels->activation[GAZE_GELU]);
}

void gaze_head_forward(const gaze_compute *compute, float *embedding, const gaze_head *head, gaze_head_tape *tape,
                       size_t batch) {
  gaze_norm norm = final_norm(head);
  gaze_linear linear = projection(head);
  if (head->bare)
    memcpy(tape->normed, tape->pooled, batch * head->C * sizeof *tape->normed);
  else
    gaze_norm_forward(compute, tape->normed, tape->statistics, tape->pooled, &norm, batch);
  if (head->unprojected) {
    memcpy(embedding, tape->normed, batch * head->C * sizeof *embedding);
    return;
  }
  if (head->hidden)
    hidden_forward(compute, head, tape, batch);
  gaze_linear_forward(compute, embedding, head->D, head->hidden ? tape->hidden : tape->normed, linear.in, &linear,
                      batch, GAZE_STORE);
}

void gaze_head_backward(const gaze_compute *compute, float *dpooled, const float *dembedding, const float *dnormed,
                        gaze_head *head, gaze_head_tape *tape, size_t batch) {
  gaze_norm norm = final_norm(head);
  gaze_linear linear = projection(head);
  assert(!head->bare && !head->hidden && !head->biased && !head->unprojected);
  gaze_linear_backward(compute, tape->dnormed, head->C, head->dprojection, NULL, dembedding, head->D, tape->normed,
                       head->C, &linear, batch);
  if (dnormed)
    compute->kernels->add(tape->dnormed, dnormed, batch * head->C);
  memset(dpooled, 0, batch * head->C * sizeof *dpooled);
  gaze_norm_backward(compute, dpooled, head->dnorm_gain, head->dnorm_bias, tape->dnormed, tape->statistics,
                     tape->pooled, &norm, batch, tape->scratch);
}
