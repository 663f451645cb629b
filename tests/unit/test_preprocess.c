#include "picture_files.h"

#include "vision/preprocess.h"

#include <stdlib.h>
#include <string.h>

static gaze_err read_text(const char *text, int image_size, gaze_preprocess *out) {
  json_t *json;
  if (gaze_json_parse(text, strlen(text), "test", &json) != GAZE_OK)
    fail_msg("%s", gaze_last_error());
  gaze_err err = gaze_preprocess_read(json, image_size, out);
  json_decref(json);
  return err;
}

static void check_same(const gaze_preprocess *a, const gaze_preprocess *b) {
  assert_int_equal(a->size, b->size);
  assert_int_equal(a->resize, b->resize);
  assert_int_equal(a->fit, b->fit);
  assert_int_equal(a->filter, b->filter);
  assert_memory_equal(a->mean, b->mean, sizeof a->mean);
  assert_memory_equal(a->deviation, b->deviation, sizeof a->deviation);
}

static void nothing_said_is_clip(void **state) {
  gaze_preprocess read, wanted;
  gaze_preprocess_default(&wanted, 224);
  assert_int_equal(read_text("{}", 224, &read), GAZE_OK);
  check_same(&read, &wanted);
  assert_int_equal(read_text("{\"feature_extractor_type\": \"CLIPFeatureExtractor\", \"size\": 224, \"crop_size\": 224,"
                             "\"do_center_crop\": true, \"resample\": 3, \"image_mean\": null}",
                             0, &read),
                   GAZE_OK);
  check_same(&read, &wanted);
}

static void siglip_squashes(void **state) {
  gaze_preprocess read;
  assert_int_equal(
      read_text("{\"image_processor_type\": \"SiglipImageProcessor\", \"size\": {\"height\": 384, \"width\": "
                "384}, \"resample\": 2}",
                384, &read),
      GAZE_OK);
  assert_int_equal(read.fit, GAZE_FIT_SQUASH);
  assert_int_equal(read.filter, GAZE_BILINEAR);
  assert_int_equal(read.size, 384);
  assert_true(read.mean[1] == 0.5f && read.deviation[2] == 0.5f);
}

static void what_cannot_be_followed_is_named(void **state) {
  static const struct {
    const char *text, *word;
    gaze_err err;
  } cases[] = {
      {"{\"do_resize\": false}", "do_resize", GAZE_ERR_UNSUPPORTED},
      {"{\"do_rescale\": false}", "do_rescale", GAZE_ERR_UNSUPPORTED},
      {"{\"rescale_factor\": 0.5}", "rescale_factor", GAZE_ERR_UNSUPPORTED},
      {"{\"resample\": 4}", "resample", GAZE_ERR_UNSUPPORTED},
      {"{\"do_center_crop\": false}", "do_center_crop", GAZE_ERR_UNSUPPORTED},
      {"{\"do_pad\": true}", "do_pad", GAZE_ERR_UNSUPPORTED},
      {"{\"size\": {\"height\": 224, \"width\": 200}}", "size", GAZE_ERR_UNSUPPORTED},
      {"{\"size\": {\"shortest_edge\": 224, \"longest_edge\": 600}}", "size", GAZE_ERR_UNSUPPORTED},
      {"{\"image_processor_type\": \"ViTImageProcessor\"}", "ViTImageProcessor", GAZE_ERR_UNSUPPORTED},
      {"{\"crop_size\": 336, \"size\": 336}", "336", GAZE_ERR_MISMATCH},
      {"{\"size\": \"large\"}", "size", GAZE_ERR_FORMAT},
      {"{\"size\": -3}", "size", GAZE_ERR_FORMAT},
      {"{\"image_mean\": [0.5, 0.5]}", "image_mean", GAZE_ERR_FORMAT},
      {"{\"image_std\": [0.5, 0, 0.5]}", "image_std", GAZE_ERR_FORMAT},
      {"{\"image_std\": [\"a\", 1, 0.5]}", "image_std", GAZE_ERR_FORMAT},
      {"[]", "object", GAZE_ERR_FORMAT},
  };
  gaze_preprocess read;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    check_fails(read_text(cases[i].text, 224, &read), cases[i].err, cases[i].word, NULL);
}

static void written_is_read_back(void **state) {
  static const gaze_fit fits[] = {GAZE_FIT_CROP, GAZE_FIT_SQUASH, GAZE_FIT_PAD, GAZE_FIT_SQUARE};
  for (int i = 0; i < 12; i++) {
    gaze_preprocess preprocess, read;
    gaze_preprocess_default(&preprocess, 96);
    preprocess.fit = fits[i % 4];
    preprocess.resize = i == 4 ? 110 : 96;
    preprocess.filter = (gaze_filter)(i / 4);
    json_t *json = gaze_preprocess_write(&preprocess);
    assert_non_null(json);
    if (gaze_preprocess_read(json, 96, &read) != GAZE_OK)
      fail_msg("%s", gaze_last_error());
    check_same(&preprocess, &read);
    json_decref(json);
  }
}

