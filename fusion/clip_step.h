/* One optimiser step's worth of gradients of a CLIP, exact for the whole batch however it is cut. */
#ifndef GAZE_FUSION_CLIP_STEP_H
#define GAZE_FUSION_CLIP_STEP_H

#include "fusion/clip.h"
#include "fusion/distill.h"
#include "fusion/teacher.h"

typedef struct gaze_clip_step_options {
  size_t batch_size, accum_freq;                      /* B of a micro-batch, and how many make a step */
  bool sigmoid, lock_image, lock_text, checkpointing; /* locks: of all of a tower */
  double patch_dropout, teacher_weight, text_teacher_weight;
  uint64_t seed;
  gaze_distill *distill;            /* borrowed; NULL: nobody is imitated */
  const gaze_teacher *text_teacher; /* copied; NULL: none. As teacher below, of the text encoder */
} gaze_clip_step_options;

typedef struct gaze_clip_step {
  gaze_clip_step_options options;
  gaze_clip *clip; /* borrowed */
  gaze_compute compute;
  gaze_teacher teacher, text_teacher; /* D 0: none */
  size_t taught, text_taught;         /* samples of the step that have one */
  gaze_arena arena;
  gaze_vit_tape vision;
  gaze_text_tape text;
  size_t kept;                                                /* P': patches looked at */
  uint16_t *kept_list;                                        /* [B, P'] */
  float *embeddings;                                          /* [B, D]: of a micro-batch, before they are made unit */
  float *images, *texts, *image_norms, *text_norms;           /* [A B, D] unit rows of the whole step, [A B] */
  float *dimages, *dtexts;                                    /* [A B, D] */
  float *dpooled, *dtext_pooled;                              /* [B, C]: from the teachers */
  float *scratch;                                             /* of the loss */
  int32_t *classes;                                           /* [A B] */
  double loss, teacher_loss, text_teacher_loss, distill_loss; /* of the last step */
} gaze_clip_step;

/* teacher: D 0 for none; its parameters are already in the clip's list. */
GAZE_CHECKED gaze_err gaze_clip_step_init(gaze_clip_step *step, const gaze_clip_step_options *options, gaze_clip *clip,
                                          const gaze_compute *compute, const gaze_teacher *teacher);
void gaze_clip_step_fini(gaze_clip_step *step);
/* Adds the gradients of one step over batches [accum_freq] into the clip's. With more than one batch, features are made
 * once without a tape and cached, then each batch runs again and goes backward (Gao et al. 2021). */
void gaze_clip_step_run(gaze_clip_step *step, const gaze_batch *const *batches);

#endif
