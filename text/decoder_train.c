#include "text/decoder_train.h"

#include "core/nn/cross_entropy.h"
#include "core/nn/linear.h"

#include <assert.h>
#include <string.h>

enum { LOGITS = 1 << 22, LEAST_PIECE = 64, MOST_PIECE = 1024 }; /* numbers, rows */

gaze_err gaze_decoder_train_check(const gaze_decoder_config *config, size_t longest) {
  const gaze_block_config *block = &config->block;
  if (block->qk_normed)
    return gaze_fail(GAZE_ERR_UNSUPPORTED, "training with norms of heads: %s: gaze trains llama, mistral and qwen2",
                     config->family);
  if (block->attention.window && block->attention.window < longest)
    return gaze_fail(GAZE_ERR_UNSUPPORTED, "training with a window of %zu: %s: give at most --context %zu",
                     block->attention.window, config->family, block->attention.window);
  return GAZE_OK;
}

static float *take(gaze_arena *arena, size_t rows, size_t columns) {
  return gaze_arena_take(arena, rows * columns, sizeof(float));
}

static size_t piece_of(size_t vocabulary, size_t rows) {
  size_t piece = LOGITS / vocabulary;
  piece = piece < LEAST_PIECE ? LEAST_PIECE : piece > MOST_PIECE ? MOST_PIECE : piece;
  return piece < rows ? piece : rows;
}

void gaze_decoder_train_layout(gaze_decoder_train_tape *tape, const gaze_decoder *decoder, size_t rows, size_t longest,
                               gaze_tape_policy policy, gaze_arena *arena) {
  size_t C = decoder->config.block.dim, V = decoder->config.vocabulary, P = piece_of(V, rows);
  *tape = (gaze_decoder_train_tape){.piece = P};
  gaze_stack_tape_layout(&tape->stack, &decoder->stack, rows, longest, policy, arena);
  tape->asked = gaze_arena_take(arena, rows, sizeof *tape->asked);
  tape->picked = take(arena, P, C);
  tape->normed = take(arena, P, C);
  tape->statistics = take(arena, P, 2);
  tape->logits = take(arena, P, V);
  tape->losses = gaze_arena_take(arena, P, sizeof *tape->losses);
  if (policy == GAZE_TAPE_NONE)
    return;
  tape->dx = take(arena, rows, C);
  tape->dnormed = take(arena, P, C);
  tape->dpicked = take(arena, P, C);
  tape->scratch = take(arena, gaze_norm_scratch(C), 1);
}

static gaze_norm final_norm(const gaze_decoder *decoder) {
  const gaze_block_config *c = &decoder->config.block;
  return (gaze_norm){c->norm, decoder->final_norm_gain, {0}, c->eps, c->dim};
}

static gaze_linear head_linear(const gaze_decoder *decoder) {
  return (gaze_linear){decoder->head_weight, {0}, decoder->config.block.dim, decoder->config.vocabulary, 0};
}

/* Logits of the n asked rows of y from `first` on. */
static void head_forward(const gaze_compute *compute, const gaze_decoder *decoder, const float *y, const size_t *asked,
                         size_t n, gaze_decoder_train_tape *tape) {
  size_t C = decoder->config.block.dim;
  gaze_norm norm = final_norm(decoder);
  gaze_linear head = head_linear(decoder);
  for (size_t i = 0; i < n; i++)
    memcpy(tape->picked + i * C, y + asked[i] * C, C * sizeof *y);
  gaze_norm_forward(compute, tape->normed, tape->statistics, tape->picked, &norm, n);
  gaze_linear_forward(compute, tape->logits, head.out, tape->normed, C, &head, n, GAZE_STORE);
}

