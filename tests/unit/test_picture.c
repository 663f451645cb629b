#include "picture_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

static const char *const samples[] = {"chroma2.jpg",       "progressive.jpg", "cmyk.jpg",   "alpha.png",
                                      "palette-alpha.png", "deep.png",        "lossy.webp", "lossless.webp",
                                      "alpha.webp",        "animated.webp"};
#define N_SAMPLES (sizeof samples / sizeof *samples)

static void other_formats_are_refused_by_name(void **state) {
  static const struct {
    const char *bytes;
    int size;
    gaze_err err;
    const char *name;
  } cases[] = {
      {"GIF89a\1\0\1\0", 10, GAZE_ERR_UNSUPPORTED, "GIF"},
      {"BM\1\2\3\4", 6, GAZE_ERR_UNSUPPORTED, "BMP"},
      {"II*\0\1\2\3", 7, GAZE_ERR_UNSUPPORTED, "TIFF"},
      {"\0\0\0\x0cJXL \r\n", 10, GAZE_ERR_UNSUPPORTED, "JPEG XL"},
      {"\0\0\0\x18"
       "ftypmp42",
       12, GAZE_ERR_UNSUPPORTED, "video"},
      {"%PDF-1.7", 8, GAZE_ERR_UNSUPPORTED, "PDF"},
      {"hello, world\n", 13, GAZE_ERR_FORMAT, "text"},
      {"", 0, GAZE_ERR_FORMAT, "empty"},
      {"\1\2\3\4\5\6\7\1\2\3\4\5\6", 13, GAZE_ERR_FORMAT, "not a picture"},
  };
  gaze_picture picture;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    check_fails(decode_exactly(cases[i].bytes, (size_t)cases[i].size, NULL, NULL, &picture), cases[i].err, "test",
                cases[i].name, NULL);
  check_fails(gaze_picture_open("/nowhere/at/all.jpg", NULL, NULL, &picture), GAZE_ERR_NOT_FOUND, "all.jpg", NULL);
}

/* Headers that promise far more than follows: the size is judged before memory is asked for. */
static void size_is_judged_by_the_header(void **state) {
  static const uint8_t png[] = "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\xea\x60\0\0\xea\x60\x08\2\0\0\0\x0f\xb0\xe2\x15"
                               "\0\0\0\0IDAT\x35\xaf\x06\x1e";
  static const uint8_t jpeg[] = "\xff\xd8\xff\xc0\0\x11\x08\xea\x60\xea\x60\3\1\x11\0\2\x11\0\3\x11\0"
                                "\xff\xda\0\x0c\3\1\0\2\0\3\0\0\x3f\0";
  gaze_picture picture;
  check_fails(decode_exactly(png, sizeof png - 1, NULL, NULL, &picture), GAZE_ERR_LIMIT, "60000 x 60000",
              "--max-megapixels", NULL);
  check_fails(decode_exactly(jpeg, sizeof jpeg - 1, NULL, NULL, &picture), GAZE_ERR_LIMIT, "60000 x 60000",
              "--max-megapixels", NULL);
  static const uint8_t wide[] = "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\x01\x7d\x78\x40\0\0\0\1\x08\0\0\0\0\x68\x94\x1d\xe2"
                                "\0\0\0\0IDAT\x35\xaf\x06\x1e";
  check_fails(decode_exactly(wide, sizeof wide - 1, NULL, NULL, &picture), GAZE_ERR_LIMIT, "25000000 x 1 pixels",
              "limit is 1000000 a side", NULL);
  const gaze_picture_options small = {.max_megapixels = 0.0001};
  for (size_t i = 0; i < N_SAMPLES; i++) {
    test_bytes bytes = golden_bytes(samples[i]);
    check_fails(decode_exactly(bytes.data, bytes.size, &small, NULL, &picture), GAZE_ERR_LIMIT, "limit is 0.0001",
                NULL);
    free(bytes.data);
  }
}

/* Of a JPEG the last two bytes, its end marker, may be missed: all pixels are there (as Pillow has it). */
static void truncated_files_are_errors(void **state) {
  gaze_picture picture;
  const gaze_picture_options lenient = {.allow_truncated = true};
  for (size_t i = 0; i < N_SAMPLES; i++) {
    test_bytes bytes = golden_bytes(samples[i]);
    bool jpeg = strstr(samples[i], ".jpg") != NULL;
    for (size_t size = 0; size < bytes.size - (jpeg ? 2 : 0); size += size < 700 ? 1 : 13) {
      if (decode_exactly(bytes.data, size, NULL, NULL, &picture) == GAZE_OK)
        fail_msg("%s decodes from its first %zu of %zu bytes", samples[i], size, bytes.size);
      decode_anything(bytes.data, size, &lenient);
    }
    free(bytes.data);
  }
}

