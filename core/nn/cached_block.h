/* The block of a decoder that goes on from a cache, forward: x += attention(norm1(x)) over all rows so far; x +=
 * mlp(norm2(x)). The same weights, tape and MLP as block.h's. */
#ifndef GAZE_CORE_NN_CACHED_BLOCK_H
#define GAZE_CORE_NN_CACHED_BLOCK_H

#include "core/nn/block.h"
#include "core/nn/cached_attention.h"

/* y: [N, C], or [B, C] where `last` rows alone are wanted; x: [N, C]. Keeps keys and values in the caches as those of
 * `layer`; their `used` grows when the caller says so, after the last layer. attention: scratch of
 * gaze_cached_attention_scratch. lasts: [B], the last row of each sequence, counted from its start. */
void gaze_cached_block_forward(const gaze_compute *compute, float *y, const float *x, const gaze_block *block,
                               const gaze_block_config *c, const gaze_cached_batch *batch, size_t layer,
                               const size_t *lasts, gaze_block_tape *tape, gaze_block_scratch *scratch,
                               float *attention, const char *name);

#endif
