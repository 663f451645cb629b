#include "picture_files.h"

#include "vision/exif.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A TIFF block under construction. */
typedef struct block {
  uint8_t bytes[1024];
  size_t size;
  bool big;
} block;

static void put(block *b, uint32_t value, int bytes) {
  for (int i = 0; i < bytes; i++)
    b->bytes[b->size++] = (uint8_t)(value >> 8 * (b->big ? bytes - 1 - i : i));
}

static void put_at(block *b, size_t at, uint32_t value, int bytes) {
  size_t size = b->size;
  b->size = at;
  put(b, value, bytes);
  b->size = size;
}

static void begin(block *b, bool big) {
  *b = (block){.big = big};
  memcpy(b->bytes, big ? "MM" : "II", 2);
  b->size = 2;
  put(b, 42, 2);
  put(b, 8, 4);
}

static void entry(block *b, unsigned tag, unsigned type, uint32_t count, uint32_t value, int value_bytes) {
  put(b, tag, 2);
  put(b, type, 2);
  put(b, count, 4);
  put(b, value, value_bytes);
  for (int i = value_bytes; i < 4; i++)
    b->bytes[b->size++] = 0;
}

static void text_at(block *b, size_t at, const char *text) { memcpy(b->bytes + at, text, strlen(text) + 1); }

static void rationals_at(block *b, size_t at, const uint32_t *parts, int n) {
  for (int i = 0; i < n; i++)
    put_at(b, at + 4 * (size_t)i, parts[i], 4);
}

/* Everything gaze reads: main folder at 8, EXIF folder at 100, GPS folder at 140, values behind. */
static void make_full(block *b, bool big) {
  begin(b, big);
  put(b, 6, 2);
  entry(b, 0x010f, 2, 6, 300, 4);
  entry(b, 0x0110, 2, 14, 320, 4);
  entry(b, 0x0112, 3, 1, 6, 2);
  entry(b, 0x0132, 2, 20, 340, 4);
  entry(b, 0x8769, 4, 1, 100, 4);
  entry(b, 0x8825, 4, 1, 140, 4);
  b->size = 100;
  put(b, 1, 2);
  entry(b, 0x9003, 2, 20, 360, 4);
  b->size = 140;
  put(b, 4, 2);
  entry(b, 1, 2, 2, big ? 'S' << 24 : 'S', 4);
  entry(b, 2, 5, 3, 400, 4);
  entry(b, 3, 2, 2, big ? 'E' << 24 : 'E', 4);
  entry(b, 4, 5, 3, 424, 4);
  b->size = 448;
  text_at(b, 300, "Canon");
  text_at(b, 320, "Canon EOS 80D");
  text_at(b, 340, "2021:01:02 03:04:05");
  text_at(b, 360, "2020:12:31 23:59:58");
  rationals_at(b, 400, (const uint32_t[]){33, 1, 51, 1, 3060, 100}, 6);
  rationals_at(b, 424, (const uint32_t[]){151, 1, 25, 2, 0, 0}, 6);
}

static void check_full(const gaze_exif *exif) {
  assert_int_equal(exif->orientation, 6);
  assert_string_equal(exif->facts.camera, "Canon EOS 80D");
  assert_string_equal(exif->facts.taken, "2020-12-31 23:59:58");
  assert_true(exif->facts.has_position);
  assert_float_equal(exif->facts.latitude, -(33 + 51 / 60.0 + 30.6 / 3600), 1e-9);
  assert_float_equal(exif->facts.longitude, 151 + 12.5 / 60, 1e-9);
}

static void reads_both_byte_orders(void **state) {
  for (int big = 0; big < 2; big++) {
    block b;
    gaze_exif exif;
    make_full(&b, big);
    gaze_exif_init(&exif);
    gaze_exif_read(b.bytes, b.size, &exif);
    check_full(&exif);
    memmove(b.bytes + 6, b.bytes, b.size);
    memcpy(b.bytes, "Exif\0", 6);
    gaze_exif_init(&exif);
    gaze_exif_read(b.bytes, b.size + 6, &exif);
    check_full(&exif);
  }
}

static gaze_exif read_one(unsigned tag, const char *text) {
  block b;
  gaze_exif exif;
  begin(&b, false);
  put(&b, 1, 2);
  entry(&b, tag, 2, (uint32_t)strlen(text) + 1, 64, 4);
  b.size = 64 + strlen(text) + 1;
  text_at(&b, 64, text);
  gaze_exif_init(&exif);
  gaze_exif_read(b.bytes, b.size, &exif);
  return exif;
}

