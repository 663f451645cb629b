/* Instructions by rules: what is said of a picture is what its captions and boxes say. */
#include "tests/unit/instruct_files.h"

#include "core/base/json.h"
#include "fusion/caption_words.h"
#include "fusion/instruct.h"
#include "fusion/korean.h"
#include "gaze_train.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Pictures whose truth is plain: every noun's number of boxes, and which words captions hold. */
static const char *const pictures[][2] = {
    {"park", "{\"captions\":[\"A brown dog runs after a red ball on the grass .\",\"A brown dog is chasing a red ball "
             "in a park.\",\"a dog chases a ball\"],\"objects\":[[\"dog\",0.65,0.5,0.3,0.3],[\"sports ball\",0.05,0.6,"
             "0.1,0.1]]}"},
    {"table", "{\"captions\":[\"Two cups and a bowl on a table\"],\"objects\":[[\"cup\",0.05,0.4,0.1,0.2],[\"cup\",0.8,"
              "0.4,0.1,0.2],[\"bowl\",0.4,0.4,0.2,0.2],[\"dining table\",0.0,0.2,1.0,0.8]]}"},
    {"street",
     "{\"captions\":[\"Three men stand beside a yellow bus.\",\"three men next to a yellow bus\"],\"objects\":[["
     "\"person\",0.0,0.4,0.1,0.5],[\"person\",0.12,0.4,0.1,0.5],[\"person\",0.24,0.4,0.1,0.5],[\"bus\",0.5,0.1,"
     "0.45,0.8]]}"},
    {"sea", "{\"captions\":[\"A surfer rides a wave.\",\"A man surfing a big wave in the ocean\",\"a surfer on a blue "
            "surfboard\"]}"},
    {"sheep",
     "{\"captions\":[],\"objects\":[[\"sheep\",0.1,0.6,0.1,0.1],[\"sheep\",0.3,0.6,0.1,0.1],[\"sheep\",0.5,0.6,"
     "0.1,0.1],[\"sheep\",0.7,0.6,0.1,0.1]]}"},
    {"kitchen", "{\"captions\":[\"A cat sits on a chair in a kitchen.\",\"a black and white cat on a wooden chair\"],"
                "\"objects\":[[\"cat\",0.4,0.1,0.2,0.2],[\"chair\",0.35,0.5,0.3,0.4]]}"},
    {"odd", "{\"objects\":[[\"quokka\",0.1,0.1,0.2,0.2],[\"fez box\",0.7,0.1,0.2,0.2],[\"fez box\",0.7,0.7,0.2,0.2]]}"},
};
enum { PICTURES = sizeof pictures / sizeof *pictures, COPIES = 12 };

/* The pictures several times, so that balances have something to balance. */
static const char *write_tar(const char *name) {
  test_tar tar = {0};
  for (int copy = 0; copy < COPIES; copy++)
    for (size_t i = 0; i < PICTURES; i++) {
      char key[40], file[48];
      snprintf(key, sizeof key, "%s%d", pictures[i][0], copy);
      tar_add_png(&tar, key, 8, 8, 0x102030);
      snprintf(file, sizeof file, "%s.json", key);
      tar_add_text(&tar, file, pictures[i][1]);
    }
  tar_write(&tar, test_path(name));
  return test_path(name);
}

static json_t *make_from(const char *tar, const char *out, double korean, uint64_t seed) {
  const char *data[] = {tar};
  gaze_instructions_options options = options_for(data, test_path(out));
  options.korean = korean;
  options.seed = seed;
  return make(&options, NULL);
}

/* Which of the pictures a record is about. */
static size_t picture_of(const json_t *record) {
  const char *id = json_string_value(json_object_get(record, "id"));
  for (size_t i = 0; i < PICTURES; i++)
    if (strncmp(id, pictures[i][0], strlen(pictures[i][0])) == 0)
      return i;
  fail_msg("a record of no picture: %s", id);
  return 0;
}

typedef void turn_fn(const char *question, const char *answer, size_t picture, void *user);

static void each_turn(const json_t *records, turn_fn *look, void *user) {
  size_t i;
  json_t *record;
  json_array_foreach(records, i, record) {
    const json_t *list = json_object_get(record, "conversations");
    for (size_t k = 0; k + 1 < json_array_size(list); k += 2) {
      const char *question = json_string_value(json_object_get(json_array_get(list, k), "value"));
      question += strncmp(question, "<image>\n", 8) == 0 ? 8 : 0;
      look(question, json_string_value(json_object_get(json_array_get(list, k + 1), "value")), picture_of(record),
           user);
    }
  }
}

