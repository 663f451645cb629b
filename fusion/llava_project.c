#include "fusion/llava_project.h"

#include <string.h>

static void lay_out(gaze_llava_project *p, size_t pictures, bool checkpointing, gaze_arena *arena) {
  const gaze_projector *projector = &p->eye->projector;
  size_t rows = pictures * p->R;
  p->x = gaze_arena_take(arena, rows * projector->config.C, sizeof(float));
  p->y = gaze_arena_take(arena, rows * projector->config.D, sizeof(float));
  gaze_projector_tape_layout(&p->tape, projector, rows, true, arena);
  if (!p->has_tail)
    return;
  p->dx = gaze_arena_take(arena, rows * projector->config.C, sizeof(float));
  gaze_vit_tail_layout(&p->tail, &p->eye->encoder, pictures, gaze_tape_policy_of(&p->compute, checkpointing), arena);
}

gaze_err gaze_llava_project_init(gaze_llava_project *project, gaze_eye *eye, const gaze_llava_features *features,
                                 const gaze_compute *compute, size_t pictures, bool checkpointing) {
  const gaze_vit *encoder = &eye->encoder;
  gaze_arena measure = GAZE_ARENA_MEASURE;
  *project = (gaze_llava_project){.eye = eye,
                                  .features = features,
                                  .compute = *compute,
                                  .R = gaze_vit_feature_rows(&encoder->config),
                                  .has_tail = encoder->stack.frozen < encoder->stack.layers};
  lay_out(project, pictures, checkpointing, &measure);
  GAZE_TRY(gaze_arena_init(&project->arena, measure.used));
  lay_out(project, pictures, checkpointing, &project->arena);
  return GAZE_OK;
}

void gaze_llava_project_fini(gaze_llava_project *project) {
  gaze_arena_fini(&project->arena);
  *project = (gaze_llava_project){0};
}

static void gather(const gaze_llava_project *p, const gaze_lm_batch *batch, float *rows) {
  size_t of_one = p->features->rows * p->features->C;
  for (size_t i = 0; i < batch->n_pictures; i++)
    memcpy(rows + i * of_one, gaze_llava_features_get(p->features, batch->pictures[i].number), of_one * sizeof *rows);
}

static void put(void *user, const gaze_lm_batch *batch, float *rows) {
  gaze_llava_project *p = user;
  size_t R = p->R, D = p->eye->projector.config.D, n = batch->n_pictures;
  gather(p, batch, p->has_tail ? gaze_vit_tail_rows(&p->tail) : p->x);
  if (p->has_tail)
    gaze_vit_tail_forward(&p->compute, p->x, n, &p->eye->encoder, &p->tail);
  gaze_projector_forward(&p->compute, p->y, p->x, &p->eye->projector, n * R, &p->tape);
  for (size_t i = 0; i < n; i++)
    memcpy(rows + batch->pictures[i].row * D, p->y + i * R * D, R * D * sizeof *rows);
}

static void take(void *user, const gaze_lm_batch *batch, const float *drows) {
  gaze_llava_project *p = user;
  size_t R = p->R, D = p->eye->projector.config.D, n = batch->n_pictures;
  for (size_t i = 0; i < n; i++)
    memcpy(p->y + i * R * D, drows + batch->pictures[i].row * D, R * D * sizeof *drows);
  gaze_projector_backward(&p->compute, p->dx, p->y, p->x, &p->eye->projector, n * R, &p->tape);
  if (p->has_tail)
    gaze_vit_tail_backward(&p->compute, p->dx, n, &p->eye->encoder, &p->tail);
}

gaze_lm_sight gaze_llava_project_sight(gaze_llava_project *project) { return (gaze_lm_sight){project, put, take}; }
