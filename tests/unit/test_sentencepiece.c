#include "data_files.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text/tokenizer_parts.h"

enum { NORMAL = 1, UNKNOWN, CONTROL, USER, UNUSED, BYTE, MODEL_MAX = 16384 };

/* A model in the wire format, as a test puts it together. */
typedef struct building {
  uint8_t bytes[MODEL_MAX];
  size_t n;
} building;

static void put(building *b, const void *bytes, size_t n) {
  assert_true(b->n + n <= MODEL_MAX);
  memcpy(b->bytes + b->n, bytes, n);
  b->n += n;
}

static void put_integer(building *b, uint64_t value) {
  for (; value >= 0x80; value >>= 7)
    put(b, (uint8_t[]){(uint8_t)(value | 0x80)}, 1);
  put(b, (uint8_t[]){(uint8_t)value}, 1);
}

static void put_bytes(building *b, uint32_t field, const void *bytes, size_t n) {
  put_integer(b, field << 3 | 2);
  put_integer(b, n);
  put(b, bytes, n);
}

static void put_field(building *b, uint32_t field, uint64_t value) {
  put_integer(b, field << 3);
  put_integer(b, value);
}

static void put_piece(building *b, const char *text, float score, int kind) {
  building piece = {.n = 0};
  put_bytes(&piece, 1, text, strlen(text));
  put_integer(&piece, 2 << 3 | 5);
  put(&piece, &score, sizeof score);
  put_field(&piece, 3, (uint64_t)kind);
  put_bytes(b, 1, piece.bytes, piece.n);
}

static void put_pieces(building *b) {
  put_piece(b, "<unk>", 0, UNKNOWN);
  put_piece(b, "<s>", 0, CONTROL);
  put_piece(b, "</s>", 0, CONTROL);
  put_piece(b, "\u2581", -2, NORMAL);
  put_piece(b, "a", -3, NORMAL);
  put_piece(b, "b", -3, NORMAL);
  put_piece(b, "ab", -4, NORMAL);
  put_piece(b, "\u2581a", -5, NORMAL);
  put_piece(b, "ba", -7, NORMAL);
}

/* A field of one of the two messages of settings, 2 or 3. */
static void put_setting(building *b, uint32_t message, uint32_t field, uint64_t value) {
  building settings = {.n = 0};
  put_field(&settings, field, value);
  put_bytes(b, message, settings.bytes, settings.n);
}

static void put_charsmap(building *b, const void *bytes, size_t n) {
  building settings = {.n = 0};
  put_bytes(&settings, 2, bytes, n);
  put_bytes(b, 3, settings.bytes, settings.n);
}

/* From an exact copy, so that a sanitizer sees what is read behind it. */
static gaze_err read_model(const uint8_t *bytes, size_t n, gaze_tokenizer **out) {
  uint8_t *copy = malloc(n ? n : 1);
  assert_non_null(copy);
  if (n)
    memcpy(copy, bytes, n);
  assert_int_equal(gaze_tokenizer_new(out), GAZE_OK);
  gaze_err err = gaze_tokenizer_read_sentencepiece(*out, copy, n, false, "some.model");
  free(copy);
  return err;
}

static void check_ids(const building *b, const char *text, const char *wanted) {
  gaze_tokenizer *tokenizer;
  int32_t *ids = NULL;
  size_t n = 0, capacity = 0;
  char got[256] = "";
  if (read_model(b->bytes, b->n, &tokenizer) != GAZE_OK)
    fail_msg("%s", gaze_last_error());
  assert_int_equal(gaze_tokenizer_encode(tokenizer, text, strlen(text), &ids, &n, &capacity), GAZE_OK);
  for (size_t i = 0; i < n; i++)
    snprintf(got + strlen(got), sizeof got - strlen(got), i ? " %d" : "%d", ids[i]);
  assert_string_equal(got, wanted);
  free(ids);
  gaze_tokenizer_free(tokenizer);
}

static void check_refused(const building *b, gaze_err expected, const char *word) {
  gaze_tokenizer *tokenizer;
  check_fails(read_model(b->bytes, b->n, &tokenizer), expected, word, "some.model", NULL);
  gaze_tokenizer_free(tokenizer);
}

