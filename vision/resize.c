#include "vision/resize.h"

#include "core/base/memory.h"
#include "vision/resize_pass.h"

#include <stdlib.h>
#include <string.h>

/* Pillow 13 turned the order of the passes around where the height shrinks by far more pixels than the width. */
static bool down_goes_first(int picture_width, int picture_height, int width, int height) {
  return picture_height > height && picture_height - height > 2 * (picture_width - width);
}

/* The rows at the end of a picture go through a copy that has the room behind it that `across` asks for. */
static gaze_err run_across(const gaze_resize_axis *across, const uint8_t *in, size_t stride, int rows, uint8_t *out) {
  const gaze_resize_passes *passes = gaze_resize_passes_choose();
  int last = (int)((GAZE_RESIZE_PAD - 1) / stride) + 1, before = rows > last ? rows - last : 0;
  size_t bytes = (size_t)(rows - before) * stride;
  gaze_err err = GAZE_OK;
  uint8_t *copy = NULL, *scratch = NULL;
  GAZE_TRY_DONE(gaze_alloc(bytes + GAZE_RESIZE_PAD, 1, &copy));
  GAZE_TRY_DONE(gaze_alloc(gaze_resize_scratch(across), 1, &scratch));
  memcpy(copy, in + (size_t)before * stride, bytes);
  passes->across(across, in, stride, before, scratch, out);
  passes->across(across, copy, stride, rows - before, scratch, out + (size_t)before * (size_t)across->n * 3);
done:
  free(copy);
  free(scratch);
  return err;
}

/* in: the rows down->begin .. down->end - 1. */
static void run_down(const gaze_resize_axis *down, const uint8_t *in, size_t stride, size_t bytes, uint8_t *out) {
  const gaze_resize_passes *passes = gaze_resize_passes_choose();
  for (int y = 0; y < down->n; y++)
    passes->down(down->weights + (size_t)y * (size_t)down->taps, down->count[y],
                 in + (size_t)(down->first[y] - down->begin) * stride, stride, bytes, out + (size_t)y * bytes);
}

static gaze_err run_both(const gaze_picture *picture, const gaze_resize_axis *across, const gaze_resize_axis *down,
                         bool down_first, gaze_picture *out) {
  size_t stride = (size_t)picture->width * 3, bytes = (size_t)across->n * 3;
  const uint8_t *in = picture->rgb + (size_t)down->begin * stride;
  int rows = down->end - down->begin;
  gaze_err err = GAZE_OK;
  uint8_t *between = NULL;
  gaze_picture result = {.width = across->n, .height = down->n};
  GAZE_TRY_DONE(gaze_alloc((size_t)(down_first ? down->n : rows), down_first ? stride : bytes, &between));
  GAZE_TRY_DONE(gaze_alloc((size_t)down->n, bytes, &result.rgb));
  if (down_first) {
    run_down(down, in, stride, stride, between);
    GAZE_TRY_DONE(run_across(across, between, stride, down->n, result.rgb));
  } else {
    GAZE_TRY_DONE(run_across(across, in, stride, rows, between));
    run_down(down, between, bytes, bytes, result.rgb);
  }
done:
  free(between);
  if (err != GAZE_OK)
    free(result.rgb);
  else
    *out = result;
  return err;
}

static gaze_err check_window(int width, int height, const gaze_window *w) {
  bool sane = w->left >= 0 && w->top >= 0 && w->width > 0 && w->height > 0 && w->width <= width - w->left &&
              w->height <= height - w->top;
  return sane ? GAZE_OK
              : gaze_fail(GAZE_ERR_ARGUMENT, "senseless size to resize to: %d x %d: choose at least 1 x 1", width,
                          height);
}

static gaze_err check_box(const gaze_picture *picture, const gaze_box *box) {
  bool inside = box->left >= 0 && box->top >= 0 && box->right <= picture->width && box->bottom <= picture->height &&
                box->left < box->right && box->top < box->bottom;
  if (inside)
    return GAZE_OK;
  return gaze_fail(GAZE_ERR_ARGUMENT, "part outside of the picture: %g, %g to %g, %g of %d x %d: choose it inside",
                   box->left, box->top, box->right, box->bottom, picture->width, picture->height);
}

