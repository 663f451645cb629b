#include "core/nn/block_parts.h"
#include "core/nn/linear.h"
#include "core/nn/post_block.h"

#include <assert.h>
#include <omp.h>
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

static float *take(gaze_arena *arena, size_t rows, size_t columns) {
  return gaze_arena_take(arena, rows * columns, sizeof(float));
}

void gaze_block_tape_layout(gaze_block_tape *tape, const gaze_block_config *c, size_t rows, bool bf16,
                            gaze_arena *arena) {
  *tape = (gaze_block_tape){0};
  tape->statistics1 = take(arena, rows, 2);
  tape->qkv = gaze_kept_take(arena, rows, gaze_block_qkv_width(c), bf16);
  tape->attended = gaze_kept_take(arena, rows, gaze_block_q_width(c), bf16);
  tape->middle = take(arena, rows, c->dim);
  tape->statistics2 = take(arena, rows, 2);
  if (c->gated)
    tape->gate = gaze_kept_take(arena, rows, c->mlp_dim, bf16);
  tape->up = gaze_kept_take(arena, rows, c->mlp_dim, bf16);
}

static size_t larger(size_t a, size_t b) { return a > b ? a : b; }

/* Rows that are worked on at once where they are wide: enough for the products' full speed. A product for dweight goes
 * through all of it once a piece; where there is none, what a piece leaves stays in the caches for who reads it next.
 */
enum { PIECE = 2048, FORWARD_PIECE = 512 };

void gaze_block_scratch_layout(gaze_block_scratch *scratch, const gaze_block_config *c, size_t rows, size_t longest,
                               bool backward, bool bf16, gaze_arena *arena) {
  size_t most = backward ? PIECE : FORWARD_PIECE, P = rows < most ? rows : most, F = c->mlp_dim,
         C = larger(c->dim, gaze_block_q_width(c));
  *scratch = (gaze_block_scratch){.run_only = !backward, .piece = P};
  scratch->normed = take(arena, rows, C);
  scratch->activated = take(arena, P, larger(F, C)); /* dnormed lies here too */
  int threads = omp_get_max_threads();
  size_t attention = gaze_attention_scratch(&c->attention, longest, threads);
  scratch->attention = take(arena, larger(attention, gaze_attention_run_scratch(&c->attention, longest, threads)), 1);
  if (bf16) {
    scratch->qkv = take(arena, P, gaze_block_qkv_width(c));
    scratch->gate = c->gated ? take(arena, P, F) : NULL;
    scratch->up = take(arena, P, F);
  }
  if (!backward)
    return;
  scratch->dqkv = take(arena, rows, gaze_block_qkv_width(c));
  scratch->dup = take(arena, P, F);
  scratch->dgate = c->gated ? take(arena, P, F) : NULL;
  scratch->norm = take(arena, gaze_norm_scratch(c->dim), 1);
}

/* q, k and v are one product where their weights lie side by side, as in a parameter arena or a packed checkpoint. */
typedef struct projections {
  gaze_linear linear[3];
  size_t column[3]; /* where each starts in a row of qkv */
  size_t count;
} projections;

static bool follows(gaze_weight a, gaze_weight b, size_t count) {
  return !a.data || (a.dtype == b.dtype && !b.packed && !a.added && !b.added &&
                     (const char *)a.data + count * gaze_dtype_size(a.dtype) == b.data);
}

static projections qkv_projections(const gaze_block *block, const gaze_block_config *c, size_t row) {
  size_t q = gaze_block_q_width(c), kv = gaze_block_kv_width(c), C = c->dim;
  bool packed = follows(block->q_weight, block->k_weight, q * C) && follows(block->k_weight, block->v_weight, kv * C) &&
                follows(block->q_bias, block->k_bias, q) && follows(block->k_bias, block->v_bias, kv);
  if (packed)
    return (projections){{{block->q_weight, block->q_bias, C, q + 2 * kv, row}}, {0}, 1};
  return (projections){{{block->q_weight, block->q_bias, C, q, row},
                        {block->k_weight, block->k_bias, C, kv, row},
                        {block->v_weight, block->v_bias, C, kv, row}},
                       {0, q, q + kv},
                       3};
}

