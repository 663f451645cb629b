#include "core/nn/attention.h"

#include <math.h>
#include <omp.h>
#include <string.h>

/* One head of one sequence. Strides are floats from row to row. */
typedef struct head_view {
  size_t T, first, asking; /* rows; first asking row; how many ask */
  size_t q, k, v, out;     /* where the head starts in qkv and out */
} head_view;

static size_t qkv_stride(const gaze_attention *a) { return (a->heads + 2 * a->kv_heads) * a->head_dim; }

static head_view view_head(const gaze_attention *a, const gaze_sequences *sequences, const size_t *queries, size_t b,
                           size_t h) {
  size_t start = sequences->offsets[b], T = sequences->offsets[b + 1] - start, D = a->head_dim;
  size_t stride = qkv_stride(a), group = h / (a->heads / a->kv_heads);
  head_view view = {.T = T, .first = queries ? queries[b] : 0, .asking = queries ? 1 : T};
  view.q = (start + view.first) * stride + h * D;
  view.k = start * stride + (a->heads + group) * D;
  view.v = view.k + a->kv_heads * D;
  view.out = (queries ? b : start) * a->heads * D + h * D;
  return view;
}

/* probabilities: [asking, T] */
static void head_probabilities(const gaze_compute *compute, float *probabilities, const float *qkv,
                               const gaze_attention *a, const head_view *view) {
  size_t stride = qkv_stride(a), T = view->T, D = a->head_dim;
  compute->kernels->gemm(false, true, view->asking, T, D, 1.0f / sqrtf((float)D), qkv + view->q, stride, qkv + view->k,
                         stride, 0.0f, probabilities, T);
  for (size_t i = 0; i < view->asking; i++) {
    float *row = probabilities + i * T;
    size_t seen = a->causal ? view->first + i + 1 : T;
    compute->kernels->softmax(row, seen);
    memset(row + seen, 0, (T - seen) * sizeof *row);
  }
}

size_t gaze_attention_scratch(size_t longest, int threads) { return (size_t)threads * 2 * longest * longest; }

static float *thread_scratch(float *scratch, const gaze_sequences *sequences) {
  return scratch + (size_t)omp_get_thread_num() * 2 * sequences->longest * sequences->longest;
}

void gaze_attention_forward(const gaze_compute *compute, float *out, const float *qkv, const gaze_attention *a,
                            const gaze_sequences *sequences, const size_t *queries, float *scratch) {
  size_t stride = qkv_stride(a), D = a->head_dim;
#pragma omp parallel for collapse(2) schedule(static)
  for (size_t b = 0; b < sequences->count; b++)
    for (size_t h = 0; h < a->heads; h++) {
      head_view view = view_head(a, sequences, queries, b, h);
      float *probabilities = thread_scratch(scratch, sequences);
      head_probabilities(compute, probabilities, qkv, a, &view);
      compute->kernels->gemm(false, false, view.asking, D, view.T, 1.0f, probabilities, view.T, qkv + view.v, stride,
                             0.0f, out + view.out, a->heads * D);
    }
}

static void head_backward(const gaze_compute *compute, float *dqkv, const float *dout, const float *qkv,
                          const gaze_attention *a, const head_view *view, float *scratch) {
  const gaze_kernels *kernels = compute->kernels;
  size_t stride = qkv_stride(a), T = view->T, D = a->head_dim, H = a->heads;
  float *p = scratch, *dp = scratch + view->asking * T, scale = 1.0f / sqrtf((float)D);
  head_probabilities(compute, p, qkv, a, view);
  kernels->gemm(true, false, T, D, view->asking, 1.0f, p, T, dout + view->out, H * D, 1.0f, dqkv + view->v, stride);
  kernels->gemm(false, true, view->asking, T, D, 1.0f, dout + view->out, H * D, qkv + view->v, stride, 0.0f, dp, T);
  for (size_t i = 0; i < view->asking; i++)
    kernels->softmax_backward(dp + i * T, p + i * T, T);
  kernels->gemm(false, false, view->asking, D, T, scale, dp, T, qkv + view->k, stride, 0.0f, dqkv + view->q, stride);
  kernels->gemm(true, false, T, D, view->asking, scale, dp, T, qkv + view->q, stride, 1.0f, dqkv + view->k, stride);
}

void gaze_attention_backward(const gaze_compute *compute, float *dqkv, const float *dout, const float *qkv,
                             const gaze_attention *a, const gaze_sequences *sequences, const size_t *queries,
                             float *scratch) {
  size_t stride = qkv_stride(a), shared = a->heads / a->kv_heads;
#pragma omp parallel for collapse(2) schedule(static)
  for (size_t b = 0; b < sequences->count; b++)
    for (size_t group = 0; group < a->kv_heads; group++) { /* heads that share keys stay in one thread */
      size_t start = sequences->offsets[b], end = sequences->offsets[b + 1], D = a->head_dim;
      for (size_t i = start; i < end; i++) {
        memset(dqkv + i * stride + group * shared * D, 0, shared * D * sizeof *dqkv);
        memset(dqkv + i * stride + (a->heads + group) * D, 0, D * sizeof *dqkv);
        memset(dqkv + i * stride + (a->heads + a->kv_heads + group) * D, 0, D * sizeof *dqkv);
      }
      for (size_t h = group * shared; h < (group + 1) * shared; h++) {
        head_view view = view_head(a, sequences, queries, b, h);
        head_backward(compute, dqkv, dout, qkv, a, &view, thread_scratch(scratch, sequences));
      }
    }
}

/* direction: 1 turns forward, -1 back. */
static void rotate_row(float *row, const gaze_attention *a, size_t position, float direction) {
  size_t half = a->head_dim / 2;
  for (size_t h = 0; h < a->heads + a->kv_heads; h++)
    for (size_t i = 0; i < half; i++) {
      double angle = (double)position * pow(a->rope_theta, -(double)i / (double)half);
      float c = (float)cos(angle), s = direction * (float)sin(angle), *x = row + h * a->head_dim + i;
      float turned = x[0] * c - x[half] * s;
      x[half] = x[half] * c + x[0] * s;
      x[0] = turned;
    }
}

static void rotate_rows(float *qkv, const gaze_attention *a, const gaze_sequences *sequences, float direction) {
#pragma omp parallel for schedule(static)
  for (size_t b = 0; b < sequences->count; b++)
    for (size_t i = sequences->offsets[b]; i < sequences->offsets[b + 1]; i++)
      rotate_row(qkv + i * qkv_stride(a), a, i - sequences->offsets[b], direction);
}

void gaze_rope_forward(float *qkv, const gaze_attention *a, const gaze_sequences *sequences) {
  rotate_rows(qkv, a, sequences, 1.0f);
}

void gaze_rope_backward(float *dqkv, const gaze_attention *a, const gaze_sequences *sequences) {
  rotate_rows(dqkv, a, sequences, -1.0f);
}
