#include "vision/resize.h"

#include "core/base/memory.h"
#include "vision/resize_pass.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Pillow 13 turned the order of the passes around where the height shrinks by far more pixels than the width. */
bool gaze_resize_streams(int picture_width, int picture_height, int width, int height) {
  return picture_height <= height || picture_height - height <= 2 * ((int64_t)picture_width - width);
}

/* Both passes over rows as they come: a row of the result is made as soon as all it needs has gone across. */
struct gaze_resize_stream {
  gaze_resize_axis across, down;
  size_t stride, bytes; /* of a row of the picture, of the result */
  int next;             /* row of the picture that comes next */
  int waiting;          /* rows in `rows`, before they go across */
  int held, held_from;  /* rows in `between`, and which row of the picture the first of them was */
  int done;             /* rows of the result */
  uint8_t *rows;        /* [GAZE_RESIZE_ROWS, stride] and GAZE_RESIZE_PAD */
  uint8_t *between;     /* [capacity, bytes] */
  void *room;           /* for the pass across to work in */
  int capacity;
  gaze_picture result;
};

/* part NULL: rows are the whole picture's. */
static gaze_err stream_init(gaze_resize_stream *s, const gaze_picture *size, const gaze_box *box,
                            const gaze_window *part, int width, int height, gaze_filter filter, const gaze_window *w) {
  s->stride = (size_t)(part ? part->width + 2 : size->width) * 3;
  s->bytes = (size_t)w->width * 3;
  GAZE_TRY(gaze_resize_axis_init(&s->across, size->width, box->left, box->right, width, w->left, w->width, filter));
  GAZE_TRY(gaze_resize_axis_init(&s->down, size->height, box->top, box->bottom, height, w->top, w->height, filter));
  if (part) {
    gaze_resize_axis_join(&s->across, part->left, part->left + part->width);
    gaze_resize_axis_join(&s->down, part->top, part->top + part->height);
  }
  s->held_from = s->down.begin;
  s->capacity = 2 * s->down.taps + GAZE_RESIZE_ROWS;
  s->result = (gaze_picture){.width = w->width, .height = w->height};
  GAZE_TRY(gaze_alloc(GAZE_RESIZE_ROWS * s->stride + GAZE_RESIZE_PAD, 1, &s->rows));
  GAZE_TRY(gaze_alloc((size_t)s->capacity, s->bytes, &s->between));
  GAZE_TRY(gaze_alloc(gaze_resize_room(&s->across), 1, &s->room));
  return gaze_alloc((size_t)w->height, s->bytes, &s->result.rgb);
}

static void stream_fini(gaze_resize_stream *s) {
  gaze_resize_axis_fini(&s->across);
  gaze_resize_axis_fini(&s->down);
  gaze_picture_fini(&s->result);
  free(s->rows);
  free(s->between);
  free(s->room);
}

/* Moves the rows that are needed further to the front. */
static void drop_rows(gaze_resize_stream *s) {
  int dropped = s->done < s->down.n ? s->down.first[s->done] - s->held_from : s->held;
  assert(dropped <= s->held);
  s->held -= dropped;
  s->held_from += dropped;
  memmove(s->between, s->between + (size_t)dropped * s->bytes, (size_t)s->held * s->bytes);
}

/* n rows, at most GAZE_RESIZE_ROWS, with GAZE_RESIZE_PAD readable bytes behind them. */
static void take_rows(gaze_resize_stream *s, const uint8_t *rows, int n) {
  const gaze_resize_passes *passes = gaze_resize_passes_choose();
  if (s->held + n > s->capacity)
    drop_rows(s);
  passes->across(&s->across, rows, s->stride, n, s->room, s->between + (size_t)s->held * s->bytes);
  s->held += n;
  for (; s->done < s->down.n; s->done++) {
    int first = s->down.first[s->done] - s->held_from;
    if (first + s->down.count[s->done] > s->held)
      return;
    passes->down(&s->down, s->done, s->between + (size_t)first * s->bytes, s->bytes, s->bytes,
                 s->result.rgb + (size_t)s->done * s->bytes);
  }
}

