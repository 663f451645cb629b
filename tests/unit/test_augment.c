#include "picture_files.h"

#include "vision/augment.h"

#include <math.h>
#include <string.h>

#define SIDE 32
#define COUNT (3 * SIDE * SIDE)

/* Pixels stay in 0 to 1, so that colours can be reasoned about. */
static gaze_preprocess plain(void) {
  gaze_preprocess preprocess;
  gaze_preprocess_default(&preprocess, SIDE);
  for (int c = 0; c < 3; c++)
    preprocess.mean[c] = 0, preprocess.deviation[c] = 1;
  return preprocess;
}

static void run(const gaze_augment *augment, uint64_t seed, const gaze_picture *picture, float *pixels) {
  gaze_random random;
  gaze_preprocess preprocess = plain();
  gaze_random_init(&random, seed, 0);
  if (gaze_augment_run(augment, &preprocess, &random, picture, pixels) != GAZE_OK)
    fail_msg("%s", gaze_last_error());
}

static void no_change_is_the_preprocessing(void **state) {
  const gaze_augment augment = {.scale_low = 1, .scale_high = 1, .ratio = 4.0f / 3};
  gaze_picture picture = make_picture(70, 41, 1);
  gaze_preprocess preprocess = plain();
  float wanted[COUNT], got[COUNT];
  assert_int_equal(gaze_preprocess_run(&preprocess, &picture, wanted), GAZE_OK);
  for (uint64_t seed = 0; seed < 5; seed++) {
    run(&augment, seed, &picture, got);
    assert_memory_equal(got, wanted, sizeof got);
  }
  gaze_picture_fini(&picture);
}

static void the_state_decides_everything(void **state) {
  const gaze_augment augment = {.scale_low = 0.3f,
                                .scale_high = 1,
                                .ratio = 1.5f,
                                .flip = 0.5f,
                                .brightness = 0.4f,
                                .contrast = 0.4f,
                                .saturation = 0.4f,
                                .hue = 0.1f,
                                .jitter = 0.8f,
                                .grey = 0.2f};
  gaze_picture picture = make_picture(70, 41, 1);
  float first[COUNT], again[COUNT];
  int differ = 0;
  for (uint64_t seed = 0; seed < 30; seed++) {
    run(&augment, seed, &picture, first);
    run(&augment, seed, &picture, again);
    assert_memory_equal(first, again, sizeof first);
    run(&augment, seed + 1, &picture, again);
    differ += memcmp(first, again, sizeof first) != 0;
    for (int i = 0; i < COUNT; i++)
      assert_true(first[i] >= 0 && first[i] <= 1);
  }
  assert_int_equal(differ, 30);
  gaze_picture_fini(&picture);
}

static void a_flip_mirrors(void **state) {
  const gaze_augment still = {.scale_low = 1, .scale_high = 1}, flip = {.scale_low = 1, .scale_high = 1, .flip = 1};
  gaze_picture picture = make_picture(SIDE, SIDE, 2);
  float before[COUNT], after[COUNT];
  run(&still, 0, &picture, before);
  run(&flip, 0, &picture, after);
  for (int row = 0; row < 3 * SIDE; row++)
    for (int x = 0; x < SIDE; x++)
      assert_true(after[row * SIDE + x] == before[row * SIDE + SIDE - 1 - x]);
  gaze_picture_fini(&picture);
}

static void grey_has_three_equal_planes(void **state) {
  const gaze_augment grey = {.scale_low = 1, .scale_high = 1, .grey = 1};
  gaze_picture picture = make_picture(SIDE, SIDE, 2);
  float pixels[COUNT];
  run(&grey, 0, &picture, pixels);
  for (int i = 0; i < SIDE * SIDE; i++) {
    const uint8_t *rgb = picture.rgb + 3 * i;
    float wanted = (0.299f * rgb[0] + 0.587f * rgb[1] + 0.114f * rgb[2]) / 255;
    for (int c = 0; c < 3; c++)
      assert_float_equal(pixels[c * SIDE * SIDE + i], wanted, 1e-5);
  }
  gaze_picture_fini(&picture);
}

