#include "text/text_encoder.h"

#include <assert.h>
#include <string.h>

gaze_err gaze_text_encoder_init(gaze_text_encoder *text, const gaze_text_config *config, bool trained) {
  *text = (gaze_text_encoder){.config = *config};
  text->head = (gaze_head){.C = config->block.dim,
                           .D = config->dim_out,
                           .eps = config->block.eps,
                           .bare = config->block.post_norm,
                           .unprojected = config->unprojected,
                           .biased = config->biased_projection,
                           .hidden = config->projection_hidden};
  return gaze_stack_init(&text->stack, &config->block, config->layers, trained);
}

void gaze_text_encoder_fini(gaze_text_encoder *text) { gaze_stack_fini(&text->stack); }

gaze_err gaze_text_encoder_list(gaze_text_encoder *text, gaze_parameters *list) {
  const gaze_text_config *c = &text->config;
  size_t C = c->block.dim, positions = c->positions ? c->positions : c->position_offset + c->context;
  bool trained = text->stack.gradients != NULL;
  GAZE_TRY(gaze_parameters_add(list, "text.", "token_embedding", &text->token_embedding,
                               trained ? &text->dtoken_embedding : NULL, c->vocabulary, C));
  GAZE_TRY(gaze_parameters_add(list, "text.", "position_embedding", &text->position_embedding,
                               trained ? &text->dposition_embedding : NULL, positions, C));
  if (c->token_types)
    GAZE_TRY(gaze_parameters_add(list, "text.", "type_embedding", &text->type_embedding, NULL, c->token_types, C));
  if (c->block.post_norm) {
    GAZE_TRY(gaze_parameters_add(list, "text.", "pre_norm_gain", &text->norm_gain, NULL, C, 1));
    GAZE_TRY(gaze_parameters_add(list, "text.", "pre_norm_bias", &text->norm_bias, NULL, C, 1));
  }
  GAZE_TRY(gaze_stack_list(&text->stack, "text", list));
  return gaze_head_list(&text->head, "text.", trained, list);
}

void gaze_text_tape_layout(gaze_text_tape *tape, const gaze_text_encoder *text, size_t batch, size_t rows,
                           gaze_tape_policy policy, gaze_arena *arena) {
  size_t C = text->config.block.dim;
  *tape = (gaze_text_tape){0};
  tape->queries = gaze_arena_take(arena, batch, sizeof *tape->queries);
  if (text->config.block.post_norm)
    tape->statistics = gaze_arena_take(arena, 2 * rows, sizeof(float));
  gaze_stack_tape_layout(&tape->stack, &text->stack, rows, text->config.context, policy, arena);
  gaze_head_tape_layout(&tape->head, &text->head, batch, policy != GAZE_TAPE_NONE, arena);
  if (policy == GAZE_TAPE_NONE)
    return;
  tape->dx = gaze_arena_take(arena, rows * C, sizeof(float));
  tape->dpooled = gaze_arena_take(arena, batch * C, sizeof(float));
}

static void set_sequences(gaze_text_tape *tape, const gaze_text_config *c, const int32_t *ids, const size_t *offsets,
                          size_t batch) {
  tape->ids = ids;
  tape->sequences = (gaze_sequences){.count = batch, .offsets = offsets};
  for (size_t b = 0; b < batch; b++) {
    size_t T = offsets[b + 1] - offsets[b];
    assert(T >= 1);
    tape->queries[b] = c->pooling == GAZE_POOL_LAST ? T - 1 : 0;
    if (T > tape->sequences.longest)
      tape->sequences.longest = T;
  }
}

static void tap(const gaze_compute *compute, const char *name, const float *data, size_t rows, size_t columns) {
  if (compute->tap)
    compute->tap(compute->tap_user, name, data, rows, columns);
}

