/* Rotary positions (Su et al. 2021): pairs of numbers of a head are turned by an angle that grows with the position. */
#ifndef GAZE_CORE_NN_ROPE_H
#define GAZE_CORE_NN_ROPE_H

#include "core/nn/compute.h"

typedef enum gaze_rope_kind {
  GAZE_ROPE_PLAIN,
  GAZE_ROPE_LINEAR, /* positions are divided by `factor` (Chen et al. 2023) */
  GAZE_ROPE_LLAMA3, /* so are the slow frequencies alone, with a smooth passage */
  GAZE_ROPE_FACTORS /* each frequency is divided by its own factor, which is another one in sequences that are longer
                       than the original context, from their first row on (LongRoPE, Ding et al. 2024) */
} gaze_rope_kind;

enum { GAZE_ROPE_PAIRS = 256 }; /* of the widest head */

typedef struct gaze_rope_scaling {
  gaze_rope_kind kind;
  float factor, low_frequency, high_frequency; /* LLAMA3: bounds in turns within the original context */
  size_t original_context;                     /* tokens; of FACTORS 0: far ones are none */
  float factors[GAZE_ROPE_PAIRS], far_factors[GAZE_ROPE_PAIRS]; /* [D / 2] */
  float magnitude;                                              /* turned numbers are multiplied by this; 0: 1 */
} gaze_rope_scaling;

struct gaze_attention;

/* Rows of the longest sequence that has no far factors; SIZE_MAX: none has. */
size_t gaze_rope_near(const struct gaze_attention *attention);

/* Rotates q and k of rows first .. first + n - 1 of qkv, which begin at `rows`, [n, (H + 2 G) D], in place by their
 * positions in their sequences. Halves of a head are turned against each other, as in transformers' LLaMA, or
 * neighbours where the attention is rope_interleaved, as in Meta's and in GGUF's. */
void gaze_rope_forward(float *rows, const struct gaze_attention *attention, const gaze_sequences *sequences,
                       size_t first, size_t n);
/* Turns all rows back: dqkv [N, (H + 2 G) D]. */
void gaze_rope_backward(float *dqkv, const struct gaze_attention *attention, const gaze_sequences *sequences);

/* By how much each pair's frequency is divided, [D / 2]: the scaling as GAZE_ROPE_FACTORS would have it. */
void gaze_rope_find_factors(const struct gaze_attention *attention, float *factors);

#endif
