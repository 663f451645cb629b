/* A conversation that is full: it ends and says so, or goes on without its oldest part, which is then as if it had
 * never been said. */
#include "tests/unit/talking_files.h"

#include "core/base/file.h"

#include <stdlib.h>
#include <string.h>

enum { CONTEXT = 96 };

static gaze_answer ask_long(gaze_chat *chat, const char *question, const gaze_answer_options *options) {
  gaze_answer answer;
  talk_check(gaze_chat_ask(chat, question, options, &answer));
  return answer;
}

/* What was said in `chat` before its last question and answer, with the pictures, but nothing read. */
static void copy_past(const gaze_chat *chat, gaze_chat *fresh) {
  for (size_t i = 0; i + 2 < chat->n; i++) {
    talk_check(gaze_grow(&fresh->said, &fresh->said_capacity, i + 1, sizeof *fresh->said));
    fresh->said[i] = chat->said[i];
    talk_check(gaze_strdup(chat->said[i].text, &fresh->said[i].text));
    fresh->n = i + 1;
  }
  for (size_t i = 0; i < chat->n_pictures; i++)
    talk_check(gaze_chat_add_picture(fresh, chat->pictures[i].bytes, chat->pictures[i].size, "again"));
  fresh->coming = chat->said[chat->n - 2].pictures;
}

static void check_as_if_new(gaze_chat *chat, const gaze_answer *answer) {
  gaze_chat *fresh;
  talk_check(gaze_chat_new(chat->assistant, NULL, &fresh));
  copy_past(chat, fresh);
  gaze_answer wanted = talk_ask(fresh, chat->said[chat->n - 2].text);
  assert_string_equal(answer->text, wanted.text);
  assert_int_equal(answer->prompt_tokens, wanted.prompt_tokens);
  assert_int_equal(fresh->prompt.n, chat->prompt.n);
  assert_memory_equal(fresh->prompt.keys, chat->prompt.keys, chat->prompt.n * sizeof *chat->prompt.keys);
  gaze_answer_fini(&wanted);
  gaze_chat_free(fresh);
}

/* Its answers never end by themselves. */
static void open_endless(gaze_cache_kind cache, gaze_assistant **assistant, gaze_chat **chat) {
  open_talk(&(gaze_assistant_options){.context = CONTEXT, .cache = cache}, assistant, chat);
  (*assistant)->n_ends = 0;
}

/* Questions with and without pictures; each answer is what it would be if what went had not been said. */
static void oldest_questions_go(void **state) {
  gaze_assistant *assistant;
  gaze_chat *chat;
  size_t forgotten = 0;
  open_endless(GAZE_CACHE_F32, &assistant, &chat);
  gaze_chat_free(chat);
  talk_check(gaze_chat_new(assistant, "be kind", &chat));
  for (int i = 0; i < 12; i++) {
    if (i % 3 == 0)
      talk_check(gaze_chat_add_picture(chat, i % 2 ? blue : red, i % 2 ? blue_size : red_size, "one"));
    gaze_answer answer = ask_long(chat, "and what is this?", &(gaze_answer_options){.max_tokens = 6, .slide = true});
    assert_string_equal(answer.ending, "length");
    if (answer.forgotten_messages)
      check_as_if_new(chat, &answer);
    assert_string_equal(chat->said[0].text, "be kind");
    forgotten += answer.forgotten_messages;
    assert_int_equal(1 + 2 * (size_t)(i + 1) - forgotten, chat->n);
    gaze_answer_fini(&answer);
  }
  assert_true(forgotten > 8);
  close_talk(chat, assistant);
}

/* The last n ids are each what a reading of all before it, made anew, says is likeliest. */
static void check_last(gaze_chat *chat, size_t n) {
  gaze_assistant *assistant = chat->assistant;
  gaze_reading reading;
  gaze_prompt prompt;
  size_t read, V = assistant->decoder.config.vocabulary;
  talk_check(gaze_reading_init(&reading, assistant));
  talk_check(gaze_prompt_copy(&chat->prompt, &prompt));
  for (size_t i = chat->prompt.n - 1; n--; i--) {
    gaze_prompt_cut(&prompt, i);
    gaze_reading_cut(&reading, 0);
    talk_check(
        gaze_reading_go_on(assistant, &reading, &prompt, gaze_chat_picture_rows, chat, NULL, assistant->logits, &read));
    size_t best = 0;
    for (size_t v = 1; v < V; v++)
      best = assistant->logits[v] > assistant->logits[best] ? v : best;
    assert_int_equal(best, chat->prompt.keys[i]);
  }
  gaze_prompt_fini(&prompt);
  gaze_reading_fini(&reading);
}

