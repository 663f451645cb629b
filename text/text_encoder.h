/* The text encoder: token and position embeddings, blocks, a row pooled and projected. CLIP's is causal and pools the
 * end-of-text row (Radford et al. 2021), SigLIP's looks both ways and pools the last row of texts filled up to the
 * context (Zhai et al. 2023), BERT's and XLM-R's have a norm after the embeddings and post-norm blocks.
 * Texts are ragged: what is not there needs no mask, and a causal tower that pools at end-of-text never sees more. */
#ifndef GAZE_TEXT_TEXT_ENCODER_H
#define GAZE_TEXT_TEXT_ENCODER_H

#include "core/nn/head.h"
#include "core/nn/stack.h"

typedef enum gaze_text_pooling {
  GAZE_POOL_LAST,  /* the last row: end-of-text, or the last of a text that is filled up */
  GAZE_POOL_FIRST, /* [CLS] */
  GAZE_POOL_MEAN
} gaze_text_pooling;

typedef struct gaze_text_config {
  size_t vocabulary, context; /* V, most tokens of a text */
  gaze_block_config block;    /* post_norm: a norm after the embeddings as well, and none at the end */
  size_t layers, dim_out;     /* L, D */
  gaze_text_pooling pooling;
  bool filled; /* every text is filled up to the context with `pad` */
  int32_t pad;
  size_t positions;       /* rows of positions that there are; 0: position_offset + context */
  size_t position_offset; /* the first token's position: 2 in RoBERTa's family, which keeps two for padding */
  size_t token_types;     /* of which texts have the first; 0: none */
  bool biased_projection;
  bool unprojected;         /* as gaze_head's */
  size_t projection_hidden; /* as gaze_head's `hidden` */
} gaze_text_config;

typedef struct gaze_text_encoder {
  gaze_text_config config;
  gaze_weight token_embedding;      /* [V, C], also F16 and BF16 */
  gaze_weight position_embedding;   /* [positions, C] */
  gaze_weight type_embedding;       /* [token_types, C] */
  gaze_weight norm_gain, norm_bias; /* [C]: after the embeddings, with post_norm */
  float *dtoken_embedding, *dposition_embedding;
  gaze_stack stack;
  gaze_head head;
} gaze_text_encoder;

GAZE_CHECKED gaze_err gaze_text_encoder_init(gaze_text_encoder *text, const gaze_text_config *config, bool trained);
void gaze_text_encoder_fini(gaze_text_encoder *text);
GAZE_CHECKED gaze_err gaze_text_encoder_list(gaze_text_encoder *text, gaze_parameters *list);

typedef struct gaze_text_tape {
  const int32_t *ids; /* [N], borrowed until backward */
  size_t *queries;    /* [B] */
  gaze_sequences sequences;
  float *statistics; /* [2 N], of the norm after the embeddings */
  gaze_stack_tape stack;
  gaze_head_tape head;
  float *dx, *dpooled; /* backward only */
} gaze_text_tape;

/* For at most `batch` texts of `rows` tokens together. */
void gaze_text_tape_layout(gaze_text_tape *tape, const gaze_text_encoder *text, size_t batch, size_t rows,
                           gaze_tape_policy policy, gaze_arena *arena);
/* embedding: [B, D], not yet unit. ids: [offsets[B]], every one below V; text b is ids[offsets[b]] up to its
 * last that counts: end-of-text, or where `filled` exactly `context`; never more than that. */
void gaze_text_forward(const gaze_compute *compute, float *embedding, const int32_t *ids, const size_t *offsets,
                       size_t batch, const gaze_text_encoder *text, gaze_text_tape *tape);
/* Adds into the gradients. dnormed: [B, C], a gradient that reaches the pooled, normed rows on another way; NULL: none.
 */
void gaze_text_backward(const gaze_compute *compute, const float *dembedding, const float *dnormed, size_t batch,
                        gaze_text_encoder *text, gaze_text_tape *tape);

#endif
