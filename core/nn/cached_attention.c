#include "core/nn/cached_attention.h"

#include <math.h>
#include <omp.h>
#include <string.h>

/* Rows of a cache that are widened at once: their keys and values stay in the first caches. */
enum { CHUNK = GAZE_KV_TILE };

/* Queries up to which keys and values in 16 bits are widened in the products: they are read once. */
enum { FEW = 8 };

/* Queries that share keys and are answered together, and most scores of them: a few MB a thread. */
enum { QUERIES = 64, SCORES = 1 << 19 };

static size_t at_least(size_t a, size_t b) { return a > b ? a : b; }
static size_t at_most(size_t a, size_t b) { return a < b ? a : b; }

static void keep_row(const gaze_compute *compute, const float *row, const gaze_attention *a, gaze_kv_cache *cache,
                     size_t layer, size_t head, size_t place) {
  const float *key = row + (a->heads + head) * a->head_dim;
  gaze_kv_cache_store(cache, compute->kernels, layer, head, place, key, key + a->kv_heads * a->head_dim);
}

void gaze_cached_keep(const gaze_compute *compute, const float *qkv, const gaze_attention *a,
                      const gaze_cached_batch *batch, size_t layer) {
  size_t stride = (a->heads + 2 * a->kv_heads) * a->head_dim;
  for (size_t b = 0; b < batch->sequences.count; b++) {
    gaze_kv_cache *cache = batch->caches[b];
    size_t start = batch->sequences.offsets[b], end = batch->sequences.offsets[b + 1];
    if (end == start + 1) { /* a team of threads would take longer */
      for (size_t head = 0; head < a->kv_heads; head++)
        keep_row(compute, qkv + start * stride, a, cache, layer, head, cache->used);
      continue;
    }
#pragma omp parallel for schedule(static)
    for (size_t head = 0; head < a->kv_heads; head++)
      for (size_t i = start; i < end; i++)
        keep_row(compute, qkv + i * stride, a, cache, layer, head, cache->used + i - start);
  }
}

/* Rows of one sequence at a time, a multiple of H / G queries each. */
static size_t rows_at_once(const gaze_attention *a, size_t capacity) {
  size_t shared = a->heads / a->kv_heads, queries = at_most(QUERIES, SCORES / at_least(capacity, 1));
  return at_least(queries / shared, 1);
}

/* A thread's own: scores [M, capacity], queries and answers [M, D], keys [D, CHUNK], values [CHUNK, D]. */
typedef struct room {
  float *scores, *queries, *answers, *keys, *values;
  size_t stride; /* of scores */
} room;

static size_t padded(size_t capacity) { return (capacity + CHUNK - 1) / CHUNK * CHUNK; }

static size_t room_size(const gaze_attention *a, size_t capacity) {
  size_t M = rows_at_once(a, capacity) * (a->heads / a->kv_heads);
  return M * padded(capacity) + 2 * M * a->head_dim + 2 * CHUNK * a->head_dim;
}

size_t gaze_cached_attention_scratch(const gaze_attention *a, size_t capacity, int threads) {
  return (size_t)threads * room_size(a, capacity);
}

static room own_room(float *scratch, const gaze_attention *a, size_t capacity) {
  float *own = scratch + (size_t)omp_get_thread_num() * room_size(a, capacity);
  size_t M = rows_at_once(a, capacity) * (a->heads / a->kv_heads), D = a->head_dim;
  room r = {.scores = own, .stride = padded(capacity)};
  r.queries = r.scores + M * r.stride;
  r.answers = r.queries + M * D;
  r.keys = r.answers + M * D;
  r.values = r.keys + CHUNK * D;
  return r;
}

/* n rows of a sequence from its row `first` on, and the heads that share keys `group`. */
typedef struct task {
  const gaze_kv_cache *cache;
  size_t layer, group, n, position; /* of the first of them */
  const float *q;                   /* of the first of them */
  float *out;
} task;

/* Rows first .. end - 1 of the cache are seen by a row at `position`. */
static size_t first_seen(const gaze_attention *a, size_t position) {
  return a->window && position + 1 > a->window ? position + 1 - a->window : 0;
}

static void gather_queries(const gaze_compute *compute, const room *r, const gaze_attention *a, const task *t) {
  size_t shared = a->heads / a->kv_heads, D = a->head_dim, stride = (a->heads + 2 * a->kv_heads) * D;
  for (size_t i = 0; i < t->n; i++)
    memcpy(r->queries + i * shared * D, t->q + i * stride + t->group * shared * D, shared * D * sizeof(float));
  compute->kernels->scale(r->queries, 1.0f / sqrtf((float)D), t->n * shared * D);
}

typedef void rows_by_halves(float *C, size_t ldc, const float *A, size_t lda, const uint16_t *B, size_t ldb, size_t M,
                            size_t N, size_t K, bool add);

