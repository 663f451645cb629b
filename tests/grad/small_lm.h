/* A language model small enough for central differences, and two batches of ragged sequences with masked labels. */
#ifndef GAZE_TESTS_GRAD_SMALL_LM_H
#define GAZE_TESTS_GRAD_SMALL_LM_H

#include "fusion/lm_step.h"

enum { VOCABULARY = 11, WIDTH = 12, ROWS = 9, LONGEST = 5, NO = GAZE_NO_LABEL };

static const size_t offsets[2][4] = {{0, 3, 4, 9}, {0, 2, 4, 4}};
static const int32_t ids[2][ROWS] = {{9, 1, 10, 9, 10, 9, 4, 4, 10}, {3, 3, 0, 7}};
static const int32_t labels[2][ROWS] = {{1, NO, 2, 0, NO, NO, 4, 10, 3}, {NO, 5, 7, NO}};

static inline gaze_lm_batch small_batch(size_t i) {
  return (gaze_lm_batch){
      .sequences = {.count = 3, .offsets = offsets[i], .longest = LONGEST}, .ids = ids[i], .labels = labels[i]};
}

static inline gaze_decoder_config small_config(bool tied, bool qkv_biased) {
  gaze_block_config block = {.dim = WIDTH,
                             .mlp_dim = 20,
                             .attention = {.heads = 4, .kv_heads = 2, .head_dim = 4, .causal = true, .rope_theta = 100},
                             .norm = GAZE_RMS_NORM,
                             .activation = GAZE_SILU,
                             .gated = true,
                             .qkv_biased = qkv_biased,
                             .eps = 1e-6f};
  return (gaze_decoder_config){.vocabulary = VOCABULARY, .context = 8, .block = block, .layers = 2, .tied = tied};
}

#endif
