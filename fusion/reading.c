/* How a decoder reads: a prompt in pieces behind what it has read before, then token by token. */
#include "fusion/assistant.h"

#include "core/nn/cached_attention.h"

#include <stdlib.h>
#include <string.h>

gaze_err gaze_reading_init(gaze_reading *reading, const gaze_assistant *assistant) {
  const gaze_decoder_config *c = &assistant->decoder.config;
  const gaze_attention *attention = &c->block.attention;
  static const gaze_dtype dtypes[] = {GAZE_DTYPE_F16, GAZE_DTYPE_BF16, GAZE_DTYPE_I8, GAZE_DTYPE_F32};
  *reading = (gaze_reading){.near = gaze_rope_near(attention)};
  GAZE_TRY(gaze_kv_cache_new(c->layers, attention->kv_heads, attention->head_dim, assistant->context,
                             dtypes[assistant->options.cache], &reading->cache));
  return gaze_alloc(reading->cache->capacity, sizeof *reading->keys, &reading->keys);
}

void gaze_reading_fini(gaze_reading *reading) {
  gaze_kv_cache_free(reading->cache);
  free(reading->keys);
  *reading = (gaze_reading){0};
}

void gaze_reading_cut(gaze_reading *reading, size_t n) {
  if (n < reading->cache->used)
    reading->cache->used = n;
}

size_t gaze_reading_room(const gaze_reading *reading) {
  size_t most = reading->far || reading->near > reading->cache->capacity ? reading->cache->capacity : reading->near;
  return most - reading->cache->used;
}

size_t gaze_reading_worth(const gaze_reading *reading, size_t n) { return reading->far == (n > reading->near) ? n : 0; }

/* Rows that were turned for the other length are of no use. */
static void turn_for(gaze_reading *reading, size_t rows) {
  bool far = rows > reading->near;
  if (far != reading->far)
    gaze_reading_cut(reading, 0);
  reading->far = far;
}

/* n rows of the prompt from `first` on into the decoder's: stretches of ids, and of pictures. */
static gaze_err fill_rows(gaze_assistant *assistant, const gaze_prompt *prompt, size_t first, size_t n,
                          gaze_picture_rows_fn *rows, void *user) {
  size_t C = assistant->decoder.config.block.dim, end = first + n;
  for (size_t i = first; i < end; i++) {
    int32_t id = (int32_t)prompt->keys[i];
    if (prompt->keys[i] >= 0)
      gaze_decoder_embed(&assistant->compute, &assistant->decoder, assistant->tape.x[0] + (i - first) * C, &id, 1);
  }
  for (size_t i = 0; i < prompt->n_pictures; i++) {
    const gaze_prompt_picture *p = &prompt->pictures[i];
    size_t from = p->first > first ? p->first : first, to = p->first + p->n < end ? p->first + p->n : end;
    const float *of_picture;
    if (from >= to)
      continue;
    GAZE_TRY(rows(user, p, &of_picture));
    memcpy(assistant->tape.x[0] + (from - first) * C, of_picture + (from - p->first) * C,
           (to - from) * C * sizeof(float));
  }
  return GAZE_OK;
}

/* N rows, filled in, behind the cache's. */
static void read_rows(gaze_assistant *assistant, gaze_reading *reading, size_t N, float *logits, bool all) {
  size_t offsets[] = {0, N}, start = reading->cache->used;
  gaze_cached_batch batch = {
      .sequences = {.count = 1, .offsets = offsets, .longest = N, .starts = &start, .far = &reading->far},
      .caches = &reading->cache,
      .capacity = reading->cache->capacity};
  gaze_decoder_forward(&assistant->compute, logits, &assistant->decoder, &batch, all, &assistant->tape);
}

gaze_err gaze_reading_go_on(gaze_assistant *assistant, gaze_reading *reading, const gaze_prompt *prompt,
                            gaze_picture_rows_fn *rows, void *user, const volatile int *stop, float *logits,
                            size_t *read) {
  turn_for(reading, prompt->n);
  size_t common = gaze_prompt_common(prompt, reading->keys, reading->cache->used);
  gaze_reading_cut(reading, common == prompt->n ? common - 1 : common); /* the last row must speak again */
  *read = prompt->n - reading->cache->used;
  for (size_t first = reading->cache->used, n; first < prompt->n; first += n) {
    n = prompt->n - first < GAZE_PROMPT_PIECE ? prompt->n - first : GAZE_PROMPT_PIECE;
    if (stop && *stop)
      return gaze_fail(GAZE_ERR_INTERRUPTED, "stopped: while reading the question: ask again");
    gaze_assistant_make_room(assistant, n);
    GAZE_TRY(fill_rows(assistant, prompt, first, n, rows, user));
    memcpy(reading->keys + first, prompt->keys + first, n * sizeof *reading->keys);
    read_rows(assistant, reading, n, first + n == prompt->n ? logits : NULL, false);
  }
  return GAZE_OK;
}

void gaze_reading_add(gaze_assistant *assistant, gaze_reading *reading, const int32_t *ids, size_t n, float *logits) {
  gaze_assistant_make_room(assistant, n);
  gaze_decoder_embed(&assistant->compute, &assistant->decoder, assistant->tape.x[0], ids, n);
  for (size_t i = 0; i < n; i++)
    reading->keys[reading->cache->used + i] = ids[i];
  read_rows(assistant, reading, n, logits, true);
}
