#include "text/decoder.h"

#include "core/nn/block_parts.h"
#include "core/nn/cached_block.h"
#include "core/nn/linear.h"

#include <assert.h>
#include <omp.h>
#include <stdio.h>
#include <string.h>

gaze_err gaze_decoder_init(gaze_decoder *decoder, const gaze_decoder_config *config, bool trained) {
  *decoder = (gaze_decoder){.config = *config};
  return gaze_stack_init(&decoder->stack, &config->block, config->layers, trained);
}

void gaze_decoder_fini(gaze_decoder *decoder) { gaze_stack_fini(&decoder->stack); }

gaze_err gaze_decoder_list(gaze_decoder *decoder, gaze_parameters *list) {
  const gaze_decoder_config *c = &decoder->config;
  bool trained = decoder->stack.gradients != NULL;
  GAZE_TRY(gaze_parameters_add(list, "text.", "token_embedding", &decoder->token_embedding,
                               trained ? &decoder->dtoken_embedding : NULL, c->vocabulary, c->block.dim));
  GAZE_TRY(gaze_stack_list(&decoder->stack, "text", list));
  GAZE_TRY(gaze_parameters_add(list, "text.", "final_norm_gain", &decoder->final_norm_gain,
                               trained ? &decoder->dfinal_norm_gain : NULL, c->block.dim, 1));
  if (c->tied)
    return GAZE_OK;
  return gaze_parameters_add(list, "text.", "head_weight", &decoder->head_weight,
                             trained ? &decoder->dhead_weight : NULL, c->vocabulary, c->block.dim);
}

void gaze_decoder_tie(gaze_decoder *decoder) {
  if (!decoder->config.tied)
    return;
  decoder->head_weight = decoder->token_embedding;
  decoder->dhead_weight = decoder->dtoken_embedding;
}

void gaze_decoder_tape_layout(gaze_decoder_tape *tape, const gaze_decoder *decoder, size_t batch, size_t rows,
                              size_t capacity, gaze_arena *arena) {
  const gaze_block_config *c = &decoder->config.block;
  *tape = (gaze_decoder_tape){0};
  for (int i = 0; i < 2; i++)
    tape->x[i] = gaze_arena_take(arena, rows * c->dim, sizeof(float));
  tape->lasts = gaze_arena_take(arena, batch, sizeof *tape->lasts);
  gaze_block_tape_layout(&tape->block, c, rows, false, arena);
  gaze_block_scratch_layout(&tape->scratch, c, rows, 0, false, false, arena);
  size_t attention = gaze_cached_attention_scratch(&c->attention, capacity, omp_get_max_threads());
  tape->attention = gaze_arena_take(arena, attention, sizeof(float));
  tape->normed = gaze_arena_take(arena, rows * c->dim, sizeof(float));
  tape->statistics = gaze_arena_take(arena, 2 * rows, sizeof(float));
}

void gaze_decoder_embed(const gaze_compute *compute, const gaze_decoder *decoder, float *rows, const int32_t *ids,
                        size_t n) {
  size_t C = decoder->config.block.dim;
  for (size_t i = 0; i < n; i++) {
    if (ids[i] < 0)
      continue;
    assert((size_t)ids[i] < decoder->config.vocabulary);
    gaze_weight_widen(compute->kernels, rows + i * C, decoder->token_embedding, (size_t)ids[i] * C, C);
  }
}

static void find_logits(const gaze_compute *compute, float *logits, const gaze_decoder *decoder, const float *y,
                        size_t n, gaze_decoder_tape *tape) {
  const gaze_decoder_config *c = &decoder->config;
  gaze_norm norm = {c->block.norm, decoder->final_norm_gain, {0}, c->block.eps, c->block.dim};
  gaze_linear head = {decoder->head_weight, {0}, c->block.dim, c->vocabulary, 0};
  gaze_norm_forward(compute, tape->normed, tape->statistics, y, &norm, n);
  gaze_block_tap(compute, "text.final_norm", "", tape->normed, n, c->block.dim);
  gaze_linear_forward(compute, logits, c->vocabulary, tape->normed, c->block.dim, &head, n, GAZE_STORE);
}

void gaze_decoder_forward(const gaze_compute *compute, float *logits, const gaze_decoder *decoder,
                          const gaze_cached_batch *batch, bool all, gaze_decoder_tape *tape) {
  const gaze_sequences *sequences = &batch->sequences;
  size_t B = sequences->count, N = gaze_sequences_rows(sequences), L = decoder->config.layers;
  bool lasts = !all && !compute->tap;
  for (size_t b = 0; b < B; b++)
    tape->lasts[b] = sequences->offsets[b + 1] - sequences->offsets[b] - 1;
  gaze_block_tap(compute, "text.embedded", "", tape->x[0], N, decoder->config.block.dim);
  for (size_t layer = 0; layer < L; layer++) {
    char name[32];
    snprintf(name, sizeof name, "text.block%02zu", layer);
    gaze_cached_block_forward(compute, tape->x[(layer + 1) % 2], tape->x[layer % 2], &decoder->stack.blocks[layer],
                              &decoder->config.block, batch, layer, lasts && layer + 1 == L ? tape->lasts : NULL,
                              &tape->block, &tape->scratch, tape->attention, name);
  }
  for (size_t b = 0; b < B; b++)
    batch->caches[b]->used += sequences->offsets[b + 1] - sequences->offsets[b];
  float *y = tape->x[L % 2];
  size_t C = decoder->config.block.dim;
  for (size_t b = 0; b < B && !all && !lasts; b++) /* with taps every row was finished */
    memmove(y + b * C, y + (sequences->offsets[b] + tape->lasts[b]) * C, C * sizeof *y);
  if (logits)
    find_logits(compute, logits, decoder, y, all ? N : B, tape);
}
