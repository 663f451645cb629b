#include "fusion/distill.h"

#include <math.h>

/* Of tokens at a time: enough for large products, and little memory beside that of a step. */
enum { ROWS = 4096 };

static bool same_preprocess(const gaze_preprocess *a, const gaze_preprocess *b) {
  bool same = a->size == b->size && a->resize == b->resize && a->fit == b->fit && a->even_crop == b->even_crop &&
              a->filter == b->filter;
  for (int c = 0; c < 3; c++)
    same = same && a->mean[c] == b->mean[c] && a->deviation[c] == b->deviation[c];
  return same;
}

/* How many sequences are run together. */
static size_t fitting(size_t tokens, size_t batch) {
  size_t n = tokens < ROWS ? ROWS / tokens : 1;
  return n < batch ? n : batch;
}

static void layout(gaze_distill *distill, size_t batch_size, size_t accum_freq, gaze_arena *arena) {
  const gaze_clip *clip = &distill->model->clip;
  size_t patches = gaze_vit_patches(&clip->config.vision), context = clip->config.text.context;
  size_t samples = batch_size * accum_freq, D = clip->config.dim;
  distill->pictures_together = fitting(1 + patches, batch_size);
  distill->texts_together = fitting(context, batch_size);
  gaze_vit_tape_layout(&distill->vision, &clip->vision, distill->pictures_together, patches, GAZE_TAPE_NONE, arena);
  gaze_text_tape_layout(&distill->text, &clip->text, distill->texts_together, distill->texts_together * context,
                        GAZE_TAPE_NONE, arena);
  distill->offsets = gaze_arena_take(arena, distill->texts_together + 1, sizeof *distill->offsets);
  distill->norms = gaze_arena_take(arena, batch_size, sizeof *distill->norms);
  distill->images = gaze_arena_take(arena, samples * D, sizeof *distill->images);
  distill->texts = gaze_arena_take(arena, samples * D, sizeof *distill->texts);
}

gaze_err gaze_distill_init(gaze_distill *distill, const char *name, const gaze_model_options *options,
                           const gaze_preprocess *preprocess, size_t batch_size, size_t accum_freq) {
  *distill = (gaze_distill){0};
  GAZE_TRY(gaze_model_open(name, options, &distill->model));
  GAZE_TRY(gaze_model_check_pictures(distill->model));
  GAZE_TRY(gaze_model_check_texts(distill->model));
  distill->same_pixels = same_preprocess(&distill->model->preprocess, preprocess);
  gaze_arena measure = GAZE_ARENA_MEASURE;
  layout(distill, batch_size, accum_freq, &measure);
  GAZE_TRY(gaze_arena_init(&distill->arena, measure.used));
  layout(distill, batch_size, accum_freq, &distill->arena);
  return GAZE_OK;
}

void gaze_distill_fini(gaze_distill *distill) {
  gaze_arena_fini(&distill->arena);
  gaze_model_close(distill->model);
  *distill = (gaze_distill){0};
}

gaze_second_view gaze_distill_view(const gaze_distill *distill) {
  const gaze_model *model = distill->model;
  return (gaze_second_view){.tokenizer = model->tokenizer,
                            .text = &model->clip.config.text,
                            .preprocess = distill->same_pixels ? NULL : &model->preprocess};
}

/* out: [B, D], not yet unit. */
static void run_pictures(gaze_distill *distill, const gaze_batch *batch, float *out) {
  const gaze_model *model = distill->model;
  size_t size = gaze_model_pixels(model), D = model->clip.config.dim;
  for (size_t i = 0, n; i < batch->n; i += n) {
    n = batch->n - i < distill->pictures_together ? batch->n - i : distill->pictures_together;
    gaze_vit_forward(&model->compute, out + i * D, batch->second_pixels + i * size, n, NULL, 0, &model->clip.vision,
                     &distill->vision);
  }
}

static void run_texts(gaze_distill *distill, const gaze_batch *batch, float *out) {
  const gaze_model *model = distill->model;
  size_t D = model->clip.config.dim;
  for (size_t i = 0, n; i < batch->n; i += n) {
    n = batch->n - i < distill->texts_together ? batch->n - i : distill->texts_together;
    const size_t *offsets = batch->second_offsets + i;
    for (size_t b = 0; b <= n; b++)
      distill->offsets[b] = offsets[b] - offsets[0];
    gaze_text_forward(&model->compute, out + i * D, batch->second_ids + offsets[0], distill->offsets, n,
                      &model->clip.text, &distill->text);
  }
}

void gaze_distill_run(gaze_distill *distill, const gaze_batch *batch, size_t a) {
  size_t D = distill->model->clip.config.dim, first = a * batch->n * D;
  float *images = distill->images + first, *texts = distill->texts + first;
  run_pictures(distill, batch, images);
  gaze_unit_forward(&distill->model->compute, images, distill->norms, images, batch->n, D);
  run_texts(distill, batch, texts);
  gaze_unit_forward(&distill->model->compute, texts, distill->norms, texts, batch->n, D);
}

gaze_imitated gaze_distill_features(const gaze_distill *distill) {
  const gaze_clip *clip = &distill->model->clip;
  return (gaze_imitated){distill->images, distill->texts, clip->config.dim, expf(gaze_f32(clip->logit_scale)[0])};
}
