/* Multihead attention pooling, forward (Lee et al. 2019; Zhai et al. 2022, who gave SigLIP's image encoder its name of
 * it, MAP): one learned row, the probe, asks all rows of a picture; h = out(attention(probe, x)); h + mlp(norm(h)). */
#ifndef GAZE_VISION_MAP_HEAD_H
#define GAZE_VISION_MAP_HEAD_H

#include "core/nn/block.h"

typedef struct gaze_map_head {
  gaze_block_config config;
  gaze_weight probe; /* [C] */
  gaze_block block;  /* all but the first norm */
} gaze_map_head;

GAZE_CHECKED gaze_err gaze_map_head_list(gaze_map_head *head, const char *prefix, gaze_parameters *list);

/* The tape: of a block whose N rows are those of all pictures. */
void gaze_map_head_tape_layout(gaze_block_tape *tape, const gaze_map_head *head, size_t rows, size_t batch,
                               gaze_arena *arena);
/* y: [B, C]; x: [N, C]. first_rows: B zeros. */
void gaze_map_head_forward(const gaze_compute *compute, float *y, const float *x, const gaze_map_head *head,
                           const gaze_sequences *sequences, const size_t *first_rows, gaze_block_tape *tape,
                           gaze_block_scratch *scratch, const char *name);

#endif
