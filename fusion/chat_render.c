/* From messages to rows: the template's segments, and their tokens. */
#include "fusion/chat.h"

#include <stdlib.h>
#include <string.h>

/* As the template takes them: borrowed from what was said. */
typedef struct rendering {
  gaze_chat_message *messages; /* [n] */
  gaze_chat_part *parts;
  gaze_chat_segments segments;
  gaze_text_part *stretch; /* [segments.n]: neighbours that are one text */
  int32_t *ids;
  size_t n_ids, ids_capacity;
} rendering;

static void fini(rendering *r) {
  free(r->messages);
  free(r->parts);
  free(r->stretch);
  free(r->ids);
  gaze_chat_segments_fini(&r->segments);
}

static gaze_err collect(rendering *r, const gaze_chat *chat) {
  size_t parts = 0;
  for (size_t i = 0; i < chat->n; i++)
    parts += chat->said[i].pictures + 1;
  GAZE_TRY(gaze_alloc(chat->n, sizeof *r->messages, &r->messages));
  GAZE_TRY(gaze_alloc(parts, sizeof *r->parts, &r->parts));
  gaze_chat_part *next = r->parts;
  for (size_t i = 0; i < chat->n; i++) {
    const gaze_said *said = &chat->said[i];
    r->messages[i] = (gaze_chat_message){said->role, next, said->pictures + 1};
    next += said->pictures; /* zeroed: pictures */
    *next++ = (gaze_chat_part){said->text, strlen(said->text)};
  }
  return GAZE_OK;
}

static bool is_text(const gaze_chat_segment *segment) {
  return segment->kind == GAZE_CHAT_TEMPLATE || segment->kind == GAZE_CHAT_TEXT;
}

/* Segments from i on that are one text; *i is then behind them. */
static gaze_err add_text(rendering *r, const gaze_assistant *assistant, size_t *i, gaze_prompt *prompt) {
  size_t n = 0;
  for (; *i < r->segments.n && is_text(&r->segments.at[*i]); ++*i) {
    const gaze_chat_segment *segment = &r->segments.at[*i];
    r->stretch[n++] = (gaze_text_part){
        .text = r->segments.bytes + segment->at, .size = segment->size, .plain = segment->kind == GAZE_CHAT_TEXT};
  }
  r->n_ids = 0;
  GAZE_TRY(gaze_tokenizer_encode_parts(assistant->tokenizer, r->stretch, n, &r->ids, &r->n_ids, &r->ids_capacity));
  return gaze_prompt_add_ids(prompt, r->ids, r->n_ids);
}

static gaze_err add_id(int32_t id, gaze_prompt *prompt) {
  return id < 0 ? GAZE_OK : gaze_prompt_add_ids(prompt, &id, 1);
}

static gaze_err add_segments(rendering *r, const gaze_assistant *assistant, gaze_prompt *prompt) {
  GAZE_TRY(gaze_alloc(r->segments.n, sizeof *r->stretch, &r->stretch));
  for (size_t i = 0; i < r->segments.n;) {
    gaze_chat_kind kind = r->segments.at[i].kind;
    if (is_text(&r->segments.at[i])) {
      GAZE_TRY(add_text(r, assistant, &i, prompt));
      continue;
    }
    i++;
    if (kind != GAZE_CHAT_PICTURE)
      GAZE_TRY(add_id(kind == GAZE_CHAT_START ? gaze_tokenizer_start(assistant->tokenizer)
                                              : gaze_tokenizer_end(assistant->tokenizer),
                      prompt));
  }
  return GAZE_OK;
}

static bool ends_answer(const gaze_assistant *assistant, int64_t key) {
  for (size_t i = 0; i < assistant->n_ends; i++)
    if (assistant->ends[i] == key)
      return true;
  return false;
}

/* Behind an answer that was written here its very ids stay, without the end that the template brings again. */
static gaze_err render_rest(rendering *r, gaze_chat *chat) {
  const gaze_chat_template *template = &chat->assistant->chat;
  size_t from = chat->rendered;
  if (from == 0 || !gaze_chat_template_keeps(template, r->messages, chat->n, from)) {
    gaze_prompt_cut(&chat->prompt, 0);
    return gaze_chat_template_render(template, r->messages, chat->n, 0, GAZE_CHAT_ANSWER, &r->segments);
  }
  if (chat->prompt.n && ends_answer(chat->assistant, chat->prompt.keys[chat->prompt.n - 1]))
    gaze_prompt_cut(&chat->prompt, chat->prompt.n - 1);
  return gaze_chat_template_resume(template, r->messages, chat->n, from - 1, GAZE_CHAT_ANSWER, &r->segments);
}

gaze_err gaze_chat_render(gaze_chat *chat) {
  gaze_assistant *assistant = chat->assistant;
  rendering r = {0};
  gaze_err err = GAZE_OK;
  GAZE_TRY_DONE(collect(&r, chat));
  GAZE_TRY_DONE(render_rest(&r, chat));
  if (chat->prompt.n == 0 && !gaze_chat_template_starts(&assistant->chat))
    GAZE_TRY_DONE(add_id(gaze_tokenizer_start(assistant->tokenizer), &chat->prompt));
  GAZE_TRY_DONE(add_segments(&r, assistant, &chat->prompt));
done:
  fini(&r);
  return err;
}
