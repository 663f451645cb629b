/* What the golden files do not tell: the passes of each instruction set against the portable ones, windows, and wrong
 * arguments. */
#include "picture_files.h"

#include "core/base/cpu.h"
#include "core/base/memory.h"
#include "core/base/random.h"
#include "vision/resize.h"
#include "vision/resize_pass.h"

#include <stdlib.h>
#include <string.h>

static gaze_random random_state;

static int any(int low, int high) { return low + (int)gaze_random_below(&random_state, (size_t)(high - low + 1)); }

/* Coefficients as large as they become, both signs, within what the sums can hold. */
static void random_weights(int32_t *weights, int count) {
  int most = count > 1 ? (1 << 23) / count : 127 << 16;
  for (int i = 0; i < count; i++)
    weights[i] = any(-(1 << 22) / count, most);
}

static uint8_t *random_bytes(size_t n) {
  uint8_t *bytes = malloc(n);
  assert_non_null(bytes);
  for (size_t i = 0; i < n; i++)
    bytes[i] = (uint8_t)(any(0, 3) ? any(0, 255) : any(0, 1) * 255);
  return bytes;
}

#if defined(__x86_64__)
/* An axis of the right shape: made by the book, then filled with other coefficients. */
static gaze_resize_axis random_axis(int width, int results) {
  gaze_resize_axis axis;
  assert_int_equal(gaze_resize_axis_init(&axis, width, 0, width, results, 0, results, GAZE_BICUBIC), GAZE_OK);
  for (int i = 0; i < results; i++)
    random_weights(axis.weights + i * axis.taps, axis.count[i]);
  gaze_resize_axis_split(&axis);
  return axis;
}

/* The rows end where GAZE_RESIZE_PAD ends, for a sanitizer to see. */
static void check_across(const gaze_resize_passes *passes, int width, int rows, int results) {
  gaze_resize_axis axis = random_axis(width, results);
  size_t stride = (size_t)width * 3, out_size = (size_t)rows * (size_t)results * 3;
  uint8_t *in = random_bytes(stride * (size_t)rows + GAZE_RESIZE_PAD), *wanted = malloc(out_size),
          *got = malloc(out_size), *room;
  assert_int_equal(gaze_alloc(gaze_resize_room(&axis), 1, &room), GAZE_OK);
  gaze_resize_portable.across(&axis, in, stride, rows, room, wanted);
  passes->across(&axis, in, stride, rows, room, got);
  assert_memory_equal(got, wanted, out_size);
  gaze_resize_axis_fini(&axis);
  free(room);
  free(in);
  free(wanted);
  free(got);
}

static void check_down(const gaze_resize_passes *passes, int height, int results, size_t bytes) {
  gaze_resize_axis axis = random_axis(height, results);
  size_t stride = bytes + (size_t)any(0, 40);
  uint8_t *in = random_bytes(stride * (size_t)(height - 1) + bytes), *wanted = malloc(bytes), *got = malloc(bytes);
  for (int i = 0; i < results; i++) {
    const uint8_t *rows = in + (size_t)axis.first[i] * stride;
    gaze_resize_portable.down(&axis, i, rows, stride, bytes, wanted);
    passes->down(&axis, i, rows, stride, bytes, got);
    assert_memory_equal(got, wanted, bytes);
  }
  gaze_resize_axis_fini(&axis);
  free(in);
  free(wanted);
  free(got);
}
#endif

static void passes_equal_portable(void **state) {
#if defined(__x86_64__)
  static const struct {
    unsigned flag;
    const gaze_resize_passes *passes;
  } levels[] = {{GAZE_CPU_AVX2, &gaze_resize_avx2}, {GAZE_CPU_VNNI, &gaze_resize_vnni}};
  for (size_t i = 0; i < 2 && (gaze_cpu_detect() & levels[i].flag); i++)
    for (int round = 0; round < 400; round++) {
      check_across(levels[i].passes, any(1, 90), any(1, 35), any(1, 40));
      check_down(levels[i].passes, any(1, 50), any(1, 9), (size_t)any(1, 100));
    }
  if (gaze_cpu_detect() & GAZE_CPU_AVX2)
    return;
#endif
  print_message("SKIP: this processor has no AVX2\n");
  skip();
}

