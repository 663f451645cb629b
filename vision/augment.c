#include "vision/augment.h"

#include <math.h>

/* torchvision's RandomResizedCrop.get_params: area and log aspect uniform, ten tries, else the largest part in the
 * centre whose aspect is allowed. */
static gaze_box draw_box(const gaze_augment *a, gaze_random *random, int width, int height) {
  double area = (double)width * height, most = log(a->ratio > 1 ? a->ratio : 1);
  for (int i = 0; i < 10; i++) {
    double wanted = area * gaze_random_between(random, a->scale_low, a->scale_high);
    double aspect = exp(gaze_random_between(random, -most, most));
    double w = nearbyint(sqrt(wanted * aspect)), h = nearbyint(sqrt(wanted / aspect));
    if (w < 1 || h < 1 || w > width || h > height)
      continue;
    double top = (double)gaze_random_below(random, (size_t)(height - h) + 1);
    double left = (double)gaze_random_below(random, (size_t)(width - w) + 1);
    return (gaze_box){left, top, left + w, top + h};
  }
  double ratio = exp(most);
  double w = fmax(1, fmin(width, nearbyint(height * ratio))), h = fmax(1, fmin(height, nearbyint(width * ratio)));
  double left = floor((width - w) / 2), top = floor((height - h) / 2);
  return (gaze_box){left, top, left + w, top + h};
}

static void flip_rows(gaze_picture *p) {
  for (int y = 0; y < p->height; y++) {
    uint8_t *left = p->rgb + (size_t)y * (size_t)p->width * 3, *right = left + (size_t)(p->width - 1) * 3;
    for (; left < right; left += 3, right -= 3)
      for (int c = 0; c < 3; c++) {
        uint8_t swapped = left[c];
        left[c] = right[c];
        right[c] = swapped;
      }
  }
}

static uint8_t clip(float value) { return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value + 0.5f); }

/* ITU-R 601, as Pillow's conversion to grey. */
static unsigned grey_of(const uint8_t *rgb) {
  return (rgb[0] * 19595u + rgb[1] * 38470u + rgb[2] * 7471u + 0x8000u) >> 16;
}

/* Towards one grey for all: 0 for brightness, the mean for contrast. */
static void blend_with(uint8_t *rgb, size_t n, float factor, float grey) {
  uint8_t values[256];
  for (int v = 0; v < 256; v++)
    values[v] = clip(factor * (float)v + (1 - factor) * grey);
  for (size_t i = 0; i < n * 3; i++)
    rgb[i] = values[rgb[i]];
}

static float mean_grey(const uint8_t *rgb, size_t n) {
  uint64_t sum = 0;
  for (size_t i = 0; i < n; i++)
    sum += grey_of(rgb + i * 3);
  return floorf((float)sum / (float)n + 0.5f);
}

/* factor 0 is grey, 1 changes nothing. */
static void saturate(uint8_t *rgb, size_t n, float factor) {
  for (size_t i = 0; i < n; i++, rgb += 3) {
    float grey = (float)grey_of(rgb);
    for (int c = 0; c < 3; c++)
      rgb[c] = clip(factor * rgb[c] + (1 - factor) * grey);
  }
}

/* How much of the chroma a channel lacks: a trapezium over the hue circle of six, channels two apart. */
static float lack(float place) {
  place = place >= 6 ? place - 6 : place;
  float ramp = fminf(place, 4 - place);
  return fmaxf(0, fminf(1, ramp));
}

/* Turns the hue by `turn` of a circle, at the same value and chroma (HSV). */
static void turn_hue(uint8_t *rgb, size_t n, float turn) {
  float shift = 6 * (turn < 0 ? turn + 1 : turn);
  for (size_t i = 0; i < n; i++, rgb += 3) {
    float r = rgb[0], g = rgb[1], b = rgb[2];
    float most = fmaxf(r, fmaxf(g, b)), chroma = most - fminf(r, fminf(g, b)), unit = 1 / fmaxf(chroma, 1);
    float hue = most == r ? (g - b) * unit : most == g ? 2 + (b - r) * unit : 4 + (r - g) * unit;
    hue += shift + (hue < 0 ? 6 : 0);
    hue -= hue >= 6 ? 6 : 0;
    rgb[0] = clip(most - chroma * lack(hue + 5));
    rgb[1] = clip(most - chroma * lack(hue + 3));
    rgb[2] = clip(most - chroma * lack(hue + 1));
  }
}

/* torchvision's ColorJitter: four changes in random order, rounding to 8 bits after each. */
static void jitter(const gaze_augment *a, gaze_random *random, uint8_t *rgb, size_t n) {
  uint32_t order[] = {0, 1, 2, 3};
  gaze_random_shuffle(random, order, 4);
  const float strengths[] = {a->brightness, a->contrast, a->saturation, a->hue};
  float factors[4];
  for (int i = 0; i < 3; i++)
    factors[i] = (float)gaze_random_between(random, fmax(0, 1 - strengths[i]), 1 + strengths[i]);
  factors[3] = (float)gaze_random_between(random, -strengths[3], strengths[3]);
  for (int i = 0; i < 4; i++) {
    float factor = factors[order[i]];
    if (strengths[order[i]] <= 0)
      continue;
    switch (order[i]) {
    case 0:
      blend_with(rgb, n, factor, 0);
      break;
    case 1:
      blend_with(rgb, n, factor, mean_grey(rgb, n));
      break;
    case 2:
      saturate(rgb, n, factor);
      break;
    default:
      turn_hue(rgb, n, factor);
      break;
    }
  }
}

static void make_grey(uint8_t *rgb, size_t n) {
  for (size_t i = 0; i < n; i++, rgb += 3)
    rgb[0] = rgb[1] = rgb[2] = (uint8_t)grey_of(rgb);
}

gaze_err gaze_augment_run(const gaze_augment *augment, const gaze_preprocess *preprocess, gaze_random *random,
                          const gaze_picture *picture, float *pixels) {
  gaze_picture result;
  if (augment->scale_low >= 1) {
    GAZE_TRY(gaze_preprocess_fit(preprocess, picture, &result));
  } else {
    gaze_box box = draw_box(augment, random, picture->width, picture->height);
    GAZE_TRY(gaze_resize(picture, &box, preprocess->size, preprocess->size, preprocess->filter, &result));
  }
  size_t n = (size_t)preprocess->size * (size_t)preprocess->size;
  /* The draws happen whatever the probabilities, so that changing one strength leaves the other choices alone. */
  bool flipped = gaze_random_uniform(random) < augment->flip;
  bool jittered = gaze_random_uniform(random) < augment->jitter;
  bool greyed = gaze_random_uniform(random) < augment->grey;
  if (flipped)
    flip_rows(&result);
  if (jittered)
    jitter(augment, random, result.rgb, n);
  if (greyed)
    make_grey(result.rgb, n);
  gaze_preprocess_normalise(preprocess, result.rgb, pixels);
  gaze_picture_fini(&result);
  return GAZE_OK;
}
