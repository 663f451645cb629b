/* The image encoder, a Vision Transformer (Dosovitskiy et al. 2021), with what CLIP has around the blocks or what
 * SigLIP has. */
#ifndef GAZE_VISION_VIT_H
#define GAZE_VISION_VIT_H

#include "core/nn/head.h"
#include "core/nn/stack.h"
#include "vision/map_head.h"

typedef enum gaze_vit_kind {
  GAZE_VIT_CLIP,  /* a class token, a norm before the blocks; the class token normed and projected */
  GAZE_VIT_SIGLIP /* patches with a bias; all rows normed and pooled by attention (map_head.h). Forward alone */
} gaze_vit_kind;

typedef enum gaze_vit_output {
  GAZE_VIT_POOLED,     /* a vector a picture: gaze_vit_forward */
  GAZE_VIT_ROWS,       /* the rows behind block L, without any norm: gaze_vit_features */
  GAZE_VIT_NORMED_ROWS /* the same through the final norm */
} gaze_vit_output;

typedef struct gaze_vit_config {
  size_t image_size, patch_size; /* S, p: pixels */
  gaze_block_config block;
  size_t layers, dim_out; /* L, D; D = C in SigLIP. L may be less than what the checkpoint has: those are never read */
  gaze_vit_kind kind;
  gaze_vit_output output; /* rows are for a language model, forward alone */
  bool drops_class_token; /* features are of patches alone */
} gaze_vit_config;

typedef struct gaze_vit {
  gaze_vit_config config;
  gaze_weight patch_weight, patch_bias;     /* [C, 3 p p], [C] */
  gaze_weight class_embedding;              /* [C] */
  gaze_weight position_embedding;           /* [T, C] */
  gaze_weight pre_norm_gain, pre_norm_bias; /* [C] */
  float *dpatch_weight, *dclass_embedding, *dposition_embedding, *dpre_norm_gain, *dpre_norm_bias;
  gaze_stack stack;
  gaze_head head; /* of SigLIP the norm alone */
  gaze_map_head map;
} gaze_vit;

GAZE_CHECKED gaze_err gaze_vit_init(gaze_vit *vit, const gaze_vit_config *config, bool trained);
void gaze_vit_fini(gaze_vit *vit);
GAZE_CHECKED gaze_err gaze_vit_list(gaze_vit *vit, gaze_parameters *list);
size_t gaze_vit_patches(const gaze_vit_config *config);              /* P */
size_t gaze_vit_rows(const gaze_vit_config *config, size_t patches); /* T, P' and the class token if there is one */

typedef struct gaze_vit_tape {
  size_t *offsets, *queries; /* [B + 1], [B] */
  float *patches;            /* [B P', 3 p p] */
  float *embedded;           /* [B T, C]: before the first norm */
  float *statistics;         /* [2 B T] */
  const uint16_t *kept;      /* [B, P'], borrowed; NULL: all patches */
  size_t kept_count;         /* P' */
  gaze_sequences sequences;
  gaze_stack_tape stack;
  gaze_head_tape head;
  gaze_block_tape map;
  float *dx, *dpooled; /* backward only */
} gaze_vit_tape;

/* For at most `batch` pictures of `kept` patches each. */
void gaze_vit_tape_layout(gaze_vit_tape *tape, const gaze_vit *vit, size_t batch, size_t kept, gaze_tape_policy policy,
                          gaze_arena *arena);
/* embedding: [B, D], not yet unit. pixels: [B, 3, S, S]. kept: [B, kept_count] indices of the patches that are looked
 * at (patch dropout, Li et al. 2023), or NULL for all; borrowed until backward. */
void gaze_vit_forward(const gaze_compute *compute, float *embedding, const float *pixels, size_t batch,
                      const uint16_t *kept, size_t kept_count, const gaze_vit *vit, gaze_vit_tape *tape);
size_t gaze_vit_feature_rows(const gaze_vit_config *config); /* R, a picture: P, or T with the class token */
/* features: [B R, C]. pixels: [B, 3, S, S]. Of GAZE_VIT_ROWS and GAZE_VIT_NORMED_ROWS. */
void gaze_vit_features(const gaze_compute *compute, float *features, const float *pixels, size_t batch,
                       const gaze_vit *vit, gaze_vit_tape *tape);
/* Adds into the gradients, of which NULL ones are frozen: where stack.frozen is not 0, all below the blocks too.
 * dnormed: as in gaze_head_backward. */
void gaze_vit_backward(const gaze_compute *compute, const float *dembedding, const float *dnormed, size_t batch,
                       gaze_vit *vit, gaze_vit_tape *tape);

#endif
