#include "fusion/text_cache.h"

#include "core/base/file.h"
#include "core/base/memory.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

enum { CHECK_AT = GAZE_TEXT_KEY, VECTOR_AT = CHECK_AT + sizeof(uint64_t), UNWRITTEN_MOST = 64 };

void gaze_text_cache_head(const gaze_text_cache *cache, uint8_t head[GAZE_TEXT_HEAD]) {
  uint32_t sizes[] = {(uint32_t)cache->D, (uint32_t)cache->row};
  memset(head, 0, GAZE_TEXT_HEAD);
  memcpy(head, "gazetxt1", 8);
  memcpy(head + 8, sizes, sizeof sizes);
}

static uint64_t check_of(const gaze_text_cache *cache, const uint8_t *row) {
  uint64_t key = XXH3_64bits(row, GAZE_TEXT_KEY);
  return XXH3_64bits_withSeed(row + VECTOR_AT, cache->row - VECTOR_AT, key);
}

static bool is_whole(const gaze_text_cache *cache, const uint8_t *row) {
  uint64_t stored;
  memcpy(&stored, row + CHECK_AT, sizeof stored);
  return stored == check_of(cache, row);
}

/* The slot of a key, or the free one where it would go. Keys are hashes: any part of them will do. */
static uint32_t *find_slot(const gaze_text_cache *cache, const uint8_t *key) {
  uint64_t start;
  memcpy(&start, key, sizeof start);
  for (size_t i = (size_t)start & (cache->n_slots - 1);; i = (i + 1) & (cache->n_slots - 1)) {
    uint32_t *slot = &cache->slots[i];
    if (!*slot || memcmp(cache->rows + (*slot - 1) * cache->row, key, GAZE_TEXT_KEY) == 0)
      return slot;
  }
}

/* Room for one row more at no more than half of the slots. */
static gaze_err grow_slots(gaze_text_cache *cache) {
  size_t n = cache->n_slots ? cache->n_slots * 2 : 128;
  uint32_t *slots;
  if ((cache->n + 1) * 2 <= cache->n_slots)
    return GAZE_OK;
  GAZE_TRY(gaze_alloc(n, sizeof *slots, &slots));
  free(cache->slots);
  cache->slots = slots;
  cache->n_slots = n;
  for (size_t i = 0; i < cache->n; i++)
    *find_slot(cache, cache->rows + i * cache->row) = (uint32_t)i + 1;
  return GAZE_OK;
}

gaze_err gaze_text_cache_put(gaze_text_cache *cache, const uint8_t *row) {
  GAZE_TRY(grow_slots(cache));
  uint32_t *slot = find_slot(cache, row);
  if (*slot)
    return GAZE_OK;
  GAZE_TRY(gaze_grow(&cache->rows, &cache->capacity, cache->n + 1, cache->row));
  memcpy(cache->rows + cache->n * cache->row, row, cache->row);
  *slot = (uint32_t)++cache->n;
  return GAZE_OK;
}

/* Keeps the whole rows of a file's bytes. */
static gaze_err take_rows(gaze_text_cache *cache, const uint8_t *bytes, size_t size) {
  uint8_t head[GAZE_TEXT_HEAD];
  gaze_text_cache_head(cache, head);
  cache->damaged = size < sizeof head || memcmp(bytes, head, sizeof head) != 0;
  if (cache->damaged)
    return GAZE_OK;
  size_t n = (size - sizeof head) / cache->row;
  cache->damaged = (size - sizeof head) % cache->row != 0;
  for (size_t i = 0; i < n; i++) {
    const uint8_t *row = bytes + sizeof head + i * cache->row;
    if (is_whole(cache, row))
      GAZE_TRY(gaze_text_cache_put(cache, row));
    else
      cache->damaged = true;
  }
  return GAZE_OK;
}

static gaze_err read_file(gaze_text_cache *cache) {
  uint8_t *bytes = NULL;
  size_t size = 0;
  gaze_err err = gaze_file_read(cache->path, 2 * cache->limit, &bytes, &size);
  if (err == GAZE_ERR_MEMORY)
    return err;
  cache->damaged = err == GAZE_ERR_LIMIT;
  if (err == GAZE_OK)
    err = take_rows(cache, bytes, size);
  free(bytes);
  cache->stored = cache->n;
  return err == GAZE_ERR_MEMORY ? err : GAZE_OK;
}

static void free_cache(gaze_text_cache *cache) {
  free(cache->path);
  free(cache->rows);
  free(cache->slots);
  free(cache);
}

gaze_err gaze_text_cache_open(const char *path, size_t D, size_t limit, gaze_text_cache **out) {
  gaze_text_cache *cache;
  GAZE_TRY(gaze_alloc(1, sizeof *cache, &cache));
  *cache = (gaze_text_cache){.D = D, .row = VECTOR_AT + D * sizeof(float), .limit = limit};
  gaze_err err = gaze_strdup(path, &cache->path);
  if (err == GAZE_OK)
    err = read_file(cache);
  if (err != GAZE_OK) {
    free_cache(cache);
    return err;
  }
  *out = cache;
  return GAZE_OK;
}

void gaze_text_cache_close(gaze_text_cache *cache) {
  if (!cache)
    return;
  gaze_text_cache_flush(cache);
  free_cache(cache);
}

const float *gaze_text_cache_find(const gaze_text_cache *cache, const uint8_t key[GAZE_TEXT_KEY]) {
  uint32_t slot = cache->n ? *find_slot(cache, key) : 0;
  return slot ? (const float *)(const void *)(cache->rows + (slot - 1) * cache->row + VECTOR_AT) : NULL;
}

gaze_err gaze_text_cache_add(gaze_text_cache *cache, const uint8_t key[GAZE_TEXT_KEY], const float *vector) {
  uint8_t *row;
  GAZE_TRY(gaze_alloc(1, cache->row, &row));
  memcpy(row, key, GAZE_TEXT_KEY);
  memcpy(row + VECTOR_AT, vector, cache->D * sizeof *vector);
  uint64_t check = check_of(cache, row);
  memcpy(row + CHECK_AT, &check, sizeof check);
  gaze_err err = gaze_text_cache_put(cache, row);
  free(row);
  if (err == GAZE_OK && cache->n - cache->stored >= UNWRITTEN_MOST)
    gaze_text_cache_flush(cache);
  return err;
}
