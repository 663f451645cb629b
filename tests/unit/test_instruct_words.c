/* Words of instructions: what a caption is taken to show, and how things are said. */
#include "tests/unit/instruct_files.h"

#include "fusion/caption_words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COPIES = 12 };

/* What a caption is taken to show. */
static void test_mentions(void **state) {
  static const struct {
    const char *caption, *noun;
    bool shown;
    size_t number;
    bool coloured;
  } cases[] = {{"Two small dogs run .", "dog", true, 2, false},
               {"a black and white dog", "dog", true, 1, true},
               {"a dog house in a yard", "dog", false, 1, false},
               {"a man without a hat", "hat", false, 1, false},
               {"A man skis down a hill", "skis", false, 0, false},
               {"A boy in an orange shirt", "shirt", true, 1, true},
               {"Another dog is there", "dog", true, 0, false},
               {"a brown eyed dog", "dog", true, 0, false},
               {"a man in blue riding horses", "horse", true, 0, false},
               {"the dog's ball", "dog", true, 0, false},
               {"a toy car", "car", false, 1, false},
               {"an orange on a plate", "orange", true, 1, false}};
  gaze_nouns nouns;
  assert_int_equal(gaze_nouns_init(&nouns), GAZE_OK);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    gaze_caption caption;
    bool plural, found = false;
    size_t noun = (size_t)gaze_nouns_find(&nouns, cases[i].noun, strlen(cases[i].noun), &plural);
    assert_int_equal(gaze_caption_read(&nouns, cases[i].caption, &caption), GAZE_OK);
    for (size_t m = 0; m < caption.n_mentions; m++) {
      const gaze_mention *mention = &caption.mentions[m];
      if (mention->noun != noun)
        continue;
      found = true;
      if (mention->shown != cases[i].shown || (!cases[i].coloured && mention->colours) ||
          (cases[i].coloured && !mention->colours) || (mention->shown && mention->number != cases[i].number))
        fail_msg("%s: %s", cases[i].caption, cases[i].noun);
    }
    assert_true(found);
    gaze_caption_fini(&caption);
  }
  gaze_nouns_fini(&nouns);
}

/* All that is said in Korean of copies of one picture. */
static char *talk_about(const char *told) {
  test_tar tar = {0};
  const char *data[] = {test_path("talk.tar")};
  for (int i = 0; i < COPIES; i++) {
    char key[16], file[24];
    snprintf(key, sizeof key, "t%d", i);
    snprintf(file, sizeof file, "t%d.json", i);
    tar_add_png(&tar, key, 8, 8, 1);
    tar_add_text(&tar, file, told);
  }
  tar_write(&tar, data[0]);
  gaze_instructions_options options = options_for(data, test_path("talk.json"));
  size_t size;
  options.korean = 1;
  json_decref(make(&options, NULL));
  return read_whole(options.out, &size);
}

/* wanted, unwanted: "" for nothing. */
static void check_talk(const char *told, const char *wanted, const char *unwanted) {
  char *said = talk_about(told);
  if (!strstr(said, wanted) || (*unwanted && strstr(said, unwanted)))
    fail_msg("\"%s\", not \"%s\", was wanted of %s:\n%s", wanted, unwanted, told, said);
  free(said);
}

/* Counters of boats and houses; verbs whose object is left out; one thing that is plural in English alone. */
static void test_korean_of_things(void **state) {
  check_talk("{\"objects\":[[\"boat\",0.1,0.1,0.2,0.2],[\"boat\",0.6,0.1,0.2,0.2]]}", "배 두 척", "배 두 대");
  check_talk("{\"objects\":[[\"house\",0.1,0.1,0.2,0.2],[\"house\",0.6,0.1,0.2,0.2]]}", "몇 채", "몇 개");
  check_talk("{\"objects\":[[\"scissors\",0.05,0.4,0.2,0.2]]}", "왼쪽에 있습니다", "모두 왼쪽");
  check_talk("{\"captions\":[\"A boy is flying a kite .\"]}", "", "날고 있습니다");
  check_talk("{\"captions\":[\"A bird is flying over the sea .\"]}", "날고 있습니다", "");
  check_talk("{\"captions\":[\"A man is holding a cup .\"]}", "무언가를 들고 있습니다", "");
}

/* Quotes stay in pairs. */
static void test_quotes(void **state) {
  static const char *const cases[][2] = {
      {"\"A dog runs .\"", "A dog runs."},
      {"A dog by a sign that says \"stop\" .", "A dog by a sign that says \"stop\"."},
      {"A dog runs in the snow \" .", "A dog runs in the snow."}};
  gaze_nouns nouns;
  assert_int_equal(gaze_nouns_init(&nouns), GAZE_OK);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    gaze_caption caption;
    gaze_text text = {0};
    char *said;
    assert_int_equal(gaze_caption_read(&nouns, cases[i][0], &caption), GAZE_OK);
    gaze_caption_say(&caption, &text);
    assert_int_equal(gaze_text_take(&text, &said), GAZE_OK);
    assert_string_equal(said, cases[i][1]);
    free(said);
    gaze_caption_fini(&caption);
  }
  gaze_nouns_fini(&nouns);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_mentions), cmocka_unit_test(test_korean_of_things),
                                     cmocka_unit_test(test_quotes)};
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
