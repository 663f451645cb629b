/* Language decoders against transformers: logits of a prompt and of what follows greedily, whole, in pieces, side by
 * side, and over caches of every dtype. */
#include "core/base/json.h"
#include "decoder_fixtures.h"
#include "nearness.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST = 64, VOCABULARY = 96 };

typedef struct wanted {
  gaze_safetensors *file;
  const float *logits, *last; /* [n, V], [V] */
  int32_t ids[LONGEST];       /* the prompt, and what follows */
  size_t n, following;
} wanted;

static size_t read_ids(const json_t *list, int32_t *ids) {
  for (size_t i = 0; i < json_array_size(list); i++)
    ids[i] = (int32_t)json_integer_value(json_array_get(list, i));
  return json_array_size(list);
}

static void open_wanted(wanted *w, const char *name) {
  char file[64];
  json_t *json;
  snprintf(file, sizeof file, "%s.json", name);
  assert_int_equal(gaze_json_open(decoder_path(file), &json), GAZE_OK);
  w->n = read_ids(json_object_get(json, "prompt"), w->ids);
  w->following = read_ids(json_object_get(json, "following"), w->ids + w->n);
  json_decref(json);
  snprintf(file, sizeof file, "%s.safetensors", name);
  assert_int_equal(gaze_safetensors_open(decoder_path(file), &w->file), GAZE_OK);
  w->logits = gaze_safetensors_find(w->file, "logits")->data;
  w->last = gaze_safetensors_find(w->file, "last")->data;
  assert_true(w->n > 1 && w->following > 1 && w->n + w->following <= LONGEST);
}

static void check_near(const char *what, const float *got, const float *want, size_t n) {
  double error = relative_error(got, want, n);
  if (!(error <= 1e-5))
    fail_msg("%s: relative error %g", what, error);
}

/* One sequence goes on by n ids. */
static void go_on(decoder_run *run, float *logits, const int32_t *ids, size_t n, gaze_kv_cache *cache, bool all) {
  decoder_step(run, logits, &ids, &n, &cache, 1, all);
}

static size_t best_of(const float *logits) {
  size_t best = 0;
  for (size_t i = 1; i < VOCABULARY; i++)
    if (logits[i] > logits[best])
      best = i;
  return best;
}

static void check_greedy(decoder_run *run, const wanted *w) {
  gaze_kv_cache *cache = decoder_cache(run, GAZE_DTYPE_F32);
  float logits[VOCABULARY];
  go_on(run, logits, w->ids, w->n, cache, false);
  for (size_t i = 0; i < w->following; i++) {
    assert_int_equal(best_of(logits), w->ids[w->n + i]);
    go_on(run, logits, w->ids + w->n + i, 1, cache, false);
  }
  check_near("behind the last", logits, w->last, VOCABULARY);
  assert_int_equal(cache->used, w->n + w->following);
  gaze_kv_cache_free(cache);
}

static void check_pieces(decoder_run *run, const wanted *w, size_t piece) {
  gaze_kv_cache *cache = decoder_cache(run, GAZE_DTYPE_F32);
  static float logits[LONGEST * VOCABULARY];
  for (size_t first = 0, n; first < w->n; first += n) {
    n = w->n - first < piece ? w->n - first : piece;
    go_on(run, logits + first * VOCABULARY, w->ids + first, n, cache, true);
  }
  check_near("prompt", logits, w->logits, w->n * VOCABULARY);
  gaze_kv_cache_free(cache);
}

