#include "core/nn/kv_cache.h"

#include "core/base/memory.h"

#include <stdlib.h>
#include <string.h>

/* Zeroed pages that are not there until they are written. */
static gaze_err reserve(size_t count, size_t size, void *out_pointer) {
  void *block = calloc(count, size);
  if (!block)
    return gaze_fail(GAZE_ERR_MEMORY, "out of memory: %zu MB for keys and values: use a shorter context",
                     count / 1024 * size / 1024);
  memcpy(out_pointer, &block, sizeof block);
  return GAZE_OK;
}

static gaze_err reserve_all(gaze_kv_cache *cache) {
  size_t rows = cache->layers * cache->heads * cache->capacity, bytes = cache->head_dim * gaze_dtype_size(cache->dtype);
  GAZE_TRY(reserve(rows, bytes, &cache->keys));
  GAZE_TRY(reserve(rows, bytes, &cache->values));
  if (cache->dtype != GAZE_DTYPE_I8)
    return GAZE_OK;
  GAZE_TRY(reserve(rows, sizeof(float), &cache->key_scales));
  return reserve(rows, sizeof(float), &cache->value_scales);
}

gaze_err gaze_kv_cache_new(size_t layers, size_t heads, size_t head_dim, size_t rows, gaze_dtype dtype,
                           gaze_kv_cache **out) {
  gaze_kv_cache *cache;
  GAZE_TRY(gaze_alloc(1, sizeof *cache, &cache));
  size_t capacity = (rows + GAZE_KV_TILE - 1) / GAZE_KV_TILE * GAZE_KV_TILE;
  *cache =
      (gaze_kv_cache){.layers = layers, .heads = heads, .head_dim = head_dim, .capacity = capacity, .dtype = dtype};
  gaze_err err = reserve_all(cache);
  if (err != GAZE_OK)
    gaze_kv_cache_free(cache);
  else
    *out = cache;
  return err;
}

void gaze_kv_cache_free(gaze_kv_cache *cache) {
  if (!cache)
    return;
  free(cache->keys);
  free(cache->values);
  free(cache->key_scales);
  free(cache->value_scales);
  free(cache);
}

size_t gaze_kv_cache_bytes(const gaze_kv_cache *cache) {
  size_t scale = cache->dtype == GAZE_DTYPE_I8 ? sizeof(float) : 0;
  return 2 * cache->layers * cache->heads * cache->used * (cache->head_dim * gaze_dtype_size(cache->dtype) + scale);
}

/* Which of all rows of all heads. */
static size_t place_of(const gaze_kv_cache *cache, size_t layer, size_t head, size_t row) {
  return (layer * cache->heads + head) * cache->capacity + row;
}

/* To the cache's dtype. Returns the scale of I8. */
static float narrow(const gaze_kv_cache *cache, const gaze_kernels *kernels, uint8_t *to, const float *from) {
  size_t D = cache->head_dim;
  if (cache->dtype == GAZE_DTYPE_F32)
    memcpy(to, from, D * sizeof *from);
  else if (cache->dtype == GAZE_DTYPE_F16)
    kernels->f16_from_f32((uint16_t *)(void *)to, from, D);
  else if (cache->dtype == GAZE_DTYPE_BF16)
    kernels->bf16_from_f32((uint16_t *)(void *)to, from, D);
  else {
    float largest = kernels->largest(from, D);
    kernels->i8_from_f32((int8_t *)to, from, largest > 0 ? 127 / largest : 0, D);
    return largest / 127;
  }
  return 1;
}

static void widen(const gaze_kv_cache *cache, const gaze_kernels *kernels, float *to, const uint8_t *from, size_t n) {
  if (cache->dtype == GAZE_DTYPE_F32)
    memcpy(to, from, n * sizeof *to);
  else if (cache->dtype == GAZE_DTYPE_F16)
    kernels->f32_from_f16(to, (const uint16_t *)(const void *)from, n);
  else if (cache->dtype == GAZE_DTYPE_BF16)
    kernels->f32_from_bf16(to, (const uint16_t *)(const void *)from, n);
  else
    for (size_t i = 0; i < n; i++)
      to[i] = (float)((const int8_t *)from)[i];
}

enum { WIDEST = 512 }; /* numbers of a head */

void gaze_kv_cache_store(gaze_kv_cache *cache, const gaze_kernels *kernels, size_t layer, size_t head, size_t row,
                         const float *key, const float *value) {
  size_t place = place_of(cache, layer, head, row), D = cache->head_dim, size = gaze_dtype_size(cache->dtype);
  size_t column = row % GAZE_KV_TILE;
  uint8_t *tile = cache->keys + (place - column) * D * size, narrowed[WIDEST * sizeof(float)];
  float key_scale = narrow(cache, kernels, narrowed, key);
  for (size_t d = 0; d < D; d++)
    memcpy(tile + (d * GAZE_KV_TILE + column) * size, narrowed + d * size, size);
  float value_scale = narrow(cache, kernels, cache->values + place * D * size, value);
  if (cache->dtype != GAZE_DTYPE_I8)
    return;
  cache->key_scales[place] = key_scale;
  cache->value_scales[place] = value_scale;
}

const void *gaze_kv_cache_keys(const gaze_kv_cache *cache, size_t layer, size_t head, size_t first) {
  return cache->keys + place_of(cache, layer, head, first) * cache->head_dim * gaze_dtype_size(cache->dtype);
}

const void *gaze_kv_cache_values(const gaze_kv_cache *cache, size_t layer, size_t head, size_t first) {
  return cache->values + place_of(cache, layer, head, first) * cache->head_dim * gaze_dtype_size(cache->dtype);
}

void gaze_kv_cache_load_keys(const gaze_kv_cache *cache, const gaze_kernels *kernels, size_t layer, size_t head,
                             size_t first, float *keys) {
  size_t place = place_of(cache, layer, head, first), D = cache->head_dim;
  widen(cache, kernels, keys, gaze_kv_cache_keys(cache, layer, head, first), D * GAZE_KV_TILE);
  for (size_t d = 0; d < D && cache->dtype == GAZE_DTYPE_I8; d++)
    kernels->multiply(keys + d * GAZE_KV_TILE, cache->key_scales + place, GAZE_KV_TILE);
}

void gaze_kv_cache_load_values(const gaze_kv_cache *cache, const gaze_kernels *kernels, size_t layer, size_t head,
                               size_t first, size_t n, float *values) {
  size_t place = place_of(cache, layer, head, first), D = cache->head_dim;
  widen(cache, kernels, values, gaze_kv_cache_values(cache, layer, head, first), n * D);
  for (size_t i = 0; i < n && cache->dtype == GAZE_DTYPE_I8; i++)
    kernels->scale(values + i * D, cache->value_scales[place + i], D);
}

size_t gaze_kv_cache_stretches(const gaze_kv_cache *cache, size_t layer, size_t head, size_t rows,
                               gaze_kv_stretch out[4]) {
  size_t place = place_of(cache, layer, head, 0), row = cache->head_dim * gaze_dtype_size(cache->dtype);
  size_t tiles = (rows + GAZE_KV_TILE - 1) / GAZE_KV_TILE;
  out[0] = (gaze_kv_stretch){cache->keys + place * row, tiles * GAZE_KV_TILE * row};
  out[1] = (gaze_kv_stretch){cache->values + place * row, rows * row};
  if (cache->dtype != GAZE_DTYPE_I8)
    return 2;
  out[2] = (gaze_kv_stretch){cache->key_scales + place, rows * sizeof(float)};
  out[3] = (gaze_kv_stretch){cache->value_scales + place, rows * sizeof(float)};
  return 4;
}
