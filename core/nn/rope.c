#include "core/nn/attention.h"

#include <assert.h>
#include <math.h>

/* Sines and cosines of one position. */
typedef struct angles {
  float sines[GAZE_ROPE_PAIRS], cosines[GAZE_ROPE_PAIRS];
} angles;

static double llama3(double frequency, const gaze_rope_scaling *scaling) {
  double turns = (double)scaling->original_context * frequency / (2 * acos(-1));
  double low = scaling->low_frequency, high = scaling->high_frequency, slow = frequency / scaling->factor;
  if (turns < low)
    return slow;
  if (turns > high)
    return frequency;
  double smooth = (turns - low) / (high - low);
  return (1 - smooth) * slow + smooth * frequency;
}

/* Of pair i, in radians a position, before scaling. */
static double plain_frequency(const gaze_attention *a, size_t i) {
  return pow(a->rope_theta, -2.0 * (double)i / (double)a->head_dim);
}

static double frequency_of(const gaze_attention *a, size_t i, bool far) {
  const gaze_rope_scaling *scaling = &a->rope_scaling;
  double frequency = plain_frequency(a, i);
  switch (scaling->kind) {
  case GAZE_ROPE_LINEAR:
    return frequency / scaling->factor;
  case GAZE_ROPE_LLAMA3:
    return llama3(frequency, scaling);
  case GAZE_ROPE_FACTORS:
    return frequency / (far ? scaling->far_factors : scaling->factors)[i];
  default:
    return frequency;
  }
}

void gaze_rope_find_factors(const gaze_attention *a, float *factors) {
  for (size_t i = 0; i < a->head_dim / 2; i++)
    factors[i] = (float)(plain_frequency(a, i) / frequency_of(a, i, false));
}

size_t gaze_rope_near(const gaze_attention *a) {
  const gaze_rope_scaling *scaling = &a->rope_scaling;
  return scaling->kind == GAZE_ROPE_FACTORS && scaling->original_context ? scaling->original_context : SIZE_MAX;
}

/* Radians a position of each pair; they take longer to find than rows to turn. */
typedef struct frequencies {
  double of[GAZE_ROPE_PAIRS];
} frequencies;

static void find_frequencies(frequencies *out, const gaze_attention *a, bool far) {
  assert(a->head_dim / 2 <= GAZE_ROPE_PAIRS);
  for (size_t i = 0; i < a->head_dim / 2; i++)
    out->of[i] = frequency_of(a, i, far);
}

/* Where and how far a row is turned; direction: 1 turns forward, -1 back. */
typedef struct turn {
  size_t position;
  const frequencies *frequencies;
  float direction;
} turn;

static void find_angles(angles *out, const gaze_attention *a, const turn *t) {
  float magnitude = a->rope_scaling.magnitude != 0 ? a->rope_scaling.magnitude : 1;
  for (size_t i = 0; i < a->head_dim / 2; i++) {
    double angle = (double)t->position * t->frequencies->of[i];
    out->cosines[i] = magnitude * (float)cos(angle);
    out->sines[i] = magnitude * t->direction * (float)sin(angle);
  }
}

static void turn_head(float *head, const gaze_attention *a, const angles *by) {
  size_t half = a->head_dim / 2, apart = a->rope_interleaved ? 1 : half, step = a->rope_interleaved ? 2 : 1;
  for (size_t i = 0; i < half; i++) {
    float *x = head + i * step, first = x[0] * by->cosines[i] - x[apart] * by->sines[i];
    x[apart] = x[apart] * by->cosines[i] + x[0] * by->sines[i];
    x[0] = first;
  }
}

static size_t at_least(size_t a, size_t b) { return a > b ? a : b; }
static size_t at_most(size_t a, size_t b) { return a < b ? a : b; }

static void rotate_row(float *row, const gaze_attention *a, const turn *t) {
  angles by;
  find_angles(&by, a, t);
  for (size_t h = 0; h < a->heads + a->kv_heads; h++)
    turn_head(row + h * a->head_dim, a, &by);
}

static size_t position_of(const gaze_sequences *sequences, size_t b, size_t row) {
  gaze_hidden_rows hidden = gaze_sequences_hidden(sequences, b, row);
  return row - (hidden.end - hidden.first);
}

static void rotate_rows(float *rows, const gaze_attention *a, const gaze_sequences *sequences, size_t first, size_t n,
                        float direction) {
  size_t stride = (a->heads + 2 * a->kv_heads) * a->head_dim, near = gaze_rope_near(a);
  bool own_far = false;
  frequencies own; /* of the sequence before, and most often of all */
  for (size_t b = 0; b < sequences->count; b++) {
    size_t start = sequences->offsets[b], end = at_most(sequences->offsets[b + 1], first + n);
    size_t before = sequences->starts ? sequences->starts[b] : 0;
    bool far = sequences->far ? sequences->far[b] : before + sequences->offsets[b + 1] - start > near;
    if (b == 0 || far != own_far)
      find_frequencies(&own, a, far);
    own_far = far;
    if (end == start + 1 && start >= first) { /* a team of threads would take longer */
      rotate_row(rows + (start - first) * stride, a, &(turn){before, &own, direction});
      continue;
    }
#pragma omp parallel for schedule(static)
    for (size_t i = at_least(start, first); i < end; i++)
      rotate_row(rows + (i - first) * stride, a,
                 &(turn){before + position_of(sequences, b, i - start), &own, direction});
  }
}

void gaze_rope_forward(float *rows, const gaze_attention *a, const gaze_sequences *sequences, size_t first, size_t n) {
  rotate_rows(rows, a, sequences, first, n, 1.0f);
}

void gaze_rope_backward(float *dqkv, const gaze_attention *a, const gaze_sequences *sequences) {
  rotate_rows(dqkv, a, sequences, 0, gaze_sequences_rows(sequences), -1.0f);
}