gaze_err gaze_resize_window(const gaze_picture *picture, const gaze_box *box, int width, int height, gaze_filter filter,
                            const gaze_window *window, gaze_picture *out) {
  const gaze_box whole = {0, 0, picture->width, picture->height};
  gaze_resize_axis across = {0}, down = {0};
  gaze_err err;
  if (!box)
    box = &whole;
  GAZE_TRY(check_box(picture, box));
  GAZE_TRY(check_window(width, height, window));
  GAZE_TRY_DONE(gaze_resize_axis_init(&across, picture->width, box->left, box->right, width, window->left,
                                      window->width, filter));
  GAZE_TRY_DONE(gaze_resize_axis_init(&down, picture->height, box->top, box->bottom, height, window->top,
                                      window->height, filter));
  err = run_both(picture, &across, &down, down_goes_first(picture->width, picture->height, width, height), out);
done:
  gaze_resize_axis_fini(&across);
  gaze_resize_axis_fini(&down);
  return err;
}

gaze_err gaze_resize(const gaze_picture *picture, const gaze_box *box, int width, int height, gaze_filter filter,
                     gaze_picture *out) {
  return gaze_resize_window(picture, box, width, height, filter, &(gaze_window){0, 0, width, height}, out);
}

struct gaze_resize_stream {
  gaze_resize_axis across, down;
  size_t stride;
  int next;         /* row of the picture */
  int waiting;      /* rows in `rows` */
  uint8_t *rows;    /* GAZE_RESIZE_ROWS rows of the picture and the room behind */
  uint8_t *between; /* [down.end - down.begin, across.n, 3] */
  void *scratch;
};

bool gaze_resize_streams(int picture_width, int picture_height, int width, int height) {
  return !down_goes_first(picture_width, picture_height, width, height);
}

gaze_err gaze_resize_stream_new(int picture_width, int picture_height, int width, int height, gaze_filter filter,
                                const gaze_window *window, gaze_resize_stream **out) {
  gaze_resize_stream *s;
  gaze_err err = GAZE_OK;
  GAZE_TRY(check_window(width, height, window));
  GAZE_TRY(gaze_alloc(1, sizeof *s, &s));
  s->stride = (size_t)picture_width * 3;
  GAZE_TRY_DONE(
      gaze_resize_axis_init(&s->across, picture_width, 0, picture_width, width, window->left, window->width, filter));
  GAZE_TRY_DONE(
      gaze_resize_axis_init(&s->down, picture_height, 0, picture_height, height, window->top, window->height, filter));
  GAZE_TRY_DONE(gaze_alloc(GAZE_RESIZE_ROWS * s->stride + GAZE_RESIZE_PAD, 1, &s->rows));
  GAZE_TRY_DONE(gaze_alloc((size_t)(s->down.end - s->down.begin), (size_t)s->across.n * 3, &s->between));
  GAZE_TRY_DONE(gaze_alloc(gaze_resize_scratch(&s->across), 1, &s->scratch));
done:
  if (err != GAZE_OK)
    gaze_resize_stream_free(s);
  else
    *out = s;
  return err;
}

uint8_t *gaze_resize_stream_row(gaze_resize_stream *stream) {
  return stream->rows + (size_t)stream->waiting * stream->stride;
}

void gaze_resize_stream_push(gaze_resize_stream *s) {
  int row = s->next++;
  if (row < s->down.begin || row >= s->down.end)
    return;
  s->waiting++;
  if (s->waiting < GAZE_RESIZE_ROWS && row + 1 < s->down.end)
    return;
  uint8_t *to = s->between + (size_t)(row + 1 - s->waiting - s->down.begin) * (size_t)s->across.n * 3;
  gaze_resize_passes_choose()->across(&s->across, s->rows, s->stride, s->waiting, s->scratch, to);
  s->waiting = 0;
}

gaze_err gaze_resize_stream_finish(gaze_resize_stream *s, gaze_picture *out) {
  size_t bytes = (size_t)s->across.n * 3;
  gaze_picture result = {.width = s->across.n, .height = s->down.n};
  GAZE_TRY(gaze_alloc((size_t)s->down.n, bytes, &result.rgb));
  run_down(&s->down, s->between, bytes, bytes, result.rgb);
  *out = result;
  return GAZE_OK;
}

void gaze_resize_stream_free(gaze_resize_stream *stream) {
  if (!stream)
    return;
  gaze_resize_axis_fini(&stream->across);
  gaze_resize_axis_fini(&stream->down);
  free(stream->rows);
  free(stream->between);
  free(stream->scratch);
  free(stream);
}
