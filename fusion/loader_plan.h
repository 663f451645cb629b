/* Which sample is the g-th of a training run: a pure function of the data sets, their weights and the seed. */
#ifndef GAZE_FUSION_LOADER_PLAN_H
#define GAZE_FUSION_LOADER_PLAN_H

#include "fusion/loader.h"

typedef struct gaze_plan_source {
  const gaze_dataset *dataset;
  uint32_t *usable; /* [n]: samples that have a text; the others are left out */
  int32_t *classes; /* [gaze_dataset_size]: equal numbers must not be each other's negatives */
  size_t n;
  size_t group;   /* at least 1: usable samples that keep together */
  uint64_t share; /* of the draws, relative to the other sources */
} gaze_plan_source;

typedef struct gaze_plan {
  gaze_plan_source *sources;
  size_t n;
  uint64_t seed;
} gaze_plan;

typedef struct gaze_draw {
  size_t source, sample; /* sample: place in the source's data set */
  size_t place;          /* place in the source's list of usable samples */
} gaze_draw;

/* Classes are numbered over all sources together; a sample without a class gets a number of its own (rows of a CSV that
 * name one picture share theirs), 1,000,000 and up. */
GAZE_CHECKED gaze_err gaze_plan_init(gaze_plan *plan, const gaze_loader_options *options);
void gaze_plan_fini(gaze_plan *plan);

/* Sources take turns as evenly as their shares allow; each goes through all its groups in an order of its own before
 * it begins again in another; where the last group lacks members, the source's first samples stand in. Any g costs the
 * same. */
gaze_draw gaze_plan_draw(const gaze_plan *plan, uint64_t g);
/* The usable sample of the same source that stands behind the drawn one, at the end the first. */
gaze_draw gaze_plan_next(const gaze_plan *plan, gaze_draw draw);

#endif
