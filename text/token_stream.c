#include "text/token_stream.h"

#include "text/tokenizer_parts.h"

#include <stdlib.h>
#include <string.h>

static const char REPLACEMENT[] = "\xEF\xBF\xBD";

gaze_err gaze_token_stream_init(gaze_token_stream *out, const gaze_tokenizer *tokenizer, bool bare) {
  *out = (gaze_token_stream){.tokenizer = tokenizer, .bare = bare, .stripped = tokenizer->decoding.stripped};
  if (tokenizer->decoding.kind != GAZE_DECODE_NOT)
    return GAZE_OK;
  return gaze_fail(GAZE_ERR_UNSUPPORTED, "a tokenizer that makes no text of ids: its decoder is not of bytes or signs: "
                                         "use a language model's tokenizer");
}

void gaze_token_stream_fini(gaze_token_stream *text) {
  free(text->held);
  free(text->text);
  *text = (gaze_token_stream){0};
}

/* Room for a 0 stays behind it. */
static gaze_err say(gaze_token_stream *t, const char *bytes, size_t size) {
  while (t->stripped && size && *bytes == ' ') {
    t->stripped--;
    bytes++;
    size--;
  }
  if (size)
    t->stripped = 0;
  GAZE_TRY(gaze_grow(&t->text, &t->capacity, t->n + size + 1, 1));
  memcpy(t->text + t->n, bytes, size);
  t->n += size;
  t->text[t->n] = 0;
  return GAZE_OK;
}

static gaze_err hold(gaze_token_stream *t, const char *bytes, size_t size) {
  GAZE_TRY(gaze_grow(&t->held, &t->held_capacity, t->n_held + size, 1));
  memcpy(t->held + t->n_held, bytes, size);
  t->n_held += size;
  return GAZE_OK;
}

/* What is held, as characters; the beginning of one may wait for the rest of it, if `more` may come. */
static gaze_err say_characters(gaze_token_stream *t, bool more) {
  size_t start = 0, size;
  for (; start < t->n_held; start += size) {
    const uint8_t *bytes = (const uint8_t *)t->held + start;
    size_t left = t->n_held - start;
    int32_t point;
    size = gaze_point_decode(bytes, left, &point);
    if (point < 0 && more && size == left && *bytes >= 0xC2 && *bytes <= 0xF4)
      break;
    GAZE_TRY(point < 0 ? say(t, REPLACEMENT, 3) : say(t, (const char *)bytes, size));
  }
  t->n_held -= start;
  if (start && t->n_held)
    memmove(t->held, t->held + start, t->n_held);
  return GAZE_OK;
}

/* A row of LLaMA's bytes: all are right, or none is. */
static gaze_err say_row(gaze_token_stream *t) {
  bool right = true;
  for (size_t i = 0; i < t->n_held && right;) {
    int32_t point;
    i += gaze_point_decode((const uint8_t *)t->held + i, t->n_held - i, &point);
    right = point >= 0;
  }
  if (right && t->n_held)
    GAZE_TRY(say(t, t->held, t->n_held));
  for (size_t i = 0; i < t->n_held && !right; i++)
    GAZE_TRY(say(t, REPLACEMENT, 3));
  t->n_held = 0;
  return GAZE_OK;
}

/* The bytes that a spelling in the byte alphabet means; one that has other characters means itself. */
static gaze_err add_bytes(gaze_token_stream *t, const char *spelling, size_t size) {
  size_t start = t->n_held;
  for (size_t i = 0; i < size;) {
    int32_t point;
    i += gaze_point_decode((const uint8_t *)spelling + i, size - i, &point);
    int byte = gaze_bpe_byte_of(point);
    char one = (char)byte;
    if (byte < 0) {
      t->n_held = start;
      GAZE_TRY(hold(t, spelling, size));
      break;
    }
    GAZE_TRY(hold(t, &one, 1));
  }
  return say_characters(t, true);
}

static gaze_err add_signs(gaze_token_stream *t, const char *spelling, size_t size) {
  const gaze_decoding *decoding = &t->tokenizer->decoding;
  GAZE_TRY(say_row(t));
  for (size_t i = 0, length; i < size; i += length) {
    int32_t point;
    length = gaze_point_decode((const uint8_t *)spelling + i, size - i, &point);
    if (point != decoding->sign)
      GAZE_TRY(point < 0 ? say(t, REPLACEMENT, 3) : say(t, spelling + i, length));
    else if (t->begun || !decoding->bare_front)
      GAZE_TRY(say(t, " ", 1));
  }
  return GAZE_OK;
}

static int hex_of(char letter) {
  static const char digits[] = "0123456789ABCDEFabcdef";
  const char *found = letter ? strchr(digits, letter) : NULL;
  return !found ? -1 : found - digits < 16 ? (int)(found - digits) : (int)(found - digits) - 6;
}

/* The byte that <0xE2> means, -1: it is another spelling. */
static int read_byte(const char *spelling, size_t size) {
  if (size != 6 || memcmp(spelling, "<0x", 3) || spelling[5] != '>')
    return -1;
  int high = hex_of(spelling[3]), low = hex_of(spelling[4]);
  return high < 0 || low < 0 ? -1 : 16 * high + low;
}

static gaze_err add(gaze_token_stream *t, int32_t id) {
  const gaze_tokenizer *tokenizer = t->tokenizer;
  size_t size;
  const char *spelling = gaze_vocabulary_spelling(&tokenizer->vocabulary, id, &size);
  if (!spelling || (t->bare && gaze_tokenizer_is_special(tokenizer, id)))
    return GAZE_OK;
  int byte = tokenizer->decoding.byte_fallback ? read_byte(spelling, size) : -1;
  char one = (char)byte;
  if (tokenizer->decoding.kind == GAZE_DECODE_BYTES)
    GAZE_TRY(add_bytes(t, spelling, size));
  else
    GAZE_TRY(byte >= 0 ? hold(t, &one, 1) : add_signs(t, spelling, size));
  t->begun = true;
  return GAZE_OK;
}

gaze_err gaze_token_stream_add(gaze_token_stream *text, int32_t id, const char **said) {
  text->n = 0;
  GAZE_TRY(say(text, "", 0));
  GAZE_TRY(add(text, id));
  *said = text->text;
  return GAZE_OK;
}

gaze_err gaze_token_stream_finish(gaze_token_stream *text, const char **said) {
  const gaze_decoding *decoding = &text->tokenizer->decoding;
  text->n = 0;
  GAZE_TRY(say(text, "", 0));
  GAZE_TRY(decoding->kind == GAZE_DECODE_BYTES ? say_characters(text, false) : say_row(text));
  text->begun = false;
  text->stripped = decoding->stripped;
  *said = text->text;
  return GAZE_OK;
}

gaze_err gaze_tokenizer_decode(const gaze_tokenizer *tokenizer, const int32_t *ids, size_t n, bool bare, char **out) {
  gaze_token_stream text;
  const char *rest;
  char *all = NULL;
  size_t size = 0, capacity = 0;
  gaze_err err;
  GAZE_TRY(gaze_token_stream_init(&text, tokenizer, bare));
  for (size_t i = 0; i <= n; i++) {
    GAZE_TRY_DONE(i < n ? gaze_token_stream_add(&text, ids[i], &rest) : gaze_token_stream_finish(&text, &rest));
    GAZE_TRY_DONE(gaze_grow(&all, &capacity, size + text.n + 1, 1));
    memcpy(all + size, rest, text.n + 1);
    size += text.n;
  }
  *out = all;
  all = NULL;
done:
  free(all);
  gaze_token_stream_fini(&text);
  return err;
}
