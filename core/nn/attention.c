#include "core/nn/attention.h"

#include <math.h>
#include <omp.h>
#include <string.h>

/* One head of one sequence: where it starts in a row-major [N, (H + 2 G) D] and in [N, H D]. */
typedef struct head_place {
  const gaze_sequences *sequences;
  size_t b;                /* which sequence */
  size_t T, first, asking; /* rows; first asking row; how many ask */
  size_t q, k, v, out;
} head_place;

/* Its numbers, `stride` floats from row to row. */
typedef struct head_view {
  const float *q, *k, *v; /* [asking, D], [T, D], [T, D] */
  size_t stride;
} head_view;

static size_t qkv_stride(const gaze_attention *a) { return (a->heads + 2 * a->kv_heads) * a->head_dim; }

static head_place place_head(const gaze_attention *a, const gaze_sequences *sequences, const size_t *queries, size_t b,
                             size_t h) {
  size_t start = sequences->offsets[b], T = sequences->offsets[b + 1] - start, D = a->head_dim;
  size_t stride = qkv_stride(a), group = h / (a->heads / a->kv_heads);
  head_place place = {
      .sequences = sequences, .b = b, .T = T, .first = queries ? queries[b] : 0, .asking = queries ? 1 : T};
  place.q = (start + place.first) * stride + h * D;
  place.k = start * stride + (a->heads + group) * D;
  place.v = place.k + a->kv_heads * D;
  place.out = (queries ? b : start) * a->heads * D + h * D;
  return place;
}

static const float *widen_rows(const gaze_compute *compute, float *room, const uint16_t *from, size_t stride,
                               size_t rows, size_t D) {
  for (size_t i = 0; i < rows; i++)
    compute->kernels->f32_from_bf16(room + i * D, from + i * stride, D);
  return room;
}

/* room: [3, T, D], for what is kept in bf16. */
static head_view view_head(const gaze_compute *compute, const gaze_kept *qkv, const gaze_attention *a,
                           const head_place *place, float *room) {
  size_t stride = qkv_stride(a), T = place->T, D = a->head_dim;
  if (qkv->f32)
    return (head_view){qkv->f32 + place->q, qkv->f32 + place->k, qkv->f32 + place->v, stride};
  return (head_view){widen_rows(compute, room, qkv->bf16 + place->q, stride, place->asking, D),
                     widen_rows(compute, room + T * D, qkv->bf16 + place->k, stride, T, D),
                     widen_rows(compute, room + 2 * T * D, qkv->bf16 + place->v, stride, T, D), D};
}

/* Rows that ask at once: what a causal row does not see is for the most part not computed either, and the matrices stay
 * in the caches. */
enum { STRETCH = 128 };

/* n of the asking rows from `first` on, and how many keys the last of them sees. */
typedef struct stretch {
  size_t first, n, seen;
} stretch;

static stretch stretch_at(const gaze_attention *a, const head_place *place, size_t first) {
  size_t n = place->asking - first < STRETCH ? place->asking - first : STRETCH;
  return (stretch){first, n, a->causal ? place->first + first + n : place->T};
}

/* Of one row's scores what it does not see, in front of its branch: a number of which softmax makes 0, and after it 0.
 */
static void hide(float *scores, const head_place *place, size_t row, float number) {
  gaze_hidden_rows hidden = gaze_sequences_hidden(place->sequences, place->b, row);
  for (size_t i = hidden.first; i < hidden.end; i++)
    scores[i] = number;
}

/* probabilities: [n, seen] */
static void find_probabilities(const gaze_compute *compute, float *probabilities, const head_view *view,
                               const gaze_attention *a, const head_place *place, const stretch *s) {
  size_t D = a->head_dim;
  compute->kernels->gemm(false, true, s->n, s->seen, D, 1.0f / sqrtf((float)D), view->q + s->first * view->stride,
                         view->stride, view->k, view->stride, 0.0f, probabilities, s->seen);
  for (size_t i = 0; i < s->n; i++) {
    float *row = probabilities + i * s->seen;
    size_t asking = place->first + s->first + i, seen = a->causal ? asking + 1 : s->seen;
    hide(row, place, asking, -1e30f);
    compute->kernels->softmax(row, seen);
    hide(row, place, asking, 0);
    memset(row + seen, 0, (s->seen - seen) * sizeof *row);
  }
}

static size_t square_size(size_t longest) { return longest * (longest < STRETCH ? longest : STRETCH); }

/* Two matrices [STRETCH, T], and q, k and v. */
static size_t thread_room(const gaze_attention *a, size_t longest) {
  return 2 * square_size(longest) + 3 * longest * a->head_dim;
}

size_t gaze_attention_scratch(const gaze_attention *a, size_t longest, int threads) {
  return (size_t)threads * thread_room(a, longest);
}

typedef struct thread_scratch {
  float *squares, *rows; /* [2, STRETCH, T], [3, T, D] */
} thread_scratch;

static thread_scratch own_scratch(float *scratch, const gaze_attention *a, const gaze_sequences *sequences) {
  size_t longest = sequences->longest;
  float *own = scratch + (size_t)omp_get_thread_num() * thread_room(a, longest);
  return (thread_scratch){own, own + 2 * square_size(longest)};
}

