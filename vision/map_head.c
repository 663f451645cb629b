#include "vision/map_head.h"

#include "core/nn/block_parts.h"
#include "core/nn/linear.h"

#include <string.h>

#define ADD(name, present, rows, columns) \
  if (present)                            \
    GAZE_TRY(gaze_parameters_add(list, prefix, #name, &head->block.name, NULL, rows, columns));
#define ADD_VECTOR(name, present, size) ADD(name, present, size, 1)

gaze_err gaze_map_head_list(gaze_map_head *head, const char *prefix, gaze_parameters *list) {
  const gaze_block_config *c = &head->config;
  GAZE_TRY(gaze_parameters_add(list, prefix, "probe", &head->probe, NULL, c->dim, 1));
  GAZE_BLOCK_PRODUCTS(ADD_VECTOR, ADD)
  return GAZE_OK;
}

void gaze_map_head_tape_layout(gaze_block_tape *tape, const gaze_map_head *head, size_t rows, size_t batch,
                               gaze_arena *arena) {
  const gaze_block_config *c = &head->config;
  *tape = (gaze_block_tape){0};
  tape->qkv = gaze_kept_take(arena, rows, gaze_block_qkv_width(c), false);
  tape->attended = gaze_kept_take(arena, batch, gaze_block_q_width(c), false);
  tape->middle = gaze_arena_take(arena, batch * c->dim, sizeof(float));
  tape->statistics2 = gaze_arena_take(arena, 2 * batch, sizeof(float));
  tape->up = gaze_kept_take(arena, batch, c->mlp_dim, false);
}

/* Keys and values of all rows; the probe's query in the first row of each sequence, which is the one that asks. */
static void project(const gaze_compute *compute, const float *x, const gaze_map_head *head,
                    const gaze_sequences *sequences, gaze_block_tape *tape, float *probe) {
  const gaze_block_config *c = &head->config;
  const gaze_block *block = &head->block;
  size_t C = c->dim, width = gaze_block_qkv_width(c), q = gaze_block_q_width(c), kv = gaze_block_kv_width(c);
  gaze_linear query = {block->q_weight, block->q_bias, C, q, 0};
  gaze_linear keys = {block->k_weight, block->k_bias, C, kv, 0}, values = {block->v_weight, block->v_bias, C, kv, 0};
  size_t N = gaze_sequences_rows(sequences);
  gaze_linear_forward(compute, tape->qkv.f32 + q, width, x, C, &keys, N, GAZE_STORE);
  gaze_linear_forward(compute, tape->qkv.f32 + q + kv, width, x, C, &values, N, GAZE_STORE);
  gaze_linear_forward(compute, probe, q, gaze_f32(head->probe), C, &query, 1, GAZE_STORE);
  for (size_t b = 0; b < sequences->count; b++)
    memcpy(tape->qkv.f32 + sequences->offsets[b] * width, probe, q * sizeof *probe);
}

void gaze_map_head_forward(const gaze_compute *compute, float *y, const float *x, const gaze_map_head *head,
                           const gaze_sequences *sequences, const size_t *first_rows, gaze_block_tape *tape,
                           gaze_block_scratch *scratch, const char *name) {
  const gaze_block_config *c = &head->config;
  size_t B = sequences->count;
  gaze_linear out = {head->block.out_weight, head->block.out_bias, gaze_block_q_width(c), c->dim, 0};
  project(compute, x, head, sequences, tape, scratch->activated);
  gaze_attention_forward(compute, &tape->attended, &tape->qkv, &c->attention, sequences, first_rows,
                         scratch->attention);
  gaze_linear_forward(compute, tape->middle, c->dim, tape->attended.f32, out.in, &out, B, GAZE_STORE);
  gaze_block_tap(compute, name, ".attn", tape->middle, B, c->dim);
  gaze_block_mlp_forward(compute, y, &head->block, c, B, tape, scratch, name);
}