static void check_truncated(const test_bytes *bytes, const gaze_picture *whole, int background) {
  const gaze_picture_options lenient = {.allow_truncated = true};
  gaze_picture picture;
  check_fails(decode_exactly(bytes->data, bytes->size / 2, NULL, NULL, &picture), GAZE_ERR_FORMAT, "ends early",
              "--allow-truncated", NULL);
  assert_int_equal(decode_exactly(bytes->data, bytes->size / 2, &lenient, NULL, &picture), GAZE_OK);
  size_t row = (size_t)whole->width * 3, last = row * (size_t)(whole->height - 1);
  assert_int_equal(picture.height, whole->height);
  assert_memory_equal(picture.rgb, whole->rgb, row * 4);
  for (size_t i = 0; i < row; i++)
    assert_in_range(picture.rgb[last + i], background ? background - 1 : 0, background + 1);
  gaze_picture_fini(&picture);
}

static void allow_truncated_keeps_what_is_there(void **state) {
  gaze_picture picture = make_picture(64, 64, 3), whole;
  test_bytes jpeg = make_jpeg(&picture, false, NULL), png;
  assert_int_equal(decode_exactly(jpeg.data, jpeg.size, NULL, NULL, &whole), GAZE_OK);
  check_truncated(&jpeg, &whole, 128);
  gaze_picture_fini(&whole);
  png = golden_bytes("source14.png");
  assert_int_equal(decode_exactly(png.data, png.size, NULL, NULL, &whole), GAZE_OK);
  check_truncated(&png, &whole, 0);
  gaze_picture_fini(&whole);
  gaze_picture_fini(&picture);
  free(jpeg.data);
  free(png.data);
}

/* Of an animation only the first frame counts, as much of it as is there. */
static void first_frame_may_be_cut(void **state) {
  const gaze_picture_options lenient = {.allow_truncated = true};
  gaze_picture whole, part;
  test_bytes bytes = golden_bytes("animated.webp");
  size_t frame = 0;
  while (memcmp(bytes.data + frame, "ANMF", 4) != 0)
    frame++;
  size_t size = frame + 8 + (bytes.data[frame + 4] | (size_t)bytes.data[frame + 5] << 8) - 8;
  assert_int_equal(decode_exactly(bytes.data, bytes.size, NULL, NULL, &whole), GAZE_OK);
  check_fails(decode_exactly(bytes.data, size, NULL, NULL, &part), GAZE_ERR_FORMAT, "ends early", NULL);
  assert_int_equal(decode_exactly(bytes.data, size, &lenient, NULL, &part), GAZE_OK);
  assert_int_equal(part.width, whole.width);
  assert_int_equal(part.height, whole.height);
  for (size_t i = 0; i < (size_t)whole.width * (size_t)whole.height * 3; i++)
    assert_true(part.rgb[i] == whole.rgb[i] || part.rgb[i] == 255);
  gaze_picture_fini(&part);
  check_fails(decode_exactly(bytes.data, frame + 10, &lenient, NULL, &part), GAZE_ERR_FORMAT, "ends early", NULL);
  gaze_picture_fini(&whole);
  free(bytes.data);
}

static void cut_heif_ends_early(void **state) {
  static const uint8_t file[] = "\0\0\0\x18"
                                "ftypheic\0\0\0\0heicmif1\0\0\0\x0bmdatabc";
  gaze_picture picture;
  const gaze_picture_options options[] = {{0}, {.allow_truncated = true}};
  for (int i = 0; i < 2; i++) {
    gaze_err err = decode_exactly(file, sizeof file - 2, &options[i], NULL, &picture);
    if (err == GAZE_ERR_UNSUPPORTED)
      skip(); /* built without libheif */
    check_fails(err, GAZE_ERR_FORMAT, "ends early", "copy it again", NULL);
    check_fails(decode_exactly(file, sizeof file - 1, &options[i], NULL, &picture), GAZE_ERR_FORMAT, "damaged", NULL);
  }
}

