#include "fusion/llava_project.h"

#include <string.h>

static void lay_out(gaze_llava_project *p, size_t pictures, gaze_arena *arena) {
  size_t rows = pictures * p->features->rows;
  p->x = gaze_arena_take(arena, rows * p->projector->config.C, sizeof(float));
  p->y = gaze_arena_take(arena, rows * p->projector->config.D, sizeof(float));
  gaze_projector_tape_layout(&p->tape, p->projector, rows, true, arena);
}

gaze_err gaze_llava_project_init(gaze_llava_project *project, gaze_projector *projector,
                                 const gaze_llava_features *features, const gaze_compute *compute, size_t pictures) {
  gaze_arena measure = GAZE_ARENA_MEASURE;
  *project = (gaze_llava_project){.projector = projector, .features = features, .compute = *compute};
  lay_out(project, pictures, &measure);
  GAZE_TRY(gaze_arena_init(&project->arena, measure.used));
  lay_out(project, pictures, &project->arena);
  return GAZE_OK;
}

void gaze_llava_project_fini(gaze_llava_project *project) {
  gaze_arena_fini(&project->arena);
  *project = (gaze_llava_project){0};
}

static void put(void *user, const gaze_lm_batch *batch, float *rows) {
  gaze_llava_project *p = user;
  size_t R = p->features->rows, of_x = R * p->projector->config.C, D = p->projector->config.D, n = batch->n_pictures;
  for (size_t i = 0; i < n; i++)
    memcpy(p->x + i * of_x, gaze_llava_features_get(p->features, batch->pictures[i].number), of_x * sizeof *p->x);
  gaze_projector_forward(&p->compute, p->y, p->x, p->projector, n * R, &p->tape);
  for (size_t i = 0; i < n; i++)
    memcpy(rows + batch->pictures[i].row * D, p->y + i * R * D, R * D * sizeof *rows);
}

static void take(void *user, const gaze_lm_batch *batch, const float *drows) {
  gaze_llava_project *p = user;
  size_t R = p->features->rows, D = p->projector->config.D, n = batch->n_pictures;
  for (size_t i = 0; i < n; i++)
    memcpy(p->y + i * R * D, drows + batch->pictures[i].row * D, R * D * sizeof *drows);
  gaze_projector_backward(&p->compute, NULL, p->y, p->x, p->projector, n * R, &p->tape);
}

gaze_lm_sight gaze_llava_project_sight(gaze_llava_project *project) { return (gaze_lm_sight){project, put, take}; }
