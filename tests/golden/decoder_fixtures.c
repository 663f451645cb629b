#include "decoder_fixtures.h"

#include "fusion/assistant.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void must(gaze_err err) {
  if (err != GAZE_OK)
    fail_msg("%s", gaze_last_error());
}

const char *decoder_path(const char *name) {
  static char paths[8][1024];
  static int turn;
  char *path = paths[turn++ % 8];
  snprintf(path, sizeof paths[0], "%s/tests/golden/data/decoders/%s", getenv("GAZE_SOURCE_ROOT"), name);
  return path;
}

static bool is_leftover(const void *user, const char *name) { return gaze_decoder_is_leftover(user, name); }

static bool is_file(const char *path) { return gaze_ends_with(path, ".gguf"); }

static void read_config(const decoder_run *run, const char *path, gaze_decoder_config *config) {
  char name[1100];
  json_t *json;
  if (is_file(path)) {
    must(gaze_decoder_config_read_gguf(gaze_weights_gguf(run->weights), config));
    return;
  }
  snprintf(name, sizeof name, "%s/config.json", path);
  must(gaze_json_open(name, &json));
  must(gaze_decoder_config_read(json, config));
  json_decref(json);
}

static void load(decoder_run *run, const char *path) {
  gaze_decoder_config config;
  must(gaze_weights_open(path, &run->weights));
  read_config(run, path, &config);
  must(gaze_decoder_init(&run->decoder, &config, false));
  must(gaze_decoder_list(&run->decoder, &run->parameters));
  gaze_load how = {.kernels = &run->kernels,
                   .names = config.fused_gguf ? gaze_decoder_fused_names : gaze_decoder_names,
                   .config = "its configuration",
                   .is_leftover = is_leftover,
                   .user = &run->decoder.config};
  for (gaze_dtype dtype = 0; dtype < GAZE_DTYPES; dtype++)
    how.keeps[dtype] = dtype == GAZE_DTYPE_F16 || dtype == GAZE_DTYPE_BF16 || gaze_dtype_is_quantised(dtype);
  must(gaze_parameters_load(&run->parameters, run->weights, &how, &run->loaded));
  gaze_decoder_tie(&run->decoder);
}

void decoder_open_path(decoder_run *run, const char *path, gaze_precision precision) {
  *run = (decoder_run){0};
  gaze_kernels_init(&run->kernels, gaze_cpu_detect());
  must(gaze_matmul_new(&run->kernels, gaze_cpu_detect(), precision, &run->matmul));
  run->compute = (gaze_compute){.kernels = &run->kernels, .matmul = run->matmul};
  load(run, path);
  must(gaze_decoder_prepare(&run->decoder, &run->parameters, &run->compute, &run->prepared));
  gaze_arena measure = GAZE_ARENA_MEASURE;
  gaze_decoder_tape_layout(&run->tape, &run->decoder, DECODER_BATCH, DECODER_ROWS, DECODER_ROWS, &measure);
  must(gaze_arena_init(&run->arena, measure.used));
  gaze_decoder_tape_layout(&run->tape, &run->decoder, DECODER_BATCH, DECODER_ROWS, DECODER_ROWS, &run->arena);
}

void decoder_open(decoder_run *run, const char *name, gaze_precision precision) {
  decoder_open_path(run, decoder_path(name), precision);
}

void decoder_close(decoder_run *run) {
  gaze_arena_fini(&run->arena);
  gaze_decoder_fini(&run->decoder);
  gaze_parameters_fini(&run->parameters);
  gaze_loaded_fini(&run->loaded);
  gaze_prepared_fini(&run->prepared);
  gaze_weights_close(run->weights);
  gaze_matmul_free(run->matmul);
}

gaze_kv_cache *decoder_cache(const decoder_run *run, gaze_dtype dtype) {
  const gaze_decoder_config *c = &run->decoder.config;
  gaze_kv_cache *cache;
  must(gaze_kv_cache_new(c->layers, c->block.attention.kv_heads, c->block.attention.head_dim, DECODER_ROWS, dtype,
                         &cache));
  return cache;
}

void decoder_step(decoder_run *run, float *logits, const int32_t *const *ids, const size_t *n,
                  gaze_kv_cache *const *caches, size_t batch, bool all) {
  size_t offsets[DECODER_BATCH + 1] = {0}, starts[DECODER_BATCH];
  static const bool far[DECODER_BATCH] = {true, true, true};
  for (size_t b = 0; b < batch; b++) {
    gaze_decoder_embed(&run->compute, &run->decoder, run->tape.x[0] + offsets[b] * run->decoder.config.block.dim,
                       ids[b], n[b]);
    offsets[b + 1] = offsets[b] + n[b];
    starts[b] = caches[b]->used;
  }
  gaze_cached_batch rows = {
      .sequences = {.count = batch, .offsets = offsets, .starts = starts, .far = run->far ? far : NULL},
      .caches = caches,
      .capacity = DECODER_ROWS};
  gaze_decoder_forward(&run->compute, logits, &run->decoder, &rows, all, &run->tape);
}

enum { BEFORE = 43, TOGETHER = 1 + GAZE_DRAFT_MOST };

static void check_together(decoder_run *run, gaze_dtype dtype, float *together, float *alone) {
  int32_t ids[BEFORE + TOGETHER];
  size_t V = run->decoder.config.vocabulary, before = BEFORE, n = TOGETHER, one = 1;
  gaze_kv_cache *cache = decoder_cache(run, dtype);
  for (size_t i = 0; i < BEFORE + TOGETHER; i++)
    ids[i] = (int32_t)((3 + 7 * i) % V);
  const int32_t *at = ids;
  decoder_step(run, NULL, &at, &before, &cache, 1, false);
  at = ids + BEFORE;
  decoder_step(run, together, &at, &n, &cache, 1, true);
  cache->used = BEFORE;
  for (size_t i = 0; i < TOGETHER; i++, at++)
    decoder_step(run, alone + i * V, &at, &one, &cache, 1, true);
  assert_memory_equal(together, alone, TOGETHER * V * sizeof *alone);
  gaze_kv_cache_free(cache);
}

void decoder_check_together(decoder_run *run) {
  size_t V = run->decoder.config.vocabulary;
  float *together, *alone;
  must(gaze_alloc(TOGETHER * V, sizeof *together, &together));
  must(gaze_alloc(TOGETHER * V, sizeof *alone, &alone));
  check_together(run, GAZE_DTYPE_F16, together, alone);
  check_together(run, GAZE_DTYPE_I8, together, alone);
  check_together(run, GAZE_DTYPE_F32, together, alone);
  free(together);
  free(alone);
}