static void bit_flips_do_no_harm(void **state) {
  const gaze_picture_options options[] = {{.max_megapixels = 1}, {.max_megapixels = 1, .allow_truncated = true}};
  unsigned random = 1;
  for (size_t i = 0; i < N_SAMPLES; i++) {
    test_bytes bytes = golden_bytes(samples[i]);
    for (int round = 0; round < 300; round++) {
      random = random * 1664525 + 1013904223;
      size_t at = (random >> 8) % bytes.size;
      uint8_t kept = bytes.data[at];
      bytes.data[at] ^= (uint8_t)(1 << (random & 7));
      decode_anything(bytes.data, bytes.size, &options[round & 1]);
      bytes.data[at] = kept;
    }
    free(bytes.data);
  }
}

static void checksums_count(void **state) {
  const gaze_picture_options lenient = {.allow_truncated = true};
  gaze_picture picture;
  test_bytes bytes = golden_bytes("palette-alpha.png");
  bytes.data[bytes.size - 13] ^= 1; /* in the checksum of the last IDAT */
  check_fails(decode_exactly(bytes.data, bytes.size, NULL, NULL, &picture), GAZE_ERR_FORMAT, "damaged PNG", "CRC",
              NULL);
  check_fails(decode_exactly(bytes.data, bytes.size, &lenient, NULL, &picture), GAZE_ERR_FORMAT, "CRC", NULL);
  bytes.data[bytes.size - 13] ^= 1;
  size_t name = 0;
  while (memcmp(bytes.data + name, "tRNS", 4) != 0)
    name++;
  bytes.data[name + 4 + 5] ^= 1; /* behind five transparencies, the checksum of what a picture can do without */
  check_fails(decode_exactly(bytes.data, bytes.size, NULL, NULL, &picture), GAZE_ERR_FORMAT, "tRNS: CRC", NULL);
  assert_int_equal(decode_exactly(bytes.data, bytes.size, &lenient, NULL, &picture), GAZE_OK);
  gaze_picture_fini(&picture);
  free(bytes.data);
}

/* The last scan of a progressive picture once more and more. */
static void scan_bombs_are_refused(void **state) {
  gaze_picture picture = make_picture(64, 64, 5), decoded;
  test_bytes jpeg = make_jpeg(&picture, true, NULL);
  size_t last = jpeg.size - 2;
  while (jpeg.data[last] != 0xff || jpeg.data[last + 1] != 0xda)
    last--;
  size_t scan = jpeg.size - 2 - last, size = jpeg.size + 1000 * scan;
  uint8_t *bomb = malloc(size);
  memcpy(bomb, jpeg.data, jpeg.size - 2);
  for (int i = 0; i < 1000; i++)
    memcpy(bomb + jpeg.size - 2 + (size_t)i * scan, jpeg.data + last, scan);
  memcpy(bomb + size - 2, "\xff\xd9", 2);
  assert_int_equal(decode_exactly(jpeg.data, jpeg.size, NULL, NULL, &decoded), GAZE_OK);
  gaze_picture_fini(&decoded);
  check_fails(decode_exactly(bomb, size, NULL, NULL, &decoded), GAZE_ERR_LIMIT, "too many scans", NULL);
  free(bomb);
  free(jpeg.data);
  gaze_picture_fini(&picture);
}

static void fast_decoding_leaves_twice_the_target(void **state) {
  static const struct {
    int target, width, height;
  } cases[] = {{18, 50, 38}, {20, 100, 75}, {37, 100, 75}, {38, 200, 150}, {80, 400, 300}, {0, 400, 300}};
  gaze_picture original = make_picture(400, 300, 2);
  test_bytes jpeg = make_jpeg(&original, false, NULL);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const gaze_picture_options options = {.fast_decode = true, .fast_target = cases[i].target};
    gaze_picture picture;
    gaze_picture_facts facts;
    assert_int_equal(decode_exactly(jpeg.data, jpeg.size, &options, &facts, &picture), GAZE_OK);
    assert_int_equal(picture.width, cases[i].width);
    assert_int_equal(picture.height, cases[i].height);
    assert_int_equal(facts.width, 400);
    assert_int_equal(facts.height, 300);
    gaze_picture_fini(&picture);
  }
  free(jpeg.data);
  gaze_picture_fini(&original);
}

