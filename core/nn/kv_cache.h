/* Keys and values of a sequence that a decoder goes on with. Keys lie in tiles, [D, 32] of 32 rows each, so that a
 * query meets them side by side in registers; values lie row by row. Memory is taken from the system as rows come. */
#ifndef GAZE_CORE_NN_KV_CACHE_H
#define GAZE_CORE_NN_KV_CACHE_H

#include "core/nn/compute.h"
#include "core/tensor/tensor.h"

enum { GAZE_KV_TILE = 32 }; /* rows */

typedef struct gaze_kv_cache {
  size_t layers, heads, head_dim; /* L, G, D */
  size_t capacity;                /* rows: whole tiles */
  size_t used;                    /* rows that every layer has */
  gaze_dtype dtype;               /* F32, F16, BF16, or I8 with a scale a row and head */
  uint8_t *keys, *values;         /* [L, G, capacity / 32, D, 32], [L, G, capacity, D] */
  float *key_scales;              /* [L, G, capacity]; I8 alone */
  float *value_scales;
} gaze_kv_cache;

/* For at least `rows` rows. */
GAZE_CHECKED gaze_err gaze_kv_cache_new(size_t layers, size_t heads, size_t head_dim, size_t rows, gaze_dtype dtype,
                                        gaze_kv_cache **out);
void gaze_kv_cache_free(gaze_kv_cache *cache);
/* Bytes of the rows that are there: what one more token must read. */
size_t gaze_kv_cache_bytes(const gaze_kv_cache *cache);

/* Stores key and value [D] of one head as row `row` of a layer. */
void gaze_kv_cache_store(gaze_kv_cache *cache, const gaze_kernels *kernels, size_t layer, size_t head, size_t row,
                         const float *key, const float *value);
/* Keys of rows first .. first + 31, turned: [D, 32]. first: of a tile. */
void gaze_kv_cache_load_keys(const gaze_kv_cache *cache, const gaze_kernels *kernels, size_t layer, size_t head,
                             size_t first, float *keys);
/* Values of rows first .. first + n - 1: [n, D]. */
void gaze_kv_cache_load_values(const gaze_kv_cache *cache, const gaze_kernels *kernels, size_t layer, size_t head,
                               size_t first, size_t n, float *values);

/* Where they lie in the cache's dtype: [D, 32] and [n, D]. */
const void *gaze_kv_cache_keys(const gaze_kv_cache *cache, size_t layer, size_t head, size_t first);
const void *gaze_kv_cache_values(const gaze_kv_cache *cache, size_t layer, size_t head, size_t first);

/* Bytes that lie side by side. */
typedef struct gaze_kv_stretch {
  void *at;
  size_t bytes;
} gaze_kv_stretch;

/* Where rows 0 .. rows - 1 of one head lie: keys in whole tiles, values, and of I8 the scales of both. Returns how many
 * stretches; their lengths are those of any other head. */
size_t gaze_kv_cache_stretches(const gaze_kv_cache *cache, size_t layer, size_t head, size_t rows,
                               gaze_kv_stretch out[4]);

#endif
