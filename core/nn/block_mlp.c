#include "core/nn/block_parts.h"

#include "core/nn/linear.h"

#include <stdio.h>
#include <string.h>

void gaze_block_tap(const gaze_compute *compute, const char *name, const char *what, const float *data, size_t rows,
                    size_t columns) {
  if (!compute->tap)
    return;
  char full[96];
  snprintf(full, sizeof full, "%s%s", name, what);
  compute->tap(compute->tap_user, full, data, rows, columns);
}

void gaze_block_copy(float *y, const float *x, size_t rows, size_t C) {
  enum { ALONE = 1 << 16 }; /* numbers that one thread copies sooner */
  if (rows * C <= ALONE) {
    memcpy(y, x, rows * C * sizeof *y);
    return;
  }
#pragma omp parallel for schedule(static)
  for (size_t i = 0; i < rows; i++)
    memcpy(y + i * C, x + i * C, C * sizeof *y);
}

static gaze_linear gate_linear(const gaze_block *block, const gaze_block_config *c, size_t row) {
  return (gaze_linear){block->gate_weight, {0}, c->dim, c->mlp_dim, row};
}
static gaze_linear up_linear(const gaze_block *block, const gaze_block_config *c, size_t row) {
  return (gaze_linear){block->up_weight, block->up_bias, c->dim, c->mlp_dim, row};
}
static gaze_linear down_linear(const gaze_block *block, const gaze_block_config *c, size_t row) {
  return (gaze_linear){block->down_weight, block->down_bias, c->mlp_dim, c->dim, row};
}

/* activated = activation(up), or activation(gate) * up. All: [n, F]. */
static void activate_row(const gaze_kernels *kernels, float *activated, const float *gate, const float *up,
                         const gaze_block_config *c) {
  kernels->activation[c->activation](activated, c->gated ? gate : up, c->mlp_dim);
  if (c->gated)
    kernels->multiply(activated, up, c->mlp_dim);
}

static void activate(const gaze_compute *compute, float *activated, const float *gate, const float *up,
                     const gaze_block_config *c, size_t n) {
  size_t F = c->mlp_dim;
  if (n == 1) {
    activate_row(compute->kernels, activated, gate, up, c);
    return;
  }
#pragma omp parallel for schedule(static)
  for (size_t i = 0; i < n; i++)
    activate_row(compute->kernels, activated + i * F, c->gated ? gate + i * F : NULL, up + i * F, c);
}

/* A row of dup and of dgate from that of dactivated, which lies in dup. What was activated is made again a stretch at a
 * time, so that no third buffer is needed. */
static void gated_row_backward(const gaze_kernels *kernels, float *dup, float *dgate, const float *gate,
                               const float *up, const gaze_block_config *c) {
  enum { STRETCH = 256 };
  float activated[STRETCH];
  size_t F = c->mlp_dim;
  for (size_t first = 0, n; first < F; first += n) {
    n = F - first < STRETCH ? F - first : STRETCH;
    memcpy(dgate + first, dup + first, n * sizeof *dgate);
    kernels->multiply(dgate + first, up + first, n);
    kernels->activation_backward[c->activation](dgate + first, dgate + first, gate + first, n);
    kernels->activation[c->activation](activated, gate + first, n);
    kernels->multiply(dup + first, activated, n);
  }
}

/* dup and dgate from dactivated, which lies in dup. */
static void activate_backward(const gaze_compute *compute, const gaze_block_scratch *scratch, const float *gate,
                              const float *up, const gaze_block_config *c, size_t n) {
  const gaze_kernels *kernels = compute->kernels;
  size_t F = c->mlp_dim;
#pragma omp parallel for schedule(static)
  for (size_t i = 0; i < n; i++)
    if (c->gated)
      gated_row_backward(kernels, scratch->dup + i * F, scratch->dgate + i * F, gate + i * F, up + i * F, c);
    else
      kernels->activation_backward[c->activation](scratch->dup + i * F, scratch->dup + i * F, up + i * F, F);
}

