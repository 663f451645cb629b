/* The page that a training run leaves, and its pieces. */
#include "train_files.h"

#include "core/base/file.h"
#include "fusion/page.h"
#include "fusion/train_report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Name of a run as nobody should choose it. */
#define NAME "a <b> & \"c\" 'd'"

static int set_up(void **state) {
  if (make_train_folder(state) != 0)
    return -1;
  make_train_tar("train.tar", 50, 0x3c00);
  make_train_tar("few.tar", 8, 0x3c00);
  return 0;
}

/* What was written to a stream in memory. */
static char *written;
static size_t written_size;

static FILE *begin(void) { return open_memstream(&written, &written_size); }

static void check_written(FILE *stream, const char *expected) {
  assert_int_equal(fclose(stream), 0);
  assert_string_equal(written, expected);
  free(written);
}

static void text_is_escaped(void **state) {
  FILE *stream = begin();
  gaze_page_text(stream, "<a href=\"x\">'&amp;' 고양이</a>");
  check_written(stream, "&lt;a href=&quot;x&quot;&gt;&#39;&amp;amp;&#39; 고양이&lt;/a&gt;");
}

static void pictures_are_embedded(void **state) {
  static const char *const expected[] = {"iVBORw0KGgo=", "iVBORw0KGgr/", "iVBORw0KGgr//g==", "iVBORw0KGgr//gA="};
  for (size_t i = 0; i < 4; i++) {
    char page[128];
    FILE *stream = begin();
    assert_true(gaze_page_picture(stream, (const uint8_t *)"\x89PNG\r\n\x1a\n\xff\xfe", 8 + i, "a\"b"));
    snprintf(page, sizeof page, "<img loading=\"lazy\" alt=\"a&quot;b\" src=\"data:image/png;base64,%s\">",
             expected[i]);
    check_written(stream, page);
  }
  FILE *stream = begin();
  assert_false(gaze_page_picture(stream, (const uint8_t *)"<svg onload='x'>", 16, ""));
  assert_false(gaze_page_picture(stream, (const uint8_t *)"", 0, ""));
  check_written(stream, "");
}

static size_t count(const char *text, const char *word) {
  size_t n = 0;
  for (const char *at = text; (at = strstr(at, word)); at += strlen(word))
    n++;
  return n;
}

/* One point, a level line, falling numbers far from 0, a thousand points. */
static void charts_hold_their_lines(void **state) {
  static gaze_point many[1000];
  for (size_t i = 0; i < 1000; i++)
    many[i] = (gaze_point){(double)i, i % 2 ? 3 : 5};
  gaze_point level[] = {{1, -7}, {2, -7}}, falling[] = {{10, 1e6 + 2}, {20, 1e6 + 1}, {30, 1e6}};
  gaze_curve curves[] = {{.name = "one", .points = level, .n = 1},
                         {.name = "level", .points = level, .n = 2},
                         {.name = "falling", .points = falling, .n = 3},
                         {.name = "many", .points = many, .n = 1000}};
  static const size_t steps[] = {0, 1, 2, 199};
  for (size_t i = 0; i < 4; i++) {
    FILE *stream = begin();
    gaze_page_chart(stream, "Title", &(gaze_chart_line){"a < b", &curves[i]}, 1);
    assert_int_equal(fclose(stream), 0);
    const char *line = strstr(written, "class=\"line\"");
    assert_non_null(line);
    assert_int_equal(count(strstr(line, " d=\"M"), "L"), steps[i]);
    assert_null(strstr(written, "nan"));
    assert_null(strstr(written, "inf"));
    assert_non_null(strstr(written, "a &lt; b"));
    free(written);
  }
}

