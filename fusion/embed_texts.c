/* Texts to unit vectors, and means of several texts, which are kept on disk where the model's options say so. */
#include "core/base/file.h"
#include "core/base/memory.h"
#include "fusion/contrastive.h"
#include "fusion/model.h"
#include "text/text_ids.h"

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

gaze_err gaze_model_text_ids(const gaze_model *model, const char *text, int32_t *ids, size_t *n, size_t *cut) {
  GAZE_TRY(gaze_model_check_texts(model));
  return gaze_text_ids(&model->clip.config.text, model->tokenizer, text, ids, n, cut);
}

/* ids [n, context] and offsets [n + 1] of texts, one after another. */
static gaze_err tokenize_texts(const gaze_model *model, const char *const *texts, size_t n, int32_t *ids,
                               size_t *offsets, gaze_text_cuts *cuts) {
  offsets[0] = 0;
  for (size_t i = 0; i < n; i++) {
    size_t length, cut;
    GAZE_TRY(gaze_model_text_ids(model, texts[i], ids + offsets[i], &length, &cut));
    count_cut(cuts, texts[i], cut);
    offsets[i + 1] = offsets[i] + length;
  }
  return GAZE_OK;
}

gaze_err gaze_model_encode_ids(const gaze_model *model, const int32_t *ids, const size_t *offsets, size_t n,
                               float *out) {
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
  gaze_err err = gaze_model_prepare(model, GAZE_TOWER_TEXT, n);
  for (size_t i = 0; i < n && err == GAZE_OK; i += TEXTS_TOGETHER) {
    size_t count = n - i < TEXTS_TOGETHER ? n - i : TEXTS_TOGETHER;
    err = tokenize_texts(model, texts + i, count, ids, offsets, cuts);
    if (err == GAZE_OK)
      err = gaze_model_encode_ids(model, ids, offsets, count, out + i * D);
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

/* Without a home, or a key of the model, there is no cache, and no error. */
static gaze_err open_cache(gaze_model *model) {
  char key[33], *folder = NULL, *path = NULL;
  if (!model->options.text_cache || model->texts)
    return GAZE_OK;
  gaze_err err = GAZE_OK;
  model->options.text_cache = gaze_model_key(model, key) == GAZE_OK;
  if (!model->options.text_cache)
    return GAZE_OK;
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
static gaze_err encode_mean(const gaze_model *model, const int32_t *ids, const size_t *offsets, size_t n, float *out) {
  float *vectors, norm;
  size_t D = model->clip.config.dim, own[TEXTS_TOGETHER + 1];
  GAZE_TRY(gaze_alloc(TEXTS_TOGETHER, D * sizeof *vectors, &vectors));
  memset(out, 0, D * sizeof *out);
  gaze_err err = GAZE_OK;
  for (size_t i = 0; i < n && err == GAZE_OK; i += TEXTS_TOGETHER) {
    size_t count = n - i < TEXTS_TOGETHER ? n - i : TEXTS_TOGETHER;
    for (size_t k = 0; k <= count; k++)
      own[k] = offsets[i + k] - offsets[i];
    err = gaze_model_encode_ids(model, ids + offsets[i], own, count, vectors);
    for (size_t k = 0; k < count && err == GAZE_OK; k++)
      model->kernels.add(out, vectors + k * D, D);
  }
  gaze_unit_forward(&model->compute, out, &norm, out, 1, D);
  free(vectors);
  return err;
}

/* A list on its way to its mean. */
typedef struct mean_work {
  int32_t *ids;
  size_t *offsets; /* [n + 1] */
  size_t n;
  uint8_t key[GAZE_TEXT_KEY];
  bool known;
} mean_work;

/* Ids and key; where the cache knows the mean, the mean. */
static gaze_err begin_mean(gaze_model *model, const gaze_text_list *list, mean_work *work, float *out,
                           gaze_text_cuts *cuts) {
  work->n = list->n;
  GAZE_TRY(gaze_alloc(list->n, model->clip.config.text.context * sizeof *work->ids, &work->ids));
  GAZE_TRY(gaze_alloc(list->n + 1, sizeof *work->offsets, &work->offsets));
  GAZE_TRY(tokenize_texts(model, list->texts, list->n, work->ids, work->offsets, cuts));
  if (!model->texts)
    return GAZE_OK;
  GAZE_TRY(hash_texts(model, work->ids, work->offsets, list->n, work->key));
  const float *mean = gaze_text_cache_find(model->texts, work->key);
  work->known = mean;
  if (mean)
    memcpy(out, mean, model->clip.config.dim * sizeof *out);
  model->texts_met += list->n;
  model->texts_kept += mean ? list->n : 0;
  return GAZE_OK;
}

static gaze_err encode_each(const gaze_model *model, const mean_work *works, size_t n, float *out) {
  for (size_t i = 0; i < n; i++)
    if (!works[i].known)
      GAZE_TRY(encode_mean(model, works[i].ids, works[i].offsets, works[i].n, out + i * model->clip.config.dim));
  return GAZE_OK;
}

/* Where products have no threads of their own, each thread takes whole lists. What a list gives does not depend on
 * those beside it, or a mean from the cache would not be the same bits. */
static gaze_err encode_unknown(gaze_model *model, const mean_work *works, size_t n, float *out) {
  gaze_err result = GAZE_OK;
  char message[512] = "";
  size_t texts = 0;
  for (size_t i = 0; i < n; i++)
    texts += works[i].known ? 0 : works[i].n;
  omp_set_num_threads(model->options.threads);
  if (texts)
    GAZE_TRY(gaze_model_prepare(model, GAZE_TOWER_TEXT, texts));
  if (n == 1 || model->options.threads == 1 || gaze_model_compute(model).matmul)
    return encode_each(model, works, n, out);
#pragma omp parallel for schedule(dynamic)
  for (size_t i = 0; i < n; i++) {
    gaze_err err = encode_each(model, works + i, 1, out + i * model->clip.config.dim);
    if (err != GAZE_OK)
#pragma omp critical
    {
      result = err;
      snprintf(message, sizeof message, "%s", gaze_last_error());
    }
  }
  return result == GAZE_OK ? GAZE_OK : gaze_fail_again(result, message);
}

gaze_err gaze_model_embed_means(gaze_model *model, const gaze_text_list *lists, size_t n, float *out,
                                gaze_text_cuts *cuts) {
  mean_work *works;
  size_t D = model->clip.config.dim;
  gaze_err err = GAZE_OK;
  GAZE_TRY(open_cache(model));
  GAZE_TRY(gaze_alloc(n, sizeof *works, &works));
  for (size_t i = 0; i < n; i++)
    GAZE_TRY_DONE(begin_mean(model, &lists[i], &works[i], out + i * D, cuts));
  GAZE_TRY_DONE(encode_unknown(model, works, n, out));
  for (size_t i = 0; i < n && model->texts; i++)
    if (!works[i].known)
      GAZE_TRY_DONE(gaze_text_cache_add(model->texts, works[i].key, out + i * D));
done:
  for (size_t i = 0; i < n; i++) {
    free(works[i].ids);
    free(works[i].offsets);
  }
  free(works);
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
