/* L blocks in a row, and what is kept of them for backward. */
#ifndef GAZE_CORE_NN_STACK_H
#define GAZE_CORE_NN_STACK_H

#include "core/nn/block.h"

typedef struct gaze_stack {
  gaze_block_config config;
  size_t layers;                  /* L */
  size_t frozen;                  /* so many blocks from the first on do not learn: backward ends above them */
  gaze_block *blocks;             /* [L], yours: gaze_stack_fini */
  gaze_block_gradient *gradients; /* [L], NULL when the stack is only run */
} gaze_stack;

GAZE_CHECKED gaze_err gaze_stack_init(gaze_stack *stack, const gaze_block_config *config, size_t layers, bool trained);
void gaze_stack_fini(gaze_stack *stack);
GAZE_CHECKED gaze_err gaze_stack_list(gaze_stack *stack, const char *prefix, gaze_parameters *list);

/* Deviation of a matrix's initial numbers, by its name, as OpenAI's CLIP: products shrink with the width, and what is
 * added to the residual stream with the depth as well. */
double gaze_stack_deviation(const gaze_stack *stack, const char *name);

typedef enum gaze_tape_policy {
  GAZE_TAPE_NONE,      /* forward only */
  GAZE_TAPE_KEEP,      /* all that backward needs */
  GAZE_TAPE_RECOMPUTE, /* each block's input; backward runs the block again (Chen et al. 2016) */
  GAZE_TAPE_KEEP_BF16  /* all, in bf16 what goes through bf16 products anyway: a little less exact */
} gaze_tape_policy;

/* What a training step keeps in the precision of compute's products; checkpointing: as little as can be. */
gaze_tape_policy gaze_tape_policy_of(const gaze_compute *compute, bool checkpointing);

typedef struct gaze_stack_tape {
  gaze_tape_policy policy;
  size_t layers;
  float **inputs;          /* [L + 1]: x before each block [N, C], and the result */
  gaze_block_tape *blocks; /* [L], one and the same unless everything is kept */
  gaze_block_scratch scratch;
} gaze_stack_tape;

/* Lays the tape out in an arena for at most `rows` rows, the longest sequence being `longest`. Threads: OpenMP's
 * current number. The lists of pointers are in the arena too. Nothing is kept of frozen blocks. */
void gaze_stack_tape_layout(gaze_stack_tape *tape, const gaze_stack *stack, size_t rows, size_t longest,
                            gaze_tape_policy policy, gaze_arena *arena);

/* x: tape->inputs[0], [N, C], filled by the caller. Returns y, borrowed from the tape: [B, C] when queries names one
 * row a sequence (only that is finished in the last block), else [N, C]. name prefixes taps ("vision"). */
const float *gaze_stack_forward(const gaze_compute *compute, const gaze_stack *stack, const gaze_sequences *sequences,
                                const size_t *queries, gaze_stack_tape *tape, const char *name);
/* dy: shaped as y, destroyed. dx: [N, C], overwritten with the gradient of the lowest block that learns; untouched
 * where none does. dx may be dy when queries is NULL. */
void gaze_stack_backward(const gaze_compute *compute, float *dx, float *dy, gaze_stack *stack,
                         const gaze_sequences *sequences, const size_t *queries, gaze_stack_tape *tape,
                         const char *name);

#endif
