/* What a sample becomes: its pixels as its text allows. */
#include "fusion/loader_sample.h"

#include "data_files.h"

#include <stdio.h>

enum { SIDE = 16, CONTEXT = 12 };

static gaze_tokenizer *tokenizer;

static int set_up(void **state) {
  static const char *const texts[] = {"a dog on the left", "왼쪽의 강아지"};
  if (make_folder(state) != 0)
    return -1;
  const char *folder = test_path("tokenizer");
  if (gaze_tokenizer_train(texts, 2, 560, 1, folder) == GAZE_OK && gaze_tokenizer_open(folder, &tokenizer) == GAZE_OK)
    return 0;
  printf("%s\n", gaze_last_error());
  return -1;
}

static int tear_down(void **state) {
  gaze_tokenizer_free(tokenizer);
  return remove_folder(state);
}

/* Whether a flip that always happens moved the black left edge of the white picture to the right. */
static bool is_flipped(const char *caption) {
  uint8_t rgb[SIDE * SIDE * 3];
  float pixels[3 * SIDE * SIDE];
  int32_t ids[CONTEXT];
  for (int i = 0; i < SIDE * SIDE * 3; i++)
    rgb[i] = i / 3 % SIDE < 2 ? 0 : 255;
  gaze_picture picture = {.width = SIDE, .height = SIDE, .rgb = rgb};
  gaze_sample sample = {.key = "dog", .captions = &caption, .n_captions = 1};
  const gaze_text_config text_config = {.context = CONTEXT};
  gaze_loader_options options = {.tokenizer = tokenizer, .text = &text_config};
  options.augment = (gaze_augment){.scale_low = 1, .scale_high = 1, .flip = 1};
  gaze_preprocess_default(&options.preprocess, SIDE);
  gaze_sample_room room = {.pixels = pixels, .ids = ids};
  gaze_kernels kernels;
  gaze_random random;
  gaze_kernels_init(&kernels, 0);
  gaze_random_init(&random, 1, 0);
  if (gaze_sample_fill(&sample, &options, &kernels, &picture, &random, &room) != GAZE_OK)
    fail_msg("%s", gaze_last_error());
  assert_true(pixels[0] != pixels[SIDE - 1]);
  return pixels[0] > pixels[SIDE - 1];
}

static void test_sides_are_not_flipped(void **state) {
  assert_true(is_flipped("a bright dog, upright; leftover"));
  assert_true(is_flipped("강아지"));
  assert_false(is_flipped("a dog on the left"));
  assert_false(is_flipped("Right: a dog"));
  assert_false(is_flipped("bright dog, to the right."));
  assert_false(is_flipped("고양이 왼쪽의 강아지"));
  assert_false(is_flipped("오른쪽에 있는 강아지"));
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_sides_are_not_flipped)};
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
