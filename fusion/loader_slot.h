/* A place in the loader's queue: the memory of one batch, filled sample by sample. */
#ifndef GAZE_FUSION_LOADER_SLOT_H
#define GAZE_FUSION_LOADER_SLOT_H

#include "core/base/memory.h"
#include "fusion/loader_plan.h"
#include "fusion/loader_sample.h"

/* Bad pictures met, and the first of them. */
typedef struct gaze_bad {
  size_t n, place; /* place in the batch of the first */
  gaze_err err;
  char *message; /* NULL: none, or no memory for it */
} gaze_bad;

typedef struct gaze_slot {
  gaze_batch batch;
  gaze_arena arena;
  int32_t *texts;         /* [B, context], before gaze_slot_finish moves them together */
  size_t *lengths;        /* [B] tokens */
  uint8_t *cut;           /* [B]: the text was longer than the context */
  int32_t *second_texts;  /* [B, context of the second view] */
  size_t *second_lengths; /* [B] */
  size_t missing;         /* samples still to come */
  gaze_bad bad;
  gaze_err err; /* not GAZE_OK: the batch cannot be given out; that of the lowest place, whoever was done first */
  size_t err_place;
  char *message;
} gaze_slot;

/* Adds what was met later to what was met before; takes `later`'s message. */
void gaze_bad_add(gaze_bad *bad, gaze_bad *later);
void gaze_bad_fini(gaze_bad *bad);

GAZE_CHECKED gaze_err gaze_slot_init(gaze_slot *slot, const gaze_loader_options *options);
void gaze_slot_fini(gaze_slot *slot);
void gaze_slot_begin(gaze_slot *slot, uint64_t number);
/* Writes sample `place` of the batch. Different places may be written at the same time. */
GAZE_CHECKED gaze_err gaze_slot_fill(gaze_slot *slot, size_t place, const gaze_loader_options *options,
                                     const gaze_plan *plan, gaze_draw draw, const gaze_kernels *kernels,
                                     const gaze_picture *picture, gaze_random *random);
/* Joins the texts. */
void gaze_slot_finish(gaze_slot *slot, const gaze_loader_options *options);

#endif
