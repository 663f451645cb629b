/* Scaled dot-product attention with grouped keys and values, forward and backward. Probabilities are not kept:
 * backward makes them again, one head at a time, so memory grows with T, not with T squared. */
#ifndef GAZE_CORE_NN_ATTENTION_H
#define GAZE_CORE_NN_ATTENTION_H

#include "core/nn/kept.h"
#include "core/nn/rope.h"

typedef struct gaze_attention {
  size_t heads, kv_heads, head_dim; /* H, G, D; H is a multiple of G */
  bool causal;
  float rope_theta; /* 0: no rotary positions (rope.h) */
  bool rope_interleaved;
  gaze_rope_scaling rope_scaling;
  size_t window; /* a row sees so many rows, itself the last (Mistral); 0: all before it. Cached attention alone */
} gaze_attention;

/* out is filled: [N, H D], or [B, H D] when queries names one row a sequence (counted from the sequence's start) that
 * alone asks; NULL: all rows ask. qkv: [N, (H + 2 G) D], q then k then v in a row. scratch: [gaze_attention_scratch].
 */
void gaze_attention_forward(const gaze_compute *compute, const gaze_kept *out, const gaze_kept *qkv,
                            const gaze_attention *attention, const gaze_sequences *sequences, const size_t *queries,
                            float *scratch);
/* dqkv: [N, (H + 2 G) D], overwritten. */
void gaze_attention_backward(const gaze_compute *compute, float *dqkv, const float *dout, const gaze_kept *qkv,
                             const gaze_attention *attention, const gaze_sequences *sequences, const size_t *queries,
                             float *scratch);
/* Forward of all rows when no backward follows: faster, and as exact as the products of linear layers. No branches.
 * scratch: [gaze_attention_run_scratch]. */
void gaze_attention_run(const gaze_compute *compute, float *out, const float *qkv, const gaze_attention *attention,
                        const gaze_sequences *sequences, float *scratch);
/* Floats. */
size_t gaze_attention_run_scratch(const gaze_attention *attention, size_t longest, int threads);
size_t gaze_attention_scratch(const gaze_attention *attention, size_t longest, int threads);

#endif