/* Shapes at the ends: the crop of a picture of one row is that row, stretched. */
static void any_shape_fits(void **state) {
  static const int shapes[][2] = {{1, 1}, {1, 3000}, {3000, 1}, {7, 5}, {24, 24}, {25, 23}, {500, 24}};
  float pixels[3 * 24 * 24];
  for (int fit = GAZE_FIT_CROP; fit <= GAZE_FIT_SQUARE; fit++)
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
      gaze_preprocess preprocess;
      gaze_preprocess_default(&preprocess, 24);
      preprocess.fit = (gaze_fit)fit;
      gaze_picture picture = make_picture(shapes[i][0], shapes[i][1], 1);
      if (gaze_preprocess_run(&preprocess, &picture, pixels) != GAZE_OK)
        fail_msg("%s", gaze_last_error());
      for (int k = 0; k < 3 * 24 * 24; k++)
        assert_true(pixels[k] > -2 && pixels[k] < 2.5f);
      gaze_picture_fini(&picture);
    }
}

/* The square around a picture as it would be held, resized. */
static void fit_held_square(const gaze_preprocess *p, const gaze_picture *picture, gaze_picture *out) {
  int side = picture->width > picture->height ? picture->width : picture->height;
  int left = (side - picture->width) / 2, top = (side - picture->height) / 2;
  gaze_picture square = make_picture(side, side, 1);
  for (size_t i = 0; i < (size_t)side * (size_t)side * 3; i++)
    square.rgb[i] = (uint8_t)(p->mean[i % 3] * 255);
  for (int y = 0; y < picture->height; y++)
    memcpy(square.rgb + ((size_t)(top + y) * (size_t)side + (size_t)left) * 3,
           picture->rgb + (size_t)y * (size_t)picture->width * 3, (size_t)picture->width * 3);
  assert_int_equal(gaze_resize(&square, NULL, p->size, p->size, p->filter, out), GAZE_OK);
  gaze_picture_fini(&square);
}

static void squares_are_as_if_held(void **state) {
  static const int shapes[][2] = {{1, 1},   {1, 700},  {1201, 2}, {7, 5},   {24, 23},
                                  {25, 31}, {500, 24}, {90, 91},  {40, 400}};
  gaze_preprocess preprocess;
  gaze_preprocess_default(&preprocess, 28);
  preprocess.fit = GAZE_FIT_SQUARE;
  for (size_t i = 0; i < 3 * sizeof shapes / sizeof *shapes; i++) {
    gaze_picture picture = make_picture(shapes[i / 3][0], shapes[i / 3][1], (uint32_t)i), fitted, held;
    preprocess.filter = (gaze_filter)(i % 3);
    assert_int_equal(gaze_preprocess_fit(&preprocess, &picture, &fitted), GAZE_OK);
    fit_held_square(&preprocess, &picture, &held);
    assert_memory_equal(fitted.rgb, held.rgb, 28 * 28 * 3);
    gaze_picture_fini(&picture);
    gaze_picture_fini(&fitted);
    gaze_picture_fini(&held);
  }
}

/* All but nothing of its square is border; the square would have 30 GB. */
static void strips_have_a_square(void **state) {
  static const int shapes[][2] = {{1, 100000}, {100000, 1}};
  gaze_preprocess preprocess;
  gaze_preprocess_default(&preprocess, 336);
  preprocess.fit = GAZE_FIT_SQUARE;
  for (size_t i = 0; i < 2; i++) {
    gaze_picture picture = make_picture(shapes[i][0], shapes[i][1], 1), fitted;
    assert_int_equal(gaze_preprocess_fit(&preprocess, &picture, &fitted), GAZE_OK);
    for (size_t k = 0; k < (size_t)336 * 336 * 3; k++)
      assert_in_range(fitted.rgb[k], (int)(preprocess.mean[k % 3] * 255) - 1, (int)(preprocess.mean[k % 3] * 255) + 1);
    gaze_picture_fini(&picture);
    gaze_picture_fini(&fitted);
  }
}

/* What a crop of a hair's breadth shows does not depend on how long the hair is. */
static void long_hairs_are_cropped_as_short_ones(void **state) {
  static const int lengths[] = {1000, 1000000};
  float pixels[2][3 * 24 * 24];
  gaze_preprocess preprocess;
  gaze_preprocess_default(&preprocess, 24);
  for (int upright = 0; upright < 2; upright++) {
    for (int i = 0; i < 2; i++) {
      gaze_picture picture = upright ? make_picture(1, lengths[i], 1) : make_picture(lengths[i], 1, 1);
      memset(picture.rgb, 10, (size_t)lengths[i] * 3);
      memset(picture.rgb + (size_t)lengths[i] / 2 * 3, 200, (size_t)lengths[i] / 2 * 3);
      assert_int_equal(gaze_preprocess_run(&preprocess, &picture, pixels[i]), GAZE_OK);
      gaze_picture_fini(&picture);
    }
    assert_memory_equal(pixels[0], pixels[1], sizeof pixels[0]);
    assert_true(pixels[0][0] != pixels[0][24 * 24 - 1]);
  }
}

