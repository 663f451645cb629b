/* Scaled dot-product attention with grouped keys and values, forward and backward. Probabilities are not kept:
 * backward makes them again, one head at a time, so memory grows with T, not with T squared. */
#ifndef GAZE_CORE_NN_ATTENTION_H
#define GAZE_CORE_NN_ATTENTION_H

#include "core/nn/compute.h"

typedef struct gaze_attention {
  size_t heads, kv_heads, head_dim; /* H, G, D; H is a multiple of G */
  bool causal;
  float rope_theta; /* 0: no rotary positions (Su et al. 2021); halves are rotated against each other, as in LLaMA */
} gaze_attention;

/* out: [N, H D], or [B, H D] when queries names one row a sequence (counted from the sequence's start) that alone asks;
 * NULL: all rows ask. qkv: [N, (H + 2 G) D], q then k then v in a row. scratch: [gaze_attention_scratch]. */
void gaze_attention_forward(const gaze_compute *compute, float *out, const float *qkv, const gaze_attention *attention,
                            const gaze_sequences *sequences, const size_t *queries, float *scratch);
/* dqkv: [N, (H + 2 G) D], overwritten. */
void gaze_attention_backward(const gaze_compute *compute, float *dqkv, const float *dout, const float *qkv,
                             const gaze_attention *attention, const gaze_sequences *sequences, const size_t *queries,
                             float *scratch);
size_t gaze_attention_scratch(size_t longest, int threads); /* floats */

/* Rotates q and k of qkv [N, (H + 2 G) D] in place by their rows' positions in the sequence; backward turns back. */
void gaze_rope_forward(float *qkv, const gaze_attention *attention, const gaze_sequences *sequences);
void gaze_rope_backward(float *dqkv, const gaze_attention *attention, const gaze_sequences *sequences);

#endif
