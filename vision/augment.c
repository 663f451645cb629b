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

/* The jitter works in the result's own memory: three planes of n floats in 0 to 255, not rounded between changes. */
typedef struct planes {
  float *r, *g, *b;
  size_t n;
} planes;

static float smaller(float a, float b) { return a < b ? a : b; } /* fminf is a call, this one instruction */
static float larger(float a, float b) { return a > b ? a : b; }
static float clip(float value) { return smaller(larger(value, 0), 255); }

static void spread(const uint8_t *rgb, const planes *to) {
  for (size_t i = 0; i < to->n; i++) {
    to->r[i] = rgb[i * 3];
    to->g[i] = rgb[i * 3 + 1];
    to->b[i] = rgb[i * 3 + 2];
  }
}

/* ITU-R 601. */
static float grey_of(float r, float g, float b) { return 0.299f * r + 0.587f * g + 0.114f * b; }

/* Towards one grey for all: 0 for brightness, the mean for contrast. The planes lie side by side. */
static void blend_with(const planes *p, float factor, float grey) {
  float shift = (1 - factor) * grey;
  for (size_t i = 0; i < p->n * 3; i++)
    p->r[i] = clip(factor * p->r[i] + shift);
}

static float mean_grey(const planes *p) {
  double sum = 0;
  for (size_t i = 0; i < p->n; i++)
    sum += grey_of(p->r[i], p->g[i], p->b[i]);
  return (float)(sum / (double)p->n);
}

/* factor 0 is grey, 1 changes nothing. */
static void saturate(const planes *p, float factor) {
  float *restrict r = p->r, *restrict g = p->g, *restrict b = p->b;
  for (size_t i = 0; i < p->n; i++) {
    float shift = (1 - factor) * grey_of(r[i], g[i], b[i]);
    r[i] = clip(factor * r[i] + shift);
    g[i] = clip(factor * g[i] + shift);
    b[i] = clip(factor * b[i] + shift);
  }
}

/* How much of the chroma a channel lacks: a trapezium over the hue circle of six. place: 0 to 12. */
static float lack(float place) {
  place -= place >= 6 ? 6.0f : 0.0f;
  return larger(0, smaller(1, smaller(place, 4 - place)));
}

/* Turns the hue by `turn` of a circle, at the same value and chroma (HSV). Choices are between values that are there
 * already, never between computations, so that compilers turn the loop into vectors. */
static void turn_hue(const planes *p, float turn) {
  float *restrict red = p->r, *restrict green = p->g, *restrict blue = p->b;
  float shift = 6 * (turn < 0 ? turn + 1 : turn);
  for (size_t i = 0; i < p->n; i++) {
    float r = red[i], g = green[i], b = blue[i];
    float most = larger(r, larger(g, b)), chroma = most - smaller(r, smaller(g, b));
    float ahead = most == r ? g : most == g ? b : r, behind = most == r ? b : most == g ? r : g;
    float sector = most == r ? 6.0f : most == g ? 2.0f : 4.0f;
    float hue = sector + (ahead - behind) / larger(chroma, 1e-3f);
    hue -= hue >= 6 ? 6.0f : 0.0f;
    hue += shift;
    hue -= hue >= 6 ? 6.0f : 0.0f;
    red[i] = most - chroma * lack(hue + 5);
    green[i] = most - chroma * lack(hue + 3);
    blue[i] = most - chroma * lack(hue + 1);
  }
}

/* torchvision's ColorJitter: four changes in random order. */
static void jitter(const gaze_augment *a, gaze_random *random, const planes *p) {
  uint32_t order[] = {0, 1, 2, 3};
  gaze_random_shuffle(random, order, 4);
  const float strengths[] = {a->brightness, a->contrast, a->saturation, a->hue};
  float factors[4];
  for (int i = 0; i < 3; i++)
    factors[i] = (float)gaze_random_between(random, larger(0, 1 - strengths[i]), 1 + strengths[i]);
  factors[3] = (float)gaze_random_between(random, -strengths[3], strengths[3]);
  for (int i = 0; i < 4; i++) {
    float factor = factors[order[i]];
    if (strengths[order[i]] <= 0)
      continue;
    switch (order[i]) {
    case 0:
      blend_with(p, factor, 0);
      break;
    case 1:
      blend_with(p, factor, mean_grey(p));
      break;
    case 2:
      saturate(p, factor);
      break;
    default:
      turn_hue(p, factor);
      break;
    }
  }
}

static void normalise(const gaze_preprocess *preprocess, const planes *p) {
  float *const planes_of[] = {p->r, p->g, p->b};
  for (int c = 0; c < 3; c++)
    for (size_t i = 0; i < p->n; i++)
      planes_of[c][i] = (planes_of[c][i] * (1.0f / 255) - preprocess->mean[c]) / preprocess->deviation[c];
}

/* The draws happen whatever the probabilities, so that changing one strength leaves the other choices alone. */
static void change(const gaze_augment *a, const gaze_preprocess *preprocess, gaze_random *random, gaze_picture *picture,
                   float *pixels) {
  bool flipped = gaze_random_uniform(random) < a->flip;
  bool jittered = gaze_random_uniform(random) < a->jitter;
  bool greyed = gaze_random_uniform(random) < a->grey;
  if (flipped)
    flip_rows(picture);
  if (!jittered && !greyed) {
    gaze_preprocess_normalise(preprocess, picture->rgb, pixels);
    return;
  }
  size_t n = (size_t)preprocess->size * (size_t)preprocess->size;
  const planes p = {pixels, pixels + n, pixels + 2 * n, n};
  spread(picture->rgb, &p);
  if (jittered)
    jitter(a, random, &p);
  if (greyed)
    saturate(&p, 0);
  normalise(preprocess, &p);
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
  change(augment, preprocess, random, &result, pixels);
  gaze_picture_fini(&result);
  return GAZE_OK;
}