/* 65000 pixels by 1, the shorter side made 40000: 2.6 thousand million pixels wide. */
static void hairs_beyond_counting_are_refused(void **state) {
  uint8_t turned[] = "Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\3\0\1\0\0\0\6\0\0";
  test_bytes exif = {turned, sizeof turned};
  gaze_preprocess preprocess;
  float pixel = 7;
  gaze_preprocess_default(&preprocess, 40000);
  gaze_picture picture = make_picture(65000, 1, 1);
  check_fails(gaze_preprocess_run(&preprocess, &picture, &pixel), GAZE_ERR_LIMIT, "2600000000 x 40000", NULL);
  for (int i = 0; i < 2; i++) {
    test_bytes file = make_jpeg(&picture, false, i ? &exif : NULL);
    check_fails(gaze_preprocess_decode(&preprocess, file.data, file.size, "hair.jpg", NULL, NULL, &pixel),
                GAZE_ERR_LIMIT, "picture too narrow: hair.jpg", "2600000000", NULL);
    free(file.data);
  }
  assert_true(pixel == 7);
  gaze_picture_fini(&picture);
}

/* Decoding and resizing in one, where that is possible and where it is not. */
static void check_decode(const test_bytes *file, const gaze_picture_options *options, int size) {
  static float wanted[3 * 64 * 64], got[3 * 64 * 64];
  gaze_preprocess preprocess;
  gaze_picture picture;
  gaze_picture_facts facts, same_facts;
  gaze_preprocess_default(&preprocess, size);
  assert_int_equal(gaze_picture_decode(file->data, file->size, "test", options, &facts, &picture), GAZE_OK);
  assert_int_equal(gaze_preprocess_run(&preprocess, &picture, wanted), GAZE_OK);
  assert_int_equal(gaze_preprocess_decode(&preprocess, file->data, file->size, "test", options, &same_facts, got),
                   GAZE_OK);
  assert_memory_equal(wanted, got, (size_t)(3 * size * size) * sizeof *got);
  assert_int_equal(facts.width, same_facts.width);
  assert_int_equal(facts.height, same_facts.height);
  gaze_picture_fini(&picture);
}

static void decoding_on_the_way_is_the_same(void **state) {
  static const int shapes[][2] = {{200, 150}, {150, 200}, {60, 300}, {300, 60}, {20, 30}, {1, 1}};
  uint8_t turned[] = "Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\3\0\1\0\0\0\6\0\0";
  test_bytes exif = {turned, sizeof turned};
  const gaze_picture_options as_stored = {.ignore_orientation = true}, fast = {.fast_decode = true, .fast_target = 32};
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
    gaze_picture picture = make_picture(shapes[i][0], shapes[i][1], 1);
    test_bytes upright = make_jpeg(&picture, false, NULL), lying = make_jpeg(&picture, true, &exif);
    for (int size = 16; size <= 64; size *= 2) {
      check_decode(&upright, NULL, size);
      check_decode(&lying, NULL, size);
      check_decode(&lying, &as_stored, size);
    }
    check_decode(&upright, &fast, 32);
    free(upright.data);
    free(lying.data);
    gaze_picture_fini(&picture);
  }
  static const char *const others[] = {"cmyk.jpg", "alpha.png", "lossy.webp"};
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
    test_bytes file = golden_bytes(others[i]);
    check_decode(&file, NULL, 16);
    free(file.data);
  }
}

static void decoding_on_the_way_fails_as_well(void **state) {
  gaze_picture picture = make_picture(200, 150, 1);
  test_bytes file = make_jpeg(&picture, false, NULL);
  float pixels[3 * 16 * 16];
  gaze_preprocess preprocess;
  gaze_preprocess_default(&preprocess, 16);
  for (size_t size = 0; size < file.size - 2; size += 97)
    check_fails(gaze_preprocess_decode(&preprocess, file.data, size, "test", NULL, NULL, pixels), GAZE_ERR_FORMAT,
                "test", NULL);
  const gaze_picture_options small = {.max_megapixels = 0.029};
  check_fails(gaze_preprocess_decode(&preprocess, file.data, file.size, "test", &small, NULL, pixels), GAZE_ERR_LIMIT,
              "200 x 150", NULL);
  free(file.data);
  gaze_picture_fini(&picture);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(nothing_said_is_clip),
      cmocka_unit_test(siglip_squashes),
      cmocka_unit_test(what_cannot_be_followed_is_named),
      cmocka_unit_test(written_is_read_back),
      cmocka_unit_test(any_shape_fits),
      cmocka_unit_test(squares_are_as_if_held),
      cmocka_unit_test(strips_have_a_square),
      cmocka_unit_test(long_hairs_are_cropped_as_short_ones),
      cmocka_unit_test(hairs_beyond_counting_are_refused),
      cmocka_unit_test(decoding_on_the_way_is_the_same),
      cmocka_unit_test(decoding_on_the_way_fails_as_well),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
