/* Features of pictures in a file: what was put in comes out, and nothing else is taken for it. */
#include "data_files.h"

#include "core/base/memory.h"
#include "fusion/features_file.h"

#include <stdlib.h>
#include <string.h>

enum { PICTURES = 5, N = 3, ROWS = 2, WIDTH = 3, OF_ONE = ROWS * WIDTH };

static const gaze_features_head wanted = {.key = {17, 4}, .pictures = PICTURES, .rows = ROWS, .C = WIDTH};
static const gaze_features_picture pictures[PICTURES] = {
    {11, 1}, {12, GAZE_NO_FEATURES}, {13, 0}, {0, GAZE_NO_FEATURES}, {15, 2}};
static float values[N * OF_ONE];
static uint8_t *bytes; /* of the file, at a multiple of 64 */
static size_t size;

static void check(gaze_err err) {
  if (err != GAZE_OK)
    fail_msg("%s", gaze_last_error());
}

static int set_up(void **state) {
  gaze_features_writer writer;
  gaze_map map;
  if (make_folder(state) != 0)
    return -1;
  for (int i = 0; i < N * OF_ONE; i++)
    values[i] = (float)i / 3;
  check(gaze_features_writer_init(&writer, test_path("features"), &wanted));
  for (int i = 0; i < N; i++)
    check(gaze_features_writer_add(&writer, values + i * OF_ONE));
  check(gaze_features_writer_finish(&writer, pictures));
  gaze_features_writer_fini(&writer);
  check(gaze_map_open(test_path("features"), &map));
  size = map.size;
  check(gaze_alloc(1, size + 1, &bytes));
  memcpy(bytes, map.data, size);
  gaze_map_close(&map);
  return 0;
}

static int tear_down(void **state) {
  free(bytes);
  return remove_folder(state);
}

static gaze_err read_bytes(size_t n, const gaze_features_head *head) {
  gaze_features_head as = *head;
  const gaze_features_picture *found;
  const float *numbers;
  return gaze_features_read(bytes, n, "features", &as, &found, &numbers);
}

static void comes_out_as_it_went_in(void **state) {
  gaze_features_head head = wanted;
  const gaze_features_picture *found;
  const float *numbers;
  check(gaze_features_read(bytes, size, "features", &head, &found, &numbers));
  assert_int_equal(head.n, N);
  assert_memory_equal(found, pictures, sizeof pictures);
  assert_memory_equal(numbers, values, sizeof values);
  assert_int_equal((uintptr_t)numbers % GAZE_ALIGN, 0);
}

static void damage_is_seen(void **state) {
  for (size_t n = 0; n < size; n++)
    assert_int_not_equal(read_bytes(n, &wanted), GAZE_OK);
  check_fails(read_bytes(size + 1, &wanted), GAZE_ERR_FORMAT, "damaged", "made anew", NULL);
  for (size_t i = 0; i < size; i++) {
    bool padding = i >= sizeof wanted + sizeof pictures && i < gaze_features_at(PICTURES);
    bytes[i] ^= 4;
    assert_true(read_bytes(size, &wanted) != GAZE_OK || padding);
    bytes[i] ^= 4;
  }
  check(read_bytes(size, &wanted));
}

static void others_are_refused(void **state) {
  gaze_features_head others[4] = {wanted, wanted, wanted, wanted};
  others[0].key[1]++;
  others[1].pictures++;
  others[2].rows++;
  others[3].C++;
  for (size_t i = 0; i < 4; i++)
    check_fails(read_bytes(size, &others[i]), GAZE_ERR_MISMATCH, "other pictures", NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(comes_out_as_it_went_in), cmocka_unit_test(damage_is_seen),
                                     cmocka_unit_test(others_are_refused)};
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