static void a_window_is_a_part_of_the_whole(void **state) {
  gaze_picture picture = make_picture(97, 61, 4), whole, part;
  static const int sizes[][2] = {{40, 25}, {200, 30}, {97, 61}, {150, 10}};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    int width = sizes[i][0], height = sizes[i][1];
    gaze_window window = {width / 3, height / 4, width / 2, height / 2};
    assert_int_equal(gaze_resize(&picture, NULL, width, height, GAZE_BICUBIC, &whole), GAZE_OK);
    assert_int_equal(gaze_resize_window(&picture, NULL, width, height, GAZE_BICUBIC, &window, &part), GAZE_OK);
    for (int y = 0; y < window.height; y++)
      assert_memory_equal(part.rgb + y * window.width * 3, whole.rgb + ((window.top + y) * width + window.left) * 3,
                          (size_t)window.width * 3);
    gaze_picture_fini(&whole);
    gaze_picture_fini(&part);
  }
  gaze_picture_fini(&picture);
}

static void a_stream_equals_the_whole(void **state) {
  static const int sizes[][4] = {
      {97, 61, 40, 25}, {97, 61, 200, 126}, {41, 80, 30, 59}, {5, 3, 24, 24}, {64, 64, 64, 64}};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    const int *s = sizes[i];
    gaze_picture picture = make_picture(s[0], s[1], 4), whole, streamed;
    gaze_window window = {s[2] / 3, s[3] / 4, s[2] / 2, s[3] / 2};
    gaze_resize_stream *stream;
    assert_true(gaze_resize_streams(s[0], s[1], s[2], s[3]));
    assert_int_equal(gaze_resize_window(&picture, NULL, s[2], s[3], GAZE_BICUBIC, &window, &whole), GAZE_OK);
    assert_int_equal(gaze_resize_stream_new(s[0], s[1], s[2], s[3], GAZE_BICUBIC, &window, &stream), GAZE_OK);
    for (int y = 0; y < s[1]; y++) {
      memcpy(gaze_resize_stream_row(stream), picture.rgb + y * s[0] * 3, (size_t)s[0] * 3);
      gaze_resize_stream_push(stream);
    }
    gaze_resize_stream_finish(stream, &streamed);
    assert_float_equal(difference(&whole, &streamed), 0, 0);
    gaze_resize_stream_free(stream);
    gaze_picture_fini(&picture);
    gaze_picture_fini(&whole);
    gaze_picture_fini(&streamed);
  }
}

static void one_colour_stays_one_colour(void **state) {
  gaze_picture picture = make_picture(50, 37, 0), result;
  memset(picture.rgb, 201, 50 * 37 * 3);
  for (int i = 0; i < 50; i++) {
    int width = any(1, 120), height = any(1, 120);
    assert_int_equal(gaze_resize(&picture, NULL, width, height, i & 1 ? GAZE_BICUBIC : GAZE_BILINEAR, &result),
                     GAZE_OK);
    for (int k = 0; k < width * height * 3; k++)
      assert_int_equal(result.rgb[k], 201);
    gaze_picture_fini(&result);
  }
  gaze_picture_fini(&picture);
}

static void wrong_arguments_are_refused(void **state) {
  gaze_picture picture = make_picture(10, 8, 0), result;
  static const gaze_box boxes[] = {{-1, 0, 5, 5}, {0, 0, 10.5, 8}, {5, 5, 5, 6}, {0, 6, 4, 2}, {0, 0, 10, 9}};
  for (size_t i = 0; i < sizeof boxes / sizeof *boxes; i++)
    check_fails(gaze_resize(&picture, &boxes[i], 4, 4, GAZE_BICUBIC, &result), GAZE_ERR_ARGUMENT, "10 x 8", NULL);
  check_fails(gaze_resize(&picture, NULL, 0, 4, GAZE_BICUBIC, &result), GAZE_ERR_ARGUMENT, "0 x 4", NULL);
  check_fails(gaze_resize_window(&picture, NULL, 4, 4, GAZE_BICUBIC, &(gaze_window){2, 0, 3, 4}, &result),
              GAZE_ERR_ARGUMENT, NULL);
  gaze_picture_fini(&picture);
}

int main(void) {
  gaze_random_init(&random_state, 7, 0);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(passes_equal_portable),       cmocka_unit_test(a_window_is_a_part_of_the_whole),
      cmocka_unit_test(a_stream_equals_the_whole),   cmocka_unit_test(one_colour_stays_one_colour),
      cmocka_unit_test(wrong_arguments_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
