#include "core/nn/post_block.h"

#include "core/nn/block_parts.h"

#include <string.h>

void gaze_post_block_forward(const gaze_compute *compute, float *y, const float *x, const gaze_block *block,
                             const gaze_block_config *c, const gaze_sequences *sequences, const size_t *queries,
                             gaze_block_tape *tape, gaze_block_scratch *scratch, const char *name) {
  size_t M = queries ? sequences->count : gaze_sequences_rows(sequences), C = c->dim;
  gaze_norm norm1 = gaze_block_norm1(block, c), norm2 = gaze_block_norm2(block, c);
  gaze_block_attention_forward(compute, x, x, block, c, sequences, queries, tape, scratch);
  gaze_norm_forward(compute, tape->middle, tape->statistics1, tape->middle, &norm1, M);
  gaze_block_tap(compute, name, ".attn", tape->middle, M, C);
  memcpy(y, tape->middle, M * C * sizeof *y);
  gaze_block_mlp_add(compute, y, tape->middle, block, c, M, tape, scratch);
  gaze_norm_forward(compute, y, tape->statistics2, y, &norm2, M);
  gaze_block_tap(compute, name, "", y, M, C);
}