static void narrow_rows(const gaze_compute *compute, uint16_t *to, size_t stride, const float *from, size_t rows,
                        size_t D) {
  for (size_t i = 0; i < rows; i++)
    compute->kernels->bf16_from_f32(to + i * stride, from + i * D, D);
}

static void head_forward(const gaze_compute *compute, const gaze_kept *out, const gaze_kept *qkv,
                         const gaze_attention *a, const head_place *place, const thread_scratch *own) {
  size_t D = a->head_dim, stride = a->heads * D, step = out->f32 ? stride : D;
  head_view view = view_head(compute, qkv, a, place, own->rows);
  float *rows = out->f32 ? out->f32 + place->out : own->rows; /* in place of q, row by row as it has served */
  for (size_t first = 0; first < place->asking; first += STRETCH) {
    stretch s = stretch_at(a, place, first);
    find_probabilities(compute, own->squares, &view, a, place, &s);
    compute->kernels->gemm(false, false, s.n, D, s.seen, 1.0f, own->squares, s.seen, view.v, view.stride, 0.0f,
                           rows + first * step, step);
  }
  if (!out->f32)
    narrow_rows(compute, out->bf16 + place->out, stride, rows, place->asking, D);
}

void gaze_attention_forward(const gaze_compute *compute, const gaze_kept *out, const gaze_kept *qkv,
                            const gaze_attention *a, const gaze_sequences *sequences, const size_t *queries,
                            float *scratch) {
#pragma omp parallel for collapse(2) schedule(static)
  for (size_t b = 0; b < sequences->count; b++)
    for (size_t h = 0; h < a->heads; h++) {
      thread_scratch own = own_scratch(scratch, a, sequences);
      head_place place = place_head(a, sequences, queries, b, h);
      head_forward(compute, out, qkv, a, &place, &own);
    }
}

/* Adds to the gradients of keys and values. */
static void stretch_backward(const gaze_compute *compute, float *dqkv, const float *dout, const head_view *view,
                             const gaze_attention *a, const head_place *place, const stretch *s, float *squares) {
  const gaze_kernels *kernels = compute->kernels;
  size_t stride = qkv_stride(a), D = a->head_dim, H = a->heads, n = s->n, seen = s->seen;
  float *p = squares, *dp = p + n * seen, scale = 1.0f / sqrtf((float)D);
  const float *q = view->q + s->first * view->stride;
  dout += place->out + s->first * H * D;
  find_probabilities(compute, p, view, a, place, s);
  kernels->gemm(true, false, seen, D, n, 1.0f, p, seen, dout, H * D, 1.0f, dqkv + place->v, stride);
  kernels->gemm(false, true, n, seen, D, 1.0f, dout, H * D, view->v, view->stride, 0.0f, dp, seen);
  for (size_t i = 0; i < n; i++)
    kernels->softmax_backward(dp + i * seen, p + i * seen, seen);
  kernels->gemm(false, false, n, D, seen, scale, dp, seen, view->k, view->stride, 0.0f,
                dqkv + place->q + s->first * stride, stride);
  kernels->gemm(true, false, seen, D, n, scale, dp, seen, q, view->stride, 1.0f, dqkv + place->k, stride);
}

static void head_backward(const gaze_compute *compute, float *dqkv, const float *dout, const gaze_kept *qkv,
                          const gaze_attention *a, const head_place *place, const thread_scratch *own) {
  head_view view = view_head(compute, qkv, a, place, own->rows);
  for (size_t first = 0; first < place->asking; first += STRETCH) {
    stretch s = stretch_at(a, place, first);
    stretch_backward(compute, dqkv, dout, &view, a, place, &s, own->squares);
  }
}

void gaze_attention_backward(const gaze_compute *compute, float *dqkv, const float *dout, const gaze_kept *qkv,
                             const gaze_attention *a, const gaze_sequences *sequences, const size_t *queries,
                             float *scratch) {
  size_t stride = qkv_stride(a), shared = a->heads / a->kv_heads;
#pragma omp parallel for collapse(2) schedule(static)
  for (size_t b = 0; b < sequences->count; b++)
    for (size_t group = 0; group < a->kv_heads; group++) { /* heads that share keys stay in one thread */
      size_t start = sequences->offsets[b], end = sequences->offsets[b + 1], D = a->head_dim;
      thread_scratch own = own_scratch(scratch, a, sequences);
      for (size_t i = start; i < end; i++) {
        memset(dqkv + i * stride + group * shared * D, 0, shared * D * sizeof *dqkv);
        memset(dqkv + i * stride + (a->heads + group) * D, 0, D * sizeof *dqkv);
        memset(dqkv + i * stride + (a->heads + a->kv_heads + group) * D, 0, D * sizeof *dqkv);
      }
      for (size_t h = group * shared; h < (group + 1) * shared; h++) {
        head_place place = place_head(a, sequences, queries, b, h);
        head_backward(compute, dqkv, dout, qkv, a, &place, &own);
      }
    }
}
