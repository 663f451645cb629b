#include "core/nn/block.h"

#include "core/nn/linear.h"

#include <omp.h>
#include <stdio.h>
#include <string.h>

#define ADD(name, present, rows, columns) \
  if (present)                            \
    GAZE_TRY(gaze_parameters_add(list, prefix, #name, &block->name, gradient ? &gradient->name : NULL, rows, columns));
#define ADD_VECTOR(name, present, size) ADD(name, present, size, 1)

gaze_err gaze_block_list(const gaze_block_config *c, gaze_block *block, gaze_block_gradient *gradient,
                         const char *prefix, gaze_parameters *list) {
  GAZE_BLOCK_PARAMETERS(ADD_VECTOR, ADD)
  return GAZE_OK;
}

static size_t q_width(const gaze_block_config *c) { return c->attention.heads * c->attention.head_dim; }
static size_t kv_width(const gaze_block_config *c) { return c->attention.kv_heads * c->attention.head_dim; }
static size_t qkv_width(const gaze_block_config *c) { return q_width(c) + 2 * kv_width(c); }

static float *take(gaze_arena *arena, size_t rows, size_t columns) {
  return gaze_arena_take(arena, rows * columns, sizeof(float));
}

void gaze_block_tape_layout(gaze_block_tape *tape, const gaze_block_config *c, size_t rows, gaze_arena *arena) {
  tape->statistics1 = take(arena, rows, 2);
  tape->qkv = take(arena, rows, qkv_width(c));
  tape->attended = take(arena, rows, q_width(c));
  tape->middle = take(arena, rows, c->dim);
  tape->statistics2 = take(arena, rows, 2);
  tape->gate = c->gated ? take(arena, rows, c->mlp_dim) : NULL;
  tape->up = take(arena, rows, c->mlp_dim);
}

void gaze_block_scratch_layout(gaze_block_scratch *scratch, const gaze_block_config *c, size_t rows, size_t longest,
                               bool backward, gaze_arena *arena) {
  *scratch = (gaze_block_scratch){0};
  scratch->normed = take(arena, rows, c->dim);
  scratch->activated = take(arena, rows, c->mlp_dim > c->dim ? c->mlp_dim : c->dim); /* dnormed lies here too */
  scratch->attention = take(arena, gaze_attention_scratch(longest, omp_get_max_threads()), 1);
  if (!backward)
    return;
  scratch->dqkv = take(arena, rows, qkv_width(c));
  scratch->dattended = take(arena, rows, q_width(c));
  scratch->dup = take(arena, rows, c->mlp_dim);
  scratch->dgate = c->gated ? take(arena, rows, c->mlp_dim) : NULL;
  scratch->norm = take(arena, gaze_norm_scratch(c->dim), 1);
}

static gaze_norm norm1(const gaze_block *block, const gaze_block_config *c) {
  return (gaze_norm){c->norm, block->norm1_gain, block->norm1_bias, c->eps, c->dim};
}
static gaze_norm norm2(const gaze_block *block, const gaze_block_config *c) {
  return (gaze_norm){c->norm, block->norm2_gain, block->norm2_bias, c->eps, c->dim};
}

static void tap(const gaze_compute *compute, const char *block, const char *what, const float *data, size_t rows,
                size_t columns) {
  if (!compute->tap)
    return;
  char name[96];
  snprintf(name, sizeof name, "%s%s", block, what);
  compute->tap(compute->tap_user, name, data, rows, columns);
}

/* q, k and v are one product where their weights lie side by side, as in a parameter arena or a packed checkpoint. */
typedef struct projections {
  gaze_linear linear[3];
  size_t column[3]; /* where each starts in a row of qkv */
  size_t count;
} projections;

static bool follows(gaze_weight a, gaze_weight b, size_t count) {
  return !a.data || (a.dtype == b.dtype && (const char *)a.data + count * gaze_dtype_size(a.dtype) == b.data);
}

static projections qkv_projections(const gaze_block *block, const gaze_block_config *c) {
  size_t q = q_width(c), kv = kv_width(c), C = c->dim;
  bool packed = follows(block->q_weight, block->k_weight, q * C) && follows(block->k_weight, block->v_weight, kv * C) &&
                follows(block->q_bias, block->k_bias, q) && follows(block->k_bias, block->v_bias, kv);
  if (packed)
    return (projections){{{block->q_weight, block->q_bias, C, q + 2 * kv}}, {0}, 1};
  return (projections){{{block->q_weight, block->q_bias, C, q},
                        {block->k_weight, block->k_bias, C, kv},
                        {block->v_weight, block->v_bias, C, kv}},
                       {0, q, q + kv},
                       3};
}

static gaze_linear out_linear(const gaze_block *block, const gaze_block_config *c) {
  return (gaze_linear){block->out_weight, block->out_bias, q_width(c), c->dim};
}
static gaze_linear gate_linear(const gaze_block *block, const gaze_block_config *c) {
  return (gaze_linear){block->gate_weight, {0}, c->dim, c->mlp_dim};
}
static gaze_linear up_linear(const gaze_block *block, const gaze_block_config *c) {
  return (gaze_linear){block->up_weight, block->up_bias, c->dim, c->mlp_dim};
}
static gaze_linear down_linear(const gaze_block *block, const gaze_block_config *c) {
  return (gaze_linear){block->down_weight, block->down_bias, c->mlp_dim, c->dim};
}

/* activated = activation(up), or activation(gate) * up. */
static void activate(const gaze_compute *compute, float *activated, const gaze_block_tape *tape,
                     const gaze_block_config *c, size_t rows) {
  const gaze_kernels *kernels = compute->kernels;
  size_t F = c->mlp_dim;
#pragma omp parallel for schedule(static)
  for (size_t i = 0; i < rows; i++) {
    kernels->activation[c->activation](activated + i * F, (c->gated ? tape->gate : tape->up) + i * F, F);
    if (c->gated)
      kernels->multiply(activated + i * F, tape->up + i * F, F);
  }
}

/* dup and dgate from dactivated, which lies in dup. */
static void activate_backward(const gaze_compute *compute, const gaze_block_scratch *scratch,
                              const gaze_block_tape *tape, const gaze_block_config *c, size_t rows) {
  const gaze_kernels *kernels = compute->kernels;
  size_t F = c->mlp_dim;
#pragma omp parallel for schedule(static)
  for (size_t i = 0; i < rows; i++) {
    float *dup = scratch->dup + i * F;
    if (!c->gated) {
      kernels->activation_backward[c->activation](dup, dup, tape->up + i * F, F);
      continue;
    }
    float *dgate = scratch->dgate + i * F;
    memcpy(dgate, dup, F * sizeof *dgate);
    kernels->multiply(dgate, tape->up + i * F, F);
    kernels->activation_backward[c->activation](dgate, dgate, tape->gate + i * F, F);
    for (size_t f = 0; f < F; f++) { /* activated again without a third buffer: one value at a time */
      float value;
      kernels->activation[c->activation](&value, tape->gate + i * F + f, 1);
      dup[f] *= value;
    }
  }
}

static void copy_rows(float *y, const float *x, const gaze_sequences *sequences, const size_t *queries, size_t C) {
  if (!queries) {
    memcpy(y, x, gaze_sequences_rows(sequences) * C * sizeof *y);
    return;
  }
  for (size_t b = 0; b < sequences->count; b++)
    memcpy(y + b * C, x + (sequences->offsets[b] + queries[b]) * C, C * sizeof *y);
}

static void attention_forward(const gaze_compute *compute, const float *x, const gaze_block *block,
                              const gaze_block_config *c, const gaze_sequences *sequences, const size_t *queries,
                              gaze_block_tape *tape, gaze_block_scratch *scratch, const char *name) {
  size_t N = gaze_sequences_rows(sequences), M = queries ? sequences->count : N, C = c->dim;
  gaze_norm norm = norm1(block, c);
  gaze_norm_forward(compute, scratch->normed, tape->statistics1, x, &norm, N);
  tap(compute, name, ".norm1", scratch->normed, N, C);
  projections qkv = qkv_projections(block, c);
  for (size_t i = 0; i < qkv.count; i++)
    gaze_linear_forward(compute, tape->qkv + qkv.column[i], qkv_width(c), scratch->normed, C, &qkv.linear[i], N,
                        GAZE_STORE);
  if (c->attention.rope_theta > 0)
    gaze_rope_forward(tape->qkv, &c->attention, sequences);
  gaze_attention_forward(compute, tape->attended, tape->qkv, &c->attention, sequences, queries, scratch->attention);
  copy_rows(tape->middle, x, sequences, queries, C);
  gaze_linear out = out_linear(block, c);
  gaze_linear_forward(compute, tape->middle, C, tape->attended, q_width(c), &out, M, GAZE_ADD);
  tap(compute, name, ".attn", tape->middle, M, C);
}

void gaze_block_forward(const gaze_compute *compute, float *y, const float *x, const gaze_block *block,
                        const gaze_block_config *c, const gaze_sequences *sequences, const size_t *queries,
                        gaze_block_tape *tape, gaze_block_scratch *scratch, const char *name) {
  attention_forward(compute, x, block, c, sequences, queries, tape, scratch, name);
  size_t M = queries ? sequences->count : gaze_sequences_rows(sequences), C = c->dim, F = c->mlp_dim;
  gaze_norm norm = norm2(block, c);
  gaze_linear up = up_linear(block, c), down = down_linear(block, c);
  gaze_norm_forward(compute, scratch->normed, tape->statistics2, tape->middle, &norm, M);
  tap(compute, name, ".norm2", scratch->normed, M, C);
  if (c->gated) {
    gaze_linear gate = gate_linear(block, c);
    gaze_linear_forward(compute, tape->gate, F, scratch->normed, C, &gate, M, GAZE_STORE);
  }
  gaze_linear_forward(compute, tape->up, F, scratch->normed, C, &up, M, GAZE_STORE);
  activate(compute, scratch->activated, tape, c, M);
  memcpy(y, tape->middle, M * C * sizeof *y);
  gaze_linear_forward(compute, y, C, scratch->activated, F, &down, M, GAZE_ADD);
  tap(compute, name, "", y, M, C);
}

/* dmiddle, in place of dy. */
static void mlp_backward(const gaze_compute *compute, gaze_block_gradient *gradient, float *dy, const gaze_block *block,
                         const gaze_block_config *c, size_t M, const gaze_block_tape *tape,
                         gaze_block_scratch *scratch) {
  size_t C = c->dim, F = c->mlp_dim;
  gaze_norm norm = norm2(block, c);
  gaze_linear gate = gate_linear(block, c), up = up_linear(block, c), down = down_linear(block, c);
  activate(compute, scratch->activated, tape, c, M);
  gaze_linear_backward(compute, scratch->dup, F, gradient->down_weight, gradient->down_bias, dy, C, scratch->activated,
                       F, &down, M);
  activate_backward(compute, scratch, tape, c, M);
  gaze_norm_again(compute, scratch->normed, tape->statistics2, tape->middle, &norm, M);
  float *dnormed = scratch->activated;
  if (c->gated) {
    gaze_linear_backward(compute, dnormed, C, gradient->gate_weight, NULL, scratch->dgate, F, scratch->normed, C, &gate,
                         M);
    gaze_norm_backward(compute, dy, gradient->norm2_gain, gradient->norm2_bias, dnormed, tape->statistics2,
                       tape->middle, &norm, M, scratch->norm);
  }
  gaze_linear_backward(compute, dnormed, C, gradient->up_weight, gradient->up_bias, scratch->dup, F, scratch->normed, C,
                       &up, M);
  gaze_norm_backward(compute, dy, gradient->norm2_gain, gradient->norm2_bias, dnormed, tape->statistics2, tape->middle,
                     &norm, M, scratch->norm);
}

/* dx of the residual path: dmiddle's rows where they came from, zero elsewhere. */
static void spread_rows(float *dx, const float *dmiddle, const gaze_sequences *sequences, const size_t *queries,
                        size_t C) {
  size_t N = gaze_sequences_rows(sequences);
  if (!queries) {
    if (dx != dmiddle)
      memcpy(dx, dmiddle, N * C * sizeof *dx);
    return;
  }
  memset(dx, 0, N * C * sizeof *dx);
  for (size_t b = 0; b < sequences->count; b++)
    memcpy(dx + (sequences->offsets[b] + queries[b]) * C, dmiddle + b * C, C * sizeof *dx);
}

static void qkv_backward(const gaze_compute *compute, float *dx, gaze_block_gradient *gradient, const float *x,
                         const gaze_block *block, const gaze_block_config *c, size_t N, const gaze_block_tape *tape,
                         gaze_block_scratch *scratch) {
  gaze_norm norm = norm1(block, c);
  projections qkv = qkv_projections(block, c);
  float *dweight[3] = {gradient->q_weight, gradient->k_weight, gradient->v_weight};
  float *dbias[3] = {gradient->q_bias, gradient->k_bias, gradient->v_bias}, *dnormed = scratch->activated;
  gaze_norm_again(compute, scratch->normed, tape->statistics1, x, &norm, N);
  for (size_t i = 0; i < qkv.count; i++) {
    gaze_linear_backward(compute, dnormed, c->dim, dweight[i], dbias[i], scratch->dqkv + qkv.column[i], qkv_width(c),
                         scratch->normed, c->dim, &qkv.linear[i], N);
    gaze_norm_backward(compute, dx, gradient->norm1_gain, gradient->norm1_bias, dnormed, tape->statistics1, x, &norm, N,
                       scratch->norm);
  }
}

void gaze_block_backward(const gaze_compute *compute, float *dx, gaze_block_gradient *gradient, float *dy,
                         const float *x, const gaze_block *block, const gaze_block_config *c,
                         const gaze_sequences *sequences, const size_t *queries, const gaze_block_tape *tape,
                         gaze_block_scratch *scratch) {
  size_t N = gaze_sequences_rows(sequences), M = queries ? sequences->count : N, C = c->dim;
  gaze_linear out = out_linear(block, c);
  mlp_backward(compute, gradient, dy, block, c, M, tape, scratch);
  gaze_linear_backward(compute, scratch->dattended, q_width(c), gradient->out_weight, gradient->out_bias, dy, C,
                       tape->attended, q_width(c), &out, M);
  gaze_attention_backward(compute, scratch->dqkv, scratch->dattended, tape->qkv, &c->attention, sequences, queries,
                          scratch->attention);
  if (c->attention.rope_theta > 0)
    gaze_rope_backward(scratch->dqkv, &c->attention, sequences);
  spread_rows(dx, dy, sequences, queries, C);
  qkv_backward(compute, dx, gradient, x, block, c, N, tape, scratch);
}
