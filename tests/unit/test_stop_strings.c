#include "text/stop_strings.h"

#include "core/base/random.h"

#include <stdlib.h>
#include <string.h>

#include "data_files.h"

/* Feeds text in pieces cut where `cuts` has a bit; what was shown, ended by 0. */
static bool feed(const char *const *strings, size_t n, const char *text, uint64_t cuts, char *shown) {
  gaze_stop_strings stops;
  const char *out;
  size_t size, length = strlen(text), at = 0, written = 0;
  assert_int_equal(gaze_stop_strings_init(&stops, strings, n), GAZE_OK);
  while (at < length) {
    size_t end = at + 1;
    while (end < length && !(cuts >> (end % 64) & 1))
      end++;
    assert_int_equal(gaze_stop_strings_feed(&stops, text + at, end - at, &out, &size), GAZE_OK);
    memcpy(shown + written, out ? out : "", size);
    written += size;
    at = end;
    shown[written] = 0;
  }
  bool stopped = stops.stopped;
  gaze_stop_strings_end(&stops, &out, &size);
  memcpy(shown + written, out ? out : "", size);
  shown[written + size] = 0;
  gaze_stop_strings_fini(&stops);
  return stopped;
}

static void every_cut(const char *const *strings, size_t n, const char *text, const char *wanted, bool stops) {
  char shown[100];
  for (uint64_t cuts = 0; cuts < 4096; cuts++) {
    assert_int_equal(feed(strings, n, text, cuts * 2, shown), stops);
    assert_string_equal(shown, wanted);
  }
}

static void strings_cut_anywhere(void **state) {
  const char *end[] = {"<|im_end|>"}, *two[] = {"###", "</s>"}, *repeats[] = {"aab"}, *nested[] = {"abcd", "bc"};
  every_cut(end, 1, "Hi<|im_end|>x", "Hi", true);
  every_cut(end, 1, "a<|im_<b<|i", "a<|im_<b<|i", false);
  every_cut(two, 2, "##</##</s>#", "##</##", true);
  every_cut(two, 2, "## #</s #", "## #</s #", false);
  every_cut(repeats, 1, "aaaabaab", "aa", true);
  every_cut(nested, 2, "xabcd", "xa", true);
  every_cut(nested, 2, "xabd", "xabd", false);
  every_cut(NULL, 0, "any text", "any text", false);
  every_cut(end, 1, "<|im_end|>", "", true);
}

/* Against a search in the whole text, with an alphabet so small that beginnings abound. */
static void random_texts(void **state) {
  gaze_random random;
  gaze_random_init(&random, 1, 0);
  for (int round = 0; round < 20000; round++) {
    char words[3][8], text[40], shown[41];
    const char *strings[3] = {words[0], words[1], words[2]};
    for (int i = 0; i < 4; i++) {
      size_t size = i < 3 ? 1 + gaze_random_below(&random, 6) : 39;
      char *word = i < 3 ? words[i] : text;
      for (size_t k = 0; k < size; k++)
        word[k] = (char)('a' + gaze_random_below(&random, 2 + (size_t)(round % 2)));
      word[size] = 0;
    }
    size_t first_end = 40, start = 39;
    for (int i = 0; i < 3; i++) {
      const char *found = strstr(text, words[i]);
      size_t at = found ? (size_t)(found - text) : 39, end = at + strlen(words[i]);
      if (found && (end < first_end || (end == first_end && at < start))) {
        first_end = end;
        start = at;
      }
    }
    assert_int_equal(feed(strings, 3, text, gaze_random_next(&random), shown), first_end < 40);
    text[start] = 0;
    assert_string_equal(shown, text);
  }
}

static void held_back_until_it_is_clear(void **state) {
  const char *strings[] = {"END"}, *out;
  size_t size;
  gaze_stop_strings stops;
  assert_int_equal(gaze_stop_strings_init(&stops, strings, 1), GAZE_OK);
  assert_int_equal(gaze_stop_strings_feed(&stops, "the EN", 6, &out, &size), GAZE_OK);
  assert_int_equal(size, 4);
  assert_int_equal(gaze_stop_strings_feed(&stops, "E", 1, &out, &size), GAZE_OK);
  assert_int_equal(size, 2);
  assert_memory_equal(out, "EN", 2);
  assert_int_equal(gaze_stop_strings_feed(&stops, NULL, 0, &out, &size), GAZE_OK);
  assert_int_equal(size, 0);
  gaze_stop_strings_end(&stops, &out, &size);
  assert_int_equal(size, 1);
  gaze_stop_strings_end(&stops, &out, &size);
  assert_int_equal(size, 0);
  gaze_stop_strings_fini(&stops);
  check_fails(gaze_stop_strings_init(&stops, (const char *const[]){"a", ""}, 2), GAZE_ERR_ARGUMENT, "empty", NULL);
  gaze_stop_strings_fini(&stops);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(strings_cut_anywhere),
      cmocka_unit_test(random_texts),
      cmocka_unit_test(held_back_until_it_is_clear),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