/* Logits become the loss's gradient, times weight. The sum's order does not depend on the number of threads. */
static double find_losses(const gaze_compute *compute, const gaze_decoder *decoder, const int32_t *labels,
                          const size_t *asked, size_t n, float weight, gaze_decoder_train_tape *tape) {
  size_t V = decoder->config.vocabulary;
  double sum = 0;
#pragma omp parallel for schedule(static)
  for (size_t i = 0; i < n; i++) {
    size_t label = (size_t)labels[asked[i]];
    assert(label < V);
    tape->losses[i] = gaze_cross_entropy(compute->kernels, tape->logits + i * V, V, label, weight);
  }
  for (size_t i = 0; i < n; i++)
    sum += tape->losses[i];
  return sum;
}

/* From the logits' gradient to rows of tape->dx. */
static void head_backward(const gaze_compute *compute, gaze_decoder *decoder, const size_t *asked, size_t n,
                          gaze_decoder_train_tape *tape) {
  size_t C = decoder->config.block.dim;
  gaze_norm norm = final_norm(decoder);
  gaze_linear head = head_linear(decoder);
  gaze_linear_backward(compute, tape->dnormed, C, decoder->dhead_weight, NULL, tape->logits, head.out, tape->normed, C,
                       &head, n);
  memset(tape->dpicked, 0, n * C * sizeof *tape->dpicked);
  gaze_norm_backward(compute, tape->dpicked, decoder->dfinal_norm_gain, NULL, tape->dnormed, tape->statistics,
                     tape->picked, &norm, n, tape->scratch);
  for (size_t i = 0; i < n; i++)
    memcpy(tape->dx + asked[i] * C, tape->dpicked + i * C, C * sizeof *tape->dx);
}

static size_t find_asked(const int32_t *labels, size_t rows, size_t *asked) {
  size_t n = 0;
  for (size_t i = 0; i < rows; i++)
    if (labels[i] != GAZE_NO_LABEL)
      asked[n++] = i;
  return n;
}

/* Blocks, then the head a piece at a time: as logits are not kept, each piece goes backward at once where it should. */
static double run(const gaze_compute *compute, gaze_decoder *decoder, const gaze_sequences *sequences,
                  const int32_t *labels, float weight, bool learns, gaze_decoder_train_tape *tape) {
  size_t asked = find_asked(labels, gaze_sequences_rows(sequences), tape->asked);
  const float *y = gaze_stack_forward(compute, &decoder->stack, sequences, NULL, &tape->stack, "text");
  double sum = 0;
  for (size_t first = 0, n; first < asked; first += n) {
    const size_t *rows = tape->asked + first;
    n = asked - first < tape->piece ? asked - first : tape->piece;
    head_forward(compute, decoder, y, rows, n, tape);
    sum += find_losses(compute, decoder, labels, rows, n, weight, tape);
    if (learns)
      head_backward(compute, decoder, rows, n, tape);
  }
  return sum;
}

double gaze_decoder_train_measure(const gaze_compute *compute, gaze_decoder *decoder, const gaze_sequences *sequences,
                                  const int32_t *labels, gaze_decoder_train_tape *tape) {
  return run(compute, decoder, sequences, labels, 0, false, tape);
}

const float *gaze_decoder_train_learn(const gaze_compute *compute, double *sum, gaze_decoder *decoder,
                                      const gaze_sequences *sequences, const int32_t *labels, float weight,
                                      gaze_decoder_train_tape *tape) {
  memset(tape->dx, 0, gaze_sequences_rows(sequences) * decoder->config.block.dim * sizeof *tape->dx);
  *sum = run(compute, decoder, sequences, labels, weight, true, tape);
  gaze_stack_backward(compute, tape->dx, tape->dx, &decoder->stack, sequences, NULL, &tape->stack, "text");
  return tape->dx;
}

void gaze_decoder_embed_backward(const gaze_compute *compute, gaze_decoder *decoder, const float *drows,
                                 const int32_t *ids, size_t n) {
  size_t C = decoder->config.block.dim;
  for (size_t i = 0; i < n && decoder->dtoken_embedding; i++)
    if (ids[i] >= 0)
      compute->kernels->add(decoder->dtoken_embedding + (size_t)ids[i] * C, drows + i * C, C);
}
