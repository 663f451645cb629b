/* Attention of new rows over all that a cache has, forward: how a decoder reads a prompt in pieces and writes an answer
 * token by token. */
#ifndef GAZE_CORE_NN_CACHED_ATTENTION_H
#define GAZE_CORE_NN_CACHED_ATTENTION_H

#include "core/base/memory.h"
#include "core/nn/attention.h"
#include "core/nn/kv_cache.h"

/* Sequences that go on: sequence b has new rows offsets[b] .. offsets[b + 1], behind those of its cache, where
 * `starts` says. */
typedef struct gaze_cached_batch {
  gaze_sequences sequences;
  gaze_kv_cache *const *caches; /* [B] */
  size_t capacity;              /* rows of the largest, for which the scratch is */
} gaze_cached_batch;

/* Puts keys and values of qkv [N, (H + 2 G) D] behind those that the caches have of a layer; `used` stays. */
void gaze_cached_keep(const gaze_compute *compute, const float *qkv, const gaze_attention *attention,
                      const gaze_cached_batch *batch, size_t layer);
/* out: [N, H D], or [B, H D] where `last` rows alone ask; qkv's keys and values are in the caches already. scratch:
 * [gaze_cached_attention_scratch]. */
void gaze_cached_attention_forward(const gaze_compute *compute, float *out, const float *qkv,
                                   const gaze_attention *attention, const gaze_cached_batch *batch, size_t layer,
                                   bool last, float *scratch);
/* Floats, for caches of at most so many rows. */
size_t gaze_cached_attention_scratch(const gaze_attention *attention, size_t capacity, int threads);

#endif