static void history_of_a_log(void **state) {
  gaze_history history;
  write_text(test_path("log"), "{\"step\":1,\"loss\":2,\"lr\":0.5}\nnonsense\n[1]\n{\"loss\":7}\n"
                               "{\"step\":2,\"eval\":{\"task\":\"t\",\"metrics\":{\"acc1\":0.25}}}\n"
                               "{\"step\":2,\"loss\":1}\n{\"step\":3,\"lo");
  assert_int_equal(gaze_history_open(test_path("log"), &history), GAZE_OK);
  const gaze_curve *loss = gaze_history_find(&history, "loss"), *acc1 = gaze_history_find(&history, "acc1");
  assert_int_equal(history.n, 3);
  assert_int_equal(loss->n, 2);
  assert_true(loss->points[1].x == 2 && loss->points[1].y == 1);
  assert_true(acc1->n == 1 && acc1->points[0].y == 0.25);
  assert_null(gaze_history_find(&history, "step"));
  gaze_history_fini(&history);
}

static char *page_of(const char *run) {
  uint8_t *page;
  size_t size;
  assert_int_equal(gaze_file_read(run_path(run, "report.html"), 1 << 24, &page, &size), GAZE_OK);
  assert_int_equal(strlen((char *)page), size);
  return (char *)page;
}

/* Learned by heart, so that best captions are right; nothing is fetched from elsewhere. */
static void a_run_leaves_its_page(void **state) {
  gaze_train_clip_options options = train_options(NAME);
  const char *few = test_path("few.tar"), *many = options.train_data[0];
  options.train_data = options.val_data = &few;
  options.n_val_data = 1;
  options.run.epochs = 100;
  options.run.lr = 4e-3;
  options.save_frequency = options.val_frequency = 0;
  options.run.weight_decay = 0;
  options.run.stop_after = 95;
  assert_int_equal(gaze_train_clip(&options), GAZE_OK);
  char *page = page_of(NAME);
  assert_null(strstr(page, "recall")); /* stopped: not yet measured */
  free(page);
  options.run.resume = "latest";
  assert_int_equal(gaze_train_clip(&options), GAZE_OK);
  page = page_of(NAME);
  assert_non_null(strstr(page, "<h1>a &lt;b&gt; &amp; &quot;c&quot; &#39;d&#39;</h1>"));
  assert_null(strstr(page, "<b> &"));
  assert_non_null(strstr(page, "Loss</h3>"));
  assert_non_null(strstr(page, "Text finds picture"));
  assert_null(strstr(page, "Zero-shot"));
  assert_non_null(strstr(page, "<tr><th>accum-freq<td>2\n"));
  assert_int_equal(count(page, "<img "), 8);
  assert_int_equal(count(page, "src=\""), count(page, "src=\"data:image/png;base64,iVBOR"));
  assert_int_equal(count(page, "http"), 0);
  assert_int_equal(count(page, "class=\"right\""), 8);
  free(page);
  options.val_data = &many;
  assert_int_equal(gaze_train_report_save(run_path(NAME, ""), &options), GAZE_OK);
  page = page_of(NAME);
  assert_int_equal(count(page, "<img "), 40);
  free(page);
}

static void an_error_leaves_the_old_page(void **state) {
  gaze_train_clip_options options = train_options("unmeasured");
  const char *absent = test_path("absent.tar");
  options.run.epochs = 1;
  assert_int_equal(gaze_train_clip(&options), GAZE_OK);
  char *before = page_of("unmeasured");
  options.val_data = &absent;
  options.n_val_data = 1;
  check_fails(gaze_train_report_save(test_path("logs/unmeasured"), &options), GAZE_ERR_NOT_FOUND, "absent.tar", NULL);
  char *after = page_of("unmeasured");
  assert_string_equal(before, after);
  free(before);
  free(after);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(text_is_escaped),         cmocka_unit_test(pictures_are_embedded),
      cmocka_unit_test(charts_hold_their_lines), cmocka_unit_test(history_of_a_log),
      cmocka_unit_test(a_run_leaves_its_page),   cmocka_unit_test(an_error_leaves_the_old_page)};
  return cmocka_run_group_tests(tests, set_up, remove_folder);
}
