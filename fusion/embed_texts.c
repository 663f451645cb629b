/* Texts to unit vectors, and means of several texts, which are kept on disk where the model's options say so. */
#include "core/base/file.h"
#include "core/base/memory.h"
#include "fusion/contrastive.h"
#include "fusion/model.h"

#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

enum { TEXTS_TOGETHER = 128 };

static void count_cut(gaze_text_cuts *cuts, const char *text, size_t tokens) {
  cuts->texts++;
  if (!tokens || cuts->cut++)
    return;
  cuts->tokens = tokens;
  snprintf(cuts->first, sizeof cuts->first, "%s", text);
}

void gaze_text_cuts_warn(const gaze_text_cuts *cuts, const gaze_model *model) {
  size_t context = model->clip.config.text.context;
  if (cuts->cut == 1)
    gaze_warn("text cut at %zu tokens: %s...: the last %zu are not seen", context, cuts->first, cuts->tokens);
  else if (cuts->cut)
    gaze_warn("%zu of %zu texts cut at %zu tokens: the first: %s...: their ends are not seen", cuts->cut, cuts->texts,
              context, cuts->first);
}

/* ids [n, context] and offsets [n + 1] of texts, one after another. */
static gaze_err tokenize_texts(const gaze_model *model, const char *const *texts, size_t n, int32_t *ids,
                               size_t *offsets, gaze_text_cuts *cuts) {
  size_t context = model->clip.config.text.context;
  offsets[0] = 0;
  for (size_t i = 0; i < n; i++) {
    size_t length, cut;
    GAZE_TRY(gaze_tokenizer_encode_context(model->tokenizer, texts[i], context, ids + offsets[i], &length, &cut));
    count_cut(cuts, texts[i], cut);
    offsets[i + 1] = offsets[i] + length;
  }
  return GAZE_OK;
}

/* n is at most TEXTS_TOGETHER; offsets begin with 0. */
static gaze_err encode_texts(const gaze_model *model, const int32_t *ids, const size_t *offsets, size_t n, float *out) {
  gaze_arena measure = GAZE_ARENA_MEASURE, arena;
  gaze_text_tape tape;
  float norms[TEXTS_TOGETHER];
  size_t D = model->clip.config.dim;
  gaze_compute compute = gaze_model_compute(model);
  gaze_text_tape_layout(&tape, &model->clip.text, n, offsets[n], GAZE_TAPE_NONE, &measure);
  GAZE_TRY(gaze_arena_init(&arena, measure.used));
  gaze_text_tape_layout(&tape, &model->clip.text, n, offsets[n], GAZE_TAPE_NONE, &arena);
  gaze_text_forward(&compute, out, ids, offsets, n, &model->clip.text, &tape);
  gaze_unit_forward(&compute, out, norms, out, n, D);
  gaze_arena_fini(&arena);
  return gaze_model_check_finite(model, out, n, "text");
}

gaze_err gaze_embed_texts(gaze_model *model, const char *const *texts, size_t n, float *out) {
  gaze_text_cuts cuts = {0};
  GAZE_TRY(gaze_model_embed_texts(model, texts, n, out, &cuts));
  gaze_text_cuts_warn(&cuts, model);
  return GAZE_OK;
}

gaze_err gaze_model_embed_texts(gaze_model *model, const char *const *texts, size_t n, float *out,
                                gaze_text_cuts *cuts) {
  int32_t *ids;
  size_t offsets[TEXTS_TOGETHER + 1], D = model->clip.config.dim;
  GAZE_TRY(gaze_alloc(TEXTS_TOGETHER, model->clip.config.text.context * sizeof *ids, &ids));
  omp_set_num_threads(model->options.threads);
  gaze_err err = GAZE_OK;
  for (size_t i = 0; i < n && err == GAZE_OK; i += TEXTS_TOGETHER) {
    size_t count = n - i < TEXTS_TOGETHER ? n - i : TEXTS_TOGETHER;
    err = tokenize_texts(model, texts + i, count, ids, offsets, cuts);
    if (err == GAZE_OK)
      err = encode_texts(model, ids, offsets, count, out + i * D);
  }
  free(ids);
  return err;
}

/* Whatever the vector depends on: not the text but its ids, for they hold what the tokenizer makes of it. The file's
 * name says which model. */
