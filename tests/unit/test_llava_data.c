/* What a model that looks and talks learns from and is measured on: several pictures in a sample, answers that are held
 * out. */
#include "seeing_files.h"
#include "train_files.h"

#include "core/base/file.h"
#include "gaze_ask.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TALK(id, image, ...) "{\"id\":\"" id "\",\"image\":" image ",\"conversations\":[" __VA_ARGS__ "]}"
#define HUMAN(text) "{\"from\":\"human\",\"value\":\"" text "\"}"
#define MODEL(text) "{\"from\":\"gpt\",\"value\":\"" text "\"}"

static void train(const gaze_train_llava_options *options) {
  if (gaze_train_llava(options) != GAZE_OK)
    fail_msg("%s", gaze_last_error());
}

static const char *write_data(const char *name, const char *text) {
  const char *path = test_path(name);
  write_text(path, text);
  return path;
}

static double last_loss;

static void watch(void *user, const gaze_train_progress *progress) { last_loss = progress->loss; }

static void check_answer(gaze_assistant *assistant, const char *first, const char *second, const char *wanted) {
  gaze_chat *chat;
  gaze_answer answer;
  assert_int_equal(gaze_chat_new(assistant, NULL, &chat), GAZE_OK);
  assert_int_equal(gaze_chat_add_picture_file(chat, test_path(first)), GAZE_OK);
  assert_int_equal(gaze_chat_add_picture_file(chat, test_path(second)), GAZE_OK);
  const gaze_answer_options how = {.max_tokens = 8};
  assert_int_equal(gaze_chat_ask(chat, "which is first?", &how, &answer), GAZE_OK);
  assert_string_equal(answer.text, wanted);
  gaze_answer_fini(&answer);
  gaze_chat_free(chat);
}

/* The same question about the same two pictures, and only their order says which answer is right. */
static void the_order_of_pictures_is_learned(void **state) {
  gaze_train_llava_options options = llava_options(2, "ordered");
  const char *path = write_data(
      "ordered.jsonl",
      TALK("1", "[\"red.png\",\"blue.png\"]", HUMAN("<image>\\n<image>\\nwhich is first?") "," MODEL("red")) "\n" TALK(
          "2", "[\"blue.png\",\"red.png\"]", HUMAN("which is first?") "," MODEL("blue")));
  gaze_assistant *assistant;
  options.train_data = &path;
  options.steps = 500;
  options.run.lr_scheduler = "const";
  options.run.accum_freq = 1;
  options.run.save_every = 0;
  options.run.progress = watch;
  train(&options);
  if (!(last_loss < 0.02))
    fail_msg("loss %g", last_loss);
  assert_int_equal(gaze_assistant_open(test_path("ordered"), NULL, &assistant), GAZE_OK);
  check_answer(assistant, "red.png", "blue.png", "red");
  check_answer(assistant, "blue.png", "red.png", "blue");
  gaze_assistant_close(assistant);
}

/* Where one of a sample's pictures cannot be read the sample is left out. */
static void bad_pictures_of_several(void **state) {
  gaze_train_llava_options options = llava_options(2, "bad");
  const char *path = write_data(
      "bad.jsonl",
      TALK("fine", "[\"red.png\",\"blue.png\"]", HUMAN("<image><image>who?") "," MODEL("red")) "\n" TALK(
          "gone", "[\"red.png\",\"gone.png\"]",
          HUMAN("<image><image>who?") "," MODEL(
              "red")) "\n" TALK("marks", "[\"red.png\",\"blue.png\"]",
                                HUMAN("<image>who?") "," MODEL("red")) "\n" TALK("number", "[\"red.png\",7]",
                                                                                 HUMAN("who?") "," MODEL("red")));
  static const char *const words[] = {"gone", "marks: wrong JSON", "as many <image>", "number", "a list of paths"};
  uint8_t *text;
  size_t size;
  options.train_data = &path;
  options.max_bad = 3;
  count_warnings();
  train(&options);
  assert_int_equal(gaze_file_read(test_path("bad/bad-rows.txt"), 1 << 16, &text, &size), GAZE_OK);
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (!strstr((const char *)text, words[i]))
      fail_msg("no %s in:\n%s", words[i], (const char *)text);
  free(text);
}

static size_t measures;

