#include "fusion/lesson.h"

#include <stdlib.h>
#include <string.h>

void gaze_lesson_fini(gaze_lesson *lesson) {
  free(lesson->ids);
  free(lesson->labels);
  free(lesson->begins);
  free(lesson->pictures);
  *lesson = (gaze_lesson){0};
}

static gaze_err reserve(gaze_lesson *lesson, size_t n) {
  GAZE_TRY(gaze_grow(&lesson->ids, &lesson->ids_capacity, n, sizeof *lesson->ids));
  return gaze_grow(&lesson->labels, &lesson->labels_capacity, n, sizeof *lesson->labels);
}

/* The row in front of this one is asked for its id. */
static void ask(gaze_lesson *lesson, size_t row, int32_t id) {
  lesson->asked += lesson->labels[row - 1] == GAZE_NO_LABEL;
  lesson->labels[row - 1] = id;
}

static int32_t id_of(int64_t key) { return key < 0 ? -1 : (int32_t)key; }

/* Some templates write what was said anew when more is said. */
static gaze_err check_rows(const gaze_lesson *lesson, const gaze_chat *chat) {
  bool same = chat->prompt.n >= lesson->n;
  for (size_t i = 0; i < lesson->n && same; i++)
    same = id_of(chat->prompt.keys[i]) == lesson->ids[i];
  if (same)
    return GAZE_OK;
  return gaze_fail(GAZE_ERR_UNSUPPORTED,
                   "chat template %s changes what was said when more is said: it cannot be learned in one pass",
                   gaze_chat_template_name(&chat->assistant->chat));
}

/* Rows of the prompt that the lesson does not have yet; asked: the model is to write them. */
static gaze_err take_rows(gaze_lesson *lesson, const gaze_prompt *prompt, bool asked) {
  size_t from = lesson->n;
  GAZE_TRY(reserve(lesson, prompt->n));
  for (size_t i = from; i < prompt->n; i++) {
    lesson->ids[i] = id_of(prompt->keys[i]);
    lesson->labels[i] = GAZE_NO_LABEL;
    if (asked && i)
      ask(lesson, i, lesson->ids[i]);
  }
  lesson->n = prompt->n;
  return GAZE_OK;
}

/* n more pictures of the conversation. */
static gaze_err put_pictures(gaze_chat *chat, const gaze_tile_plan *plan, size_t n) {
  GAZE_TRY(gaze_grow(&chat->pictures, &chat->pictures_capacity, chat->n_pictures + n, sizeof *chat->pictures));
  for (; n; n--)
    chat->pictures[chat->n_pictures++] = (gaze_chat_picture){.plan = *plan};
  return GAZE_OK;
}

static void begin(gaze_lesson_writer *writer, gaze_lesson *lesson) {
  gaze_chat_clear(&writer->chat);
  lesson->n = lesson->asked = lesson->n_pictures = lesson->stem = 0;
}

static gaze_err finish(const gaze_lesson_writer *writer, gaze_lesson *lesson) {
  const gaze_prompt *prompt = &writer->chat.prompt;
  GAZE_TRY(gaze_grow(&lesson->pictures, &lesson->pictures_capacity, prompt->n_pictures, sizeof *lesson->pictures));
  for (size_t i = 0; i < prompt->n_pictures; i++)
    lesson->pictures[i] = prompt->pictures[i].first;
  lesson->n_pictures = prompt->n_pictures;
  return GAZE_OK;
}

static gaze_err read_question(gaze_chat *chat, const char *question, size_t pictures) {
  GAZE_TRY(gaze_chat_say(chat, GAZE_CHAT_USER, question, pictures));
  return gaze_chat_render(chat);
}

/* What ends an answer: the ids behind one, up to the first that ends answers here. */
static gaze_err find_end(gaze_lesson_writer *writer) {
  gaze_chat *chat = &writer->chat;
  const gaze_assistant *assistant = writer->assistant;
  gaze_chat_clear(chat);
  GAZE_TRY(read_question(chat, "a", 0));
  GAZE_TRY(gaze_chat_put_answer(chat, "a"));
  size_t from = chat->prompt.n;
  GAZE_TRY(read_question(chat, "a", 0));
  for (size_t i = from; i < chat->prompt.n && i < from + GAZE_LESSON_END_MOST; i++) {
    writer->end[writer->n_end++] = (int32_t)chat->prompt.keys[i];
    writer->end_written = gaze_assistant_ends(assistant, chat->prompt.keys[i]);
    if (writer->end_written)
      return GAZE_OK;
  }
  if (!assistant->n_ends)
    return gaze_fail(GAZE_ERR_UNSUPPORTED, "no id that ends an answer: %s: its tokenizer has none", assistant->path);
  writer->end[0] = assistant->ends[0];
  writer->n_end = 1;
  return GAZE_OK;
}