/* Three sequences of different lengths side by side, then one token each. */
static void check_side_by_side(decoder_run *run, const wanted *w) {
  gaze_kv_cache *caches[3];
  const int32_t *ids[3] = {w->ids, w->ids + 5, w->ids};
  size_t n[3] = {4, 9, w->n - 1}, ones[3] = {1, 1, 1};
  float logits[3 * VOCABULARY], alone[VOCABULARY];
  for (int b = 0; b < 3; b++)
    caches[b] = decoder_cache(run, GAZE_DTYPE_F32);
  decoder_step(run, logits, ids, n, caches, 3, false);
  for (int b = 0; b < 3; b++)
    ids[b] += n[b];
  decoder_step(run, logits, ids, ones, caches, 3, false);
  for (int b = 0; b < 3; b++) {
    gaze_kv_cache *cache = decoder_cache(run, GAZE_DTYPE_F32);
    go_on(run, alone, ids[b] - n[b], n[b] + 1, cache, false);
    check_near("side by side", logits + b * VOCABULARY, alone, VOCABULARY);
    gaze_kv_cache_free(cache);
    gaze_kv_cache_free(caches[b]);
  }
  check_near("the prompt's last row", logits + 2 * VOCABULARY, w->logits + (w->n - 1) * VOCABULARY, VOCABULARY);
}

/* Kept rows in fewer bits: the last row sees all of them. */
static void check_dtypes(decoder_run *run, const wanted *w) {
  static const struct {
    gaze_dtype dtype;
    double least;
  } cases[] = {{GAZE_DTYPE_F16, 0.999999}, {GAZE_DTYPE_BF16, 0.9999}, {GAZE_DTYPE_I8, 0.9995}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    gaze_kv_cache *cache = decoder_cache(run, cases[i].dtype);
    float logits[VOCABULARY];
    go_on(run, logits, w->ids, w->n, cache, false);
    go_on(run, logits, w->ids + w->n, w->following, cache, false);
    double found = cosine(logits, w->last, VOCABULARY);
    if (!(found >= cases[i].least))
      fail_msg("cache of %s: cosine %.7f", gaze_dtype_name(cases[i].dtype), found);
    gaze_kv_cache_free(cache);
  }
}

/* What was read of a prompt serves another that begins alike. */
static void check_rewind(decoder_run *run, const wanted *w) {
  gaze_kv_cache *cache = decoder_cache(run, GAZE_DTYPE_F32), *fresh = decoder_cache(run, GAZE_DTYPE_F32);
  float logits[VOCABULARY], again[VOCABULARY];
  go_on(run, logits, w->ids, w->n + 8, cache, false);
  cache->used = w->n - 3;
  go_on(run, logits, w->ids + 2, 7, cache, false);
  go_on(run, again, w->ids, w->n - 3, fresh, false);
  go_on(run, again, w->ids + 2, 7, fresh, false);
  check_near("gone on from a prefix", logits, again, VOCABULARY);
  gaze_kv_cache_free(cache);
  gaze_kv_cache_free(fresh);
}

static void follows_the_reference(void **state) {
  decoder_run run;
  wanted w;
  decoder_open(&run, *state, GAZE_PRECISION_F32);
  open_wanted(&w, *state);
  assert_int_equal(run.decoder.config.vocabulary, VOCABULARY);
  run.far = w.n > gaze_rope_near(&run.decoder.config.block.attention);
  check_pieces(&run, &w, w.n);
  check_pieces(&run, &w, 1);
  check_pieces(&run, &w, 5);
  check_greedy(&run, &w);
  check_side_by_side(&run, &w);
  check_dtypes(&run, &w);
  check_rewind(&run, &w);
  decoder_check_together(&run);
  gaze_safetensors_close(w.file);
  decoder_close(&run);
  decoder_open(&run, *state, GAZE_PRECISION_BF16);
  decoder_check_together(&run);
  decoder_close(&run);
}

int main(void) {
  static const char *const names[] = {"llama", "llama-linear", "llama3",    "smollm2",  "mistral", "qwen2",
                                      "qwen3", "phi3",         "phi3-near", "phi3-far", "exaone"};
  struct CMUnitTest tests[sizeof names / sizeof *names];
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    tests[i] = (struct CMUnitTest){
        .name = names[i], .test_func = follows_the_reference, .initial_state = (void *)(uintptr_t)names[i]};
  return cmocka_run_group_tests_name("decoders", tests, NULL, NULL);
}
