/* The two ways to apply a SentencePiece model's charsmap: its own, and that of the tokenizers library. */
#include "core/base/memory.h"
#include "text/normalizer.h"

#include <stdlib.h>
#include <string.h>

static gaze_err append_text(gaze_points *out, const char *text, size_t size) {
  for (size_t i = 0, length; i < size; i += length) {
    int32_t point;
    length = gaze_point_decode((const uint8_t *)text + i, size - i, &point);
    GAZE_TRY(gaze_points_push(out, point < 0 ? 0xFFFD : point));
  }
  return GAZE_OK;
}

/* Points [n] as UTF-8: bytes has room for 4 n. */
static size_t encode(const int32_t *points, size_t n, uint8_t *bytes) {
  size_t size = 0;
  for (size_t i = 0; i < n; i++)
    size += gaze_point_encode(points[i], bytes + size);
  return size;
}

/* Applies the map to points [n] as a whole, where what they begin with is in it. */
static gaze_err map_whole(const gaze_charsmap *map, const int32_t *points, size_t n, gaze_points *out, bool *mapped) {
  uint8_t bytes[4 * 5];
  size_t length;
  const char *text = gaze_charsmap_find(map, bytes, encode(points, n, bytes), false, &length);
  *mapped = text != NULL;
  return text ? append_text(out, text, strlen(text)) : GAZE_OK;
}

static size_t count_bytes(const int32_t *points, size_t n) {
  size_t size = 0;
  for (size_t i = 0; i < n; i++)
    size += points[i] < 0x80 ? 1 : points[i] < 0x800 ? 2 : points[i] < 0x10000 ? 3 : 4;
  return size;
}

/* A cluster of fewer than six bytes becomes what the map has for its beginning, even where that leaves its marks out;
 * a longer one goes point by point. */
gaze_err gaze_normalize_charsmap(const gaze_normalizer *normalizer, const int32_t *source, size_t n, gaze_points *out) {
  for (size_t i = 0, length; i < n; i += length) {
    bool mapped = false;
    length = gaze_points_cluster(source + i, n - i);
    if (count_bytes(source + i, length) < 6)
      GAZE_TRY(map_whole(&normalizer->charsmap, source + i, length, out, &mapped));
    for (size_t k = i; k < i + length && !mapped; k++) {
      bool one;
      GAZE_TRY(map_whole(&normalizer->charsmap, source + k, 1, out, &one));
      if (!one)
        GAZE_TRY(gaze_points_push(out, source[k]));
    }
  }
  return GAZE_OK;
}

/* A walk over a text that SentencePiece normalises, in UTF-8. */
typedef struct walk {
  const gaze_normalizer *normalizer;
  const uint8_t *bytes;
  size_t n, place;
  const char *part; /* what comes next */
  size_t part_size;
} walk;

/* Takes the next part: one that stays as it is, one of the map, or a character. */
static void next_part(walk *w) {
  const uint8_t *rest = w->bytes + w->place;
  size_t left = w->n - w->place;
  size_t length = w->normalizer->fixed.n ? gaze_trie_longest(&w->normalizer->fixed, rest, left, NULL) : 0;
  const char *mapped = length ? NULL : gaze_charsmap_find(&w->normalizer->charsmap, rest, left, true, &length);
  if (!mapped && !length)
    length = gaze_point_length(*rest);
  w->part = mapped ? mapped : (const char *)rest;
  w->part_size = mapped ? strlen(mapped) : length;
  w->place += length;
}

static gaze_err push_part(const walk *w, size_t skipped, gaze_points *out) {
  size_t start = out->n;
  GAZE_TRY(append_text(out, w->part + skipped, w->part_size - skipped));
  for (size_t i = start; i < out->n && w->normalizer->escape_spaces; i++)
    if (out->at[i] == ' ')
      out->at[i] = GAZE_SPACE_SIGN;
  return GAZE_OK;
}

static gaze_err push_parts(walk *w, gaze_points *out) {
  bool fold = w->normalizer->fold_spaces, after_space = fold;
  for (;;) {
    size_t skipped = 0;
    while (after_space && skipped < w->part_size && w->part[skipped] == ' ')
      skipped++;
    GAZE_TRY(push_part(w, skipped, out));
    if (skipped < w->part_size)
      after_space = fold && w->part[w->part_size - 1] == ' ';
    if (w->place == w->n)
      return GAZE_OK;
    next_part(w);
  }
}

static gaze_err normalize_bytes(walk *w, gaze_points *out) {
  const gaze_normalizer *normalizer = w->normalizer;
  int32_t space = normalizer->escape_spaces ? GAZE_SPACE_SIGN : ' ';
  size_t start = out->n;
  do {
    if (w->place == w->n)
      return GAZE_OK; /* nothing but spaces */
    next_part(w);
  } while (normalizer->fold_spaces && w->part_size == 1 && *w->part == ' ');
  if (normalizer->dummy_prefix)
    GAZE_TRY(gaze_points_push(out, space));
  GAZE_TRY(push_parts(w, out));
  while (normalizer->fold_spaces && out->n > start && out->at[out->n - 1] == space)
    out->n--;
  return GAZE_OK;
}

gaze_err gaze_normalize_sentencepiece(const gaze_normalizer *normalizer, const int32_t *source, size_t n,
                                      gaze_points *out) {
  uint8_t *bytes = NULL;
  size_t capacity = 0;
  GAZE_TRY(gaze_grow(&bytes, &capacity, 4 * n, 1));
  walk w = {.normalizer = normalizer, .bytes = bytes, .n = encode(source, n, bytes)};
  gaze_err err = normalize_bytes(&w, out);
  free(bytes);
  return err;
}
