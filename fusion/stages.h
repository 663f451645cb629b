/* What a verification finds, stage by stage, in the order in which a model works. */
#ifndef GAZE_FUSION_STAGES_H
#define GAZE_FUSION_STAGES_H

#include "core/base/json.h"
#include "fusion/difference.h"

typedef enum gaze_stage_status {
  GAZE_STAGE_SAME,
  GAZE_STAGE_PARTS,
  GAZE_STAGE_SHOWN,  /* measured, not judged */
  GAZE_STAGE_SKIPPED /* not measured: the detail says why */
} gaze_stage_status;

typedef struct gaze_stages {
  json_t *list;   /* of objects: stage, status, detail; max_abs, relative, cosine where numbers were compared */
  char first[64]; /* the first that parts; empty: none */
} gaze_stages;

/* difference, detail: NULL where there is none. */
GAZE_CHECKED gaze_err gaze_stages_add(gaze_stages *stages, const char *name, gaze_stage_status status,
                                      const gaze_difference *difference, const char *detail);
void gaze_stages_fini(gaze_stages *stages);
/* What is to be looked at when a stage is the first that parts; static. */
const char *gaze_stage_hint(const char *name);

#endif