/* Token, position and type, and the norm that BERT has there. */
static void embed_tokens(const gaze_compute *compute, float *x, const gaze_text_encoder *text, gaze_text_tape *tape) {
  const gaze_text_config *c = &text->config;
  size_t C = c->block.dim;
  const float *positions = gaze_f32(text->position_embedding);
  const size_t *offsets = tape->sequences.offsets;
  for (size_t b = 0; b < tape->sequences.count; b++)
    for (size_t i = offsets[b]; i < offsets[b + 1]; i++) {
      assert((size_t)tape->ids[i] < c->vocabulary && i - offsets[b] < c->context);
      gaze_weight_widen(compute->kernels, x + i * C, text->token_embedding, (size_t)tape->ids[i] * C, C);
      compute->kernels->add(x + i * C, positions + (c->position_offset + i - offsets[b]) * C, C);
      if (c->token_types)
        compute->kernels->add(x + i * C, gaze_f32(text->type_embedding), C);
    }
  if (!c->block.post_norm)
    return;
  gaze_norm norm = {c->block.norm, text->norm_gain, text->norm_bias, c->block.eps, C};
  gaze_norm_forward(compute, x, tape->statistics, x, &norm, gaze_sequences_rows(&tape->sequences));
}

static void pool_mean(const gaze_compute *compute, gaze_text_tape *tape, const float *y, size_t C) {
  for (size_t b = 0; b < tape->sequences.count; b++) {
    size_t first = tape->sequences.offsets[b], end = tape->sequences.offsets[b + 1];
    float *pooled = tape->head.pooled + b * C;
    memset(pooled, 0, C * sizeof *pooled);
    for (size_t i = first; i < end; i++)
      compute->kernels->add(pooled, y + i * C, C);
    compute->kernels->scale(pooled, 1.0f / (float)(end - first), C);
  }
}

void gaze_text_forward(const gaze_compute *compute, float *embedding, const int32_t *ids, const size_t *offsets,
                       size_t batch, const gaze_text_encoder *text, gaze_text_tape *tape) {
  size_t C = text->config.block.dim;
  set_sequences(tape, &text->config, ids, offsets, batch);
  embed_tokens(compute, tape->stack.inputs[0], text, tape);
  tap(compute, "text.embedded", tape->stack.inputs[0], offsets[batch], C);
  bool mean = text->config.pooling == GAZE_POOL_MEAN, all = mean || compute->tap != NULL;
  const float *y =
      gaze_stack_forward(compute, &text->stack, &tape->sequences, all ? NULL : tape->queries, &tape->stack, "text");
  if (mean)
    pool_mean(compute, tape, y, C);
  else
    gaze_head_pool(&tape->head, &text->head, y, &tape->sequences, tape->queries, all);
  gaze_head_forward(compute, embedding, &text->head, &tape->head, batch);
  tap(compute, "text.pooled", tape->head.normed, batch, C);
  tap(compute, "text.embedding", embedding, batch, text->config.dim_out);
}

void gaze_text_backward(const gaze_compute *compute, const float *dembedding, const float *dnormed, size_t batch,
                        gaze_text_encoder *text, gaze_text_tape *tape) {
  size_t C = text->config.block.dim;
  const size_t *offsets = tape->sequences.offsets;
  gaze_head_backward(compute, tape->dpooled, dembedding, dnormed, &text->head, &tape->head, batch);
  gaze_stack_backward(compute, tape->dx, tape->dpooled, &text->stack, &tape->sequences, tape->queries, &tape->stack,
                      "text");
  for (size_t b = 0; b < batch; b++)
    for (size_t i = offsets[b]; i < offsets[b + 1]; i++) {
      if (text->dtoken_embedding)
        compute->kernels->add(text->dtoken_embedding + (size_t)tape->ids[i] * C, tape->dx + i * C, C);
      if (text->dposition_embedding)
        compute->kernels->add(text->dposition_embedding + (i - offsets[b]) * C, tape->dx + i * C, C);
    }
}
