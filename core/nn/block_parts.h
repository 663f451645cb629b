/* What blocks are made of, for the files that put them together. */
#ifndef GAZE_CORE_NN_BLOCK_PARTS_H
#define GAZE_CORE_NN_BLOCK_PARTS_H

#include "core/nn/block.h"

static inline size_t gaze_block_q_width(const gaze_block_config *c) {
  return c->attention.heads * c->attention.head_dim;
}
static inline size_t gaze_block_kv_width(const gaze_block_config *c) {
  return c->attention.kv_heads * c->attention.head_dim;
}
static inline size_t gaze_block_qkv_width(const gaze_block_config *c) {
  return gaze_block_q_width(c) + 2 * gaze_block_kv_width(c);
}

/* How many of `rows` the piece has that starts at `first`. */
static inline size_t gaze_block_piece(const gaze_block_scratch *scratch, size_t first, size_t rows) {
  return rows - first < scratch->piece ? rows - first : scratch->piece;
}

/* y = x, [rows, C]: by all threads where it is worth it. */
void gaze_block_copy(float *y, const float *x, size_t rows, size_t C);

/* Tells compute's tap, if there is one. name: of the block. */
void gaze_block_tap(const gaze_compute *compute, const char *name, const char *what, const float *data, size_t rows,
                    size_t columns);

static inline gaze_norm gaze_block_norm1(const gaze_block *block, const gaze_block_config *c) {
  return (gaze_norm){c->norm, block->norm1_gain, block->norm1_bias, c->eps, c->dim};
}
static inline gaze_norm gaze_block_norm2(const gaze_block *block, const gaze_block_config *c) {
  return (gaze_norm){c->norm, block->norm2_gain, block->norm2_bias, c->eps, c->dim};
}

/* tape->qkv of all rows of input [N, C], rotated. */
void gaze_block_qkv_forward(const gaze_compute *compute, const float *input, const gaze_block *block,
                            const gaze_block_config *c, const gaze_sequences *sequences, gaze_block_tape *tape,
                            gaze_block_scratch *scratch);
/* middle = x's rows that are asked, all or one a sequence; += out(attended): [M, C]. */
void gaze_block_out_forward(const gaze_compute *compute, const float *x, const gaze_block *block,
                            const gaze_block_config *c, const gaze_sequences *sequences, const size_t *queries,
                            gaze_block_tape *tape, gaze_block_scratch *scratch);
/* tape->middle = x + out(attention(input)): [M, C]; input: [N, C]. */
void gaze_block_attention_forward(const gaze_compute *compute, const float *x, const float *input,
                                  const gaze_block *block, const gaze_block_config *c, const gaze_sequences *sequences,
                                  const size_t *queries, gaze_block_tape *tape, gaze_block_scratch *scratch);
/* y += mlp(input): [M, C]; input may not be y. */
void gaze_block_mlp_add(const gaze_compute *compute, float *y, const float *input, const gaze_block *block,
                        const gaze_block_config *c, size_t M, gaze_block_tape *tape, gaze_block_scratch *scratch);
/* y = middle + mlp(norm2(middle)): [M, C]. */
void gaze_block_mlp_forward(const gaze_compute *compute, float *y, const gaze_block *block, const gaze_block_config *c,
                            size_t M, gaze_block_tape *tape, gaze_block_scratch *scratch, const char *name);
/* dmiddle, in place of dy: [M, C]. */
void gaze_block_mlp_backward(const gaze_compute *compute, gaze_block_gradient *gradient, float *dy,
                             const gaze_block *block, const gaze_block_config *c, size_t M, const gaze_block_tape *tape,
                             gaze_block_scratch *scratch);

#endif
