#include "fusion/teacher.h"

#include "core/nn/linear.h"
#include "fusion/contrastive.h"

#include <math.h>
#include <string.h>

gaze_err gaze_teacher_list(gaze_teacher *teacher, const char *prefix, gaze_parameters *list) {
  GAZE_TRY(gaze_parameters_add(list, prefix, "weight", &teacher->weight, &teacher->dweight, teacher->D, teacher->C));
  return gaze_parameters_add(list, prefix, "bias", &teacher->bias, &teacher->dbias, teacher->D, 1);
}

void gaze_teacher_layout(gaze_teacher *teacher, size_t batch, gaze_arena *arena) {
  teacher->predicted = gaze_arena_take(arena, batch * teacher->D, sizeof(float));
  teacher->dpredicted = gaze_arena_take(arena, batch * teacher->D, sizeof(float));
  teacher->norms = gaze_arena_take(arena, batch, sizeof(float));
}

double gaze_teacher_loss(const gaze_compute *compute, float *dpooled, gaze_teacher *teacher, const float *pooled,
                         const float *targets, const uint8_t *has_target, size_t batch, size_t taught, double weight) {
  size_t C = teacher->C, D = teacher->D;
  gaze_linear head = {teacher->weight, teacher->bias, C, D, 0};
  gaze_linear_forward(compute, teacher->predicted, D, pooled, C, &head, batch, GAZE_STORE);
  gaze_unit_forward(compute, teacher->predicted, teacher->norms, teacher->predicted, batch, D);
  memset(teacher->dpredicted, 0, batch * D * sizeof(float));
  double sum = 0;
  for (size_t b = 0; b < batch; b++) {
    float norm = (float)sqrt(compute->kernels->sum_squares(targets + b * D, D));
    if (!has_target[b] || norm == 0)
      continue;
    sum += 1 - compute->kernels->dot(teacher->predicted + b * D, targets + b * D, D) / norm;
    compute->kernels->axpy(teacher->dpredicted + b * D, -(float)weight / ((float)taught * norm), targets + b * D, D);
  }
  gaze_unit_backward(compute, teacher->dpredicted, teacher->dpredicted, teacher->predicted, teacher->norms, batch, D);
  gaze_linear_backward(compute, dpooled, C, teacher->dweight, teacher->dbias, teacher->dpredicted, D, pooled, C, &head,
                       batch);
  return taught ? sum / (double)taught : 0;
}
