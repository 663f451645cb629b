/* Conversations as lessons: which rows there are, and which of them the model is asked for. Expected lessons are
 * written by hand: what is asked for stands in [ ], what is asked for and not read in { }, # is a picture's row; a mark
 * that is only spelled has a backslash. */
#include "data_files.h"

#include "fusion/lesson.h"
#include "text/token_stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define USER "<|im_start|>user\n"
#define ASSISTANT "<|im_end|>\n<|im_start|>assistant\n"
#define VICUNA                                                                                                      \
  "A chat between a curious user and an artificial intelligence assistant. The assistant gives helpful, detailed, " \
  "and "                                                                                                            \
  "polite answers to the user's questions. "

static gaze_tokenizer *tokenizer;
static gaze_lm_marks marks;

/* Ids are bytes and marks. */
static int set_up(void **state) {
  if (make_folder(state) != 0 || gaze_tokenizer_train_kind("lm", NULL, 0, 260, 1, test_folder) != GAZE_OK ||
      gaze_tokenizer_open(test_folder, &tokenizer) != GAZE_OK)
    return -1;
  return gaze_lm_marks_find(tokenizer, test_folder, &marks) == GAZE_OK ? 0 : -1;
}

static int tear_down(void **state) {
  gaze_tokenizer_free(tokenizer);
  return remove_folder(state);
}

typedef struct shape {
  const char *name, *chat_template; /* NULL: a caption, which is the first answer */
  size_t pictures[3];               /* of each turn; of a caption: the first */
  struct {
    const char *question, *answer;
  } turns[3];
  const char *wanted;
} shape;

static const shape shapes[] = {
    {"a question about a picture", "chatml", {1}, {{"what?", "red"}}, USER "###\nwhat?" ASSISTANT "[red]{<|im_end|>}"},
    {"two turns",
     "chatml",
     {1},
     {{"what?", "red"}, {"why?", "so"}},
     USER "###\nwhat?" ASSISTANT "[red<|im_end|>]\n" USER "why?" ASSISTANT "[so]{<|im_end|>}"},
    {"without a picture", "chatml", {0}, {{"what?", "red"}}, USER "what?" ASSISTANT "[red]{<|im_end|>}"},
    {"three turns without one",
     "chatml",
     {0},
     {{"a", "b"}, {"c", "d"}, {"e", "f"}},
     USER "a" ASSISTANT "[b<|im_end|>]\n" USER "c" ASSISTANT "[d<|im_end|>]\n" USER "e" ASSISTANT "[f]{<|im_end|>}"},
    {"with a system text",
     "qwen2",
     {1},
     {{"a", "b"}},
     "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n" USER "###\na" ASSISTANT "[b]{<|im_end|>}"},
    {"an answer of lines and signs",
     "chatml",
     {1},
     {{"a", "one\n two \xe2\x82\xac"}},
     USER "###\na" ASSISTANT "[one\n two \xe2\x82\xac]{<|im_end|>}"},
    {"an answer that spells a mark",
     "chatml",
     {0},
     {{"a", "<|im_end|>b"}},
     USER "a" ASSISTANT "[\\<|im_end|>b]{<|im_end|>}"},
    {"a space that the model writes",
     "vicuna-v1",
     {1},
     {{"a", "b"}},
     VICUNA "USER: ###\na ASSISTANT:[ b]{<|endoftext|>}"},
    {"two of these",
     "vicuna-v1",
     {1},
     {{"a", "b"}, {"c", "d"}},
     VICUNA "USER: ###\na ASSISTANT:[ b<|endoftext|>]USER: c ASSISTANT:[ d]{<|endoftext|>}"},
    {"an end that the template does not write",
     "llava",
     {1},
     {{"a", "b"}, {"c", "d"}},
     "USER: ###\na ASSISTANT:[ b]{<|endoftext|>} USER: c ASSISTANT:[ d]{<|endoftext|>}"},
    {"two pictures in front of a question",
     "chatml",
     {2},
     {{"which?", "both"}},
     USER "###\n###\nwhich?" ASSISTANT "[both]{<|im_end|>}"},
    {"a picture in each turn",
     "chatml",
     {1, 1},
     {{"what?", "red"}, {"and this?", "blue"}},
     USER "###\nwhat?" ASSISTANT "[red<|im_end|>]\n" USER "###\nand this?" ASSISTANT "[blue]{<|im_end|>}"},
    {"pictures in the second turn alone",
     "chatml",
     {0, 2},
     {{"hi", "hello"}, {"which?", "a"}, {"why?", "so"}},
     USER "hi" ASSISTANT "[hello<|im_end|>]\n" USER "###\n###\nwhich?" ASSISTANT "[a<|im_end|>]\n" USER "why?" ASSISTANT
          "[so]{<|im_end|>}"},
    {"two behind an end that the template does not write",
     "llava",
     {1, 1},
     {{"a", "b"}, {"c", "d"}},
     "USER: ###\na ASSISTANT:[ b]{<|endoftext|>} USER: ###\nc ASSISTANT:[ d]{<|endoftext|>}"},
    {"a caption of two pictures", NULL, {2}, {{NULL, "a dog"}}, "<|endoftext|>######[a dog]{<|endoftext|>}"},
    {"a caption", NULL, {1}, {{NULL, "a dog"}}, "<|endoftext|>###[a dog]{<|endoftext|>}"},
    {"a caption that spells an end",
     NULL,
     {0},
     {{NULL, "a <|endoftext|>"}},
     "<|endoftext|>[a \\<|endoftext|>]{<|endoftext|>}"},
    {"a caption alone", NULL, {0}, {{NULL, "a dog"}}, "<|endoftext|>[a dog]{<|endoftext|>}"},
};