/* The rows at the end of a picture go through a copy that has the room behind it that take_rows asks for. */
static void take_picture(gaze_resize_stream *s, const gaze_picture *picture) {
  const uint8_t *end = picture->rgb + (size_t)picture->height * s->stride;
  for (int y = s->down.begin, n; y < s->down.end; y += n) {
    const uint8_t *rows = picture->rgb + (size_t)y * s->stride;
    n = s->down.end - y < GAZE_RESIZE_ROWS ? s->down.end - y : GAZE_RESIZE_ROWS;
    size_t bytes = (size_t)n * s->stride;
    if ((size_t)(end - rows) < bytes + GAZE_RESIZE_PAD)
      rows = memcpy(s->rows, rows, bytes);
    take_rows(s, rows, n);
  }
}

/* The passes in the other order. Of every row all is made, as in Pillow. */
static gaze_err take_picture_down_first(gaze_resize_stream *s, const gaze_picture *picture) {
  const gaze_resize_passes *passes = gaze_resize_passes_choose();
  uint8_t *between;
  GAZE_TRY(gaze_alloc((size_t)s->down.n * s->stride + GAZE_RESIZE_PAD, 1, &between));
  for (int y = 0; y < s->down.n; y++)
    passes->down(&s->down, y, picture->rgb + (size_t)s->down.first[y] * s->stride, s->stride, s->stride,
                 between + (size_t)y * s->stride);
  passes->across(&s->across, between, s->stride, s->down.n, s->room, s->result.rgb);
  free(between);
  return GAZE_OK;
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

static void hand_over(gaze_resize_stream *s, gaze_picture *out) {
  *out = s->result;
  s->result = (gaze_picture){0};
}

gaze_err gaze_resize_window(const gaze_picture *picture, const gaze_box *box, int width, int height, gaze_filter filter,
                            const gaze_window *window, gaze_picture *out) {
  const gaze_box whole = {0, 0, picture->width, picture->height};
  gaze_resize_stream s = {0};
  gaze_err err;
  if (!box)
    box = &whole;
  GAZE_TRY(check_box(picture, box));
  GAZE_TRY(check_window(width, height, window));
  GAZE_TRY_DONE(stream_init(&s, picture, box, NULL, width, height, filter, window));
  if (gaze_resize_streams(picture->width, picture->height, width, height))
    take_picture(&s, picture);
  else
    GAZE_TRY_DONE(take_picture_down_first(&s, picture));
  hand_over(&s, out);
done:
  stream_fini(&s);
  return err;
}

gaze_err gaze_resize(const gaze_picture *picture, const gaze_box *box, int width, int height, gaze_filter filter,
                     gaze_picture *out) {
  return gaze_resize_window(picture, box, width, height, filter, &(gaze_window){0, 0, width, height}, out);
}

static gaze_err new_stream(int picture_width, int picture_height, const gaze_window *part, int width, int height,
                           gaze_filter filter, const gaze_window *window, gaze_resize_stream **out) {
  const gaze_picture size = {.width = picture_width, .height = picture_height};
  const gaze_box whole = {0, 0, picture_width, picture_height};
  gaze_resize_stream *s;
  GAZE_TRY(check_window(width, height, window));
  GAZE_TRY(gaze_alloc(1, sizeof *s, &s));
  gaze_err err = stream_init(s, &size, &whole, part, width, height, filter, window);
  if (err != GAZE_OK)
    gaze_resize_stream_free(s);
  else
    *out = s;
  return err;
}

gaze_err gaze_resize_stream_new(int picture_width, int picture_height, int width, int height, gaze_filter filter,
                                const gaze_window *window, gaze_resize_stream **out) {
  return new_stream(picture_width, picture_height, NULL, width, height, filter, window, out);
}

gaze_err gaze_resize_stream_new_framed(int picture_width, int picture_height, const gaze_window *part, int width,
                                       int height, gaze_filter filter, gaze_resize_stream **out) {
  return new_stream(picture_width, picture_height, part, width, height, filter, &(gaze_window){0, 0, width, height},
                    out);
}

uint8_t *gaze_resize_stream_row(gaze_resize_stream *s) { return s->rows + (size_t)s->waiting * s->stride; }

void gaze_resize_stream_push(gaze_resize_stream *s) {
  int row = s->next++;
  if (row < s->down.begin || row >= s->down.end)
    return;
  s->waiting++;
  if (s->waiting < GAZE_RESIZE_ROWS && row + 1 < s->down.end)
    return;
  take_rows(s, s->rows, s->waiting);
  s->waiting = 0;
}

void gaze_resize_stream_finish(gaze_resize_stream *s, gaze_picture *out) {
  assert(s->done == s->down.n);
  hand_over(s, out);
}

void gaze_resize_stream_free(gaze_resize_stream *stream) {
  if (stream)
    stream_fini(stream);
  free(stream);
}
