/* Both towers on the reference's own pixels and ids. */
#include "fusion/verify.h"

#include "core/base/memory.h"

#include <stdlib.h>

/* Rounding grows with the number of terms of a sum, and from block to block: of a narrow model less is left. */
#define TOLERANCE 1e-4
/* Of embeddings from products of fewer bits, whose steps are shown and not judged. */
#define BF16_COSINE 0.9995
#define INT8_COSINE 0.99
enum { NARROW = 128 };

static bool is_exact(const gaze_verification *v) { return v->model->options.precision == GAZE_PRECISION_F32; }

static gaze_err compare_tap(gaze_verification *v, const char *name, const float *data, size_t rows, size_t columns) {
  const float *wanted;
  gaze_difference difference = GAZE_NO_DIFFERENCE;
  GAZE_TRY(gaze_reference_tap(&v->reference, name, rows, columns, &wanted));
  if (!wanted)
    return GAZE_OK;
  v->taps++;
  gaze_difference_add(&difference, data, wanted, rows, columns);
  if (!is_exact(v))
    return gaze_stages_add(&v->stages, name, GAZE_STAGE_SHOWN, &difference, NULL);
  return gaze_verify_judge(v, name, &difference, columns < NARROW ? GAZE_VERIFY_EXACT : TOLERANCE, NULL);
}

static void listen(void *user, const char *name, const float *data, size_t rows, size_t columns) {
  gaze_verification *v = user;
  if (v->err == GAZE_OK)
    v->err = compare_tap(v, name, data, rows, columns);
}

/* Both towers with somebody listening; out: [max(B, T), D], overwritten. */
static gaze_err run_vision(gaze_verification *v, const gaze_compute *compute, float *out) {
  const gaze_vit *vision = &v->model->clip.vision;
  size_t B = v->reference.pictures, patches = gaze_vit_patches(&vision->config);
  gaze_arena measure = GAZE_ARENA_MEASURE, arena;
  gaze_vit_tape tape;
  gaze_vit_tape_layout(&tape, vision, B, patches, GAZE_TAPE_NONE, &measure);
  GAZE_TRY(gaze_arena_init(&arena, measure.used));
  gaze_vit_tape_layout(&tape, vision, B, patches, GAZE_TAPE_NONE, &arena);
  gaze_vit_forward(compute, out, v->reference.pixels, B, NULL, 0, vision, &tape);
  gaze_arena_fini(&arena);
  return v->err;
}

static gaze_err run_text(gaze_verification *v, const gaze_compute *compute, float *out) {
  const gaze_text_encoder *text = &v->model->clip.text;
  size_t T = v->reference.texts, rows = v->reference.offsets[T];
  gaze_arena measure = GAZE_ARENA_MEASURE, arena;
  gaze_text_tape tape;
  gaze_text_tape_layout(&tape, text, T, rows, GAZE_TAPE_NONE, &measure);
  GAZE_TRY(gaze_arena_init(&arena, measure.used));
  gaze_text_tape_layout(&tape, text, T, rows, GAZE_TAPE_NONE, &arena);
  gaze_text_forward(compute, out, v->reference.ids, v->reference.offsets, T, text, &tape);
  gaze_arena_fini(&arena);
  return v->err;
}

static gaze_err compare_taps(gaze_verification *v) {
  gaze_compute compute = gaze_model_compute(v->model);
  float *out;
  GAZE_TRY(gaze_model_prepare(v->model, GAZE_TOWER_VISION, v->reference.pictures));
  GAZE_TRY(gaze_model_prepare(v->model, GAZE_TOWER_TEXT, v->reference.texts));
  compute.tap = listen;
  compute.tap_user = v;
  GAZE_TRY(gaze_alloc(GAZE_REFERENCE_MOST, v->model->clip.config.dim * sizeof *out, &out));
  gaze_err err = run_vision(v, &compute, out);
  if (err == GAZE_OK)
    err = run_text(v, &compute, out);
  free(out);
  GAZE_TRY(err);
  if (v->taps == gaze_reference_taps(&v->reference))
    return GAZE_OK;
  return gaze_fail(GAZE_ERR_MISMATCH,
                   "reference of another model: %s: it has %zu steps of which the model takes %zu: write one with "
                   "samples/verify/make_reference.py",
                   v->reference.folder, gaze_reference_taps(&v->reference), v->taps);
}

