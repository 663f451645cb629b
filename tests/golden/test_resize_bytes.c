/* Against Pillow and transformers, by the files of data/resize that resize.py wrote. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/file.h"
#include "vision/preprocess.h"

static const char *data_path(const char *name) {
  static char path[2][1024];
  static int turn;
  turn = !turn;
  snprintf(path[turn], sizeof path[turn], "%s/tests/golden/data/resize/%s", getenv("GAZE_SOURCE_ROOT"), name);
  return path[turn];
}

static json_t *open_cases(const char *name) {
  json_t *cases;
  if (gaze_json_open(data_path(name), &cases) != GAZE_OK)
    fail_msg("%s", gaze_last_error());
  assert_true(json_array_size(cases) > 0);
  return cases;
}

static const char *text_of(const json_t *object, const char *key) {
  const char *text = json_string_value(json_object_get(object, key));
  assert_non_null(text);
  return text;
}

static double number_at(const json_t *list, size_t i) { return json_number_value(json_array_get(list, i)); }

static gaze_picture open_picture(const char *name, bool drop_alpha) {
  gaze_picture picture;
  const gaze_picture_options options = {.drop_alpha = drop_alpha};
  if (gaze_picture_open(data_path(name), &options, NULL, &picture) != GAZE_OK)
    fail_msg("%s", gaze_last_error());
  return picture;
}

static void check_equal(const char *name, const gaze_picture *got, const gaze_picture *wanted, int tolerance) {
  if (got->width != wanted->width || got->height != wanted->height)
    fail_msg("%s: %d x %d, wanted %d x %d", name, got->width, got->height, wanted->width, wanted->height);
  for (size_t i = 0; i < (size_t)got->width * (size_t)got->height * 3; i++)
    if (abs(got->rgb[i] - wanted->rgb[i]) > tolerance)
      fail_msg("%s: byte %zu is %d, wanted %d", name, i, got->rgb[i], wanted->rgb[i]);
}

static void resize_equals_pillow(void **state) {
  json_t *cases = open_cases("resize.json"), *item;
  size_t i;
  json_array_foreach(cases, i, item) {
    gaze_picture source = open_picture(text_of(item, "source"), false), result;
    gaze_picture wanted = open_picture(text_of(item, "result"), false);
    const json_t *size = json_object_get(item, "size"), *corners = json_object_get(item, "box");
    gaze_box box = {number_at(corners, 0), number_at(corners, 1), number_at(corners, 2), number_at(corners, 3)};
    static const gaze_filter filters[] = {[1] = GAZE_LANCZOS, [2] = GAZE_BILINEAR, [3] = GAZE_BICUBIC};
    gaze_filter filter = filters[json_integer_value(json_object_get(item, "filter"))];
    assert_int_equal(gaze_resize(&source, json_is_array(corners) ? &box : NULL, (int)number_at(size, 0),
                                 (int)number_at(size, 1), filter, &result),
                     GAZE_OK);
    check_equal(text_of(item, "result"), &result, &wanted, 0);
    gaze_picture_fini(&source);
    gaze_picture_fini(&result);
    gaze_picture_fini(&wanted);
  }
  json_decref(cases);
}

static void formats_equal_pillow(void **state) {
  json_t *cases = open_cases("formats.json"), *item;
  size_t i;
  json_array_foreach(cases, i, item) {
    gaze_picture got = open_picture(text_of(item, "file"), json_is_true(json_object_get(item, "drop_alpha")));
    gaze_picture wanted = open_picture(text_of(item, "result"), false);
    check_equal(text_of(item, "file"), &got, &wanted, (int)json_integer_value(json_object_get(item, "tolerance")));
    gaze_picture_fini(&got);
    gaze_picture_fini(&wanted);
  }
  json_decref(cases);
}

static void check_input(const json_t *item, const gaze_preprocess *preprocess) {
  gaze_picture source = open_picture(text_of(item, "source"), false);
  gaze_map file;
  assert_int_equal(gaze_map_open(data_path(text_of(item, "result")), &file), GAZE_OK);
  /* [3, S, S]: the numbers are the last of the file. */
  size_t count = 3 * (size_t)preprocess->size * (size_t)preprocess->size;
  float *got = malloc(count * sizeof *got);
  assert_non_null(got);
  assert_true(file.size > count * sizeof *got);
  const uint8_t *numbers = file.data + file.size - count * sizeof *got;
  assert_int_equal(gaze_preprocess_run(preprocess, &source, got), GAZE_OK);
  for (size_t i = 0; i < count; i++) {
    float number;
    memcpy(&number, numbers + i * sizeof number, sizeof number);
    if (!(fabsf(got[i] - number) <= 1e-6f))
      fail_msg("%s: number %zu is %g, wanted %g", text_of(item, "result"), i, (double)got[i], (double)number);
  }
  free(got);
  gaze_map_close(&file);
  gaze_picture_fini(&source);
}

static void preprocessing_equals_transformers(void **state) {
  json_t *cases = open_cases("preprocess.json"), *item;
  size_t i;
  json_array_foreach(cases, i, item) {
    gaze_preprocess preprocess;
    if (gaze_preprocess_read(json_object_get(item, "config"), 12, &preprocess) != GAZE_OK)
      fail_msg("%s: %s", text_of(item, "result"), gaze_last_error());
    check_input(item, &preprocess);
  }
  json_decref(cases);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(resize_equals_pillow),
      cmocka_unit_test(formats_equal_pillow),
      cmocka_unit_test(preprocessing_equals_transformers),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
