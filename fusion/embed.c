/* Pictures to unit vectors. */
#include "core/base/file.h"
#include "core/base/memory.h"
#include "fusion/contrastive.h"
#include "fusion/model.h"

#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Multiply-adds of a picture below which a product alone cannot use all processors: then each thread takes whole
 * pictures, which also makes a picture's vector the same bits whatever was beside it. */
#define SMALL_MODEL 2e9
enum { PICTURES_TOGETHER = 8, FILES_TOGETHER = 64 };

size_t gaze_model_pixels(const gaze_model *model) {
  size_t S = model->clip.config.vision.image_size;
  return 3 * S * S;
}

/* Multiply-adds of the products of T tokens. */
static double tower_work(const gaze_block_config *block, size_t layers, double T) {
  double C = (double)block->dim;
  return T * C * (4 * C + 2 * (double)block->mlp_dim) * (double)layers;
}

static bool is_small(const gaze_model *model) {
  const gaze_vit_config *vision = &model->clip.config.vision;
  const gaze_text_config *text = &model->clip.config.text;
  double work = model->clip.config.text_only
                    ? tower_work(&text->block, text->layers, (double)text->context)
                    : tower_work(&vision->block, vision->layers, 1 + (double)gaze_vit_patches(vision));
  return work < SMALL_MODEL;
}

/* A thread's own products where each thread takes whole pictures. */
gaze_compute gaze_model_compute(const gaze_model *model) {
  gaze_compute compute = model->compute;
  if (is_small(model) && model->options.precision == GAZE_PRECISION_F32)
    compute.matmul = NULL;
  return compute;
}

static gaze_err vision_tape(const gaze_model *model, size_t batch, gaze_vit_tape *tape, gaze_arena *arena) {
  size_t patches = gaze_vit_patches(&model->clip.config.vision);
  gaze_arena measure = GAZE_ARENA_MEASURE;
  gaze_vit_tape_layout(tape, &model->clip.vision, batch, patches, GAZE_TAPE_NONE, &measure);
  gaze_arena_reset(arena, 0);
  if (measure.used > arena->size) {
    gaze_arena_fini(arena);
    GAZE_TRY(gaze_arena_init(arena, measure.used));
  }
  gaze_vit_tape_layout(tape, &model->clip.vision, batch, patches, GAZE_TAPE_NONE, arena);
  return GAZE_OK;
}

/* The pictures of one thread, `together` at a time. arena: kept for the next ones. */
static gaze_err encode_range(const gaze_model *model, const float *pixels, size_t first, size_t last, size_t together,
                             gaze_arena *arena, float *out) {
  gaze_vit_tape tape;
  size_t D = model->clip.config.dim, size = gaze_model_pixels(model);
  float norms[PICTURES_TOGETHER];
  gaze_compute compute = gaze_model_compute(model);
  GAZE_TRY(vision_tape(model, together, &tape, arena));
  for (size_t i = first; i < last; i += together) {
    size_t n = last - i < together ? last - i : together;
    gaze_vit_forward(&compute, out + i * D, pixels + i * size, n, NULL, 0, &model->clip.vision, &tape);
    gaze_unit_forward(&compute, out + i * D, norms, out + i * D, n, D);
  }
  return GAZE_OK;
}

/* Damaged weights give no numbers rather than wrong ones, and no distance tells them from results. */
gaze_err gaze_model_check_finite(const gaze_model *model, const float *vectors, size_t n, const char *what) {
  size_t D = model->clip.config.dim;
  for (size_t i = 0; i < n; i++)
    if (!isfinite(model->kernels.sum_squares(vectors + i * D, D)))
      return gaze_fail(GAZE_ERR_FORMAT, "not finite: what %s makes of a %s: the weights are damaged, get them again",
                       model->folder, what);
  return GAZE_OK;
}