static void unigram(void **state) {
  building b = {.n = 0};
  put_pieces(&b);
  check_ids(&b, "", "");
  check_ids(&b, "  ", "");
  check_ids(&b, "ab", "3 6");          /* -6, against -8 for both other ways */
  check_ids(&b, " a  ba ", "7 3 5 4"); /* "ba" would be -7 */
  check_ids(&b, "xyb", "3 0 5");       /* unknown neighbours are one */
  check_ids(&b, "<s>", "3 0");
  put_piece(&b, "xab", -50, USER);
  put_piece(&b, "b a", 0, USER);
  put_piece(&b, "aba", 0, UNUSED);
  check_ids(&b, "xab", "3 9");
  check_ids(&b, "aba", "3 6 4");
  put_setting(&b, 3, 3, 0); /* no sign in front */
  check_ids(&b, "ab", "6");
  put_setting(&b, 3, 4, 0); /* spaces stay */
  check_ids(&b, " ab ", "3 6 3");
  put_setting(&b, 3, 5, 0); /* and are spaces */
  check_ids(&b, "b a a", "10 0 4");
}

static void put_unknown(building *b) {
  put_piece(b, "<unk>", 0, UNKNOWN);
  put_setting(b, 3, 3, 0);
}

/* An unknown character scores 10 less than the worst piece. */
static void unknown_against_a_bad_piece(void **state) {
  building b = {.n = 0};
  put_unknown(&b);
  put_piece(&b, "a", 9, NORMAL);
  put_piece(&b, "ax", -7, NORMAL);
  check_ids(&b, "ax", "2"); /* 9 - 17 is less than -7 */
  building c = {.n = 0};
  put_unknown(&c);
  put_piece(&c, "a", 11, NORMAL);
  put_piece(&c, "ax", -7, NORMAL);
  check_ids(&c, "ax", "1 0");
}

static void check_dots(float a, float dot, float dots, const char *wanted) {
  building b = {.n = 0};
  put_unknown(&b);
  put_piece(&b, "a", a, NORMAL);
  put_piece(&b, ".", dot, NORMAL);
  put_piece(&b, "..", dots, NORMAL);
  check_ids(&b, "a...", wanted);
}

/* Two ways of one score: in float they may differ, or be the same where a sum in double is not; the better is taken,
 * and of equals the one whose last piece is longer. */
static void sums_are_float(void **state) {
  check_dots(-1.54f, -5.39f, -7.58f, "1 2 3");
  check_dots(-1.74f, -5.97f, -8.16f, "1 3 2");
}

static void bpe(void **state) {
  building b = {.n = 0};
  put_pieces(&b);
  put_setting(&b, 2, 3, 2);
  check_ids(&b, "ab", "3 6"); /* "ab" before "_a" */
  check_ids(&b, "aab", "7 6");
  check_ids(&b, "bab", "3 5 6");
  check_ids(&b, "xyb", "3 0 5");
  put_piece(&b, "xab", -50, USER);
  check_ids(&b, "xaba", "3 9 4");
  check_ids(&b, "xabab", "3 9 6");
  put_piece(&b, "zy", -1, NORMAL); /* of two characters that are no pieces */
  put_piece(&b, "yz", -6, NORMAL);
  put_piece(&b, "yza", -6.5, NORMAL);
  check_ids(&b, "zyzyza", "3 10 10 0 4");
}

static void bytes_of_unknown_characters(void **state) {
  for (uint64_t type = 1; type <= 2; type++) {
    building b = {.n = 0};
    put_pieces(&b);
    put_setting(&b, 2, 3, type);
    put_setting(&b, 2, 35, 1);
    check_refused(&b, GAZE_ERR_FORMAT, "byte 0");
    for (int i = 0; i < 256; i++) {
      char text[8];
      snprintf(text, sizeof text, "<0x%02X>", (unsigned)i);
      put_piece(&b, text, 0, BYTE);
    }
    check_ids(&b, "\u00e9a", "3 204 178 4"); /* 9 + 0xC3, 9 + 0xA9 */
    check_ids(&b, "<0x41>", "3 69 57 129 61 58 71");
  }
}