static void dates_are_normal_or_absent(void **state) {
  assert_string_equal(read_one(0x0132, "2021:01:02 03:04:05").facts.taken, "2021-01-02 03:04:05");
  assert_string_equal(read_one(0x9003, "2021-01-02T03:04:05").facts.taken, "2021-01-02 03:04:05");
  assert_string_equal(read_one(0x9003, "0000:00:00 00:00:00").facts.taken, "");
  assert_string_equal(read_one(0x9003, "    :  :     :  :  ").facts.taken, "");
  assert_string_equal(read_one(0x9003, "2021:13:02 03:04:05").facts.taken, "");
  assert_string_equal(read_one(0x9003, "yesterday afternoon").facts.taken, "");
}

static void cameras_say_the_make_once(void **state) {
  assert_string_equal(read_one(0x0110, "  X100V ").facts.camera, "X100V");
  assert_string_equal(read_one(0x010f, "FUJIFILM").facts.camera, "FUJIFILM");
  assert_string_equal(read_one(0x0110, "bad\x01\xff name that goes on for longer than there is room").facts.camera,
                      "bad?? name that goes on for longer than");
}

static void senseless_orientations_are_upright(void **state) {
  for (unsigned stored = 0; stored < 12; stored++) {
    block b;
    gaze_exif exif;
    begin(&b, true);
    put(&b, 1, 2);
    entry(&b, 0x0112, 3, 1, stored, 2);
    gaze_exif_init(&exif);
    gaze_exif_read(b.bytes, b.size, &exif);
    assert_int_equal(exif.orientation, stored >= 1 && stored <= 8 ? stored : 1);
  }
}

/* Every prefix, and every byte at every value of interest, in memory that ends with the block. */
static void damage_is_never_an_error(void **state) {
  block b;
  make_full(&b, true);
  uint8_t *copy = malloc(b.size);
  gaze_exif exif;
  for (size_t size = 0; size <= b.size; size++) {
    uint8_t *prefix = malloc(size ? size : 1);
    memcpy(prefix, b.bytes, size);
    gaze_exif_init(&exif);
    gaze_exif_read(prefix, size, &exif);
    free(prefix);
  }
  for (size_t at = 0; at < 200; at++)
    for (unsigned value = 0; value < 256; value += 51) {
      memcpy(copy, b.bytes, b.size);
      copy[at] = (uint8_t)value;
      gaze_exif_init(&exif);
      gaze_exif_read(copy, b.size, &exif);
      assert_true(exif.orientation >= 1 && exif.orientation <= 8);
      assert_true(fabs(exif.facts.latitude) <= 90 && fabs(exif.facts.longitude) <= 180);
    }
  free(copy);
}

/* The picture 12 / 34 / 56 as each orientation stores it (Exif 2.32, table of the Orientation tag). */
static void eight_orientations(void **state) {
  static const struct {
    int width;
    const char *stored;
  } cases[] = {{2, "123456"}, {2, "214365"}, {2, "654321"}, {2, "563412"},
               {3, "135246"}, {3, "246135"}, {3, "642531"}, {3, "531642"}};
  for (int orientation = 1; orientation <= 8; orientation++) {
    int width = cases[orientation - 1].width;
    gaze_picture picture = {malloc(18), width, 6 / width};
    for (int i = 0; i < 6; i++)
      memset(picture.rgb + 3 * i, cases[orientation - 1].stored[i], 3);
    assert_int_equal(gaze_exif_orient(orientation, &picture), GAZE_OK);
    assert_int_equal(picture.width, 2);
    assert_int_equal(picture.height, 3);
    for (int i = 0; i < 18; i++)
      if (picture.rgb[i] != "123456"[i / 3])
        fail_msg("orientation %d: pixel %d is %c", orientation, i / 3, picture.rgb[i]);
    gaze_picture_fini(&picture);
  }
}

/* Larger than the tiles that the turning works in, and not a multiple. */
static void turning_four_times_is_nothing(void **state) {
  gaze_picture original = make_picture(131, 70, 1), turned = make_picture(131, 70, 1);
  for (int i = 0; i < 4; i++)
    assert_int_equal(gaze_exif_orient(6, &turned), GAZE_OK);
  assert_float_equal(difference(&original, &turned), 0, 0);
  gaze_picture_fini(&original);
  gaze_picture_fini(&turned);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reads_both_byte_orders),        cmocka_unit_test(dates_are_normal_or_absent),
      cmocka_unit_test(cameras_say_the_make_once),     cmocka_unit_test(senseless_orientations_are_upright),
      cmocka_unit_test(damage_is_never_an_error),      cmocka_unit_test(eight_orientations),
      cmocka_unit_test(turning_four_times_is_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