/* Inks as YCbCr with black, which no encoder of Pillow writes. colours: what the inks should show. */
static test_bytes make_ycck(const uint8_t *inverted_cmyk, int width, int height) {
  struct jpeg_compress_struct info;
  struct jpeg_error_mgr errors;
  unsigned char *data = NULL;
  unsigned long size = 0;
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  jpeg_mem_dest(&info, &data, &size);
  info.image_width = (JDIMENSION)width;
  info.image_height = (JDIMENSION)height;
  info.input_components = 4;
  info.in_color_space = JCS_CMYK;
  jpeg_set_defaults(&info);
  jpeg_set_colorspace(&info, JCS_YCCK);
  jpeg_set_quality(&info, 100, TRUE);
  for (int i = 0; i < 4; i++)
    info.comp_info[i].h_samp_factor = info.comp_info[i].v_samp_factor = 1;
  jpeg_start_compress(&info, TRUE);
  JSAMPLE row_data[4 * 64];
  JSAMPROW row = row_data;
  while (info.next_scanline < info.image_height) {
    memcpy(row_data, inverted_cmyk + (size_t)info.next_scanline * (size_t)width * 4, (size_t)width * 4);
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  return (test_bytes){data, size};
}

static void ycck_becomes_rgb(void **state) {
  enum { SIDE = 32 };
  gaze_picture wanted = make_picture(SIDE, SIDE, 0), picture;
  uint8_t cmyk[SIDE * SIDE * 4]; /* black 200 of 255 inverted, the rest so that the colours come out */
  for (int i = 0; i < SIDE * SIDE; i++) {
    for (int c = 0; c < 3; c++) {
      wanted.rgb[i * 3 + c] = (uint8_t)(wanted.rgb[i * 3 + c] * 200 / 255);
      cmyk[i * 4 + c] = (uint8_t)(wanted.rgb[i * 3 + c] * 255 / 200);
    }
    cmyk[i * 4 + 3] = 200;
  }
  test_bytes jpeg = make_ycck(cmyk, SIDE, SIDE);
  assert_int_equal(decode_exactly(jpeg.data, jpeg.size, NULL, NULL, &picture), GAZE_OK);
  assert_true(difference(&picture, &wanted) < 2);
  free(jpeg.data);
  gaze_picture_fini(&picture);
  gaze_picture_fini(&wanted);
}

static void facts_come_with_the_picture(void **state) {
  /* Little-endian TIFF: orientation 6, DateTime at 50. */
  uint8_t app1[] = "Exif\0\0II*\0\x08\0\0\0\x02\0\x12\x01\3\0\1\0\0\0\6\0\0\0\x32\x01\2\0\x14\0\0\0\x32\0\0\0"
                   "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
                   "2021:01:02 03:04:05";
  test_bytes exif = {app1, sizeof app1};
  gaze_picture original = make_picture(24, 16, 1), picture, stored;
  gaze_picture_facts facts;
  test_bytes jpeg = make_jpeg(&original, false, &exif);
  assert_int_equal(decode_exactly(jpeg.data, jpeg.size, NULL, &facts, &picture), GAZE_OK);
  assert_string_equal(facts.taken, "2021-01-02 03:04:05");
  assert_int_equal(facts.width, 16);
  assert_int_equal(facts.height, 24);
  assert_int_equal(picture.width, 16);
  const gaze_picture_options as_stored = {.ignore_orientation = true};
  assert_int_equal(decode_exactly(jpeg.data, jpeg.size, &as_stored, &facts, &stored), GAZE_OK);
  assert_int_equal(facts.width, 24);
  assert_true(difference(&stored, &original) < 2);
  gaze_picture_fini(&picture);
  gaze_picture_fini(&stored);
  gaze_picture_fini(&original);
  free(jpeg.data);
}

static void keep_landscape(const char *name, const uint8_t *bytes, size_t size, void *user) {
  gaze_picture *pictures = user;
  int which;
  if (sscanf(name, "exif/Landscape_%d.jpg", &which) != 1 || which < 0 || which > 8)
    return;
  if (decode_exactly(bytes, size, NULL, NULL, &pictures[which]) != GAZE_OK)
    fail_msg("%s", gaze_last_error());
}

/* The same photo, stored in the eight ways and encoded anew each time; upright and not, it would differ by tens. */
static void eight_orientations_look_alike(void **state) {
  const char *tar = shared_path("corpora/exif.tar");
  if (!tar)
    skip();
  gaze_picture pictures[9] = {0};
  each_of_tar(tar, keep_landscape, pictures);
  for (int i = 1; i <= 8; i++) {
    assert_non_null(pictures[i].rgb);
    assert_true(difference(&pictures[1], &pictures[i]) < 5);
  }
  for (int i = 0; i <= 8; i++)
    gaze_picture_fini(&pictures[i]);
}

static const char *last_part(const char *name) { return strrchr(name, '/') ? strrchr(name, '/') + 1 : name; }

/* PngSuite's broken files begin with x, and only they. */
static void check_png(const char *name, const uint8_t *bytes, size_t size, void *user) {
  if (!strstr(name, ".png"))
    return;
  gaze_picture picture;
  gaze_err err = decode_exactly(bytes, size, NULL, NULL, &picture);
  if ((err != GAZE_OK) != (last_part(name)[0] == 'x'))
    fail_msg("%s: %s", name, err ? gaze_last_error() : "decodes, but is broken");
  if (err == GAZE_OK)
    gaze_picture_fini(&picture);
}

/* basi2c08.png, interlaced, has a twin basn2c08.png. The tar is sorted, so the interlaced come first and are kept. */
typedef struct twins {
  char names[32][32];
  gaze_picture pictures[32];
  int n, compared;
} twins;

static void compare_twins(const char *name, const uint8_t *bytes, size_t size, void *user) {
  twins *t = user;
  const char *file = last_part(name);
  bool interlaced = strncmp(file, "basi", 4) == 0;
  if (!interlaced && strncmp(file, "basn", 4) != 0)
    return;
  gaze_picture picture;
  assert_int_equal(decode_exactly(bytes, size, NULL, NULL, &picture), GAZE_OK);
  if (interlaced && t->n < 32) {
    snprintf(t->names[t->n], sizeof t->names[0], "%.31s", file + 4);
    t->pictures[t->n++] = picture;
    return;
  }
  for (int i = 0; i < t->n; i++)
    if (strcmp(t->names[i], file + 4) == 0) {
      assert_float_equal(difference(&picture, &t->pictures[i]), 0, 0);
      t->compared++;
    }
  gaze_picture_fini(&picture);
}

static void png_suite(void **state) {
  const char *tar = shared_path("corpora/png.tar");
  if (!tar)
    skip();
  twins t = {.n = 0};
  each_of_tar(tar, check_png, NULL);
  each_of_tar(tar, compare_twins, &t);
  assert_int_equal(t.compared, 15);
  for (int i = 0; i < t.n; i++)
    gaze_picture_fini(&t.pictures[i]);
}

static void decode_both_ways(const char *name, const uint8_t *bytes, size_t size, void *user) {
  const gaze_picture_options lenient = {.allow_truncated = true, .drop_alpha = true};
  decode_anything(bytes, size, NULL);
  decode_anything(bytes, size, &lenient);
  ++*(size_t *)user;
}

static void corpora_decode_or_fail(void **state) {
  static const char *const tars[] = {"corpora/go-fuzz-jpeg-png-webp.tar", "corpora/jpeg.tar", "corpora/png.tar"};
  size_t files = 0;
  for (size_t i = 0; i < sizeof tars / sizeof *tars; i++) {
    const char *tar = shared_path(tars[i]);
    if (!tar)
      skip();
    each_of_tar(tar, decode_both_ways, &files);
  }
  assert_true(files > 1500);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(other_formats_are_refused_by_name),
      cmocka_unit_test(size_is_judged_by_the_header),
      cmocka_unit_test(truncated_files_are_errors),
      cmocka_unit_test(allow_truncated_keeps_what_is_there),
      cmocka_unit_test(first_frame_may_be_cut),
      cmocka_unit_test(cut_heif_ends_early),
      cmocka_unit_test(bit_flips_do_no_harm),
      cmocka_unit_test(checksums_count),
      cmocka_unit_test(scan_bombs_are_refused),
      cmocka_unit_test(fast_decoding_leaves_twice_the_target),
      cmocka_unit_test(ycck_becomes_rgb),
      cmocka_unit_test(facts_come_with_the_picture),
      cmocka_unit_test(eight_orientations_look_alike),
      cmocka_unit_test(png_suite),
      cmocka_unit_test(corpora_decode_or_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