/* NULL: keys and values are widened first. */
static rows_by_halves *halves_product(const gaze_compute *compute, const task *t, size_t M) {
  if (M > FEW)
    return NULL;
  return t->cache->dtype == GAZE_DTYPE_F16    ? compute->kernels->rows_by_f16
         : t->cache->dtype == GAZE_DTYPE_BF16 ? compute->kernels->rows_by_bf16
                                              : NULL;
}

static void find_scores(const gaze_compute *compute, const room *r, const gaze_attention *a, const task *t,
                        size_t first, size_t end) {
  size_t M = t->n * (a->heads / a->kv_heads), D = a->head_dim;
  rows_by_halves *product = halves_product(compute, t, M);
  for (size_t row = first; row < end; row += CHUNK) {
    float *scores = r->scores + row - first;
    if (product) {
      product(scores, r->stride, r->queries, D, gaze_kv_cache_keys(t->cache, t->layer, t->group, row), CHUNK, M, CHUNK,
              D, false);
      continue;
    }
    gaze_kv_cache_load_keys(t->cache, compute->kernels, t->layer, t->group, row, r->keys);
    compute->kernels->small_product(scores, r->stride, r->queries, D, r->keys, CHUNK, M, CHUNK, D, false);
  }
}

/* What a query does not see weighs nothing. */
static void find_weights(const gaze_compute *compute, const room *r, const gaze_attention *a, const task *t,
                         size_t first, size_t end) {
  size_t shared = a->heads / a->kv_heads;
  for (size_t i = 0; i < t->n * shared; i++) {
    size_t position = t->position + i / shared,
           from = first_seen(a, position) - at_most(first, first_seen(a, position));
    float *row = r->scores + i * r->stride;
    compute->kernels->softmax(row + from, position + 1 - first - from);
    memset(row, 0, from * sizeof *row);
    memset(row + position + 1 - first, 0, (end - position - 1) * sizeof *row);
  }
}

static void gather_answers(const gaze_compute *compute, const room *r, const gaze_attention *a, const task *t,
                           size_t first, size_t end) {
  size_t M = t->n * (a->heads / a->kv_heads), D = a->head_dim;
  rows_by_halves *product = halves_product(compute, t, M);
  for (size_t row = first; row < end; row += CHUNK) {
    size_t n = at_most(end - row, CHUNK);
    const float *weights = r->scores + row - first;
    if (product) {
      product(r->answers, D, weights, r->stride, gaze_kv_cache_values(t->cache, t->layer, t->group, row), D, M, D, n,
              row > first);
      continue;
    }
    gaze_kv_cache_load_values(t->cache, compute->kernels, t->layer, t->group, row, n, r->values);
    compute->kernels->small_product(r->answers, D, weights, r->stride, r->values, D, M, D, n, row > first);
  }
}

static void run_task(const gaze_compute *compute, const room *r, const gaze_attention *a, const task *t) {
  size_t shared = a->heads / a->kv_heads, D = a->head_dim, end = t->position + t->n;
  size_t first = first_seen(a, t->position) / GAZE_KV_TILE * GAZE_KV_TILE;
  gather_queries(compute, r, a, t);
  find_scores(compute, r, a, t, first, end);
  find_weights(compute, r, a, t, first, end);
  gather_answers(compute, r, a, t, first, end);
  for (size_t i = 0; i < t->n; i++)
    memcpy(t->out + (i * a->heads + t->group * shared) * D, r->answers + i * shared * D, shared * D * sizeof(float));
}

void gaze_cached_attention_forward(const gaze_compute *compute, float *out, const float *qkv, const gaze_attention *a,
                                   const gaze_cached_batch *batch, size_t layer, bool last, float *scratch) {
  size_t D = a->head_dim, stride = (a->heads + 2 * a->kv_heads) * D;
  for (size_t b = 0; b < batch->sequences.count; b++) {
    const gaze_kv_cache *cache = batch->caches[b];
    size_t end = batch->sequences.offsets[b + 1], start = last ? end - 1 : batch->sequences.offsets[b];
    size_t first_out = last ? b : start, step = rows_at_once(a, batch->capacity);
    size_t pieces = (end - start + step - 1) / step, before = cache->used + start - batch->sequences.offsets[b];
#pragma omp parallel for schedule(dynamic)
    for (size_t i = 0; i < pieces * a->kv_heads; i++) {
      size_t row = i / a->kv_heads * step;
      room r = own_room(scratch, a, batch->capacity);
      task t = {cache,
                layer,
                i % a->kv_heads,
                at_most(step, end - start - row),
                before + row,
                qkv + (start + row) * stride,
                out + (first_out + row) * a->heads * D};
      run_task(compute, &r, a, &t);
    }
  }
}