/* An answer that fills all forgets its own first half, each time; pictures and the question stay. */
static void an_answer_goes_on(void **state) {
  gaze_assistant *assistant;
  gaze_chat *chat;
  open_endless(GAZE_CACHE_F32, &assistant, &chat);
  talk_check(gaze_chat_add_picture(chat, red, red_size, "red"));
  gaze_answer full = ask_long(chat, "is it red?", &(gaze_answer_options){0});
  assert_string_equal(full.ending, "context");
  size_t room = full.completion_tokens, question = full.prompt_tokens;
  for (int look_up = 0; look_up < 2; look_up++) {
    gaze_answer_options options = {.max_tokens = room + 3 * (room / 2) + 5, .slide = true, .look_up = look_up};
    gaze_chat_clear(chat);
    talk_check(gaze_chat_add_picture(chat, red, red_size, "red"));
    gaze_answer answer = ask_long(chat, "is it red?", &options);
    assert_string_equal(answer.ending, "length");
    assert_int_equal(answer.completion_tokens, options.max_tokens);
    assert_memory_equal(answer.text, full.text, strlen(full.text));
    assert_int_equal(chat->prompt.n, question + room - room / 2 + 5);
    assert_int_equal(chat->prompt.n_pictures, 1);
    check_last(chat, 5);
    gaze_answer_fini(&answer);
  }
  gaze_answer next = ask_long(chat, "and now?", &(gaze_answer_options){.max_tokens = 4, .slide = true});
  assert_int_equal(next.forgotten_messages, 2); /* the long answer does not fit */
  gaze_answer_fini(&next);
  gaze_answer_fini(&full);
  close_talk(chat, assistant);
}

/* In the middle of an answer whole questions go first, and nothing of the answer. */
static void questions_go_before_words(void **state) {
  gaze_assistant *assistant;
  gaze_chat *chat;
  open_endless(GAZE_CACHE_F32, &assistant, &chat);
  for (int i = 0; i < 2; i++) {
    gaze_answer answer = talk_ask(chat, "what is it?");
    gaze_answer_fini(&answer);
  }
  gaze_answer answer = ask_long(chat, "go on", &(gaze_answer_options){.max_tokens = 60, .slide = true});
  assert_string_equal(answer.ending, "length");
  assert_true(answer.forgotten_messages > 0);
  assert_true(chat->rendered == chat->n); /* the rows are all that was said */
  check_last(chat, 5);
  gaze_answer_fini(&answer);
  close_talk(chat, assistant);
}

/* What does not fit alone is refused, and what was forgotten for it stays so; the conversation lives, and can be kept.
 */
static void too_long_a_question(void **state) {
  static char question[2 * CONTEXT];
  gaze_assistant *assistant;
  gaze_chat *chat;
  gaze_answer answer;
  memset(question, 'a', sizeof question - 1);
  open_endless(GAZE_CACHE_F16, &assistant, &chat);
  talk_check(gaze_chat_add_picture(chat, red, red_size, "red"));
  answer = talk_ask(chat, "is it red?");
  gaze_answer_fini(&answer);
  check_fails(gaze_chat_ask(chat, question, NULL, &answer), GAZE_ERR_LIMIT, "question too long", "--slide", NULL);
  assert_int_equal(chat->n, 2);
  check_fails(gaze_chat_ask(chat, question, &(gaze_answer_options){.slide = true}, &answer), GAZE_ERR_LIMIT,
              "question too long", "--context", NULL);
  assert_int_equal(chat->n, 0);
  assert_int_equal(chat->n_pictures, 0);
  talk_check(gaze_chat_save(chat, test_path("kept")));
  talk_check(gaze_chat_load(chat, test_path("kept")));
  answer = talk_ask(chat, "and this?");
  check_as_if_new(chat, &answer);
  gaze_answer_fini(&answer);
  close_talk(chat, assistant);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(oldest_questions_go),
      cmocka_unit_test(an_answer_goes_on),
      cmocka_unit_test(questions_go_before_words),
      cmocka_unit_test(too_long_a_question),
  };
  return cmocka_run_group_tests(tests, make_talking_model, remove_talking_model);
}