/* The same random factor scales every pixel. */
static void brightness_scales(void **state) {
  const gaze_augment still = {.scale_low = 1, .scale_high = 1},
                     bright = {.scale_low = 1, .scale_high = 1, .brightness = 0.5f, .jitter = 1};
  gaze_picture picture = make_picture(SIDE, SIDE, 2);
  float before[COUNT], after[COUNT], lowest = 2, highest = 0;
  run(&still, 0, &picture, before);
  for (uint64_t seed = 0; seed < 40; seed++) {
    run(&bright, seed, &picture, after);
    float factor = after[10 * SIDE + 10] / before[10 * SIDE + 10];
    for (int i = 0; i < COUNT; i++)
      assert_float_equal(after[i], fminf(1, factor * before[i]), 1e-4);
    lowest = fminf(lowest, factor);
    highest = fmaxf(highest, factor);
  }
  assert_true(lowest >= 0.5f && lowest < 0.65f && highest <= 1.5f && highest > 1.35f);
  gaze_picture_fini(&picture);
}

static float value_of(const float *pixels, int i) {
  return fmaxf(pixels[i], fmaxf(pixels[SIDE * SIDE + i], pixels[2 * SIDE * SIDE + i]));
}

static float chroma_of(const float *pixels, int i) {
  return value_of(pixels, i) - fminf(pixels[i], fminf(pixels[SIDE * SIDE + i], pixels[2 * SIDE * SIDE + i]));
}

/* HSV's value and saturation stay; pure red wanders over the circle of hues by at most the strength. */
static void hue_turns_alone(void **state) {
  const gaze_augment still = {.scale_low = 1, .scale_high = 1},
                     turn = {.scale_low = 1, .scale_high = 1, .hue = 0.5f, .jitter = 1};
  const gaze_augment little = {.scale_low = 1, .scale_high = 1, .hue = 1.0f / 12, .jitter = 1};
  gaze_picture picture = make_picture(SIDE, SIDE, 2);
  memcpy(picture.rgb, "\xff\0\0", 3);
  float before[COUNT], after[COUNT];
  run(&still, 0, &picture, before);
  for (uint64_t seed = 0; seed < 40; seed++) {
    run(&turn, seed, &picture, after);
    for (int i = 0; i < SIDE * SIDE; i++) {
      assert_float_equal(value_of(after, i), value_of(before, i), 1e-5);
      assert_float_equal(chroma_of(after, i), chroma_of(before, i), 1e-5);
    }
    run(&little, seed, &picture, after);
    assert_float_equal(after[0], 1, 1e-5);
    assert_true(after[SIDE * SIDE] <= 0.5f + 1e-4f && after[2 * SIDE * SIDE] <= 0.5f + 1e-4f);
  }
  gaze_picture_fini(&picture);
}

/* x and y are written into red and green, so a crop tells where it came from. */
static void crops_obey_scale_and_ratio(void **state) {
  const gaze_augment crop = {.scale_low = 0.25f, .scale_high = 0.5f, .ratio = 4.0f / 3};
  gaze_picture picture = make_picture(256, 256, 0);
  float pixels[COUNT];
  for (uint64_t seed = 0; seed < 60; seed++) {
    run(&crop, seed, &picture, pixels);
    float step = 1 - 1.0f / SIDE; /* from the first pixel's centre to the last one's */
    float width = (pixels[SIDE - 1] - pixels[0]) / step;
    float height = (pixels[SIDE * SIDE + SIDE * (SIDE - 1)] - pixels[SIDE * SIDE]) / step;
    assert_in_range(width * height * 1000, 230, 520);
    assert_in_range(width / height * 1000, 720, 1370);
  }
  gaze_picture_fini(&picture);
}

static void crops_of_thin_pictures_work(void **state) {
  const gaze_augment crop = {.scale_low = 0.08f, .scale_high = 0.99f, .ratio = 4.0f / 3};
  static const int shapes[][2] = {{1, 1}, {1, 200}, {200, 1}, {3, 2}};
  float pixels[COUNT];
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
    gaze_picture picture = make_picture(shapes[i][0], shapes[i][1], 0);
    for (uint64_t seed = 0; seed < 50; seed++)
      run(&crop, seed, &picture, pixels);
    gaze_picture_fini(&picture);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(no_change_is_the_preprocessing),
      cmocka_unit_test(the_state_decides_everything),
      cmocka_unit_test(a_flip_mirrors),
      cmocka_unit_test(grey_has_three_equal_planes),
      cmocka_unit_test(brightness_scales),
      cmocka_unit_test(hue_turns_alone),
      cmocka_unit_test(crops_obey_scale_and_ratio),
      cmocka_unit_test(crops_of_thin_pictures_work),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
