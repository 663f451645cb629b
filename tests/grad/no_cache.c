/* Decoders in double learn and never answer. */
#include "core/nn/cached_block.h"

#include <assert.h>

size_t gaze_cached_attention_scratch(const gaze_attention *attention, size_t rows, int threads) {
  assert(!"reached");
  return 0;
}

void gaze_cached_block_forward(const gaze_compute *compute, float *y, const float *x, const gaze_block *block,
                               const gaze_block_config *c, const gaze_cached_batch *batch, size_t layer,
                               const size_t *lasts, gaze_block_tape *tape, gaze_block_scratch *scratch,
                               float *attention, const char *name) {
  assert(!"reached");
}
