/* The text encoder: token and position embeddings, causal blocks, the end-of-text row pooled (Radford et al. 2021).
 * Texts are ragged: nothing after end-of-text is computed, since a causal tower that pools there never sees it. */
#ifndef GAZE_TEXT_TEXT_ENCODER_H
#define GAZE_TEXT_TEXT_ENCODER_H

#include "core/nn/head.h"
#include "core/nn/stack.h"

typedef struct gaze_text_config {
  size_t vocabulary, context; /* V, most tokens of a text */
  gaze_block_config block;
  size_t layers, dim_out; /* L, D */
} gaze_text_config;

typedef struct gaze_text_encoder {
  gaze_text_config config;
  gaze_weight token_embedding;    /* [V, C] */
  gaze_weight position_embedding; /* [context, C] */
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
  gaze_stack_tape stack;
  gaze_head_tape head;
  float *dx, *dpooled; /* backward only */
} gaze_text_tape;

/* For at most `batch` texts of `rows` tokens together. */
void gaze_text_tape_layout(gaze_text_tape *tape, const gaze_text_encoder *text, size_t batch, size_t rows,
                           gaze_tape_policy policy, gaze_arena *arena);
/* embedding: [B, D], not yet unit. ids: [offsets[B]], every one below V; text b is ids[offsets[b]] up to its
 * end-of-text, the last; at most `context` each. */
void gaze_text_forward(const gaze_compute *compute, float *embedding, const int32_t *ids, const size_t *offsets,
                       size_t batch, const gaze_text_encoder *text, gaze_text_tape *tape);
/* Adds into the gradients. dnormed: [B, C], a gradient that reaches the pooled, normed rows on another way; NULL: none.
 */
void gaze_text_backward(const gaze_compute *compute, const float *dembedding, const float *dnormed, size_t batch,
                        gaze_text_encoder *text, gaze_text_tape *tape);

#endif