/* What the product itself gives, where nobody listens; numbers that are none are its own error. */
static gaze_err compare_embeddings(gaze_verification *v, const char *stage, const char *name, size_t n,
                                   gaze_err (*encode)(gaze_verification *v, float *out)) {
  size_t D = v->model->clip.config.dim;
  gaze_difference difference = GAZE_NO_DIFFERENCE;
  const gaze_tensor *wanted;
  float *out;
  GAZE_TRY(gaze_reference_find(&v->reference, name, GAZE_DTYPE_F32, 2, (size_t[]){n, D}, &wanted));
  GAZE_TRY(gaze_alloc(n, D * sizeof *out, &out));
  gaze_err err = encode(v, out);
  if (err == GAZE_ERR_FORMAT) {
    err = gaze_stages_add(&v->stages, stage, GAZE_STAGE_PARTS, NULL, gaze_last_error());
  } else if (err == GAZE_OK) {
    gaze_difference_add(&difference, out, wanted->data, n, D);
    double least = v->model->options.precision == GAZE_PRECISION_BF16 ? BF16_COSINE : INT8_COSINE;
    bool same = is_exact(v) ? gaze_difference_relative(&difference) <= TOLERANCE : difference.lowest_cosine >= least;
    err = gaze_stages_add(&v->stages, stage, same ? GAZE_STAGE_SAME : GAZE_STAGE_PARTS, &difference, NULL);
  }
  free(out);
  return err;
}

static gaze_err encode_pictures(gaze_verification *v, float *out) {
  return gaze_model_encode(v->model, v->reference.pixels, v->reference.pictures, out);
}

static gaze_err encode_texts(gaze_verification *v, float *out) {
  return gaze_model_encode_ids(v->model, v->reference.ids, v->reference.offsets, v->reference.texts, out);
}

/* logits [B, T] of the reference's embeddings */
static gaze_err compare_similarity(gaze_verification *v) {
  const gaze_clip *clip = &v->model->clip;
  size_t B = v->reference.pictures, T = v->reference.texts, D = clip->config.dim;
  float scale = gaze_model_logit_scale(v->model), bias = clip->config.sigmoid ? gaze_f32(clip->logit_bias)[0] : 0;
  const gaze_tensor *pictures, *texts, *wanted;
  gaze_difference difference = GAZE_NO_DIFFERENCE;
  GAZE_TRY(gaze_reference_find(&v->reference, "embeddings.pictures", GAZE_DTYPE_F32, 2, (size_t[]){B, D}, &pictures));
  GAZE_TRY(gaze_reference_find(&v->reference, "embeddings.texts", GAZE_DTYPE_F32, 2, (size_t[]){T, D}, &texts));
  GAZE_TRY(gaze_reference_find(&v->reference, "similarity", GAZE_DTYPE_F32, 2, (size_t[]){B, T}, &wanted));
  for (size_t b = 0; b < B; b++) {
    float logits[GAZE_REFERENCE_MOST];
    for (size_t t = 0; t < T; t++)
      logits[t] =
          scale * v->model->kernels.dot((const float *)pictures->data + b * D, (const float *)texts->data + t * D, D) +
          bias;
    gaze_difference_add(&difference, logits, (const float *)wanted->data + b * T, 1, T);
  }
  return gaze_verify_judge(v, "similarity", &difference, TOLERANCE, NULL);
}

gaze_err gaze_verify_towers(gaze_verification *v) {
  GAZE_TRY(compare_taps(v));
  GAZE_TRY(compare_embeddings(v, "picture embeddings", "embeddings.pictures", v->reference.pictures, encode_pictures));
  GAZE_TRY(compare_embeddings(v, "text embeddings", "embeddings.texts", v->reference.texts, encode_texts));
  return compare_similarity(v);
}
