#include "text/mojibake_bytes.h"

#include <string.h>

enum { REPLACEMENT = 0xFFFD, A_GRAVE = 0xE0, LOST = 0x1A };

/* The readers below look at bytes [n >= 1] and return the length of what they can read there, or 0. */

static bool is_continuation(uint8_t byte) { return (byte & 0xC0) == 0x80; }

/* How long a sequence is in which a space may stand for 0xA0: only such first bytes as lead to likely characters. */
static size_t measure_spaced(uint8_t first) {
  if (first >= 0xE0 && first <= 0xE3)
    return 3;
  return first == 0xF0 ? 4 : first && strchr("\xC2\xC3\xC5\xCE\xD0\xD9", first) ? 2 : 0;
}

/* Whether what follows "à " shows that the space is a part of it alone, as in Portuguese "às" and "àquela". */
static bool continues_a_grave(const uint8_t *bytes, size_t n) {
  static const char *const rests[] = {" ", "quele", "quela", "quilo", "s "};
  for (size_t i = 0; i < sizeof rests / sizeof *rests; i++)
    if (n >= strlen(rests[i]) && memcmp(bytes, rests[i], strlen(rests[i])) == 0)
      return true;
  return false;
}

/* A sequence with one space for 0xA0. "à" is mostly a word, behind which two kinds of space became one: there the space
 * also stays. */
static size_t read_spaced(const uint8_t *bytes, size_t n, int32_t *point) {
  uint8_t restored[4] = {bytes[0]};
  size_t length = measure_spaced(bytes[0]), spaces = 0;
  if (!length || n < length)
    return 0;
  for (size_t i = 1; i < length; i++) {
    bool unlikely = length == 3 && (bytes[i] == 0x85 || bytes[i] == 0xA0);
    if (bytes[i] != ' ' && (!is_continuation(bytes[i]) || unlikely))
      return 0;
    restored[i] = bytes[i] == ' ' ? 0xA0 : bytes[i];
    spaces += bytes[i] == ' ';
  }
  bool unlikely_script = (bytes[0] == 0xE0 || bytes[0] == 0xE1) && bytes[1] == ' ';
  if (spaces != 1 || unlikely_script)
    return 0;
  gaze_point_decode(restored, length, point);
  if (*point == A_GRAVE && !continues_a_grave(bytes + 2, n - 2))
    return 1;
  return *point >= 0 ? length : 0;
}

/* How many of bytes [n], which should be continuations, are lost; more than n: they do not fit. Of "?", which may well
 * be meant, at most `questions`. */
static size_t count_lost(const uint8_t *bytes, size_t n, size_t questions) {
  size_t lost = 0, asked = 0;
  for (size_t i = 0; i < n; i++) {
    asked += bytes[i] == '?';
    lost += bytes[i] == '?' || bytes[i] == LOST;
    if (asked > questions || (bytes[i] != '?' && bytes[i] != LOST && !is_continuation(bytes[i])))
      return n + 1;
  }
  return lost;
}

/* Two surrogates of three bytes each, the first of which is not lost but for its last byte. */
static bool is_surrogate_pair(const uint8_t *bytes, size_t n) {
  return n >= 6 && bytes[0] == 0xED && bytes[1] >= 0xA0 && bytes[1] <= 0xAF && bytes[3] == 0xED && bytes[4] >= 0xB0 &&
         bytes[4] <= 0xBF;
}

/* A sequence with lost bytes, or a lost byte alone. */
static size_t read_lossy(const uint8_t *bytes, size_t n, int32_t *point) {
  uint8_t first = bytes[0];
  *point = REPLACEMENT;
  if (first == LOST)
    return 1;
  if (is_surrogate_pair(bytes, n)) {
    const uint8_t ends[] = {bytes[2], bytes[5]};
    size_t lost = count_lost(ends, 2, 2);
    if (lost == 1 || lost == 2)
      return 6;
  }
  if (first < 0xC2 || first > 0xF4)
    return 0;
  size_t length = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  if (n < length)
    return 0;
  size_t lost = count_lost(bytes + 1, length - 1, length > 2 || first <= 0xC3);
  return lost >= 1 && lost < length ? length : 0;
}

/* What Java and UTF-16 make of UTF-8. ftfy takes the text's last newline for its end here, where more might come. */
static size_t read_variant(const uint8_t *bytes, size_t n, int32_t *point) {
  if (bytes[0] == 0xC0 && n >= 2 && (bytes[1] == 0x80 || (n == 2 && bytes[1] == '\n')))
    return *point = 0, 2;
  if (!is_surrogate_pair(bytes, n) || !is_continuation(bytes[2]) ||
      !(is_continuation(bytes[5]) || (n == 6 && bytes[5] == '\n')))
    return 0;
  *point = 0x10000 + ((bytes[1] & 0x0F) << 16 | (bytes[2] & 0x3F) << 10 | (bytes[4] & 0x0F) << 6 | (bytes[5] & 0x3F));
  return 6;
}

/* One character, or *point -1. */
static size_t read_one(const uint8_t *bytes, size_t n, unsigned losses, int32_t *point) {
  size_t length = losses & GAZE_LOSS_SPACE ? read_spaced(bytes, n, point) : 0;
  if (!length && (losses & GAZE_LOSS_BYTE))
    length = read_lossy(bytes, n, point);
  if (!length)
    length = read_variant(bytes, n, point);
  return length ? length : gaze_point_decode(bytes, n, point);
}

gaze_err gaze_mojibake_decode(const uint8_t *bytes, size_t n, unsigned losses, gaze_points *out, bool *valid) {
  out->n = 0;
  *valid = false;
  for (size_t i = 0; i < n;) {
    int32_t point;
    i += read_one(bytes + i, n - i, losses, &point);
    if (point < 0)
      return GAZE_OK;
    GAZE_TRY(gaze_points_push(out, point));
  }
  *valid = true;
  return GAZE_OK;
}