static gaze_linear out_linear(const gaze_block *block, const gaze_block_config *c, size_t row) {
  return (gaze_linear){block->out_weight, block->out_bias, gaze_block_q_width(c), c->dim, row};
}

static void copy_rows(float *y, const float *x, const gaze_sequences *sequences, const size_t *queries, size_t C) {
  if (!queries) {
    gaze_block_copy(y, x, gaze_sequences_rows(sequences), C);
    return;
  }
  for (size_t b = 0; b < sequences->count; b++)
    memcpy(y + b * C, x + (sequences->offsets[b] + queries[b]) * C, C * sizeof *y);
}

/* Each head of q and k of n rows through its norm. */
static void norm_heads(const gaze_compute *compute, float *rows, const gaze_block *block, const gaze_block_config *c,
                       size_t n) {
  size_t D = c->attention.head_dim, H = c->attention.heads, heads = H + c->attention.kv_heads;
#pragma omp parallel for collapse(2) schedule(static)
  for (size_t i = 0; i < n; i++)
    for (size_t h = 0; h < heads; h++) {
      float rstd, *head = rows + i * gaze_block_qkv_width(c) + h * D;
      const float *gain = gaze_f32(h < H ? block->q_norm_gain : block->k_norm_gain);
      compute->kernels->rms_norm(head, &rstd, head, gain, c->eps, D);
    }
}

void gaze_block_qkv_forward(const gaze_compute *compute, const float *input, const gaze_block *block,
                            const gaze_block_config *c, const gaze_sequences *sequences, gaze_block_tape *tape,
                            gaze_block_scratch *scratch) {
  size_t N = gaze_sequences_rows(sequences), width = gaze_block_qkv_width(c);
  for (size_t first = 0, n; first < N; first += n) {
    n = gaze_block_piece(scratch, first, N);
    projections qkv = qkv_projections(block, c, first);
    float *rows = gaze_kept_place(&tape->qkv, first, scratch->qkv);
    gaze_linear_output outputs[3];
    for (size_t i = 0; i < qkv.count; i++)
      outputs[i] = (gaze_linear_output){qkv.linear[i], rows + qkv.column[i], width};
    gaze_linear_forward_all(compute, outputs, qkv.count, input + first * c->dim, c->dim, n);
    if (c->qk_normed)
      norm_heads(compute, rows, block, c, n);
    if (c->attention.rope_theta > 0)
      gaze_rope_forward(rows, &c->attention, sequences, first, n);
    gaze_kept_store(compute, &tape->qkv, first, n, rows);
  }
}

void gaze_block_out_forward(const gaze_compute *compute, const float *x, const gaze_block *block,
                            const gaze_block_config *c, const gaze_sequences *sequences, const size_t *queries,
                            gaze_block_tape *tape, gaze_block_scratch *scratch) {
  size_t M = queries ? sequences->count : gaze_sequences_rows(sequences);
  copy_rows(tape->middle, x, sequences, queries, c->dim);
  for (size_t first = 0, n; first < M; first += n) {
    n = gaze_block_piece(scratch, first, M);
    gaze_linear out = out_linear(block, c, first);
    const float *attended = gaze_kept_load(compute, &tape->attended, first, n, scratch->activated);
    gaze_linear_forward(compute, tape->middle + first * c->dim, c->dim, attended, out.in, &out, n, GAZE_ADD);
  }
}

/* dattended, in scratch->normed. */
static void out_backward(const gaze_compute *compute, gaze_block_gradient *gradient, const float *dmiddle,
                         const gaze_block *block, const gaze_block_config *c, size_t M, const gaze_block_tape *tape,
                         gaze_block_scratch *scratch) {
  for (size_t first = 0, n; first < M; first += n) {
    n = gaze_block_piece(scratch, first, M);
    gaze_linear out = out_linear(block, c, first);
    const float *attended = gaze_kept_load(compute, &tape->attended, first, n, scratch->activated);
    gaze_linear_backward(compute, scratch->normed + first * out.in, out.in, gradient->out_weight, gradient->out_bias,
                         dmiddle + first * c->dim, c->dim, attended, out.in, &out, n);
  }
}

