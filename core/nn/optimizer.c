#include "core/nn/optimizer.h"

#include "core/nn/muon.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK = 16384 }; /* floats a thread takes at a time */

gaze_err gaze_optimizer_init(gaze_optimizer *optimizer, const gaze_parameters *list, float *values, float *gradients) {
  *optimizer = (gaze_optimizer){.beta1 = 0.9, .beta2 = 0.98, .eps = 1e-6, .weight_decay = 0.2, .momentum = 0.95};
  optimizer->size = gaze_parameters_size(list);
  optimizer->values = values;
  optimizer->gradients = gradients;
  GAZE_TRY(gaze_alloc(optimizer->size, sizeof(float), &optimizer->first));
  return gaze_alloc(optimizer->size, sizeof(float), &optimizer->second);
}

/* Embeddings, the patch projection and the heads are left to AdamW, as Muon's authors do. */
static bool is_hidden_matrix(const gaze_parameter *parameter) {
  return parameter->columns > 1 && strstr(parameter->name, "block") != NULL;
}

gaze_err gaze_optimizer_use_muon(gaze_optimizer *optimizer, const gaze_parameters *list) {
  size_t largest = 1;
  for (size_t i = 0; i < list->n; i++) {
    size_t room = gaze_muon_scratch(list->items[i].rows, list->items[i].columns);
    if (is_hidden_matrix(&list->items[i]) && room > largest)
      largest = room;
  }
  return gaze_alloc(largest, sizeof(float), &optimizer->muon_scratch);
}

void gaze_optimizer_fini(gaze_optimizer *optimizer) {
  free(optimizer->muon_scratch);
  free(optimizer->first);
  free(optimizer->second);
  *optimizer = (gaze_optimizer){0};
}

/* Frozen parameters never receive gradients: theirs are zero and do not count. */
static double gradient_norm(const gaze_optimizer *optimizer, const gaze_compute *compute) {
  double sum = 0;
  for (size_t first = 0; first < optimizer->size; first += CHUNK) {
    size_t n = optimizer->size - first < CHUNK ? optimizer->size - first : CHUNK;
    sum += compute->kernels->sum_squares(optimizer->gradients + first, n);
  }
  return sqrt(sum);
}

static void step_parameter(gaze_optimizer *o, const gaze_compute *compute, const gaze_parameter *parameter,
                           gaze_adamw_step step) {
  size_t offset = (size_t)(gaze_f32(*parameter->weight) - o->values), count = gaze_parameter_count(parameter);
  if (!parameter->decay)
    step.weight_decay = 0;
  if (parameter->pace > 0)
    step.lr = (float)((double)step.lr * parameter->pace);
  if (o->muon_scratch && is_hidden_matrix(parameter)) {
    gaze_muon_step muon = {step.lr, (float)o->momentum, step.weight_decay, step.gradient_scale};
    gaze_muon_step_run(compute, o->values + offset, o->first + offset, o->gradients + offset, parameter->rows,
                       parameter->columns, &muon, o->muon_scratch);
    return;
  }
#pragma omp parallel for schedule(static)
  for (size_t first = 0; first < count; first += CHUNK) {
    size_t at = offset + first, n = count - first < CHUNK ? count - first : CHUNK;
    compute->kernels->adamw(o->values + at, o->first + at, o->second + at, o->gradients + at, &step, n);
  }
}

double gaze_optimizer_step(gaze_optimizer *o, const gaze_compute *compute, const gaze_parameters *list, double lr) {
  double norm = gradient_norm(o, compute);
  if (!isfinite(norm))
    return norm;
  o->step++;
  gaze_adamw_step step = {.lr = (float)lr,
                          .beta1 = (float)o->beta1,
                          .beta2 = (float)o->beta2,
                          .eps = (float)o->eps,
                          .weight_decay = (float)o->weight_decay,
                          .correction1 = (float)(1.0 - pow(o->beta1, (double)o->step)),
                          .correction2 = (float)(1.0 - pow(o->beta2, (double)o->step)),
                          .gradient_scale = o->clip_norm > 0 && norm > o->clip_norm ? (float)(o->clip_norm / norm) : 1};
  for (size_t i = 0; i < list->n; i++)
    if (!list->items[i].frozen)
      step_parameter(o, compute, &list->items[i], step);
  memset(o->gradients, 0, o->size * sizeof *o->gradients);
  return norm;
}
