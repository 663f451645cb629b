/* The post-norm block of BERT, RoBERTa and XLM-R (Devlin et al. 2019), forward: x = norm1(x + attention(x));
 * x = norm2(x + mlp(x)). Everything else is block.h's. */
#ifndef GAZE_CORE_NN_POST_BLOCK_H
#define GAZE_CORE_NN_POST_BLOCK_H

#include "core/nn/block.h"

/* As gaze_block_forward, which calls it. */
void gaze_post_block_forward(const gaze_compute *compute, float *y, const float *x, const gaze_block *block,
                             const gaze_block_config *c, const gaze_sequences *sequences, const size_t *queries,
                             gaze_block_tape *tape, gaze_block_scratch *scratch, const char *name);

#endif
