#include "fusion/gguf_mixture.h"

#include "core/base/memory.h"

#include <stdio.h>
#include <string.h>

/* As the file says it, and as llama.cpp numbers it (general.file_type). */
static const struct {
  gaze_dtype dtype;
  int64_t type;
} kinds[] = {[GAZE_TO_F32] = {GAZE_DTYPE_F32, 0},
             [GAZE_TO_F16] = {GAZE_DTYPE_F16, 1},
             [GAZE_TO_Q8_0] = {GAZE_DTYPE_Q8_0, 7},
             [GAZE_TO_Q4_K] = {GAZE_DTYPE_Q4_K, 14},
             [GAZE_TO_Q4_K_M] = {GAZE_DTYPE_Q4_K, 15}};

/* The output head, which embeddings without one are too. */
static bool is_head(const gaze_decoder_config *c, const char *name) {
  return strcmp(name, c->tied ? "token_embd.weight" : "output.weight") == 0;
}

/* Of L layers the first and the last eighth, and a third of those between, as llama.cpp has it in Q4_K_M. */
static bool is_spared(const gaze_decoder_config *c, const char *name) {
  const size_t L = c->layers;
  size_t layer;
  return sscanf(name, "blk.%zu.", &layer) == 1 && (layer < L / 8 || layer >= 7 * L / 8 || (layer - L / 8) % 3 == 2);
}

int64_t gaze_gguf_file_type(gaze_quantisation to) { return kinds[to].type; }

gaze_dtype gaze_gguf_mixture(gaze_quantisation to, const gaze_decoder_config *stored, const char *name) {
  bool mixed = to == GAZE_TO_Q4_K_M;
  if (kinds[to].dtype != GAZE_DTYPE_Q4_K)
    return kinds[to].dtype;
  if (mixed && gaze_ends_with(name, ".attn_qkv.weight"))
    return GAZE_DTYPE_Q5_K;
  bool wide = mixed && (gaze_ends_with(name, ".attn_v.weight") || gaze_ends_with(name, ".ffn_down.weight"));
  return is_head(stored, name) || (wide && is_spared(stored, name)) ? GAZE_DTYPE_Q6_K : GAZE_DTYPE_Q4_K;
}