/* A map in which A becomes "b a", and é nothing: units 66 and 65 are the leaves. */
static size_t make_charsmap(uint8_t bytes[2048]) {
  uint32_t units[256] = {0}, size = sizeof units;
  units[0x41] = 0x41 | 1 << 8 | (0x41 ^ 66) << 10;
  units[66] = 1u << 31 | 0;
  units[0xC3] = 0xC3;
  units[0xC3 ^ 0xA9] = 0xA9 | 1 << 8 | (0xC3 ^ 0xA9 ^ 65) << 10;
  units[0xC3] |= 0xC3u << 10;
  units[0xA9] = 0xA9 | 1 << 8 | (0xA9 ^ 67) << 10;
  units[67] = 1u << 31 | 3;
  memcpy(bytes, &size, 4);
  memcpy(bytes + 4, units, sizeof units);
  memcpy(bytes + 4 + sizeof units, "b a\0", 5);
  return 4 + sizeof units + 4;
}

static void charsmaps(void **state) {
  uint8_t map[2048];
  size_t n = make_charsmap(map);
  building b = {.n = 0};
  put_pieces(&b);
  put_charsmap(&b, map, n);
  check_ids(&b, "A\u00e9", "3 5 7");
  check_ids(&b, "\u00e9", "");
  for (size_t size = 1; size < n; size++) { /* cut short, it ends within the trie or without its last 0 */
    building cut = {.n = 0};
    put_pieces(&cut);
    put_charsmap(&cut, map, size);
    check_refused(&cut, GAZE_ERR_FORMAT, "normalisation map");
  }
}

static void check_charsmap_refused(const uint8_t *map, size_t n) {
  building b = {.n = 0};
  put_pieces(&b);
  put_charsmap(&b, map, n);
  check_refused(&b, GAZE_ERR_FORMAT, "normalisation map");
}

static void damaged_charsmaps(void **state) {
  uint8_t map[2048];
  size_t n = make_charsmap(map);
  map[0] = 2; /* not a multiple of 4 */
  check_charsmap_refused(map, n);
  memset(map, 0xFF, 4);
  check_charsmap_refused(map, n);
  memset(map, 0, 4);
  check_charsmap_refused(map, n);
  n = make_charsmap(map);
  memset(map + n - 1, 'x', 300); /* a replacement of 300 bytes */
  map[n + 300] = 0;
  check_charsmap_refused(map, n + 301);
  make_charsmap(map);
  for (size_t i = 4; i + 4 < n; i++) { /* every pointer astray */
    uint8_t kept = map[i];
    gaze_tokenizer *tokenizer;
    int32_t *ids = NULL;
    size_t n_ids = 0, capacity = 0;
    building b = {.n = 0};
    map[i] ^= 0xFF;
    put_pieces(&b);
    put_charsmap(&b, map, n);
    assert_int_equal(read_model(b.bytes, b.n, &tokenizer), GAZE_OK);
    assert_int_equal(gaze_tokenizer_encode(tokenizer, "A\u00e9b", 4, &ids, &n_ids, &capacity), GAZE_OK);
    free(ids);
    gaze_tokenizer_free(tokenizer);
    map[i] = kept;
  }
}

static void models_that_are_not_implemented(void **state) {
  static const struct {
    uint32_t field;
    uint64_t value;
    const char *word;
    gaze_err err;
  } cases[] = {{3, 3, "WORD", GAZE_ERR_UNSUPPORTED},
               {3, 4, "CHAR", GAZE_ERR_UNSUPPORTED},
               {3, 9, "no known type", GAZE_ERR_FORMAT},
               {24, 1, "treat_whitespace_as_suffix", GAZE_ERR_UNSUPPORTED}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    building b = {.n = 0};
    put_pieces(&b);
    put_setting(&b, 2, cases[i].field, cases[i].value);
    check_refused(&b, cases[i].err, cases[i].word);
  }
  building b = {.n = 0};
  put_pieces(&b);
  put_piece(&b, "aba", 0, UNUSED);
  put_setting(&b, 2, 3, 2);
  check_refused(&b, GAZE_ERR_UNSUPPORTED, "unused");
}

static void check_piece_refused(const char *text, float score, int kind, const char *word) {
  building b = {.n = 0};
  put_pieces(&b);
  put_piece(&b, text, score, kind);
  check_refused(&b, GAZE_ERR_FORMAT, word);
}