static void hear(void *user, const char *line) { measures += strstr(line, "held-out tokens of answers") != NULL; }

/* What does not change is foreseen as well when it is held out. */
static void held_out_as_learned(void **state) {
  gaze_train_llava_options options = llava_options(2, "still");
  json_t *log, *line;
  size_t i, seen = 0;
  options.val_data = options.train_data;
  options.n_val_data = 1;
  options.run.batch_size = 3;
  options.run.accum_freq = 1;
  options.run.lr = options.projector_lr = 1e-30;
  options.val_every = 2;
  options.run.said = hear;
  measures = 0;
  train(&options);
  log = read_log(test_path("still/metrics.jsonl"));
  double loss = json_number_value(json_object_get(json_array_get(log, 0), "loss"));
  json_array_foreach(log, i, line) {
    const json_t *metrics = json_object_get(json_object_get(line, "eval"), "metrics");
    double found = json_number_value(json_object_get(metrics, "val_loss"));
    if (!metrics)
      continue;
    assert_true(fabs(found / loss - 1) < 1e-5);
    assert_true(fabs(json_number_value(json_object_get(metrics, "perplexity")) / exp(loss) - 1) < 1e-5);
    assert_null(json_object_get(metrics, "bits_per_byte"));
    seen++;
  }
  assert_int_equal(seen, 3);
  assert_int_equal(measures, 3);
  json_decref(log);
}

/* More pictures and longer samples than are learned from; a report says what came of it. */
static void held_out_of_other_sizes(void **state) {
  gaze_train_llava_options options = llava_options(2, "sizes");
  const char *learned = write_data("short.json", TALK("1", "\"red.png\"", HUMAN("who?") "," MODEL("red")));
  const char *held_out = write_data(
      "long.jsonl", TALK("1", "[\"red.png\",\"blue.png\",\"red.png\"]",
                         HUMAN("which of these three pictures is it?") "," MODEL(
                             "blue")) "\n" TALK("2", "\"blue.png\"", HUMAN("what colour is it?") "," MODEL("blue")));
  uint8_t *page;
  size_t size;
  options.train_data = &learned;
  options.val_data = &held_out;
  options.n_val_data = 1;
  options.run.batch_size = 4;
  train(&options);
  assert_int_equal(gaze_file_read(test_path("sizes/report.html"), 1 << 20, &page, &size), GAZE_OK);
  static const char *const words[] = {"held out", "Perplexity", "long.jsonl", "projector-lr", "batch-size"};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (!strstr((const char *)page, words[i]))
      fail_msg("no %s in the report", words[i]);
  free(page);
  options = llava_options(2, "nothing");
  options.val_data = &held_out;
  options.n_val_data = 1;
  write_text(held_out, "{\"id\":\"1\",\"image\":\"red.png\"}");
  options.max_bad = 1;
  check_fails(gaze_train_llava(&options), GAZE_ERR_FORMAT, "nothing to learn from", "held-out", NULL);
}

static char summary[160];

static void keep_summary(void *user, const char *line) {
  if (strstr(line, " samples, "))
    snprintf(summary, sizeof summary, "%s", line);
}

/* Under two names, and in a file that is learned from twice. */
static void a_picture_is_looked_at_once(void **state) {
  gaze_train_llava_options options = llava_options(2, "once");
  write_square("also-red.png", 0xff0000);
  const char *path =
      write_data("once.jsonl", TALK("1", "\"red.png\"", HUMAN("who?") "," MODEL("red")) "\n" TALK(
                                   "2", "[\"blue.png\",\"also-red.png\"]", HUMAN("which?") "," MODEL("blue")));
  const char *const twice[] = {path, path};
  options.train_data = twice;
  options.n_train_data = 2;
  options.run.said = keep_summary;
  train(&options);
  if (strncmp(summary, "4 samples", 9) != 0 || !strstr(summary, " 2 pictures"))
    fail_msg("%s", summary);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(the_order_of_pictures_is_learned),
                                     cmocka_unit_test(bad_pictures_of_several), cmocka_unit_test(held_out_as_learned),
                                     cmocka_unit_test(held_out_of_other_sizes),
                                     cmocka_unit_test(a_picture_is_looked_at_once)};
  return cmocka_run_group_tests(tests, make_llava_folder, remove_folder);
}