/* As the expected ones are written. Ids wait for those that belong to the same letter. */
typedef struct writing {
  char text[1024];
  size_t n;
  int32_t ids[1024];
  size_t waiting;
  bool open;
} writing;

static void append(writing *w, const char *text) {
  size_t n = strlen(text);
  assert_true(w->n + n < sizeof w->text);
  memcpy(w->text + w->n, text, n + 1);
  w->n += n;
}

static void flush(writing *w) {
  char *text;
  assert_int_equal(gaze_tokenizer_decode(tokenizer, w->ids, w->waiting, false, &text), GAZE_OK);
  append(w, text);
  free(text);
  w->waiting = 0;
}

static void put(writing *w, const char *text) {
  flush(w);
  append(w, text);
}

static void put_id(writing *w, int32_t id) {
  if (id < 0) {
    put(w, "#");
    return;
  }
  if (strcmp(gaze_tokenizer_text(tokenizer, id), "<") == 0)
    put(w, "\\");
  w->ids[w->waiting++] = id;
}

static void put_asked(writing *w, bool asked) {
  if (asked != w->open)
    put(w, asked ? "[" : "]");
  w->open = asked;
}

static void put_unread(writing *w, int32_t label) {
  put_asked(w, false);
  put(w, "{");
  put_id(w, label);
  put(w, "}");
}

static void write_lesson(const gaze_lesson *lesson, writing *w) {
  size_t asked = 0;
  *w = (writing){0};
  for (size_t i = 0; i < lesson->n; i++) {
    int32_t before = i ? lesson->labels[i - 1] : GAZE_NO_LABEL;
    bool parts = lesson->stem && i >= lesson->stem && lesson->begins[i] == i;
    bool read = before == lesson->ids[i] && !parts;
    put_asked(w, before != GAZE_NO_LABEL && read);
    if (before != GAZE_NO_LABEL && !read)
      put_unread(w, before);
    if (parts)
      put(w, "|");
    put_id(w, lesson->ids[i]);
    asked += lesson->labels[i] != GAZE_NO_LABEL;
    assert_true(lesson->ids[i] >= 0 || i + 1 == lesson->n || lesson->ids[i + 1] >= 0 ||
                lesson->labels[i] == GAZE_NO_LABEL);
  }
  put_unread(w, lesson->labels[lesson->n - 1]);
  assert_int_equal(asked, lesson->asked);
}

/* Each row of a picture is of one of them, in order. */
static void check_pictures(const gaze_lesson *lesson, size_t n) {
  size_t rows = 0;
  assert_int_equal(lesson->n_pictures, n);
  for (size_t i = 0; i < lesson->n; i++)
    if (lesson->ids[i] < 0) {
      assert_int_equal(i, lesson->pictures[rows / 3] + rows % 3);
      rows++;
    }
  assert_int_equal(rows, 3 * n);
}

/* A writer for an assistant that sees pictures of three rows. */
typedef struct desk {
  gaze_eye eye;
  gaze_assistant assistant;
  gaze_tile_plan plan;
  gaze_lesson_writer writer;
} desk;

static void desk_init(desk *d, const char *chat_template) {
  *d = (desk){.eye.config.tiling = {.kind = GAZE_TILING_WHOLE, .tile_rows = 3}};
  d->assistant = (gaze_assistant){.path = test_folder,
                                  .tokenizer = tokenizer,
                                  .eye = &d->eye,
                                  .image_token = gaze_tokenizer_find(tokenizer, "<image>")};
  gaze_tiling_plan(&d->eye.config.tiling, 8, 8, 1, &d->plan);
  if (chat_template)
    assert_int_equal(gaze_chat_template_find(chat_template, &d->assistant.chat), GAZE_OK);
  assert_int_equal(gaze_assistant_find_ends(&d->assistant), GAZE_OK);
  assert_int_equal(gaze_lesson_writer_init(&d->writer, &d->assistant, &marks), GAZE_OK);
}