static void pieces_that_cannot_be(void **state) {
  building none = {.n = 0};
  check_refused(&none, GAZE_ERR_FORMAT, "0 unknown");
  put_piece(&none, "a", -1, NORMAL);
  check_refused(&none, GAZE_ERR_FORMAT, "0 unknown");
  check_piece_refused("<unk2>", 0, UNKNOWN, "2 unknown");
  check_piece_refused("", 0, NORMAL, "piece 9");
  check_piece_refused("x", NAN, NORMAL, "piece 9");
  check_piece_refused("x", -INFINITY, NORMAL, "piece 9");
  check_piece_refused("x", 0, 0, "piece 9");
  check_piece_refused("x", 0, 7, "piece 9");
  check_piece_refused("ab", 0, NORMAL, "twice");
  check_piece_refused("\xC3", 0, NORMAL, "damaged");
}

/* Bytes behind good pieces that are not the wire format, or not of the type that their field has. */
static void damaged_wire(void **state) {
  static const struct {
    const char *bytes;
    size_t n;
  } cases[] = {{"\x0A\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x7F", 10},
               {"\x0A\x05\x0A", 3},
               {"\x08\x01", 2},         /* a piece that is a number */
               {"\x0A\x02\x08\x01", 4}, /* a spelling that is one */
               {"\x0A\x05\x0A\x01x\x10\x01", 7},
               {"\x0A\x06\x0A\x01x\x1A\x01x", 8},
               {"\x0B", 1}, /* a group */
               {"\x02\x00", 2},
               {"\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 12},
               {"\x12\x02\x1A\x00", 4}, /* a model type that is text */
               {"\x1A\x02\x10\x01", 4}, /* a map that is a number */
               {"\x25\x01", 2},
               {"\x21\x01", 2}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    building b = {.n = 0};
    put_pieces(&b);
    put(&b, cases[i].bytes, cases[i].n);
    check_refused(&b, GAZE_ERR_FORMAT, "damaged");
  }
}

static void truncated_anywhere(void **state) {
  uint8_t map[2048];
  size_t n_map = make_charsmap(map), opened = 0;
  building b = {.n = 0};
  put_pieces(&b);
  put_setting(&b, 2, 3, 2);
  put_charsmap(&b, map, n_map);
  for (size_t n = 0; n <= b.n; n++) {
    gaze_tokenizer *tokenizer;
    opened += read_model(b.bytes, n, &tokenizer) == GAZE_OK;
    gaze_tokenizer_free(tokenizer);
  }
  assert_int_equal(opened, 9 + 2); /* behind each piece, the first and the setting, and the whole */
}

/* The sums of a long line of unknown characters start anew: what comes behind is cut as in a short one. */
static void long_lines(void **state) {
  enum { LINE = 30000 };
  building b = {.n = 0};
  put_pieces(&b);
  gaze_tokenizer *tokenizer;
  assert_int_equal(read_model(b.bytes, b.n, &tokenizer), GAZE_OK);
  char *line = malloc(LINE);
  assert_non_null(line);
  memset(line, 'z', LINE);
  memcpy(line + LINE - 5, "abbab", 5);
  int32_t *ids = NULL;
  size_t n = 0, capacity = 0;
  assert_int_equal(gaze_tokenizer_encode(tokenizer, line, LINE, &ids, &n, &capacity), GAZE_OK);
  assert_int_equal(n, 5);
  assert_int_equal(ids[1], 0);
  assert_int_equal(ids[2], 6);
  assert_int_equal(ids[3], 5);
  assert_int_equal(ids[4], 6);
  free(ids);
  free(line);
  gaze_tokenizer_free(tokenizer);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(unigram),
      cmocka_unit_test(unknown_against_a_bad_piece),
      cmocka_unit_test(sums_are_float),
      cmocka_unit_test(bpe),
      cmocka_unit_test(bytes_of_unknown_characters),
      cmocka_unit_test(charsmaps),
      cmocka_unit_test(damaged_charsmaps),
      cmocka_unit_test(models_that_are_not_implemented),
      cmocka_unit_test(pieces_that_cannot_be),
      cmocka_unit_test(damaged_wire),
      cmocka_unit_test(truncated_anywhere),
      cmocka_unit_test(long_lines),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
