#include "fusion/lm_write.h"

#include "core/nn/kv_cache.h"
#include "text/ids.h"
#include "text/token_stream.h"

#include <stdlib.h>
#include <string.h>

/* What one answer needs. */
typedef struct writer {
  const gaze_compute *compute;
  const gaze_decoder *decoder;
  gaze_arena arena;
  gaze_decoder_tape tape;
  gaze_kv_cache *cache;
  float *logits; /* [V] */
  gaze_sampler sampler;
  gaze_ids ids; /* the prompt's, then what is written */
  size_t n_prompt;
} writer;

static void writer_fini(writer *w) {
  gaze_arena_fini(&w->arena);
  gaze_kv_cache_free(w->cache);
  gaze_sampler_fini(&w->sampler);
  free(w->logits);
  free(w->ids.at);
}

/* The prompt's last ids, where there are more than leave room. */
static gaze_err take_prompt(writer *w, const gaze_tokenizer *tokenizer, int32_t front, const char *prompt,
                            size_t most) {
  size_t room = w->decoder->config.context - most;
  GAZE_TRY(gaze_ids_push(&w->ids, front));
  GAZE_TRY(gaze_tokenizer_encode(tokenizer, prompt, strlen(prompt), &w->ids.at, &w->ids.n, &w->ids.capacity));
  if (w->ids.n > room) {
    memmove(w->ids.at, w->ids.at + w->ids.n - room, room * sizeof *w->ids.at);
    w->ids.n = room;
  }
  w->n_prompt = w->ids.n;
  return GAZE_OK;
}

static gaze_err allocate(writer *w, size_t most, const gaze_sampling *sampling) {
  const gaze_decoder_config *c = &w->decoder->config;
  size_t rows = w->n_prompt, capacity = rows + most + GAZE_KV_TILE;
  gaze_arena measure = GAZE_ARENA_MEASURE;
  gaze_decoder_tape_layout(&w->tape, w->decoder, 1, rows, capacity, &measure);
  GAZE_TRY(gaze_arena_init(&w->arena, measure.used));
  gaze_decoder_tape_layout(&w->tape, w->decoder, 1, rows, capacity, &w->arena);
  GAZE_TRY(gaze_kv_cache_new(c->layers, c->block.attention.kv_heads, c->block.attention.head_dim, rows + most,
                             GAZE_DTYPE_F32, &w->cache));
  GAZE_TRY(gaze_alloc(c->vocabulary, sizeof *w->logits, &w->logits));
  return gaze_sampler_init(&w->sampler, sampling, c->vocabulary);
}

/* Logits behind n more ids. */
static void read_ids(writer *w, const int32_t *ids, size_t n) {
  size_t offsets[2] = {0, n}, start = w->cache->used;
  gaze_cached_batch batch = {.sequences = {.count = 1, .offsets = offsets, .longest = n, .starts = &start},
                             .caches = &w->cache,
                             .capacity = w->cache->capacity};
  gaze_decoder_embed(w->compute, w->decoder, w->tape.x[0], ids, n);
  gaze_decoder_forward(w->compute, w->logits, w->decoder, &batch, false, &w->tape);
}

static gaze_err write_ids(writer *w, int32_t end, size_t most) {
  read_ids(w, w->ids.at, w->ids.n);
  for (size_t i = 0; i < most; i++) {
    int32_t id = gaze_sampler_next(&w->sampler, w->logits);
    if (id == end)
      return GAZE_OK;
    gaze_sampler_accept(&w->sampler, id);
    GAZE_TRY(gaze_ids_push(&w->ids, id));
    if (i + 1 < most)
      read_ids(w, &id, 1);
  }
  return GAZE_OK;
}

gaze_err gaze_lm_write(const gaze_compute *compute, const gaze_decoder *decoder, const gaze_tokenizer *tokenizer,
                       const gaze_lm_marks *marks, const char *prompt, size_t most, const gaze_sampling *sampling,
                       char **out) {
  writer w = {.compute = compute, .decoder = decoder};
  gaze_err err;
  if (most > decoder->config.context / 2)
    most = decoder->config.context / 2;
  GAZE_TRY_DONE(take_prompt(&w, tokenizer, marks->front, prompt, most));
  GAZE_TRY_DONE(allocate(&w, most, sampling));
  GAZE_TRY_DONE(write_ids(&w, marks->end, most));
  err = gaze_tokenizer_decode(tokenizer, w.ids.at + w.n_prompt, w.ids.n - w.n_prompt, true, out);
done:
  writer_fini(&w);
  return err;
}