static gaze_err hash_texts(gaze_model *model, const int32_t *ids, const size_t *offsets, size_t n,
                           uint8_t key[GAZE_TEXT_KEY]) {
  XXH3_state_t *state = XXH3_createState();
  if (!state)
    return gaze_fail(GAZE_ERR_MEMORY, "out of memory: hashing %zu texts: free memory", n);
  bool large = gaze_model_compute(model).matmul; /* its products depend on the number of threads */
  int64_t how[] = {model->options.precision, large ? model->options.threads : 0, (int64_t)n};
  XXH3_128bits_reset(state);
  XXH3_128bits_update(state, GAZE_VERSION, sizeof GAZE_VERSION);
  XXH3_128bits_update(state, model->kernels.level, strlen(model->kernels.level) + 1);
  XXH3_128bits_update(state, how, sizeof how);
  XXH3_128bits_update(state, offsets, (n + 1) * sizeof *offsets);
  XXH3_128bits_update(state, ids, offsets[n] * sizeof *ids);
  XXH128_hash_t digest = XXH3_128bits_digest(state);
  XXH3_freeState(state);
  memcpy(key, &digest, GAZE_TEXT_KEY);
  return GAZE_OK;
}

/* Without a home there is no cache, and no error. */
static gaze_err open_cache(gaze_model *model) {
  char key[33], *folder = NULL, *path = NULL;
  if (!model->options.text_cache || model->texts)
    return GAZE_OK;
  gaze_err err = GAZE_OK;
  GAZE_TRY_DONE(gaze_model_key(model, key));
  GAZE_TRY_DONE(gaze_cache_folder("texts", &folder));
  model->options.text_cache = folder;
  if (folder) {
    GAZE_TRY_DONE(gaze_path_join(folder, key, &path));
    GAZE_TRY_DONE(gaze_text_cache_open(path, model->clip.config.dim, GAZE_TEXT_CACHE_LIMIT, &model->texts));
  }
done:
  free(folder);
  free(path);
  return err;
}

/* Mean of the texts' unit vectors, made unit; TEXTS_TOGETHER at a time, which offsets of their own must say. */
static gaze_err encode_mean(gaze_model *model, const int32_t *ids, const size_t *offsets, size_t n, float *out) {
  float *vectors, norm;
  size_t D = model->clip.config.dim, own[TEXTS_TOGETHER + 1];
  GAZE_TRY(gaze_alloc(TEXTS_TOGETHER, D * sizeof *vectors, &vectors));
  omp_set_num_threads(model->options.threads);
  memset(out, 0, D * sizeof *out);
  gaze_err err = GAZE_OK;
  for (size_t i = 0; i < n && err == GAZE_OK; i += TEXTS_TOGETHER) {
    size_t count = n - i < TEXTS_TOGETHER ? n - i : TEXTS_TOGETHER;
    for (size_t k = 0; k <= count; k++)
      own[k] = offsets[i + k] - offsets[i];
    err = encode_texts(model, ids + offsets[i], own, count, vectors);
    for (size_t k = 0; k < count && err == GAZE_OK; k++)
      model->kernels.add(out, vectors + k * D, D);
  }
  gaze_unit_forward(&model->compute, out, &norm, out, 1, D);
  free(vectors);
  return err;
}

/* As encode_mean, from the cache where it is known and into it where it is not. */
static gaze_err recall_mean(gaze_model *model, const int32_t *ids, const size_t *offsets, size_t n, float *out) {
  uint8_t key[GAZE_TEXT_KEY];
  GAZE_TRY(open_cache(model));
  if (!model->texts)
    return encode_mean(model, ids, offsets, n, out);
  GAZE_TRY(hash_texts(model, ids, offsets, n, key));
  const float *known = gaze_text_cache_find(model->texts, key);
  model->texts_met += n;
  model->texts_kept += known ? n : 0;
  if (known) {
    memcpy(out, known, model->clip.config.dim * sizeof *out);
    return GAZE_OK;
  }
  GAZE_TRY(encode_mean(model, ids, offsets, n, out));
  return gaze_text_cache_add(model->texts, key, out);
}

gaze_err gaze_model_embed_mean(gaze_model *model, const char *const *texts, size_t n, float *out,
                               gaze_text_cuts *cuts) {
  int32_t *ids = NULL;
  size_t *offsets = NULL;
  gaze_err err = GAZE_OK;
  GAZE_TRY_DONE(gaze_alloc(n, model->clip.config.text.context * sizeof *ids, &ids));
  GAZE_TRY_DONE(gaze_alloc(n + 1, sizeof *offsets, &offsets));
  GAZE_TRY_DONE(tokenize_texts(model, texts, n, ids, offsets, cuts));
  err = recall_mean(model, ids, offsets, n, out);
done:
  free(ids);
  free(offsets);
  return err;
}

void gaze_model_texts_done(gaze_model *model) {
  if (!model->texts)
    return;
  gaze_text_cache_flush(model->texts);
  if (model->options.verbose && model->texts_met)
    gaze_warn("%zu of %zu texts from the cache: %s", model->texts_kept, model->texts_met, model->texts->path);
  model->texts_met = model->texts_kept = 0;
}
