#include "vision/preprocess.h"

#include "core/base/memory.h"
#include "vision/picture.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void gaze_preprocess_default(gaze_preprocess *preprocess, int size) {
  *preprocess = (gaze_preprocess){.size = size,
                                  .resize = size,
                                  .fit = GAZE_FIT_CROP,
                                  .filter = GAZE_BICUBIC,
                                  .mean = {0.48145466f, 0.4578275f, 0.40821073f},
                                  .deviation = {0.26862954f, 0.26130258f, 0.27577711f}};
}

typedef struct placement {
  int width, height;  /* the whole picture is resized to this */
  gaze_window window; /* what is taken of it */
  int x, y;           /* where the window lies in S x S */
} placement;

/* The centre `size` of an axis of `length`, or all of it with a border, the odd pixel in front, as Hugging Face. */
static void centre_axis(const gaze_preprocess *p, int length, int *begin, int *taken, int *at) {
  int size = p->size, before = length > size ? (length - size) / 2 : 0;
  bool half = length > size && (length - size) % 2;
  *begin = before + (p->even_crop && half && before % 2);
  *taken = length > size ? size : length;
  *at = (size - *taken + 1) / 2;
}

/* A hair's breadth of a picture grows beyond what an int counts. */
static gaze_err place_crop(const gaze_preprocess *p, const char *name, int width, int height, placement *to) {
  int shorter = width < height ? width : height;
  int64_t wide = (int64_t)p->resize * width / shorter, high = (int64_t)p->resize * height / shorter;
  if (wide > INT32_MAX || high > INT32_MAX)
    return gaze_fail(GAZE_ERR_LIMIT,
                     "picture too narrow: %s: %d x %d pixels would become %lld x %lld: cut it nearer to a square", name,
                     width, height, (long long)wide, (long long)high);
  to->width = (int)wide;
  to->height = (int)high;
  centre_axis(p, to->width, &to->window.left, &to->window.width, &to->x);
  centre_axis(p, to->height, &to->window.top, &to->window.height, &to->y);
  return GAZE_OK;
}

/* As open_clip's "longest": halves round to even, the odd pixel of the border behind. */
static void place_pad(const gaze_preprocess *p, int width, int height, placement *to) {
  double shrink = (double)(width > height ? width : height) / p->size;
  to->width = (int)fmax(1, nearbyint(width / shrink));
  to->height = (int)fmax(1, nearbyint(height / shrink));
  to->window = (gaze_window){0, 0, to->width, to->height};
  to->x = (p->size - to->width) / 2;
  to->y = (p->size - to->height) / 2;
}

static gaze_err place(const gaze_preprocess *p, const char *name, int width, int height, placement *to) {
  *to = (placement){.width = p->size, .height = p->size, .window = {0, 0, p->size, p->size}};
  if (p->fit == GAZE_FIT_CROP)
    return place_crop(p, name, width, height, to);
  if (p->fit == GAZE_FIT_PAD)
    place_pad(p, width, height, to);
  return GAZE_OK;
}

static void mean_colour(const gaze_preprocess *p, uint8_t rgb[3]) {
  for (int c = 0; c < 3; c++)
    rgb[c] = (uint8_t)fminf(255, fmaxf(0, p->mean[c] * 255));
}

/* Moves part into the middle of an S x S picture: on the mean colour, or on black where a crop found too little. */
static gaze_err surround(const gaze_preprocess *p, const placement *to, gaze_picture *part) {
  size_t side = (size_t)p->size;
  gaze_picture whole = {.width = p->size, .height = p->size};
  GAZE_TRY(gaze_alloc(side * side, 3, &whole.rgb));
  uint8_t colour[3] = {0};
  if (p->fit == GAZE_FIT_PAD)
    mean_colour(p, colour);
  for (size_t i = 0; i < side * side * 3; i++)
    whole.rgb[i] = colour[i % 3];
  size_t bytes = (size_t)part->width * 3;
  for (int y = 0; y < part->height; y++)
    memcpy(whole.rgb + ((size_t)(to->y + y) * side + (size_t)to->x) * 3, part->rgb + (size_t)y * bytes, bytes);
  gaze_picture_fini(part);
  *part = whole;
  return GAZE_OK;
}

/* part is resized already; *part is replaced where it does not fill S x S, given back on failure. */
static gaze_err complete(const gaze_preprocess *p, const placement *to, gaze_picture *part) {
  if (part->width == p->size && part->height == p->size)
    return GAZE_OK;
  gaze_err err = surround(p, to, part);
  if (err != GAZE_OK)
    gaze_picture_fini(part);
  return err;
}

/* The square is never held, nor gone through: a strip of 100,000 x 1 pixels has 30 GB of it. The odd pixel of the
 * border behind. */