/* LLaVA's shape: human and gpt in turn, the mark of the picture once and first. */
static void test_shape(void **state) {
  json_t *records = make_from(write_tar("a.tar"), "a.json", 0.2, 1);
  size_t i, k;
  json_t *record, *turn;
  assert_true(json_array_size(records) > PICTURES * COPIES);
  json_array_foreach(records, i, record) {
    const char *image = json_string_value(json_object_get(record, "image"));
    const json_t *list = json_object_get(record, "conversations");
    assert_non_null(strstr(image, ".png"));
    assert_true(json_array_size(list) >= 2 && json_array_size(list) % 2 == 0 && json_array_size(list) <= 12);
    json_array_foreach(list, k, turn) {
      const char *value = json_string_value(json_object_get(turn, "value"));
      assert_string_equal(json_string_value(json_object_get(turn, "from")), k % 2 ? "gpt" : "human");
      assert_true((strstr(value, "<image>") != NULL) == (k == 0));
      assert_true(strlen(value) > 0 && !strpbrk(value, "{}"));
    }
  }
  json_decref(records);
}

/* How many of a word there are in a picture, by its boxes; 0: none has a box. */
static size_t count_boxes(size_t picture, const char *name) {
  json_t *json = json_loads(pictures[picture][1], 0, NULL), *box;
  size_t i, n = 0;
  json_array_foreach(json_object_get(json, "objects"), i, box) n +=
      strcmp(json_string_value(json_array_get(box, 0)), name) == 0;
  json_decref(json);
  return n;
}

static const struct {
  const char *plural, *box;
} counted[] = {{"dogs", "dog"},     {"balls", "sports ball"},   {"cups", "cup"},
               {"bowls", "bowl"},   {"tables", "dining table"}, {"people", "person"},
               {"buses", "bus"},    {"sheep", "sheep"},         {"cats", "cat"},
               {"chairs", "chair"}, {"quokkas", "quokka"},      {"fez boxes", "fez box"}};

static size_t number_in(const char *answer) {
  static const char *const words[] = {"zero", "one", "two", "three", "four", "five", "six"};
  for (size_t n = 1; n < sizeof words / sizeof *words; n++)
    if (strstr(answer, words[n]) || strtoul(answer, NULL, 10) == n)
      return n;
  return 0;
}

static bool has_word(const char *text, const char *word) {
  size_t n = strlen(word);
  for (const char *at = text; (at = strcasestr(at, word)); at++)
    if ((at == text || at[-1] == ' ') && !strchr("abcdefghijklmnopqrstuvwxyz", at[n] ? at[n] : '.'))
      return true;
  return false;
}

static void check_count(const char *question, const char *answer, size_t picture, void *user) {
  size_t *seen = user;
  bool asks = strncmp(question, "How many ", 9) == 0 || strncmp(question, "Count the ", 10) == 0 ||
              strncmp(question, "What is the number", 18) == 0;
  if (!asks || strstr(question, "together"))
    return;
  for (size_t i = 0; i < sizeof counted / sizeof *counted; i++) {
    size_t n = count_boxes(picture, counted[i].box);
    if (!has_word(question, counted[i].plural) || !n)
      continue;
    assert_int_equal(number_in(answer), n);
    ++*seen;
    return;
  }
  /* The rest is counted by captions: three men, a wave, a surfer. */
  assert_int_equal(number_in(answer), strstr(question, "men ") ? 3 : 1);
}

static void test_counts_equal_boxes(void **state) {
  size_t seen = 0;
  json_t *records = make_from(write_tar("b.tar"), "b.json", 0, 2);
  each_turn(records, check_count, &seen);
  assert_true(seen > 20);
  json_decref(records);
}

typedef struct yes_no {
  size_t yes, no;
  int ahead[64]; /* by noun, of yes over no */
} yes_no;

/* Nouns that the fixture's questions of presence may be about. */
static const char *const asked_about[] = {"dog", "ball",   "cup",  "bowl",    "table",  "person",
                                          "bus", "sheep",  "cat",  "chair",   "quokka", "fez box",
                                          "man", "surfer", "wave", "kitchen", "park"};
static const char *const plurals[] = {"dogs",  "balls",   "cups",  "bowls",    "tables",  "people",
                                      "buses", "sheep",   "cats",  "chairs",   "quokkas", "fez boxes",
                                      "men",   "surfers", "waves", "kitchens", "parks"};