void gaze_block_attention_forward(const gaze_compute *compute, const float *x, const float *input,
                                  const gaze_block *block, const gaze_block_config *c, const gaze_sequences *sequences,
                                  const size_t *queries, gaze_block_tape *tape, gaze_block_scratch *scratch) {
  gaze_block_qkv_forward(compute, input, block, c, sequences, tape, scratch);
  if (scratch->run_only && !queries)
    gaze_attention_run(compute, tape->attended.f32, tape->qkv.f32, &c->attention, sequences, scratch->attention);
  else
    gaze_attention_forward(compute, &tape->attended, &tape->qkv, &c->attention, sequences, queries, scratch->attention);
  gaze_block_out_forward(compute, x, block, c, sequences, queries, tape, scratch);
}

void gaze_block_forward(const gaze_compute *compute, float *y, const float *x, const gaze_block *block,
                        const gaze_block_config *c, const gaze_sequences *sequences, const size_t *queries,
                        gaze_block_tape *tape, gaze_block_scratch *scratch, const char *name) {
  size_t N = gaze_sequences_rows(sequences), M = queries ? sequences->count : N;
  gaze_norm norm = gaze_block_norm1(block, c);
  if (c->post_norm) {
    gaze_post_block_forward(compute, y, x, block, c, sequences, queries, tape, scratch, name);
    return;
  }
  gaze_norm_forward(compute, scratch->normed, tape->statistics1, x, &norm, N);
  gaze_block_tap(compute, name, ".norm1", scratch->normed, N, c->dim);
  gaze_block_attention_forward(compute, x, scratch->normed, block, c, sequences, queries, tape, scratch);
  gaze_block_tap(compute, name, ".attn", tape->middle, M, c->dim);
  gaze_block_mlp_forward(compute, y, block, c, M, tape, scratch, name);
  gaze_block_tap(compute, name, "", y, M, c->dim);
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
  gaze_norm norm = gaze_block_norm1(block, c);
  float *dweight[3] = {gradient->q_weight, gradient->k_weight, gradient->v_weight};
  float *dbias[3] = {gradient->q_bias, gradient->k_bias, gradient->v_bias}, *dnormed = scratch->activated;
  size_t C = c->dim, width = gaze_block_qkv_width(c);
  gaze_norm_again(compute, scratch->normed, tape->statistics1, x, &norm, N);
  for (size_t first = 0, n; first < N; first += n) {
    n = gaze_block_piece(scratch, first, N);
    projections qkv = qkv_projections(block, c, first);
    for (size_t i = 0; i < qkv.count; i++) {
      gaze_linear_backward(compute, dnormed, C, dweight[i], dbias[i], scratch->dqkv + first * width + qkv.column[i],
                           width, scratch->normed + first * C, C, &qkv.linear[i], n);
      gaze_norm_backward(compute, dx + first * C, gradient->norm1_gain, gradient->norm1_bias, dnormed,
                         tape->statistics1 + 2 * first, x + first * C, &norm, n, scratch->norm);
    }
  }
}

void gaze_block_backward(const gaze_compute *compute, float *dx, gaze_block_gradient *gradient, float *dy,
                         const float *x, const gaze_block *block, const gaze_block_config *c,
                         const gaze_sequences *sequences, const size_t *queries, const gaze_block_tape *tape,
                         gaze_block_scratch *scratch) {
  size_t N = gaze_sequences_rows(sequences), M = queries ? sequences->count : N;
  assert(!c->post_norm && !c->qk_normed);
  gaze_block_mlp_backward(compute, gradient, dy, block, c, M, tape, scratch);
  out_backward(compute, gradient, dy, block, c, M, tape, scratch);
  gaze_attention_backward(compute, scratch->dqkv, scratch->normed, &tape->qkv, &c->attention, sequences, queries,
                          scratch->attention);
  if (c->attention.rope_theta > 0)
    gaze_rope_backward(scratch->dqkv, &c->attention, sequences);
  spread_rows(dx, dy, sequences, queries, c->dim);
  qkv_backward(compute, dx, gradient, x, block, c, N, tape, scratch);
}
