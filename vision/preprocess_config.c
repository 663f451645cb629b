/* preprocessor_config.json of Hugging Face's CLIP, SigLIP and LLaVA image processors. The same object may lie in
 * another file, so messages name the image processor. */
#include "core/base/memory.h"
#include "vision/preprocess.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Pillow's numbers. */
static const int resamples[] = {[GAZE_BILINEAR] = 2, [GAZE_BICUBIC] = 3, [GAZE_LANCZOS] = 1};
enum { RESAMPLES = sizeof resamples / sizeof *resamples };

typedef enum processor_family { CLIP, SIGLIP, LLAVA } processor_family;

static gaze_err unsupported(const char *key, const char *why) {
  return gaze_fail(GAZE_ERR_UNSUPPORTED, "preprocessing not implemented: image processor, %s: %s", key, why);
}

typedef struct extent {
  int width, height, shortest, longest; /* 0 when not said */
} extent;

static gaze_err read_length(const json_t *object, const char *key, int *out) {
  int64_t length;
  GAZE_TRY(gaze_json_integer(object, key, 0, &length));
  if (length < 0 || length > 16384)
    return gaze_fail(GAZE_ERR_FORMAT, "senseless size: image processor, %s: %lld is not in 1 to 16384", key,
                     (long long)length);
  *out = (int)length;
  return GAZE_OK;
}

/* A number (what it means differs by key: *plain) or an object. */
static gaze_err read_extent(const json_t *json, const char *key, extent *out, int *plain) {
  *out = (extent){0};
  *plain = 0;
  const json_t *value = json_object_get(json, key);
  if (!value || json_is_null(value))
    return GAZE_OK;
  if (!json_is_object(value))
    return read_length(json, key, plain);
  GAZE_TRY(read_length(value, "width", &out->width));
  GAZE_TRY(read_length(value, "height", &out->height));
  GAZE_TRY(read_length(value, "shortest_edge", &out->shortest));
  return read_length(value, "longest_edge", &out->longest);
}

static gaze_err read_three(const json_t *json, const char *key, float out[3]) {
  const json_t *list = json_object_get(json, key);
  if (!list || json_is_null(list))
    return GAZE_OK;
  if (json_array_size(list) != 3)
    return gaze_fail(GAZE_ERR_FORMAT, "image processor, %s: three numbers are needed", key);
  for (size_t c = 0; c < 3; c++) {
    if (!json_is_number(json_array_get(list, c)))
      return gaze_fail(GAZE_ERR_FORMAT, "image processor, %s: three numbers are needed", key);
    out[c] = (float)json_number_value(json_array_get(list, c));
  }
  return GAZE_OK;
}

/* Switches of steps that gaze always takes. */
static gaze_err read_switches(const json_t *json) {
  static const char *const steps[] = {"do_resize", "do_rescale"};
  for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
    bool on;
    GAZE_TRY(gaze_json_bool(json, steps[i], true, &on));
    if (!on)
      return unsupported(steps[i], "false is not followed");
  }
  double factor;
  GAZE_TRY(gaze_json_number(json, "rescale_factor", 1.0 / 255, &factor));
  return fabs(factor * 255 - 1) < 1e-6 ? GAZE_OK : unsupported("rescale_factor", "only 1/255 is followed");
}

static gaze_err read_filter(const json_t *json, gaze_filter *out) {
  int64_t resample;
  GAZE_TRY(gaze_json_integer(json, "resample", resamples[*out], &resample));
  for (int filter = 0; filter < RESAMPLES; filter++)
    if (resample == resamples[filter]) {
      *out = (gaze_filter)filter;
      return GAZE_OK;
    }
  return unsupported("resample", "only 1 (Lanczos), 2 (bilinear) and 3 (bicubic) are followed");
}

static gaze_err read_colours(const json_t *json, gaze_preprocess *out) {
  bool normalise;
  GAZE_TRY(gaze_json_bool(json, "do_normalize", true, &normalise));
  GAZE_TRY(read_three(json, "image_mean", out->mean));
  GAZE_TRY(read_three(json, "image_std", out->deviation));
  for (int c = 0; c < 3; c++) {
    if (!normalise)
      out->mean[c] = 0, out->deviation[c] = 1;
    if (!isfinite(out->mean[c]) || !isfinite(out->deviation[c]) || !(out->deviation[c] > 0))
      return gaze_fail(GAZE_ERR_FORMAT, "image processor, image_std: numbers above 0 are needed");
  }
  return GAZE_OK;
}

