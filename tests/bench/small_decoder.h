/* The decoder that training is timed with: 10 million parameters. */
#ifndef GAZE_TESTS_BENCH_SMALL_DECODER_H
#define GAZE_TESTS_BENCH_SMALL_DECODER_H

#include "text/decoder.h"

enum { WIDTH = 320, HIDDEN = 864, LAYERS = 6, HEADS = 5 };

static inline gaze_decoder_config small_decoder(size_t vocabulary) {
  gaze_block_config block = {
      .dim = WIDTH,
      .mlp_dim = HIDDEN,
      .attention = {.heads = HEADS, .kv_heads = HEADS, .head_dim = WIDTH / HEADS, .causal = true, .rope_theta = 10000},
      .norm = GAZE_RMS_NORM,
      .activation = GAZE_SILU,
      .gated = true,
      .eps = 1e-5f};
  return (gaze_decoder_config){
      .family = "llama", .vocabulary = vocabulary, .context = 512, .block = block, .layers = LAYERS, .tied = true};
}

#endif