gaze_err gaze_lesson_writer_init(gaze_lesson_writer *writer, gaze_assistant *assistant, const gaze_lm_marks *marks) {
  *writer = (gaze_lesson_writer){.assistant = assistant, .marks = *marks, .chat = {.assistant = assistant}};
  return assistant->chat.format ? find_end(writer) : GAZE_OK;
}

void gaze_lesson_writer_fini(gaze_lesson_writer *writer) {
  gaze_chat *chat = &writer->chat;
  gaze_chat_clear(chat);
  gaze_chat_unsay(chat, 0);
  free(chat->said);
  free(chat->pictures);
  gaze_prompt_fini(&chat->prompt);
  *writer = (gaze_lesson_writer){0};
}

/* The end of the answer that the rows so far end with. Where the template writes it, its ids stand behind the answer
 * already, or are put there behind the last one, all but the one that nothing follows. */
static gaze_err ask_end(const gaze_lesson_writer *writer, size_t answer_end, bool last, gaze_lesson *lesson) {
  bool read = writer->end_written && !last;
  if (!writer->end_written) {
    ask(lesson, answer_end, writer->end[0]);
    return GAZE_OK;
  }
  size_t rows = answer_end + writer->n_end - 1;
  if (!read) {
    GAZE_TRY(reserve(lesson, rows + 1));
    for (size_t i = answer_end; i < rows; i++) {
      lesson->ids[i] = writer->end[i - answer_end];
      lesson->labels[i] = GAZE_NO_LABEL;
    }
    lesson->n = rows;
  }
  for (size_t i = 0; i < writer->n_end; i++)
    ask(lesson, answer_end + i, writer->end[i]);
  return GAZE_OK;
}

gaze_err gaze_lesson_talk(gaze_lesson_writer *writer, const gaze_lesson_turn *turns, size_t n,
                          const gaze_tile_plan *plan, gaze_lesson *lesson) {
  gaze_chat *chat = &writer->chat;
  size_t answer_end = 0;
  begin(writer, lesson);
  for (size_t i = 0; i < n; i++) {
    GAZE_TRY(put_pictures(chat, plan, turns[i].pictures));
    GAZE_TRY(read_question(chat, turns[i].question, turns[i].pictures));
    GAZE_TRY(check_rows(lesson, chat));
    GAZE_TRY(take_rows(lesson, &chat->prompt, false));
    if (i)
      GAZE_TRY(ask_end(writer, answer_end, false, lesson));
    GAZE_TRY(gaze_chat_put_answer(chat, turns[i].answer));
    GAZE_TRY(take_rows(lesson, &chat->prompt, true));
    answer_end = lesson->n;
  }
  GAZE_TRY(ask_end(writer, answer_end, true, lesson));
  return finish(writer, lesson);
}

static gaze_err put_caption(gaze_lesson_writer *writer, const char *caption, gaze_lesson *lesson) {
  int32_t *ids = NULL;
  size_t n = 0, capacity = 0;
  const gaze_text_part part = {.text = caption, .size = strlen(caption), .plain = true};
  gaze_err err = gaze_tokenizer_encode_parts(writer->assistant->tokenizer, &part, 1, &ids, &n, &capacity);
  if (err == GAZE_OK)
    err = gaze_prompt_add_ids(&writer->chat.prompt, ids, n);
  free(ids);
  GAZE_TRY(err);
  GAZE_TRY(take_rows(lesson, &writer->chat.prompt, true));
  ask(lesson, lesson->n, writer->marks.end);
  return GAZE_OK;
}

gaze_err gaze_lesson_caption(gaze_lesson_writer *writer, const char *caption, size_t pictures,
                             const gaze_tile_plan *plan, gaze_lesson *lesson) {
  gaze_prompt *prompt = &writer->chat.prompt;
  begin(writer, lesson);
  GAZE_TRY(gaze_prompt_add_ids(prompt, &writer->marks.front, 1));
  for (size_t i = 0; i < pictures; i++)
    GAZE_TRY(gaze_prompt_add_picture(prompt, i, 0, 0, plan->tokens));
  GAZE_TRY(take_rows(lesson, prompt, false));
  GAZE_TRY(put_caption(writer, caption, lesson));
  return finish(writer, lesson);
}
