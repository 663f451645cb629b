/* Attention that is only run: a block of queries of one head at a time, whose scores never leave the second cache. Keys
 * and values are packed once a head, in bf16 where the products of linear layers are no more exact than that and the
 * processor has such arithmetic. */
#include "core/nn/attention.h"

#include <assert.h>
#include <math.h>
#include <omp.h>
#include <string.h>

enum { QUERIES = 48, PANEL = 64 /* keys whose words lie side by side */ };

/* A thread's own; sizes in numbers, f32 or bf16. P: T, up to whole panels; E: D, up to an even number. */
typedef struct room {
  bool bf16;
  size_t P, E;
  void *keys;             /* [P / PANEL, E, PANEL], or bf16 [P / PANEL, E / 2, PANEL, 2] */
  void *values;           /* [T, D], or bf16 [P / 2, D, 2] */
  float *queries;         /* [QUERIES, D], scaled */
  float *scores;          /* [QUERIES, P] */
  uint16_t *half_queries; /* [QUERIES, E] */
  uint16_t *weights;      /* [QUERIES, P] */
  uint16_t *rows;         /* [2, E] */
} room;

static size_t padded(size_t n, size_t unit) { return (n + unit - 1) / unit * unit; }

static size_t room_size(const gaze_attention *a, size_t longest) {
  size_t P = padded(longest, PANEL), E = padded(a->head_dim, 2);
  return 2 * P * E + QUERIES * (2 * E + 2 * P) + 2 * E;
}

size_t gaze_attention_run_scratch(const gaze_attention *a, size_t longest, int threads) {
  return (size_t)threads * room_size(a, longest);
}

static room own_room(const gaze_compute *compute, float *scratch, const gaze_attention *a, size_t longest) {
  bool bf16 = compute->kernels->small_product_bf16 && gaze_matmul_precision(compute->matmul) != GAZE_PRECISION_F32;
  room r = {.bf16 = bf16, .P = padded(longest, PANEL), .E = padded(a->head_dim, 2)};
  float *own = scratch + (size_t)omp_get_thread_num() * room_size(a, longest);
  r.keys = own;
  r.values = own + r.P * r.E;
  r.queries = own + 2 * r.P * r.E;
  r.scores = r.queries + QUERIES * r.E;
  r.half_queries = (uint16_t *)(r.scores + QUERIES * r.P);
  r.weights = r.half_queries + QUERIES * r.E;
  r.rows = r.weights + QUERIES * r.P;
  return r;
}

/* One head of one sequence: T rows, `stride` floats from one to the next. */
typedef struct head {
  const float *q, *k, *v;
  float *out;
  size_t T, D, stride, out_stride;
  bool causal;
} head;

static head find_head(float *out, const float *qkv, const gaze_attention *a, const gaze_sequences *sequences, size_t b,
                      size_t h) {
  size_t start = sequences->offsets[b], D = a->head_dim, stride = (a->heads + 2 * a->kv_heads) * D;
  const float *rows = qkv + start * stride, *k = rows + (a->heads + h / (a->heads / a->kv_heads)) * D;
  return (head){.q = rows + h * D,
                .k = k,
                .v = k + a->kv_heads * D,
                .out = out + (start * a->heads + h) * D,
                .T = sequences->offsets[b + 1] - start,
                .D = D,
                .stride = stride,
                .out_stride = a->heads * D,
                .causal = a->causal};
}

static void pack(const room *r, const head *h) {
  float *keys = r->keys, *values = r->values;
  for (size_t t = 0; t < h->T; t++) {
    float *column = keys + t / PANEL * PANEL * r->E + t % PANEL;
    for (size_t d = 0; d < h->D; d++)
      column[d * PANEL] = h->k[t * h->stride + d];
    memcpy(values + t * h->D, h->v + t * h->stride, h->D * sizeof *values);
  }
}

/* row[E] = x[D] in bf16. */
static void narrow(const gaze_compute *compute, uint16_t *row, const float *x, size_t D, size_t E) {
  compute->kernels->bf16_from_f32(row, x, D);
  if (E > D)
    row[D] = 0;
}