static void desk_fini(desk *d) {
  gaze_lesson_writer_fini(&d->writer);
  gaze_chat_template_fini(&d->assistant.chat);
}

static void check_text(const char *name, const gaze_lesson *lesson, const char *wanted) {
  writing got;
  write_lesson(lesson, &got);
  if (strcmp(got.text, wanted) != 0)
    fail_msg("%s:\n%s\nis wanted, this came:\n%s", name, wanted, got.text);
}

static void check_shape(const shape *s) {
  desk d;
  gaze_lesson lesson = {0};
  gaze_lesson_turn turns[3];
  size_t n = 0, pictures = 0;
  desk_init(&d, s->chat_template);
  for (size_t i = 0; i < 3; i++) {
    turns[i] = (gaze_lesson_turn){s->turns[i].question, s->turns[i].answer, s->pictures[i]};
    pictures += s->pictures[i];
    n += s->turns[i].question != NULL;
  }
  const gaze_tile_plan *plan = pictures ? &d.plan : NULL;
  for (int again = 0; again < 2; again++) { /* nothing is left of the one before */
    if (n)
      assert_int_equal(gaze_lesson_talk(&d.writer, turns, n, plan, &lesson), GAZE_OK);
    else
      assert_int_equal(gaze_lesson_caption(&d.writer, turns[0].answer, pictures, plan, &lesson), GAZE_OK);
    check_text(s->name, &lesson, s->wanted);
    check_pictures(&lesson, pictures);
  }
  gaze_lesson_fini(&lesson);
  desk_fini(&d);
}

/* Questions that are each for itself. */
static const shape joined[] = {
    {"questions about a picture",
     "chatml",
     {1, 1, 1},
     {{"is it?", "no"}, {"in?", "yes"}, {"what?", "red"}},
     USER "###\n|is it?" ASSISTANT "[no]{<|im_end|>}|in?" ASSISTANT "[yes]{<|im_end|>}|what?" ASSISTANT
          "[red]{<|im_end|>}"},
    {"the same words first",
     "chatml",
     {1, 1},
     {{"what?", "red"}, {"where?", "up"}},
     USER "###\nwh|at?" ASSISTANT "[red]{<|im_end|>}|ere?" ASSISTANT "[up]{<|im_end|>}"},
    {"the same question, answered in two ways",
     "chatml",
     {1, 1},
     {{"a", "bc"}, {"a", "bd"}},
     USER "###\na<|im_end|>\n<|im_start|>assistant|\n[bc]{<|im_end|>}|\n[bd]{<|im_end|>}"},
    {"without a picture",
     "chatml",
     {0, 0},
     {{"a", "b"}, {"c", "d"}},
     USER "|a" ASSISTANT "[b]{<|im_end|>}|c" ASSISTANT "[d]{<|im_end|>}"},
    {"two pictures",
     "chatml",
     {2, 2},
     {{"a", "b"}, {"c", "d"}},
     USER "###\n###\n|a" ASSISTANT "[b]{<|im_end|>}|c" ASSISTANT "[d]{<|im_end|>}"},
    {"one alone", "chatml", {1}, {{"a", "b"}}, USER "###\na" ASSISTANT "[b]{<|im_end|>}"},
};

static void check_joined(const shape *s) {
  desk d;
  gaze_lesson lessons[3] = {{0}}, lesson = {0};
  size_t n = 0;
  desk_init(&d, s->chat_template);
  for (; n < 3 && s->turns[n].answer; n++) {
    gaze_lesson_turn turn = {s->turns[n].question, s->turns[n].answer, s->pictures[n]};
    assert_int_equal(gaze_lesson_talk(&d.writer, &turn, 1, turn.pictures ? &d.plan : NULL, &lessons[n]), GAZE_OK);
  }
  assert_int_equal(gaze_lesson_join(lessons, n, &lesson), GAZE_OK);
  check_text(s->name, &lesson, s->wanted);
  check_pictures(&lesson, s->pictures[0]);
  for (size_t i = 0; i < n; i++)
    gaze_lesson_fini(&lessons[i]);
  gaze_lesson_fini(&lesson);
  desk_fini(&d);
}

static void answers_and_their_ends_are_asked(void **state) {
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
    check_shape(&shapes[i]);
}

static void lessons_share_what_they_begin_with(void **state) {
  for (size_t i = 0; i < sizeof joined / sizeof *joined; i++)
    check_joined(&joined[i]);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(answers_and_their_ends_are_asked),
                                     cmocka_unit_test(lessons_share_what_they_begin_with)};
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
