/* A model against what another implementation computed of it. Every stage is fed by the reference's own result of the
 * stage before, so that the first that parts is the one at fault. */
#ifndef GAZE_FUSION_VERIFY_H
#define GAZE_FUSION_VERIFY_H

#include "fusion/reference.h"
#include "fusion/stages.h"

/* ||difference|| / ||reference|| that rounding of one step, or of a narrow model, stays below. */
#define GAZE_VERIFY_EXACT 1e-5

typedef struct gaze_verification {
  gaze_model *model; /* borrowed; tokenizer NULL: there is none that gaze reads */
  gaze_reference reference;
  gaze_stages stages;
  const char *no_tokenizer; /* why; NULL where there is one */
  size_t taps;              /* compared */
  gaze_err err;             /* of a tap, which cannot return it */
} gaze_verification;

/* The stage is the same where the relative difference is at most tolerance. detail may be NULL. */
GAZE_CHECKED gaze_err gaze_verify_judge(gaze_verification *v, const char *name, const gaze_difference *difference,
                                        double tolerance, const char *detail);
/* decode, resize, pixels, token ids */
GAZE_CHECKED gaze_err gaze_verify_inputs(gaze_verification *v);
/* Every tap of both towers, embeddings, similarity. */
GAZE_CHECKED gaze_err gaze_verify_towers(gaze_verification *v);

#endif