static bool asks_presence(const char *question) {
  static const char *const begins[] = {
      "Is there ", "Are there ", "Can you see ", "Do you see ", "Does the picture show ", "Is "};
  if (has_word(question, "left of") || has_word(question, "right of") || has_word(question, "above") ||
      has_word(question, "below") || strstr(question, "or more"))
    return false;
  for (size_t i = 0; i < sizeof begins / sizeof *begins; i++)
    if (strncmp(question, begins[i], strlen(begins[i])) == 0)
      return true;
  return false;
}

static void check_presence(const char *question, const char *answer, size_t picture, void *user) {
  yes_no *counts = user;
  if (!asks_presence(question))
    return;
  bool yes = strncmp(answer, "Yes", 3) == 0;
  assert_true(yes || strncmp(answer, "No", 2) == 0);
  counts->yes += yes;
  counts->no += !yes;
  for (size_t i = 0; i < sizeof asked_about / sizeof *asked_about; i++)
    if (has_word(question, asked_about[i]) || has_word(question, plurals[i])) {
      counts->ahead[i] += yes ? 1 : -1;
      /* What is absent stands in no caption and no box, and what is there does. */
      bool told = has_word(pictures[picture][1], asked_about[i]) || has_word(pictures[picture][1], plurals[i]) ||
                  strstr(pictures[picture][1], asked_about[i]);
      assert_true(yes == told);
      return;
    }
}

static void test_presence(void **state) {
  yes_no counts = {0};
  json_t *records = make_from(write_tar("c.tar"), "c.json", 0, 3);
  each_turn(records, check_presence, &counts);
  assert_true(counts.yes > 20);
  assert_int_equal(counts.yes, counts.no);
  for (size_t i = 0; i < sizeof counts.ahead / sizeof *counts.ahead; i++)
    assert_in_range(counts.ahead[i] + 2, 0, 4);
  json_decref(records);
}

/* "man" where captions say surfer, "ocean" where they say surfing, a cup where there is a bowl of drink: nobody can
 * deny. */
static void test_near_words_are_not_denied(void **state) {
  gaze_nouns nouns;
  gaze_facts facts;
  bool plural;
  const char *captions[] = {"A surfer rides a wave.", "somebody is surfing"};
  gaze_sample sample = {.key = "a", .file = "a.png", .captions = captions, .n_captions = 2};
  assert_int_equal(gaze_nouns_init(&nouns), GAZE_OK);
  assert_int_equal(gaze_facts_init(&facts, &nouns, &sample), GAZE_OK);
  const char *const near[] = {"man", "woman", "ocean", "water", "surfboard", "beach"}, *const far[] = {"dog", "pizza",
                                                                                                       "bus"};
  for (size_t i = 0; i < sizeof near / sizeof *near; i++)
    assert_true(facts.told[gaze_nouns_find(&nouns, near[i], strlen(near[i]), &plural)]);
  for (size_t i = 0; i < sizeof far / sizeof *far; i++)
    if (facts.told[gaze_nouns_find(&nouns, far[i], strlen(far[i]), &plural)])
      fail_msg("%s can be denied", far[i]);
  gaze_facts_fini(&facts);
  gaze_nouns_fini(&nouns);
}

/* A caption tells in its own language alone. */
static void test_captions_keep_their_language(void **state) {
  gaze_nouns nouns;
  gaze_facts facts;
  const char *captions[] = {"A red apple .", "빨간 사과"};
  gaze_sample sample = {.key = "a", .file = "a.png", .captions = captions, .n_captions = 2};
  assert_int_equal(gaze_nouns_init(&nouns), GAZE_OK);
  assert_int_equal(gaze_facts_init(&facts, &nouns, &sample), GAZE_OK);
  assert_int_equal(facts.n_read, 1);
  assert_int_equal(facts.n_seen, 1);
  gaze_rule_writer writer;
  assert_int_equal(gaze_rule_writer_init(&writer, &nouns, 6), GAZE_OK);
  size_t briefs = 0;
  for (uint64_t seed = 0; seed < 64; seed++)
    for (gaze_language language = 0; language < GAZE_LANGUAGES; language++) {
      gaze_random random = gaze_instruct_random(seed, 0, GAZE_CONVERSATION);
      gaze_turns turns = {0};
      assert_int_equal(gaze_rule_write(&writer, &facts, GAZE_CONVERSATION, language, &random, &turns), GAZE_OK);
      for (size_t i = 0; i < turns.n; i++) {
        assert_true(gaze_is_in_language(turns.items[i].answer, language));
        briefs += strstr(turns.items[i].answer, language == GAZE_KOREAN ? "빨간 사과." : "A red apple.") != NULL;
      }
      gaze_turns_fini(&turns);
    }
  assert_true(briefs > 16);
  gaze_rule_writer_fini(&writer);
  gaze_facts_fini(&facts);
  gaze_nouns_fini(&nouns);
}