/* y += mlp(input): n rows from `first` on; y and input are theirs. */
static void piece_forward(const gaze_compute *compute, float *y, const float *input, const gaze_block *block,
                          const gaze_block_config *c, size_t first, size_t n, gaze_block_tape *tape,
                          gaze_block_scratch *scratch) {
  size_t C = c->dim, F = c->mlp_dim;
  gaze_linear gate_layer = gate_linear(block, c, first), up_layer = up_linear(block, c, first),
              down = down_linear(block, c, first);
  float *gate = NULL, *up = gaze_kept_place(&tape->up, first, scratch->up);
  if (scratch->run_only && !c->gated) {
    gaze_linear_activate(compute, up, F, input, C, &up_layer, n, compute->kernels->activation[c->activation]);
    gaze_linear_forward(compute, y, C, up, F, &down, n, GAZE_ADD);
    return;
  }
  if (c->gated)
    gate = gaze_kept_place(&tape->gate, first, scratch->gate);
  gaze_linear_output outputs[] = {{up_layer, up, F}, {gate_layer, gate, F}};
  gaze_linear_forward_all(compute, outputs, c->gated ? 2 : 1, input, C, n);
  gaze_kept_store(compute, &tape->up, first, n, up);
  if (c->gated)
    gaze_kept_store(compute, &tape->gate, first, n, gate);
  activate(compute, scratch->activated, gate, up, c, n);
  gaze_linear_forward(compute, y, C, scratch->activated, F, &down, n, GAZE_ADD);
}

void gaze_block_mlp_add(const gaze_compute *compute, float *y, const float *input, const gaze_block *block,
                        const gaze_block_config *c, size_t M, gaze_block_tape *tape, gaze_block_scratch *scratch) {
  size_t C = c->dim;
  for (size_t first = 0, n; first < M; first += n) {
    n = gaze_block_piece(scratch, first, M);
    piece_forward(compute, y + first * C, input + first * C, block, c, first, n, tape, scratch);
  }
}

void gaze_block_mlp_forward(const gaze_compute *compute, float *y, const gaze_block *block, const gaze_block_config *c,
                            size_t M, gaze_block_tape *tape, gaze_block_scratch *scratch, const char *name) {
  size_t C = c->dim;
  gaze_norm norm = gaze_block_norm2(block, c);
  gaze_norm_forward(compute, scratch->normed, tape->statistics2, tape->middle, &norm, M);
  gaze_block_tap(compute, name, ".norm2", scratch->normed, M, C);
  gaze_block_copy(y, tape->middle, M, C);
  gaze_block_mlp_add(compute, y, scratch->normed, block, c, M, tape, scratch);
}

/* dy: of the n rows from `first` on. */
static void piece_backward(const gaze_compute *compute, gaze_block_gradient *gradient, float *dy,
                           const gaze_block *block, const gaze_block_config *c, size_t first, size_t n,
                           const gaze_block_tape *tape, gaze_block_scratch *scratch) {
  size_t C = c->dim, F = c->mlp_dim;
  gaze_norm norm = gaze_block_norm2(block, c);
  gaze_linear gate_layer = gate_linear(block, c, first), up_layer = up_linear(block, c, first),
              down = down_linear(block, c, first);
  const float *middle = tape->middle + first * C, *statistics = tape->statistics2 + 2 * first;
  const float *up = gaze_kept_load(compute, &tape->up, first, n, scratch->up);
  const float *gate = c->gated ? gaze_kept_load(compute, &tape->gate, first, n, scratch->gate) : NULL;
  activate(compute, scratch->activated, gate, up, c, n);
  gaze_linear_backward(compute, scratch->dup, F, gradient->down_weight, gradient->down_bias, dy, C, scratch->activated,
                       F, &down, n);
  activate_backward(compute, scratch, gate, up, c, n);
  gaze_norm_again(compute, scratch->normed, statistics, middle, &norm, n);
  float *dnormed = scratch->activated;
  if (c->gated) {
    gaze_linear_backward(compute, dnormed, C, gradient->gate_weight, NULL, scratch->dgate, F, scratch->normed, C,
                         &gate_layer, n);
    gaze_norm_backward(compute, dy, gradient->norm2_gain, gradient->norm2_bias, dnormed, statistics, middle, &norm, n,
                       scratch->norm);
  }
  gaze_linear_backward(compute, dnormed, C, gradient->up_weight, gradient->up_bias, scratch->dup, F, scratch->normed, C,
                       &up_layer, n);
  gaze_norm_backward(compute, dy, gradient->norm2_gain, gradient->norm2_bias, dnormed, statistics, middle, &norm, n,
                     scratch->norm);
}

void gaze_block_mlp_backward(const gaze_compute *compute, gaze_block_gradient *gradient, float *dy,
                             const gaze_block *block, const gaze_block_config *c, size_t M, const gaze_block_tape *tape,
                             gaze_block_scratch *scratch) {
  for (size_t first = 0, n; first < M; first += n) {
    n = gaze_block_piece(scratch, first, M);
    piece_backward(compute, gradient, dy + first * c->dim, block, c, first, n, tape, scratch);
  }
}
