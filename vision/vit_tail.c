#include "vision/vit_tail.h"

#include <assert.h>
#include <string.h>

gaze_vit gaze_vit_front(const gaze_vit *vit) {
  gaze_vit front = *vit;
  assert(vit->config.output == GAZE_VIT_ROWS);
  front.config.layers = front.stack.layers = vit->stack.frozen;
  front.config.drops_class_token = false;
  return front;
}

/* Borrowed, too. */
static gaze_stack tail_of(const gaze_vit *vit) {
  const gaze_stack *all = &vit->stack;
  return (gaze_stack){.config = all->config,
                      .layers = all->layers - all->frozen,
                      .blocks = all->blocks + all->frozen,
                      .gradients = all->gradients + all->frozen};
}

static size_t rows_of(const gaze_vit *vit) { return gaze_vit_rows(&vit->config, gaze_vit_patches(&vit->config)); }

void gaze_vit_tail_layout(gaze_vit_tail_tape *tape, const gaze_vit *vit, size_t batch, gaze_tape_policy policy,
                          gaze_arena *arena) {
  gaze_stack tail = tail_of(vit);
  size_t T = rows_of(vit), rows = batch * T;
  assert(policy != GAZE_TAPE_NONE);
  tape->offsets = gaze_arena_take(arena, batch + 1, sizeof *tape->offsets);
  tape->dy = gaze_arena_take(arena, rows * vit->config.block.dim, sizeof(float));
  gaze_stack_tape_layout(&tape->stack, &tail, rows, T, policy, arena);
}

void gaze_vit_tail_forward(const gaze_compute *compute, float *features, size_t batch, const gaze_vit *vit,
                           gaze_vit_tail_tape *tape) {
  gaze_stack tail = tail_of(vit);
  size_t C = vit->config.block.dim, T = rows_of(vit), R = gaze_vit_feature_rows(&vit->config), dropped = T - R;
  for (size_t b = 0; b <= batch; b++)
    tape->offsets[b] = b * T;
  tape->sequences = (gaze_sequences){.count = batch, .offsets = tape->offsets, .longest = T};
  const float *y = gaze_stack_forward(compute, &tail, &tape->sequences, NULL, &tape->stack, "vision.tail");
  for (size_t b = 0; b < batch; b++)
    memcpy(features + b * R * C, y + (b * T + dropped) * C, R * C * sizeof *features);
}

void gaze_vit_tail_backward(const gaze_compute *compute, const float *dfeatures, size_t batch, gaze_vit *vit,
                            gaze_vit_tail_tape *tape) {
  gaze_stack tail = tail_of(vit);
  size_t C = vit->config.block.dim, T = rows_of(vit), R = gaze_vit_feature_rows(&vit->config), dropped = T - R;
  for (size_t b = 0; b < batch; b++) {
    float *dy = tape->dy + b * T * C;
    memset(dy, 0, dropped * C * sizeof *dy); /* nobody looked at it */
    memcpy(dy + dropped * C, dfeatures + b * R * C, R * C * sizeof *dy);
  }
  gaze_stack_backward(compute, tape->dy, tape->dy, &tail, &tape->sequences, NULL, &tape->stack, "vision.tail");
}
