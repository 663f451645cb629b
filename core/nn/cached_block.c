#include "core/nn/cached_block.h"

#include "core/nn/block_parts.h"

void gaze_cached_block_forward(const gaze_compute *compute, float *y, const float *x, const gaze_block *block,
                               const gaze_block_config *c, const gaze_cached_batch *batch, size_t layer,
                               const size_t *lasts, gaze_block_tape *tape, gaze_block_scratch *scratch,
                               float *attention, const char *name) {
  const gaze_sequences *sequences = &batch->sequences;
  size_t N = gaze_sequences_rows(sequences), M = lasts ? sequences->count : N;
  gaze_norm norm = gaze_block_norm1(block, c);
  gaze_norm_forward(compute, scratch->normed, tape->statistics1, x, &norm, N);
  gaze_block_tap(compute, name, ".norm1", scratch->normed, N, c->dim);
  gaze_block_qkv_forward(compute, scratch->normed, block, c, sequences, tape, scratch);
  gaze_cached_keep(compute, tape->qkv.f32, &c->attention, batch, layer);
  gaze_cached_attention_forward(compute, tape->attended.f32, tape->qkv.f32, &c->attention, batch, layer, lasts != NULL,
                                attention);
  gaze_block_out_forward(compute, x, block, c, sequences, lasts, tape, scratch);
  gaze_block_tap(compute, name, ".attn", tape->middle, M, c->dim);
  gaze_block_mlp_forward(compute, y, block, c, M, tape, scratch, name);
  gaze_block_tap(compute, name, "", y, M, c->dim);
}
