/* From files and texts to what the towers take: bytes and ids must be equal. */
#include "fusion/verify.h"

#include "core/base/memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static gaze_err find_bytes(const gaze_verification *v, const char *name, size_t i, const gaze_tensor **out) {
  char full[24];
  snprintf(full, sizeof full, "%s%zu", name, i);
  GAZE_TRY(gaze_reference_find(&v->reference, full, GAZE_DTYPE_U8, 3, (size_t[]){0, 0, 3}, out));
  bool sound = (*out)->shape[0] && (*out)->shape[1] && (*out)->shape[0] <= 65536 && (*out)->shape[1] <= 65536;
  return sound ? GAZE_OK
               : gaze_fail(GAZE_ERR_FORMAT, "damaged reference: %s: %s is empty: write it again", v->reference.folder,
                           full);
}

/* Adds a picture to the difference; detail: [120], written for the first whose size is another. */
static void compare_picture(gaze_difference *difference, const gaze_picture *got, const gaze_tensor *wanted, size_t i,
                            char *detail) {
  if ((size_t)got->height == wanted->shape[0] && (size_t)got->width == wanted->shape[1]) {
    gaze_difference_add_bytes(difference, got->rgb, wanted->data, gaze_tensor_count(wanted));
    return;
  }
  difference->off = INFINITY;
  if (!strstr(detail, " is "))
    snprintf(detail, 120, "picture %zu is %d x %d, the reference's %zu x %zu", i, got->width, got->height,
             wanted->shape[1], wanted->shape[0]);
}

static gaze_err open_picture(const gaze_verification *v, size_t i, gaze_picture *out) {
  gaze_picture_options options = {.ignore_orientation = !v->reference.orientation,
                                  .drop_alpha = v->reference.alpha_dropped};
  char *path;
  GAZE_TRY(gaze_reference_picture(&v->reference, i, &path));
  gaze_err err = gaze_picture_open(path, &options, NULL, out);
  free(path);
  return err;
}

/* The reference's decoded picture, resized and cropped. */
static gaze_err fit_picture(const gaze_verification *v, size_t i, gaze_picture *out) {
  const gaze_tensor *rgb;
  GAZE_TRY(find_bytes(v, "rgb", i, &rgb));
  gaze_picture picture = {.width = (int)rgb->shape[1], .height = (int)rgb->shape[0]};
  GAZE_TRY(gaze_alloc(gaze_tensor_count(rgb), 1, &picture.rgb));
  memcpy(picture.rgb, rgb->data, gaze_tensor_count(rgb));
  gaze_err err = gaze_preprocess_fit(&v->model->preprocess, &picture, out);
  gaze_picture_fini(&picture);
  return err;
}

/* make: what gaze makes of picture i, compared with the tensors wanted0, wanted1, ... */
static gaze_err compare_pictures(gaze_verification *v, const char *stage, const char *wanted,
                                 gaze_err (*make)(const gaze_verification *v, size_t i, gaze_picture *out)) {
  gaze_difference difference = GAZE_NO_DIFFERENCE;
  char detail[120];
  snprintf(detail, sizeof detail, "%zu pictures", v->reference.pictures);
  for (size_t i = 0; i < v->reference.pictures; i++) {
    const gaze_tensor *tensor;
    gaze_picture picture;
    GAZE_TRY(find_bytes(v, wanted, i, &tensor));
    GAZE_TRY(make(v, i, &picture));
    compare_picture(&difference, &picture, tensor, i, detail);
    gaze_picture_fini(&picture);
  }
  return gaze_verify_judge(v, stage, &difference, 0, detail);
}

static gaze_err compare_pixels(gaze_verification *v) {
  size_t S = v->model->clip.config.vision.image_size, count = gaze_model_pixels(v->model);
  gaze_difference difference = GAZE_NO_DIFFERENCE;
  float *pixels;
  GAZE_TRY(gaze_alloc(count, sizeof *pixels, &pixels));
  gaze_err err = GAZE_OK;
  for (size_t i = 0; i < v->reference.pictures; i++) {
    char name[32];
    const gaze_tensor *resized;
    snprintf(name, sizeof name, "resized%zu", i);
    GAZE_TRY_DONE(gaze_reference_find(&v->reference, name, GAZE_DTYPE_U8, 3, (size_t[]){S, S, 3}, &resized));
    gaze_preprocess_normalise(&v->model->preprocess, resized->data, pixels);
    gaze_difference_add(&difference, pixels, v->reference.pixels + i * count, 1, count);
  }
  GAZE_TRY_DONE(gaze_verify_judge(v, "pixels", &difference, GAZE_VERIFY_EXACT, NULL));
done:
  free(pixels);
  return err;
}

/* ids: [context]. detail: [120], written where they differ. */
static gaze_err compare_text(const gaze_verification *v, size_t i, int32_t *ids, char *detail, bool *same) {
  const int32_t *wanted = v->reference.ids + v->reference.offsets[i];
  size_t n, common = 0, wanted_n = v->reference.offsets[i + 1] - v->reference.offsets[i];
  GAZE_TRY(gaze_model_text_ids(v->model, gaze_reference_text(&v->reference, i), ids, &n, NULL));
  while (common < n && common < wanted_n && ids[common] == wanted[common])
    common++;
  if (!*same || (common == n && n == wanted_n))
    return GAZE_OK;
  *same = false;
  if (common < n && common < wanted_n)
    snprintf(detail, 120, "text %zu: token %zu is %d, the reference's %d", i, common, ids[common], wanted[common]);
  else
    snprintf(detail, 120, "text %zu: %zu tokens, the reference has %zu", i, n, wanted_n);
  return GAZE_OK;
}

static gaze_err compare_ids(gaze_verification *v) {
  char detail[120];
  bool same = true;
  int32_t *ids;
  if (!v->model->tokenizer)
    return gaze_stages_add(&v->stages, "token ids", GAZE_STAGE_SKIPPED, NULL, v->no_tokenizer);
  for (size_t i = 0; i < v->reference.texts; i++)
    if (!gaze_reference_text(&v->reference, i))
      return gaze_stages_add(&v->stages, "token ids", GAZE_STAGE_SKIPPED, NULL, "the reference had no tokenizer");
  GAZE_TRY(gaze_alloc(v->model->clip.config.text.context, sizeof *ids, &ids));
  snprintf(detail, sizeof detail, "%zu texts", v->reference.texts);
  gaze_err err = GAZE_OK;
  for (size_t i = 0; i < v->reference.texts && err == GAZE_OK; i++)
    err = compare_text(v, i, ids, detail, &same);
  free(ids);
  GAZE_TRY(err);
  return gaze_stages_add(&v->stages, "token ids", same ? GAZE_STAGE_SAME : GAZE_STAGE_PARTS, NULL, detail);
}

gaze_err gaze_verify_inputs(gaze_verification *v) {
  GAZE_TRY(compare_pictures(v, "decode", "rgb", open_picture));
  GAZE_TRY(compare_pictures(v, "resize", "resized", fit_picture));
  GAZE_TRY(compare_pixels(v));
  return compare_ids(v);
}