typedef struct side_counts {
  size_t yes, no, places;
} side_counts;

/* The fixture's pairs: the ball is left of the dog, the cat above the chair. */
static void check_sides(const char *question, const char *answer, size_t picture, void *user) {
  side_counts *counts = user;
  bool ball_first = strcasestr(question, "ball") < strcasestr(question, "dog");
  if (strcmp(pictures[picture][0], "park") == 0 && strstr(question, "the left of the dog")) {
    assert_int_equal(strncmp(answer, "Yes", 3), 0);
    counts->yes++;
  } else if (strcmp(pictures[picture][0], "park") == 0 && strstr(question, "the right of the dog")) {
    assert_int_equal(strncmp(answer, "No", 2), 0);
    counts->no++;
  } else if (strcmp(pictures[picture][0], "park") == 0 && strstr(question, "compared with")) {
    assert_non_null(strstr(answer, ball_first ? "to the left of the dog" : "to the right of the ball"));
  } else if (strncmp(question, "Where is the dog in the", 23) == 0 || strncmp(question, "Where is the dog?", 17) == 0) {
    assert_non_null(strstr(answer, "right"));
    counts->places++;
  } else if (strncmp(question, "Where is the ball?", 18) == 0) {
    assert_non_null(strstr(answer, "left"));
    counts->places++;
  }
}

static void test_places(void **state) {
  side_counts counts = {0};
  for (uint64_t seed = 0; seed < 4; seed++) {
    json_t *records = make_from(write_tar("d.tar"), "d.json", 0, seed);
    each_turn(records, check_sides, &counts);
    json_decref(records);
  }
  assert_true(counts.yes && counts.no && counts.places);
}

static void check_colours(const char *question, const char *answer, size_t picture, void *user) {
  static const struct {
    const char *thing, *colour;
  } truth[] = {{"dog", "brown"}, {"ball", "red"}, {"bus", "yellow"}, {"surfboard", "blue"}, {"cat", "black and white"}};
  if (!strstr(question, "colour") && !strstr(question, "color"))
    return;
  for (size_t i = 0; i < sizeof truth / sizeof *truth; i++)
    if (has_word(question, truth[i].thing)) {
      assert_non_null(strstr(answer, truth[i].colour));
      ++*(size_t *)user;
      return;
    }
  fail_msg("a colour of what has none: %s", question);
}

static void test_colours(void **state) {
  size_t seen = 0;
  json_t *records = make_from(write_tar("e.tar"), "e.json", 0, 4);
  each_turn(records, check_colours, &seen);
  assert_true(seen > 5);
  json_decref(records);
}

static void test_same_seed_same_bytes(void **state) {
  const char *tar = write_tar("f.tar");
  size_t sizes[3];
  char *bytes[3];
  const char *const outs[] = {"f0.json", "f1.json", "f2.json"};
  for (size_t i = 0; i < 3; i++) {
    json_decref(make_from(tar, outs[i], 0.3, i < 2 ? 7 : 8));
    bytes[i] = read_whole(test_path(outs[i]), &sizes[i]);
  }
  assert_int_equal(sizes[0], sizes[1]);
  assert_memory_equal(bytes[0], bytes[1], sizes[0]);
  assert_true(sizes[0] != sizes[2] || memcmp(bytes[0], bytes[2], sizes[0]) != 0);
  for (size_t i = 0; i < 3; i++)
    free(bytes[i]);
}

