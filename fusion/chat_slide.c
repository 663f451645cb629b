/* A conversation that is full and is to go on. Its oldest questions are forgotten, with their pictures and answers, as
 * if it had begun behind them; an answer that fills all alone forgets its own first half. What is left is read anew:
 * keys and values that were made behind forgotten rows would go on telling of them. */
#include "fusion/chat.h"

#include <stdlib.h>
#include <string.h>

enum { FEWEST = 8 }; /* rows of an answer that are worth being halved */

static size_t first_question(const gaze_chat *chat) { return chat->n && chat->said[0].role == GAZE_CHAT_SYSTEM; }

/* The question that is being answered is the last message. */
static bool has_past(const gaze_chat *chat) { return chat->n > first_question(chat) + 1; }

static void forget_pictures(gaze_chat *chat, size_t n) {
  for (size_t i = 0; i < n; i++)
    gaze_chat_picture_fini(&chat->pictures[i]);
  chat->n_pictures -= n;
  memmove(chat->pictures, chat->pictures + n, chat->n_pictures * sizeof *chat->pictures);
}

/* A question and its answer. */
static void forget_turn(gaze_chat *chat) {
  size_t first = first_question(chat);
  if (chat->said[first].pictures)
    forget_pictures(chat, chat->said[first].pictures);
  free(chat->said[first].text);
  free(chat->said[first + 1].text);
  chat->n -= 2;
  memmove(chat->said + first, chat->said + first + 2, (chat->n - first) * sizeof *chat->said);
  chat->forgotten += 2;
  chat->rendered = 0;
}

gaze_err gaze_chat_slide(gaze_chat *chat, const int32_t *answer, size_t n, size_t *kept) {
  gaze_prompt *prompt = &chat->prompt;
  size_t context = chat->assistant->context, full = context - context / 4;
  gaze_prompt_cut(prompt, prompt->n - n);
  while (has_past(chat) && prompt->n + n > full) {
    forget_turn(chat);
    gaze_chat_plan_pictures(chat, chat->n_pictures);
    GAZE_TRY(gaze_chat_render(chat));
  }
  *kept = n;
  if (prompt->n + n > full && n >= FEWEST) {
    *kept = n - n / 2;
    chat->shortened = true;
  }
  return n ? gaze_prompt_add_ids(prompt, answer + n - *kept, *kept) : GAZE_OK;
}