static void pack_halves(const gaze_compute *compute, const room *r, const head *h) {
  uint16_t *keys = r->keys, *values = r->values, *even = r->rows, *odd = even + r->E;
  for (size_t t = 0; t < h->T; t++) {
    uint16_t *column = keys + t / PANEL * PANEL * r->E + t % PANEL * 2;
    narrow(compute, even, h->k + t * h->stride, h->D, r->E);
    for (size_t d = 0; d < r->E; d += 2)
      memcpy(column + d * PANEL, even + d, 2 * sizeof *even);
  }
  for (size_t t = 0; t < h->T; t += 2) {
    narrow(compute, even, h->v + t * h->stride, h->D, r->E);
    if (t + 1 < h->T)
      narrow(compute, odd, h->v + (t + 1) * h->stride, h->D, r->E);
    else
      memset(odd, 0, h->D * sizeof *odd);
    for (size_t d = 0; d < h->D; d++) {
      values[t * h->D + 2 * d] = even[d];
      values[t * h->D + 2 * d + 1] = odd[d];
    }
  }
}

/* scores [n, end] of the n queries from `first` on. */
static void find_scores(const gaze_compute *compute, const room *r, const head *h, size_t first, size_t n, size_t end) {
  const gaze_kernels *kernels = compute->kernels;
  size_t D = h->D, E = r->E;
  for (size_t i = 0; i < n; i++)
    memcpy(r->queries + i * D, h->q + (first + i) * h->stride, D * sizeof(float));
  kernels->scale(r->queries, 1.0f / sqrtf((float)D), n * D);
  for (size_t i = 0; i < n && r->bf16; i++)
    narrow(compute, r->half_queries + i * E, r->queries + i * D, D, E);
  for (size_t t = 0; t < end; t += PANEL) {
    size_t columns = end - t < PANEL ? end - t : PANEL;
    if (r->bf16)
      kernels->small_product_bf16(r->scores + t, r->P, r->half_queries, E, (uint16_t *)r->keys + t * E, PANEL, n,
                                  columns, E, false);
    else
      kernels->small_product(r->scores + t, r->P, r->queries, D, (float *)r->keys + t * E, PANEL, n, columns, D, false);
  }
}

/* The answers of n queries from `first` on, which see keys up to `end` at most. */
static void find_answers(const gaze_compute *compute, const room *r, const head *h, size_t first, size_t n,
                         size_t end) {
  float *out = h->out + first * h->out_stride;
  for (size_t i = 0; i < n; i++) { /* what a query does not see weighs nothing */
    size_t seen = h->causal ? first + i + 1 : h->T;
    compute->kernels->softmax(r->scores + i * r->P, seen);
    memset(r->scores + i * r->P + seen, 0, (end - seen) * sizeof(float));
  }
  compute->kernels->small_product(out, h->out_stride, r->scores, r->P, r->values, h->D, n, h->D, end, false);
}

/* The same; what softmax divides by comes last. */
static void find_answers_in_halves(const gaze_compute *compute, const room *r, const head *h, size_t first, size_t n,
                                   size_t end) {
  float *out = h->out + first * h->out_stride, sums[QUERIES];
  size_t even = padded(end, 2);
  for (size_t i = 0; i < n; i++) {
    size_t seen = h->causal ? first + i + 1 : h->T;
    sums[i] = compute->kernels->exponentials_bf16(r->weights + i * r->P, r->scores + i * r->P, seen);
    memset(r->weights + i * r->P + seen, 0, (even - seen) * sizeof(uint16_t));
  }
  compute->kernels->small_product_bf16(out, h->out_stride, r->weights, r->P, r->values, h->D, n, h->D, even, false);
  for (size_t i = 0; i < n; i++)
    compute->kernels->scale(out + i * h->out_stride, 1 / sums[i], h->D);
}

static void run_head(const gaze_compute *compute, const room *r, const head *h) {
  if (r->bf16)
    pack_halves(compute, r, h);
  else
    pack(r, h);
  for (size_t first = 0, n; first < h->T; first += n) {
    n = h->T - first < QUERIES ? h->T - first : QUERIES;
    size_t end = h->causal ? first + n : h->T;
    find_scores(compute, r, h, first, n, end);
    if (r->bf16)
      find_answers_in_halves(compute, r, h, first, n, end);
    else
      find_answers(compute, r, h, first, n, end);
  }
}

void gaze_attention_run(const gaze_compute *compute, float *out, const float *qkv, const gaze_attention *a,
                        const gaze_sequences *sequences, float *scratch) {
  assert(!sequences->stems);
#pragma omp parallel for collapse(2) schedule(dynamic)
  for (size_t b = 0; b < sequences->count; b++)
    for (size_t h = 0; h < a->heads; h++) {
      room r = own_room(compute, scratch, a, sequences->longest);
      head one = find_head(out, qkv, a, sequences, b, h);
      run_head(compute, &r, &one);
    }
}
