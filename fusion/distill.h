/* Distillation: another CLIP whose similarities are imitated (as open_clip's DistillClipLoss). It sees the texts and
 * crops of the one that learns, each prepared as it wants them, and is only run. */
#ifndef GAZE_FUSION_DISTILL_H
#define GAZE_FUSION_DISTILL_H

#include "fusion/contrastive.h"
#include "fusion/loader.h"
#include "fusion/model.h"

typedef struct gaze_distill {
  gaze_model *model; /* yours: gaze_distill_fini */
  bool same_pixels;  /* wants pictures prepared as the one that learns does */
  gaze_arena arena;
  size_t pictures_together, texts_together; /* run at a time */
  gaze_vit_tape vision;
  gaze_text_tape text;
  size_t *offsets;       /* [texts_together + 1] */
  float *norms;          /* [B] */
  float *images, *texts; /* [A B, D] unit rows of a whole step */
} gaze_distill;

/* For steps of accum_freq batches of batch_size samples. name: as gaze_model_open. preprocess: of the one that learns.
 */
GAZE_CHECKED gaze_err gaze_distill_init(gaze_distill *distill, const char *name, const gaze_model_options *options,
                                        const gaze_preprocess *preprocess, size_t batch_size, size_t accum_freq);
void gaze_distill_fini(gaze_distill *distill);
/* What its batches are made with; borrowed. */
gaze_second_view gaze_distill_view(const gaze_distill *distill);

/* Features of batch a of the step, from its second view. */
void gaze_distill_run(gaze_distill *distill, const gaze_batch *batch, size_t a);
/* Those of all batches so far; borrowed. */
gaze_imitated gaze_distill_features(const gaze_distill *distill);

#endif