/* `size` and `crop_size` as fit, size and resize. */
static gaze_err read_fit(const json_t *json, processor_family family, int image_size, gaze_preprocess *out) {
  bool siglip = family == SIGLIP;
  extent size, crop;
  int size_plain, crop_plain;
  bool cropped, padded;
  GAZE_TRY(read_extent(json, "size", &size, &size_plain));
  GAZE_TRY(read_extent(json, "crop_size", &crop, &crop_plain));
  GAZE_TRY(gaze_json_bool(json, "do_center_crop", !siglip && !size.width && !size.longest, &cropped));
  GAZE_TRY(gaze_json_bool(json, "do_pad", false, &padded));
  if (siglip && size_plain)
    size.width = size.height = size_plain;
  else if (size_plain)
    size.shortest = size_plain;
  if (crop.width != crop.height || size.width != size.height)
    return unsupported("size", "only square inputs are implemented");
  bool squared = family == LLAVA && padded;
  if ((padded && !squared) != (size.longest > 0) || (size.longest && (size.shortest || cropped)))
    return unsupported(padded ? "do_pad" : "size", "padding goes with longest_edge alone");
  if (crop_plain)
    crop.width = crop_plain;
  if (!crop.width)
    crop.width = image_size ? image_size : size.width ? size.width : size.shortest;
  if (size.longest)
    out->fit = GAZE_FIT_PAD, out->size = out->resize = size.longest;
  else if (size.width)
    out->fit = GAZE_FIT_SQUASH, out->size = out->resize = size.width;
  else
    out->fit = GAZE_FIT_CROP, out->size = crop.width, out->resize = size.shortest ? size.shortest : crop.width;
  if (squared && out->fit != GAZE_FIT_PAD && out->resize == out->size)
    out->fit = GAZE_FIT_SQUARE;
  else if (squared)
    return unsupported("do_pad", "a square that is cropped afterwards is not implemented");
  if (out->fit == GAZE_FIT_CROP && siglip)
    out->fit = GAZE_FIT_SQUASH;
  else if (out->fit == GAZE_FIT_CROP && !cropped)
    return unsupported("do_center_crop", "false with shortest_edge leaves pictures of any shape");
  if (out->fit == GAZE_FIT_SQUASH && cropped && crop.width != out->size)
    return unsupported("crop_size", "a crop after both sides were set is not implemented");
  return GAZE_OK;
}

/* "CLIPImageProcessor", "CLIPFeatureExtractor", "ChineseCLIPImageProcessor", "SiglipImageProcessorFast", ...: the first
 * three are one. */
static gaze_err read_family(const json_t *json, processor_family *family) {
  const char *type, *older;
  GAZE_TRY(gaze_json_string(json, "feature_extractor_type", "CLIPImageProcessor", &older));
  GAZE_TRY(gaze_json_string(json, "image_processor_type", older, &type));
  *family = strncmp(type, "SiglipImage", 11) == 0 ? SIGLIP : strncmp(type, "LlavaImage", 10) == 0 ? LLAVA : CLIP;
  if (*family != CLIP || strncmp(type, "CLIP", 4) == 0 || strncmp(type, "ChineseCLIP", 11) == 0)
    return GAZE_OK;
  return gaze_fail(GAZE_ERR_UNSUPPORTED,
                   "preprocessing not implemented: image processor, image_processor_type: %s is not one of "
                   "CLIPImageProcessor, ChineseCLIPImageProcessor, SiglipImageProcessor, LlavaImageProcessor",
                   type);
}

gaze_err gaze_preprocess_read_common(const json_t *json, gaze_preprocess *out) {
  GAZE_TRY(read_switches(json));
  GAZE_TRY(read_filter(json, &out->filter));
  return read_colours(json, out);
}

gaze_err gaze_preprocess_read(const json_t *json, int image_size, gaze_preprocess *out) {
  gaze_preprocess p;
  processor_family family;
  if (!json_is_object(json))
    return gaze_fail(GAZE_ERR_FORMAT,
                     "not an object: the configuration of the image processor: use the file of the model");
  gaze_preprocess_default(&p, image_size);
  GAZE_TRY(read_family(json, &family));
  for (int c = 0; c < 3 && family == SIGLIP; c++)
    p.mean[c] = p.deviation[c] = 0.5f;
  GAZE_TRY(gaze_preprocess_read_common(json, &p));
  GAZE_TRY(read_fit(json, family, image_size, &p));
  if (p.size < 1 || (image_size && p.size != image_size))
    return gaze_fail(GAZE_ERR_MISMATCH,
                     "the image processor makes pictures of %d pixels, the model takes %d: use files of one model",
                     p.size, image_size);
  *out = p;
  return GAZE_OK;
}

/* float to the shortest decimal that reads back: 0.48145466 and not 0.48145464062690735. */
static json_t *three_numbers(const float values[3]) {
  double shortest[3];
  for (int c = 0; c < 3; c++)
    for (int digits = 1; digits <= 9; digits++) {
      char text[32];
      snprintf(text, sizeof text, "%.*g", digits, (double)values[c]);
      shortest[c] = strtod(text, NULL);
      if ((float)shortest[c] == values[c])
        break;
    }
  return json_pack("[f, f, f]", shortest[0], shortest[1], shortest[2]);
}

static json_t *size_object(const gaze_preprocess *p) {
  if (p->fit == GAZE_FIT_SQUASH)
    return json_pack("{s:i, s:i}", "height", p->size, "width", p->size);
  return json_pack("{s:i}", p->fit == GAZE_FIT_PAD ? "longest_edge" : "shortest_edge", p->resize);
}

json_t *gaze_preprocess_write(const gaze_preprocess *p) {
  bool square = p->fit == GAZE_FIT_SQUARE, crop = square || p->fit == GAZE_FIT_CROP;
  return json_pack("{s:s, s:b, s:b, s:b, s:b, s:b, s:b, s:o, s:{s:i, s:i}, s:i, s:f, s:o, s:o}", "image_processor_type",
                   square ? "LlavaImageProcessor" : "CLIPImageProcessor", "do_convert_rgb", 1, "do_resize", 1,
                   "do_rescale", 1, "do_normalize", 1, "do_center_crop", crop, "do_pad",
                   square || p->fit == GAZE_FIT_PAD, "size", size_object(p), "crop_size", "height", p->size, "width",
                   p->size, "resample", resamples[p->filter], "rescale_factor", 1.0 / 255, "image_mean",
                   three_numbers(p->mean), "image_std", three_numbers(p->deviation));
}