static void check_korean(const char *question, const char *answer, size_t picture, void *user) {
  static const char *const wrong[] = {"개이 ", "개은 ", "공가 ",   "공는 ", "버스이 ",
                                      "컵가 ", "컵는 ", "의자을 ", "양가 ", "사람가 "};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    assert_null(strstr(question, wrong[i]));
    assert_null(strstr(answer, wrong[i]));
  }
  for (const char *c = answer; *c; c++)
    assert_false((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z'));
  ++*(size_t *)user;
}

static void test_korean(void **state) {
  static const struct {
    const char *word, *pair, *expected;
  } cases[] = {{"개", "이/가", "개가"}, {"공", "이/가", "공이"}, {"버스", "은/는", "버스는"}, {"컵", "을/를", "컵을"},
               {"양", "과/와", "양과"}, {"3", "은/는", "3은"},   {"2", "이/가", "2가"},       {"TV", "은/는", "TV는"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    gaze_text text = {0};
    char *said;
    gaze_text_say(&text, cases[i].word);
    gaze_korean_say_particle(&text, cases[i].pair);
    assert_int_equal(gaze_text_take(&text, &said), GAZE_OK);
    assert_string_equal(said, cases[i].expected);
    free(said);
  }
  size_t seen = 0;
  json_t *records = make_from(write_tar("g.tar"), "g.json", 1, 5);
  each_turn(records, check_korean, &seen);
  assert_true(seen > 30);
  json_decref(records);
}

static size_t count_lines(const char *path) {
  size_t size, n = 0;
  char *bytes = read_whole(path, &size);
  for (size_t i = 0; i < size; i++)
    n += bytes[i] == '\n';
  free(bytes);
  return n;
}

/* Broken JSON, wrong boxes, no picture, nothing told, the mark of a picture in a caption, a name for the second time.
 */
static const char *write_bad_tar(const char *name) {
  test_tar tar = {0};
  static const char *const texts[] = {
      "{\"captions\":[\"a dog", "{\"objects\":[[\"dog\",0.1,0.1]]}",       "{\"objects\":[[\"dog\",10,20,30,40]]}",
      "{\"captions\":[]}",      "{\"captions\":[\"a <image> of a dog\"]}", "{\"objects\":[[\"\",0,0,1,1]]}"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    char key[16], file[24];
    snprintf(key, sizeof key, "bad%zu", i);
    snprintf(file, sizeof file, "bad%zu.json", i);
    tar_add_png(&tar, key, 8, 8, 1);
    tar_add_text(&tar, file, texts[i]);
  }
  tar_add_text(&tar, "lonely.json", "{\"captions\":[\"a dog\"]}");
  tar_add_png(&tar, "latin", 8, 8, 1);
  tar_add_text(&tar, "latin.txt", "caf\xe9 with a dog");
  for (int i = 0; i < 2; i++) {
    tar_add_png(&tar, "good", 8, 8, 1);
    tar_add_text(&tar, "good.json", "{\"captions\":[\"a brown dog\"]}");
    tar_add_png(&tar, "between", 8, 8, 1);
    tar_add_text(&tar, i ? "between.txt" : "between.json", i ? "a cat" : "{\"captions\":[\"a cat\"]}");
  }
  tar_write(&tar, test_path(name));
  return test_path(name);
}

static void test_bad_rows(void **state) {
  const char *data[] = {write_bad_tar("bad.tar")};
  gaze_instructions_options options = options_for(data, test_path("bad.json"));
  json_t *summary;
  char *text;
  json_decref(make(&options, &summary));
  assert_int_equal(json_integer_value(json_object_get(summary, "bad")), 10);
  assert_int_equal(json_integer_value(json_object_get(summary, "pictures")), 2);
  assert_string_equal(json_string_value(json_object_get(summary, "bad_file")), test_path("bad.json.bad.jsonl"));
  json_decref(summary);
  assert_int_equal(count_lines(test_path("bad.json.bad.jsonl")), 10);
  options.max_bad = 9;
  check_fails(gaze_make_instructions(&options, &text), GAZE_ERR_LIMIT, "more than 9 bad rows", "bad.jsonl", "--max-bad",
              NULL);
  assert_int_equal(count_lines(test_path("bad.json.bad.jsonl")), 10);
  /* A run without bad rows leaves no list of an earlier one. */
  data[0] = write_tar("good.tar");
  json_decref(make(&options, NULL));
  assert_false(gaze_file_exists(test_path("bad.json.bad.jsonl")));
}

static void write_picture(const char *path) {
  uint8_t *bytes;
  size_t size;
  make_png(8, 8, 1, &bytes, &size);
  write_file(path, bytes, size);
  free(bytes);
}

/* A folder, its folders, and a table with a row a caption are read as a tar is; pictures go where they are wanted. */
static void test_other_data(void **state) {
  assert_int_equal(gaze_folder_make(test_path("photos/more")), GAZE_OK);
  write_picture(test_path("photos/a.png"));
  write_text(test_path("photos/a.json"), pictures[0][1]);
  write_picture(test_path("photos/more/b.png"));
  write_text(test_path("photos/more/b.txt"), "a black cat on a chair\n");
  write_text(test_path("photos/alone.txt"), "nothing belongs to this");
  write_text(test_path("table.csv"), "filepath,title\nphotos/a.png,a dog\nphotos/a.png,a brown dog runs\n");
  const char *data[] = {test_path("photos"), test_path("table.csv")};
  gaze_instructions_options options = options_for(data, test_path("h.json"));
  json_t *summary, *records;
  options.n_data = 2;
  options.image_folder = test_path("extracted");
  records = make(&options, &summary);
  assert_string_equal(json_string_value(json_object_get(json_array_get(records, 0), "image")), "a.png");
  assert_int_equal(json_integer_value(json_object_get(summary, "pictures")), 3);
  assert_int_equal(json_integer_value(json_object_get(summary, "bad")), 1);
  assert_true(gaze_file_exists(test_path("extracted/more/b.png")) &&
              gaze_file_exists(test_path("extracted/photos/a.png")));
  json_decref(summary);
  json_decref(records);
}

static void test_extracted_name_stays(void **state) {
  test_tar tar = {0};
  const char *data[] = {test_path("climb.tar")};
  tar_add_png(&tar, "../out", 8, 8, 1);
  tar_add_text(&tar, "../out.json", "{\"captions\":[\"a dog\"]}");
  tar_add_png(&tar, "in", 8, 8, 1);
  tar_add_text(&tar, "in.json", "{\"captions\":[\"a dog\"]}");
  tar_write(&tar, data[0]);
  gaze_instructions_options options = options_for(data, test_path("climb.json"));
  json_t *summary;
  options.image_folder = test_path("inside");
  json_decref(make(&options, &summary));
  assert_int_equal(json_integer_value(json_object_get(summary, "bad")), 1);
  assert_false(gaze_file_exists(test_path("out.png")));
  assert_true(gaze_file_exists(test_path("inside/in.png")));
  json_decref(summary);
}

/* Rows of one picture in two files: what either says counts. */
static void test_rows_are_joined(void **state) {
  write_picture(test_path("joined.png"));
  write_text(test_path("said.json"), "[{\"image\":\"joined.png\",\"captions\":[\"A dog on grass.\"]}]");
  write_text(test_path("boxed.json"), "[{\"image\":\"joined.png\",\"objects\":[[\"dog\",0.05,0.4,0.2,0.2]]}]");
  const char *data[] = {test_path("said.json"), test_path("boxed.json")};
  gaze_instructions_options options = options_for(data, test_path("joined-talk.json"));
  json_t *summary;
  size_t size;
  options.n_data = 2;
  json_decref(make(&options, &summary));
  assert_int_equal(json_integer_value(json_object_get(summary, "pictures")), 1);
  char *said = read_whole(options.out, &size);
  assert_non_null(strstr(said, "left")); /* from the box */
  free(said);
  json_decref(summary);
}

static void test_refused(void **state) {
  const char *data[] = {test_path("none.tar")};
  gaze_instructions_options options = options_for(data, test_path("i.json"));
  char *text;
  check_fails(gaze_make_instructions(&options, &text), GAZE_ERR_NOT_FOUND, "none.tar", NULL);
  options.conversation = options.detail = options.reasoning = false;
  check_fails(gaze_make_instructions(&options, &text), GAZE_ERR_ARGUMENT, "no kind", NULL);
  options.detail = true;
  options.korean = 2;
  check_fails(gaze_make_instructions(&options, &text), GAZE_ERR_ARGUMENT, "0 to 1", NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_shape),
      cmocka_unit_test(test_counts_equal_boxes),
      cmocka_unit_test(test_presence),
      cmocka_unit_test(test_near_words_are_not_denied),
      cmocka_unit_test(test_captions_keep_their_language),
      cmocka_unit_test(test_places),
      cmocka_unit_test(test_colours),
      cmocka_unit_test(test_same_seed_same_bytes),
      cmocka_unit_test(test_korean),
      cmocka_unit_test(test_bad_rows),
      cmocka_unit_test(test_other_data),
      cmocka_unit_test(test_extracted_name_stays),
      cmocka_unit_test(test_rows_are_joined),
      cmocka_unit_test(test_refused),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
