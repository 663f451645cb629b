#include "core/nn/stack.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

gaze_err gaze_stack_init(gaze_stack *stack, const gaze_block_config *config, size_t layers, bool trained) {
  *stack = (gaze_stack){.config = *config, .layers = layers};
  GAZE_TRY(gaze_alloc(layers, sizeof *stack->blocks, &stack->blocks));
  if (trained)
    GAZE_TRY(gaze_alloc(layers, sizeof *stack->gradients, &stack->gradients));
  return GAZE_OK;
}

void gaze_stack_fini(gaze_stack *stack) {
  free(stack->blocks);
  free(stack->gradients);
  *stack = (gaze_stack){0};
}

gaze_tape_policy gaze_tape_policy_of(const gaze_compute *compute, bool checkpointing) {
  if (checkpointing)
    return GAZE_TAPE_RECOMPUTE;
  return gaze_matmul_precision(compute->matmul) == GAZE_PRECISION_BF16 ? GAZE_TAPE_KEEP_BF16 : GAZE_TAPE_KEEP;
}

static void block_name(char *name, size_t size, const char *stack, size_t layer) {
  snprintf(name, size, "%s.block%02zu", stack, layer);
}

gaze_err gaze_stack_list(gaze_stack *stack, const char *name, gaze_parameters *list) {
  for (size_t i = 0; i < stack->layers; i++) {
    char block[48], prefix[52];
    block_name(block, sizeof block, name, i);
    snprintf(prefix, sizeof prefix, "%s.", block);
    GAZE_TRY(gaze_block_list(&stack->config, &stack->blocks[i], stack->gradients ? &stack->gradients[i] : NULL, prefix,
                             list));
  }
  return GAZE_OK;
}

double gaze_stack_deviation(const gaze_stack *stack, const char *name) {
  double C = (double)stack->config.dim;
  if (gaze_ends_with(name, "out_weight") || gaze_ends_with(name, "down_weight"))
    return 1 / sqrt(2 * (double)stack->layers * C);
  return gaze_ends_with(name, "up_weight") ? 1 / sqrt(2 * C) : 1 / sqrt(C);
}

/* Layers that share memory, under a policy or below all that learns, point at the same place: backward and forward need
 * not know which. The lowest block that learns may write over frozen ones. */
void gaze_stack_tape_layout(gaze_stack_tape *tape, const gaze_stack *stack, size_t rows, size_t longest,
                            gaze_tape_policy policy, gaze_arena *arena) {
  const gaze_block_config *c = &stack->config;
  size_t layers = stack->layers;
  *tape = (gaze_stack_tape){.policy = policy, .layers = layers};
  tape->inputs = gaze_arena_take(arena, layers + 1, sizeof *tape->inputs);
  tape->blocks = gaze_arena_take(arena, layers, sizeof *tape->blocks);
  bool measuring = !arena->base, bf16 = policy == GAZE_TAPE_KEEP_BF16, keep = bf16 || policy == GAZE_TAPE_KEEP;
  for (size_t i = 0; i <= layers; i++) {
    bool shared = i >= 2 && (policy == GAZE_TAPE_NONE || i <= stack->frozen);
    float *input = shared ? NULL : gaze_arena_take(arena, rows * c->dim, sizeof(float));
    if (!measuring)
      tape->inputs[i] = shared ? tape->inputs[i - 2] : input;
  }
  for (size_t i = 0; i < layers; i++) {
    bool shared = i >= 1 && (!keep || i <= stack->frozen);
    gaze_block_tape block = {0};
    if (!shared)
      gaze_block_tape_layout(&block, c, rows, bf16, arena);
    if (!measuring)
      tape->blocks[i] = shared ? tape->blocks[i - 1] : block;
  }
  gaze_block_scratch_layout(&tape->scratch, c, rows, longest, policy != GAZE_TAPE_NONE, bf16, arena);
}

static void run_block(const gaze_compute *compute, const gaze_stack *stack, size_t layer,
                      const gaze_sequences *sequences, const size_t *queries, gaze_stack_tape *tape, const char *name) {
  char block[48];
  block_name(block, sizeof block, name, layer);
  gaze_block_forward(compute, tape->inputs[layer + 1], tape->inputs[layer], &stack->blocks[layer], &stack->config,
                     sequences, layer + 1 == stack->layers ? queries : NULL, &tape->blocks[layer], &tape->scratch,
                     block);
}

const float *gaze_stack_forward(const gaze_compute *compute, const gaze_stack *stack, const gaze_sequences *sequences,
                                const size_t *queries, gaze_stack_tape *tape, const char *name) {
  assert(tape->layers == stack->layers);
  for (size_t layer = 0; layer < stack->layers; layer++)
    run_block(compute, stack, layer, sequences, queries, tape, name);
  return tape->inputs[stack->layers];
}

void gaze_stack_backward(const gaze_compute *compute, float *dx, float *dy, gaze_stack *stack,
                         const gaze_sequences *sequences, const size_t *queries, gaze_stack_tape *tape,
                         const char *name) {
  assert(tape->policy != GAZE_TAPE_NONE && stack->gradients);
  for (size_t layer = stack->layers; layer-- > stack->frozen;) {
    bool last = layer + 1 == stack->layers;
    if (tape->policy == GAZE_TAPE_RECOMPUTE && !last)
      run_block(compute, stack, layer, sequences, queries, tape, name);
    gaze_block_backward(compute, dx, &stack->gradients[layer], last ? dy : dx, tape->inputs[layer],
                        &stack->blocks[layer], &stack->config, sequences, last ? queries : NULL, &tape->blocks[layer],
                        &tape->scratch);
  }
}
