/* Learning from a teacher's vectors of pictures or of sentences: a linear head predicts them from an encoder's pooled
 * row, and is thrown away after training. The loss is 1 - cosine. */
#ifndef GAZE_FUSION_TEACHER_H
#define GAZE_FUSION_TEACHER_H

#include "core/nn/compute.h"
#include "core/nn/parameters.h"

typedef struct gaze_teacher {
  size_t C, D;              /* width of the encoder, dimension of the teacher's vectors */
  gaze_weight weight, bias; /* [D, C], [D] */
  float *dweight, *dbias;
  float *predicted, *dpredicted, *norms; /* [B, D], [B, D], [B]: step memory, borrowed from an arena */
} gaze_teacher;

/* prefix: of the parameters' names, "teacher." or "text_teacher.". */
GAZE_CHECKED gaze_err gaze_teacher_list(gaze_teacher *teacher, const char *prefix, gaze_parameters *list);
void gaze_teacher_layout(gaze_teacher *teacher, size_t batch, gaze_arena *arena);
/* This part of the mean of 1 - cosine over the `taught` samples of a step that have a teacher, in whatever parts they
 * come; 0 without any. dpooled: [B, C], overwritten with the gradient of weight times that mean. pooled: [B, C];
 * targets: [B, D]. Adds into the head's gradients. */
double gaze_teacher_loss(const gaze_compute *compute, float *dpooled, gaze_teacher *teacher, const float *pooled,
                         const float *targets, const uint8_t *has_target, size_t batch, size_t taught, double weight);

#endif
