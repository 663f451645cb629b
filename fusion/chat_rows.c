/* From messages to rows: the template's segments, and their tokens. */
#include "fusion/chat.h"

#include <stdlib.h>
#include <string.h>

/* As the template takes them: borrowed from what was said. */
typedef struct rendering {
  gaze_chat_message *messages; /* [n] */
  gaze_chat_part *parts;
  gaze_chat_segments segments;
  gaze_text_part *stretch; /* [n_stretch]: neighbours that are one text to the tokenizer */
  size_t n_stretch, stretch_capacity;
  gaze_picture_piece *pieces; /* what stands for pictures; the text parts of stretch may lie in them */
  size_t n_pieces;
  gaze_prompt_picture *coming; /* [n_coming] a picture's rows, for each image token in the stretch */
  size_t n_coming, coming_capacity;
  int32_t *ids;
  size_t n_ids, ids_capacity;
  bool behind_answer; /* the stretch goes on where the ids of an answer end */
} rendering;

static void fini(rendering *r) {
  free(r->messages);
  free(r->parts);
  free(r->stretch);
  free(r->pieces);
  free(r->coming);
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

static gaze_err add_part(rendering *r, const char *text, size_t size, bool plain) {
  GAZE_TRY(gaze_grow(&r->stretch, &r->stretch_capacity, r->n_stretch + 1, sizeof *r->stretch));
  r->stretch[r->n_stretch++] = (gaze_text_part){.text = text, .size = size, .plain = plain};
  return GAZE_OK;
}

static gaze_err add_rows(const gaze_chat *chat, gaze_prompt *prompt, const gaze_prompt_picture *which) {
  uint64_t key[2];
  gaze_picture_rows_key(&chat->pictures[which->picture], key);
  return gaze_prompt_add_picture(prompt, which->picture, key[0], which->from, which->n);
}

static gaze_err encode(rendering *r, const gaze_tokenizer *tokenizer) {
  r->n_ids = 0;
  return gaze_tokenizer_encode_parts(tokenizer, r->stretch, r->n_stretch, &r->ids, &r->n_ids, &r->ids_capacity);
}

/* The stretch is no beginning of a text, which some tokenizers mark by a space: it is cut behind a word, whose ids go.
 * Only where they would change is it cut as a text of its own. */
static gaze_err encode_behind(rendering *r, const gaze_tokenizer *tokenizer) {
  static const gaze_text_part word = {.text = "a", .size = 1, .plain = true};
  int32_t *front = NULL;
  size_t n = 0, capacity = 0;
  gaze_err err;
  GAZE_TRY_DONE(gaze_tokenizer_encode_parts(tokenizer, &word, 1, &front, &n, &capacity));
  GAZE_TRY_DONE(add_part(r, "", 0, true));
  memmove(r->stretch + 1, r->stretch, (r->n_stretch - 1) * sizeof *r->stretch);
  r->stretch[0] = word;
  GAZE_TRY_DONE(encode(r, tokenizer));
  if (r->n_ids < n || memcmp(r->ids, front, n * sizeof *front) != 0) {
    r->stretch[0].size = n = 0;
    GAZE_TRY_DONE(encode(r, tokenizer));
  }
  r->n_ids -= n;
  memmove(r->ids, r->ids + n, r->n_ids * sizeof *r->ids);
done:
  free(front);
  return err;
}

/* The stretch as ids; where an image token is meant, its picture's rows. */
static gaze_err flush(rendering *r, gaze_chat *chat) {
  const gaze_assistant *assistant = chat->assistant;
  size_t next = 0;
  if (!r->n_stretch)
    return GAZE_OK;
  GAZE_TRY((r->behind_answer ? encode_behind : encode)(r, assistant->tokenizer));
  for (size_t i = 0; i < r->n_ids; i++)
    if (r->ids[i] == assistant->image_token && next < r->n_coming)
      GAZE_TRY(add_rows(chat, &chat->prompt, &r->coming[next++]));
    else
      GAZE_TRY(gaze_prompt_add_ids(&chat->prompt, &r->ids[i], 1));
  r->n_stretch = r->n_coming = 0;
  r->behind_answer = false;
  return GAZE_OK;
}

/* A picture's rows where they are to stand: behind an image token, so that the text around is cut as the reference cuts
 * it; without such a token between two texts. */
static gaze_err add_piece(rendering *r, gaze_chat *chat, const gaze_prompt_picture *which) {
  const gaze_assistant *assistant = chat->assistant;
  if (assistant->image_token < 0) {
    GAZE_TRY(flush(r, chat));
    return add_rows(chat, &chat->prompt, which);
  }
  const char *spelling = gaze_tokenizer_text(assistant->tokenizer, assistant->image_token);
  GAZE_TRY(gaze_grow(&r->coming, &r->coming_capacity, r->n_coming + 1, sizeof *r->coming));
  r->coming[r->n_coming++] = *which;
  return add_part(r, spelling, strlen(spelling), false);
}

static gaze_err add_picture(rendering *r, gaze_chat *chat, size_t picture) {
  const gaze_tiling *tiling = &chat->assistant->eye->config.tiling;
  const gaze_tile_plan *plan = &chat->pictures[picture].plan;
  size_t n = gaze_picture_pieces(tiling, plan), from = 0;
  for (size_t i = 0; i < n; i++) {
    gaze_picture_piece *piece = &r->pieces[r->n_pieces++];
    gaze_picture_piece_get(tiling, plan, i, piece);
    if (*piece->text)
      GAZE_TRY(add_part(r, piece->text, strlen(piece->text), false));
    if (piece->rows)
      GAZE_TRY(add_piece(r, chat, &(gaze_prompt_picture){.n = piece->rows, .picture = picture, .from = from}));
    from += piece->rows;
  }
  return GAZE_OK;
}

/* Whether a special token is what its spelling becomes. */
static gaze_err is_spelled(rendering *r, const gaze_tokenizer *tokenizer, int32_t id, bool *out) {
  const char *spelling = gaze_tokenizer_text(tokenizer, id);
  r->n_ids = 0;
  *out = false;
  if (!spelling)
    return GAZE_OK;
  GAZE_TRY(gaze_tokenizer_encode(tokenizer, spelling, strlen(spelling), &r->ids, &r->n_ids, &r->ids_capacity));
  *out = r->n_ids == 1 && r->ids[0] == id;
  return GAZE_OK;
}

static gaze_err add_id(rendering *r, gaze_chat *chat, int32_t id) {
  GAZE_TRY(flush(r, chat));
  r->behind_answer = false;
  return id < 0 ? GAZE_OK : gaze_prompt_add_ids(&chat->prompt, &id, 1);
}

/* The end of a text, as a template writes it: where the tokenizer puts none behind texts, the one that answers end by.
 */
static int32_t find_end(const gaze_tokenizer *tokenizer) {
  const int32_t *stops;
  int32_t end = gaze_tokenizer_end(tokenizer);
  return end < 0 && gaze_tokenizer_stops(tokenizer, &stops) ? stops[0] : end;
}

/* A template's start or end, by its spelling: the text around is cut as the reference cuts it. */
static gaze_err add_sign(rendering *r, gaze_chat *chat, int32_t id) {
  const gaze_tokenizer *tokenizer = chat->assistant->tokenizer;
  bool spelled;
  GAZE_TRY(is_spelled(r, tokenizer, id, &spelled));
  if (!spelled)
    return add_id(r, chat, id);
  const char *spelling = gaze_tokenizer_text(tokenizer, id);
  return add_part(r, spelling, strlen(spelling), false);
}

static gaze_err add_segment(rendering *r, gaze_chat *chat, const gaze_chat_segment *segment) {
  const gaze_tokenizer *tokenizer = chat->assistant->tokenizer;
  switch (segment->kind) {
  case GAZE_CHAT_PICTURE:
    return add_picture(r, chat, segment->picture);
  case GAZE_CHAT_START:
    return add_sign(r, chat, gaze_tokenizer_opening(tokenizer));
  case GAZE_CHAT_END:
    return add_sign(r, chat, find_end(tokenizer));
  default:
    return add_part(r, r->segments.bytes + segment->at, segment->size, segment->kind == GAZE_CHAT_TEXT);
  }
}

/* Room for what stands for all pictures, so that none moves. */
static gaze_err allocate_pieces(rendering *r, const gaze_chat *chat) {
  size_t n = 0;
  for (size_t i = 0; i < chat->n_pictures; i++)
    n += gaze_picture_pieces(&chat->assistant->eye->config.tiling, &chat->pictures[i].plan);
  return gaze_alloc(n, sizeof *r->pieces, &r->pieces);
}

static gaze_err add_segments(rendering *r, gaze_chat *chat) {
  GAZE_TRY(allocate_pieces(r, chat));
  for (size_t i = 0; i < r->segments.n; i++)
    GAZE_TRY(add_segment(r, chat, &r->segments.at[i]));
  return flush(r, chat);
}

/* Behind an answer that was written here its very ids stay, without the end that the template brings again. */
static gaze_err render_rest(rendering *r, gaze_chat *chat) {
  const gaze_chat_template *template = &chat->assistant->chat;
  gaze_chat_ending ending = chat->thinking == GAZE_THINKING_NONE ? GAZE_CHAT_ANSWER_AT_ONCE : GAZE_CHAT_ANSWER;
  size_t from = chat->rendered;
  if (from == 0 || !gaze_chat_template_keeps(template, r->messages, chat->n, from)) {
    gaze_prompt_cut(&chat->prompt, 0);
    return gaze_chat_template_render(template, r->messages, chat->n, 0, ending, &r->segments);
  }
  if (chat->prompt.n && gaze_assistant_ends(chat->assistant, chat->prompt.keys[chat->prompt.n - 1]))
    gaze_prompt_cut(&chat->prompt, chat->prompt.n - 1);
  r->behind_answer = true;
  return gaze_chat_template_resume(template, r->messages, chat->n, from - 1, ending, &r->segments);
}

gaze_err gaze_chat_render(gaze_chat *chat) {
  gaze_assistant *assistant = chat->assistant;
  rendering r = {0};
  gaze_err err = GAZE_OK;
  GAZE_TRY_DONE(collect(&r, chat));
  GAZE_TRY_DONE(render_rest(&r, chat));
  if (chat->prompt.n == 0 && !gaze_chat_template_starts(&assistant->chat))
    GAZE_TRY_DONE(add_id(&r, chat, gaze_tokenizer_start(assistant->tokenizer)));
  GAZE_TRY_DONE(add_segments(&r, chat));
done:
  fini(&r);
  return err;
}

gaze_err gaze_chat_put_answer(gaze_chat *chat, const char *text) {
  const char *lead = gaze_chat_template_lead(&chat->assistant->chat);
  rendering r = {.behind_answer = true};
  gaze_err err = GAZE_OK;
  GAZE_TRY_DONE(add_part(&r, lead, strlen(lead), false));
  GAZE_TRY_DONE(add_part(&r, text, strlen(text), true));
  GAZE_TRY_DONE(flush(&r, chat));
  GAZE_TRY_DONE(gaze_chat_say(chat, GAZE_CHAT_ASSISTANT, text, 0));
  chat->rendered = chat->n;
done:
  fini(&r);
  return err;
}
