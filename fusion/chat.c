#include "fusion/chat.h"

#include "fusion/prefix.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

double gaze_chat_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

gaze_err gaze_chat_say(gaze_chat *chat, gaze_chat_role role, const char *text, size_t pictures) {
  GAZE_TRY(gaze_grow(&chat->said, &chat->said_capacity, chat->n + 1, sizeof *chat->said));
  gaze_said *said = &chat->said[chat->n];
  *said = (gaze_said){.role = role, .pictures = pictures};
  GAZE_TRY(gaze_strdup(text, &said->text));
  chat->n++;
  return GAZE_OK;
}

void gaze_chat_unsay(gaze_chat *chat, size_t n) {
  while (chat->n > n)
    free(chat->said[--chat->n].text);
}

gaze_err gaze_chat_new(gaze_assistant *assistant, const char *system, gaze_chat **out) {
  gaze_chat *chat;
  GAZE_TRY(gaze_alloc(1, sizeof *chat, &chat));
  chat->assistant = assistant;
  gaze_err err = gaze_reading_init(&chat->reading, assistant);
  if (err == GAZE_OK && system)
    err = gaze_chat_say(chat, GAZE_CHAT_SYSTEM, system, 0);
  if (err != GAZE_OK)
    gaze_chat_free(chat);
  else
    *out = chat;
  return err;
}

void gaze_chat_free(gaze_chat *chat) {
  if (!chat)
    return;
  gaze_chat_unsay(chat, 0);
  free(chat->said);
  gaze_chat_drop_pictures(chat, 0);
  free(chat->pictures);
  gaze_prompt_fini(&chat->prompt);
  gaze_reading_fini(&chat->reading);
  free(chat);
}

void gaze_chat_clear(gaze_chat *chat) {
  gaze_chat_unsay(chat, chat->n && chat->said[0].role == GAZE_CHAT_SYSTEM ? 1 : 0);
  gaze_prompt_cut(&chat->prompt, 0);
  gaze_chat_drop_pictures(chat, 0);
  chat->rendered = chat->coming = 0;
}

/* Where a model is told to think, it is told with the question. */
static gaze_err say_question(gaze_chat *chat, const char *question) {
  char *told;
  if (chat->thinking != GAZE_THINKING_ASKED)
    return gaze_chat_say(chat, GAZE_CHAT_USER, question, chat->coming);
  GAZE_TRY(gaze_alloc(strlen(question) + sizeof GAZE_THINKING_INSTRUCTION, 1, &told));
  stpcpy(stpcpy(told, question), GAZE_THINKING_INSTRUCTION);
  gaze_err err = gaze_chat_say(chat, GAZE_CHAT_USER, told, chat->coming);
  free(told);
  return err;
}

/* For the question that was rendered, and one row of an answer. */
static gaze_err make_room(gaze_chat *chat, bool slide) {
  size_t context = chat->assistant->context, kept;
  if (chat->prompt.n >= context && slide)
    GAZE_TRY(gaze_chat_slide(chat, NULL, 0, &kept));
  if (chat->prompt.n < context)
    return GAZE_OK;
  return gaze_fail(GAZE_ERR_LIMIT, "question too long: %zu tokens%s, room for %zu: begin anew, or raise --context%s",
                   chat->prompt.n, slide ? "" : " with all that was said", context,
                   slide ? "" : "; --slide forgets what was said first");
}

/* The question is the last message; its rows and the answer's come behind the prompt. */
static gaze_err answer(gaze_chat *chat, const gaze_answer_options *options, gaze_answer *out) {
  gaze_assistant *assistant = chat->assistant;
  size_t read;
  double start = gaze_chat_now();
  gaze_chat_plan_pictures(chat, chat->n_pictures);
  GAZE_TRY(gaze_chat_render(chat));
  GAZE_TRY(make_room(chat, options->slide));
  gaze_prefix_recall(chat);
  GAZE_TRY(gaze_reading_go_on(assistant, &chat->reading, &chat->prompt, gaze_chat_picture_rows, chat, options->stop,
                              assistant->logits, &read));
  out->prompt_tokens = chat->prompt.n;
  out->cached_tokens = chat->prompt.n - read;
  out->first_seconds = gaze_chat_now() - start;
  GAZE_TRY(gaze_chat_write(chat, options, out));
  out->seconds = gaze_chat_now() - start;
  out->weight_bytes = gaze_decoder_bytes(&assistant->decoder, &assistant->parameters);
  out->cache_bytes = gaze_kv_cache_bytes(chat->reading.cache);
  out->forgotten_messages = chat->forgotten;
  gaze_prefix_keep(chat);
  GAZE_TRY(gaze_chat_say(chat, GAZE_CHAT_ASSISTANT, out->text, 0));
  return gaze_thoughts_part(chat->thinking, out->text, &out->thoughts);
}

static gaze_thinking how_to_think(const gaze_chat *chat, const gaze_answer_options *options) {
  if (!options->think)
    return GAZE_THINKING_NONE;
  return gaze_chat_template_thinks(&chat->assistant->chat) ? GAZE_THINKING_OWN : GAZE_THINKING_ASKED;
}

/* A question that failed: what was said, and its rows, are again as before. Its pictures wait for the next one, unless
 * one cannot be looked at, with which no question would ever be answered. before is taken. Messages that were forgotten
 * to make room do not come back. */
static void take_back(gaze_chat *chat, size_t n, size_t rendered, gaze_prompt *before) {
  gaze_chat_unsay(chat, n - chat->forgotten);
  if (chat->blind) {
    gaze_chat_drop_pictures(chat, chat->n_pictures - chat->coming);
    chat->coming = 0;
  }
  gaze_chat_plan_pictures(chat, chat->n_pictures - chat->coming);
  gaze_prompt_fini(&chat->prompt);
  chat->prompt = *before;
  chat->rendered = chat->forgotten ? 0 : rendered;
  if (chat->forgotten)
    gaze_prompt_cut(&chat->prompt, 0);
}

gaze_err gaze_chat_ask(gaze_chat *chat, const char *question, const gaze_answer_options *options, gaze_answer *out) {
  static const gaze_answer_options usual = {0};
  gaze_prompt before;
  size_t n = chat->n, rendered = chat->rendered;
  options = options ? options : &usual;
  *out = (gaze_answer){0};
  chat->blind = false;
  chat->forgotten = 0;
  chat->thinking = how_to_think(chat, options);
  GAZE_TRY(gaze_prompt_copy(&chat->prompt, &before));
  gaze_err err = say_question(chat, question);
  if (err == GAZE_OK)
    err = answer(chat, options, out);
  if (err == GAZE_OK) {
    chat->rendered = chat->exact ? chat->n : 0;
    chat->coming = 0;
    gaze_chat_drop_pixels(chat->pictures, chat->n_pictures);
    gaze_prompt_fini(&before);
    return GAZE_OK;
  }
  take_back(chat, n, rendered, &before);
  gaze_answer_fini(out);
  return err;
}

void gaze_answer_fini(gaze_answer *answer) {
  free(answer->text);
  free(answer->thoughts);
  *answer = (gaze_answer){0};
}
