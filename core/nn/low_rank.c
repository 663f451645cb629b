#include "core/nn/low_rank.h"

#include "core/base/random.h"

#include <assert.h>

static bool drops(const gaze_low_rank *low) { return low->step->learns && low->step->dropout > 0; }

static void drop_row(float *y, const float *x, size_t columns, double rate, uint64_t key, uint64_t row) {
  uint32_t least = (uint32_t)(rate * 0x1p32);
  float scale = (float)(1 / (1 - rate));
  gaze_random random;
  gaze_random_init(&random, key, row);
  for (size_t i = 0; i < columns; i += 2) { /* half a random number each */
    uint64_t bits = gaze_random_next(&random);
    y[i] = (uint32_t)bits < least ? 0 : scale * x[i];
    if (i + 1 < columns)
      y[i + 1] = (uint32_t)(bits >> 32) < least ? 0 : scale * x[i + 1];
  }
}

/* What dropout leaves of n rows, in step->dropped; x may be there already. Its own gradient too: the same numbers pass,
 * scaled alike. */
static const float *drop(const gaze_low_rank *low, const float *x, size_t ldx, size_t columns, size_t row, size_t n) {
  const gaze_low_rank_step *step = low->step;
  gaze_random layer;
  gaze_random_init(&layer, step->seed, step->pass << 16 | low->number);
  uint64_t key = gaze_random_next(&layer);
#pragma omp parallel for schedule(static)
  for (size_t i = 0; i < n; i++)
    drop_row(step->dropped + i * columns, x + i * ldx, columns, step->dropout, key, row + i);
  return step->dropped;
}

/* hidden = s x A^T: [n, r] */
static void find_hidden(const gaze_compute *compute, const gaze_low_rank *low, const float *x, size_t ldx, size_t in,
                        size_t n) {
  size_t r = low->rank;
  float *hidden = low->step->hidden;
  gaze_product(compute, n, r, in, gaze_operand_f32(x, ldx, false), gaze_operand_f32(gaze_f32(low->a), in, true), false,
               hidden, r);
  for (size_t i = 0; i < n * r; i++)
    hidden[i] *= low->scale;
}

void gaze_low_rank_forward(const gaze_compute *compute, float *y, size_t ldy, const float *x, size_t ldx,
                           const gaze_linear *linear, size_t n) {
  const gaze_low_rank *low = linear->weight.added;
  size_t r = low->rank;
  assert(n <= GAZE_LOW_RANK_ROWS);
  if (drops(low)) {
    x = drop(low, x, ldx, linear->in, linear->row, n);
    ldx = linear->in;
  }
  find_hidden(compute, low, x, ldx, linear->in, n);
  gaze_product(compute, n, linear->out, r, gaze_operand_f32(low->step->hidden, r, false),
               gaze_operand_f32(gaze_f32(low->b), r, true), true, y, ldy);
}

/* dx += dhidden A, of what was not left out. */
static void input_backward(const gaze_compute *compute, float *dx, size_t lddx, const gaze_low_rank *low, size_t in,
                           size_t row, size_t n) {
  const gaze_low_rank_step *step = low->step;
  gaze_operand dhidden = gaze_operand_f32(step->dhidden, low->rank, false),
               A = gaze_operand_f32(gaze_f32(low->a), in, false);
  if (!drops(low)) {
    gaze_product(compute, n, in, low->rank, dhidden, A, true, dx, lddx);
    return;
  }
  gaze_product(compute, n, in, low->rank, dhidden, A, false, step->dropped, in);
  drop(low, step->dropped, in, in, row, n);
  for (size_t i = 0; i < n; i++)
    compute->kernels->add(dx + i * lddx, step->dropped + i * in, in);
}

void gaze_low_rank_backward(const gaze_compute *compute, float *dx, size_t lddx, const float *dy, size_t lddy,
                            const float *x, size_t ldx, const gaze_linear *linear, size_t n) {
  const gaze_low_rank *low = linear->weight.added;
  const gaze_low_rank_step *step = low->step;
  size_t in = linear->in, out = linear->out, row = linear->row, r = low->rank;
  assert(n <= GAZE_LOW_RANK_ROWS);
  if (drops(low)) {
    x = drop(low, x, ldx, in, row, n);
    ldx = in;
  }
  find_hidden(compute, low, x, ldx, in, n);
  if (low->db)
    gaze_product(compute, out, r, n, gaze_operand_f32(dy, lddy, true), gaze_operand_f32(step->hidden, r, false), true,
                 low->db, r);
  gaze_product(compute, n, r, out, gaze_operand_f32(dy, lddy, false), gaze_operand_f32(gaze_f32(low->b), r, false),
               false, step->dhidden, r);
  for (size_t i = 0; i < n * r; i++)
    step->dhidden[i] *= low->scale;
  if (low->da)
    gaze_product(compute, r, in, n, gaze_operand_f32(step->dhidden, r, true), gaze_operand_f32(x, ldx, false), true,
                 low->da, in);
  if (dx)
    input_backward(compute, dx, lddx, low, in, row, n);
}