static gaze_err encode_pictures(gaze_model *model, const float *pixels, size_t n, float *out) {
  omp_set_num_threads(model->options.threads);
  if (!is_small(model) || model->options.precision != GAZE_PRECISION_F32) /* products have one user at a time */
    return encode_range(model, pixels, 0, n, n < PICTURES_TOGETHER ? n : PICTURES_TOGETHER, &model->step, out);
  size_t threads = (size_t)model->options.threads;
  gaze_err result = GAZE_OK;
#pragma omp parallel for schedule(static)
  for (size_t t = 0; t < threads; t++) {
    gaze_arena arena = {0};
    gaze_err err = encode_range(model, pixels, n * t / threads, n * (t + 1) / threads, 1, &arena, out);
    gaze_arena_fini(&arena);
#pragma omp critical
    if (err != GAZE_OK)
      result = err;
  }
  return result == GAZE_OK ? GAZE_OK : gaze_fail(result, "out of memory: encoding %zu pictures: use fewer threads", n);
}

gaze_err gaze_model_encode(gaze_model *model, const float *pixels, size_t n, float *out) {
  if (!n)
    return GAZE_OK;
  GAZE_TRY(gaze_model_prepare(model, GAZE_TOWER_VISION, n));
  GAZE_TRY(encode_pictures(model, pixels, n, out));
  return gaze_model_check_finite(model, out, n, "picture");
}

gaze_err gaze_embed_pictures(gaze_model *model, const gaze_picture *pictures, size_t n, float *out) {
  float *pixels;
  size_t size = gaze_model_pixels(model);
  GAZE_TRY(gaze_model_check_pictures(model));
  GAZE_TRY(gaze_alloc(n, size * sizeof *pixels, &pixels));
  gaze_err err = GAZE_OK;
  for (size_t i = 0; i < n && err == GAZE_OK; i++)
    err = gaze_preprocess_run(&model->preprocess, &pictures[i], pixels + i * size);
  if (err == GAZE_OK)
    err = gaze_model_encode(model, pixels, n, out);
  free(pixels);
  return err;
}

static gaze_err prepare_file(const gaze_model *model, const char *path, const gaze_picture_options *options,
                             float *pixels) {
  gaze_map map;
  GAZE_TRY(gaze_map_open(path, &map));
  gaze_err err = gaze_preprocess_decode(&model->preprocess, map.data, map.size, path, options, NULL, pixels);
  gaze_map_close(&map);
  return err;
}

gaze_err gaze_embed_file(gaze_model *model, const char *path, const gaze_picture_options *options, float *out) {
  float *pixels;
  GAZE_TRY(gaze_model_check_pictures(model));
  GAZE_TRY(gaze_alloc(gaze_model_pixels(model), sizeof *pixels, &pixels));
  gaze_err err = prepare_file(model, path, options, pixels);
  if (err == GAZE_OK)
    err = gaze_model_encode(model, pixels, 1, out);
  free(pixels);
  return err;
}

static gaze_err embed_files(gaze_model *model, const char *const *paths, size_t n, const gaze_picture_options *options,
                            float *pixels, float *out, gaze_err *status, char **messages) {
  size_t size = gaze_model_pixels(model), D = model->clip.config.dim;
#pragma omp parallel for schedule(dynamic)
  for (size_t i = 0; i < n; i++) {
    status[i] = prepare_file(model, paths[i], options, pixels + i * size);
    messages[i] = status[i] == GAZE_OK ? NULL : strdup(gaze_last_error());
    if (status[i] != GAZE_OK)
      memset(pixels + i * size, 0, size * sizeof *pixels);
  }
  GAZE_TRY(gaze_model_encode(model, pixels, n, out));
  for (size_t i = 0; i < n; i++)
    if (status[i] != GAZE_OK)
      memset(out + i * D, 0, D * sizeof *out);
  return GAZE_OK;
}

gaze_err gaze_embed_files(gaze_model *model, const char *const *paths, size_t n, const gaze_picture_options *options,
                          float *out, gaze_err *status, char **messages) {
  float *pixels;
  size_t together = n < FILES_TOGETHER ? n : FILES_TOGETHER;
  if (n)
    GAZE_TRY(gaze_model_check_pictures(model));
  GAZE_TRY(gaze_alloc(together, gaze_model_pixels(model) * sizeof *pixels, &pixels));
  omp_set_num_threads(model->options.threads);
  gaze_err err = GAZE_OK;
  for (size_t i = 0; i < n && err == GAZE_OK; i += together)
    err = embed_files(model, paths + i, n - i < together ? n - i : together, options, pixels,
                      out + i * model->clip.config.dim, status + i, messages + i);
  free(pixels);
  return err;
}