static gaze_err fit_square(const gaze_preprocess *p, const gaze_picture *picture, gaze_picture *out) {
  int side = picture->width > picture->height ? picture->width : picture->height;
  gaze_window part = {(side - picture->width) / 2, (side - picture->height) / 2, picture->width, picture->height};
  gaze_resize_stream *stream;
  size_t bytes = (size_t)picture->width * 3;
  uint8_t colour[3];
  mean_colour(p, colour);
  GAZE_TRY(gaze_resize_stream_new_framed(side, side, &part, p->size, p->size, p->filter, &stream));
  for (int y = -1; y <= picture->height; y++) {
    uint8_t *row = gaze_resize_stream_row(stream);
    for (size_t i = 0; i < bytes + 6; i++)
      row[i] = colour[i % 3];
    if (y >= 0 && y < picture->height)
      memcpy(row + 3, picture->rgb + (size_t)y * bytes, bytes);
    gaze_resize_stream_push(stream);
  }
  gaze_resize_stream_finish(stream, out);
  gaze_resize_stream_free(stream);
  return GAZE_OK;
}

static gaze_err fit_named(const gaze_preprocess *p, const char *name, const gaze_picture *picture, gaze_picture *out) {
  placement to;
  gaze_picture part;
  if (p->fit == GAZE_FIT_SQUARE)
    return fit_square(p, picture, out);
  GAZE_TRY(place(p, name, picture->width, picture->height, &to));
  GAZE_TRY(gaze_resize_window(picture, NULL, to.width, to.height, p->filter, &to.window, &part));
  GAZE_TRY(complete(p, &to, &part));
  *out = part;
  return GAZE_OK;
}

static gaze_err run_named(const gaze_preprocess *p, const char *name, const gaze_picture *picture, float *pixels) {
  gaze_picture fitted;
  GAZE_TRY(fit_named(p, name, picture, &fitted));
  gaze_preprocess_normalise(p, fitted.rgb, pixels);
  gaze_picture_fini(&fitted);
  return GAZE_OK;
}

gaze_err gaze_preprocess_fit(const gaze_preprocess *p, const gaze_picture *picture, gaze_picture *out) {
  return fit_named(p, "picture", picture, out);
}

gaze_err gaze_preprocess_run(const gaze_preprocess *preprocess, const gaze_picture *picture, float *pixels) {
  return run_named(preprocess, "picture", picture, pixels);
}

typedef struct row_fit {
  const gaze_preprocess *preprocess;
  const char *name; /* for messages */
  placement to;
  gaze_resize_stream *stream; /* NULL until begun */
} row_fit;

static gaze_err begin_rows(void *user, int width, int height, bool *accepted) {
  row_fit *fit = user;
  *accepted = false;
  if (fit->preprocess->fit == GAZE_FIT_SQUARE)
    return GAZE_OK;
  GAZE_TRY(place(fit->preprocess, fit->name, width, height, &fit->to));
  *accepted = gaze_resize_streams(width, height, fit->to.width, fit->to.height);
  if (!*accepted)
    return GAZE_OK;
  return gaze_resize_stream_new(width, height, fit->to.width, fit->to.height, fit->preprocess->filter, &fit->to.window,
                                &fit->stream);
}

static uint8_t *next_row(void *user) { return gaze_resize_stream_row(((row_fit *)user)->stream); }
static void push_row(void *user) { gaze_resize_stream_push(((row_fit *)user)->stream); }

/* The picture either went through the stream or lies in *picture, which is taken. */
static gaze_err finish_rows(row_fit *fit, bool streamed, gaze_picture *picture, float *pixels) {
  gaze_picture part;
  gaze_err err = GAZE_OK;
  if (!streamed) {
    err = run_named(fit->preprocess, fit->name, picture, pixels);
    gaze_picture_fini(picture);
    return err;
  }
  gaze_resize_stream_finish(fit->stream, &part);
  GAZE_TRY(complete(fit->preprocess, &fit->to, &part));
  gaze_preprocess_normalise(fit->preprocess, part.rgb, pixels);
  gaze_picture_fini(&part);
  return GAZE_OK;
}

gaze_err gaze_preprocess_decode(const gaze_preprocess *preprocess, const void *bytes, size_t size, const char *name,
                                const gaze_picture_options *options, gaze_picture_facts *facts, float *pixels) {
  row_fit fit = {.preprocess = preprocess, .name = name ? name : "picture"};
  const gaze_row_sink sink = {&fit, begin_rows, next_row, push_row};
  gaze_picture_options with_target = options ? *options : (gaze_picture_options){0};
  if (!with_target.fast_target)
    with_target.fast_target = preprocess->resize > preprocess->size ? preprocess->resize : preprocess->size;
  gaze_picture picture;
  bool streamed;
  gaze_err err = gaze_picture_decode_rows(bytes, size, name, &with_target, &sink, facts, &streamed, &picture);
  if (err == GAZE_OK)
    err = finish_rows(&fit, streamed, &picture, pixels);
  gaze_resize_stream_free(fit.stream);
  return err;
}

/* Rounds where transformers does: once after the scaling in double, then in float. */
void gaze_preprocess_normalise(const gaze_preprocess *p, const uint8_t *rgb, float *pixels) {
  float values[3][256];
  for (int c = 0; c < 3; c++)
    for (int v = 0; v < 256; v++)
      values[c][v] = ((float)(v * (1.0 / 255)) - p->mean[c]) / p->deviation[c];
  size_t area = (size_t)p->size * (size_t)p->size;
  for (size_t i = 0; i < area; i++)
    for (size_t c = 0; c < 3; c++)
      pixels[c * area + i] = values[c][rgb[i * 3 + c]];
}
