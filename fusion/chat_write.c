/* An answer, id by id: chosen, read again, turned into text, until it ends. */
#include "fusion/chat.h"
#include "text/prompt_lookup.h"
#include "text/sampler.h"
#include "text/stop_strings.h"
#include "text/token_stream.h"

#include <stdlib.h>
#include <string.h>

typedef struct writing {
  gaze_chat *chat;
  const gaze_answer_options *options;
  gaze_answer *out;
  gaze_sampler sampler;
  gaze_token_stream words;
  gaze_stop_strings stops;
  gaze_lookup_pace pace;
  int32_t *ids; /* [n] of the prompt and the answer, pictures as -1; for guesses */
  size_t n, ids_capacity, text_size, text_capacity;
  size_t answer; /* the answer's first of them */
  size_t told;   /* bytes of the text that the listener has heard, or that are thoughts */
  bool ended;
} writing;

static gaze_err init_stops(writing *w) {
  const char *const *own = gaze_chat_template_stops(&w->chat->assistant->chat);
  const char *all[16];
  size_t n = 0;
  for (; own[n]; n++)
    all[n] = own[n];
  for (size_t i = 0; i < w->options->n_stops; i++) {
    if (n == sizeof all / sizeof *all)
      return gaze_fail(GAZE_ERR_LIMIT, "too many stop strings: %zu: a dozen at most", w->options->n_stops);
    all[n++] = w->options->stops[i];
  }
  return gaze_stop_strings_init(&w->stops, all, n);
}

/* Ids of all rows, of which the last `answer` are the answer's. */
static void list_ids(writing *w, size_t answer) {
  const gaze_prompt *prompt = &w->chat->prompt;
  for (w->n = 0; w->n < prompt->n; w->n++)
    w->ids[w->n] = prompt->keys[w->n] < 0 ? -1 : (int32_t)prompt->keys[w->n];
  w->answer = w->n - answer;
}

static gaze_err init(writing *w) {
  const gaze_answer_options *o = w->options;
  gaze_sampling sampling = {.temperature = o->temperature,
                            .top_k = o->top_k,
                            .top_p = o->top_p,
                            .min_p = o->min_p,
                            .repetition_penalty = o->repetition_penalty,
                            .seed = o->seed};
  GAZE_TRY(gaze_sampler_init(&w->sampler, &sampling, w->chat->assistant->decoder.config.vocabulary));
  GAZE_TRY(gaze_token_stream_init(&w->words, w->chat->assistant->tokenizer, true));
  GAZE_TRY(init_stops(w));
  GAZE_TRY(gaze_grow(&w->ids, &w->ids_capacity, w->chat->reading.cache->capacity + 1, sizeof *w->ids));
  list_ids(w, 0);
  for (size_t i = 0; i < w->n; i++)
    if (w->ids[i] >= 0)
      gaze_sampler_accept(&w->sampler, w->ids[i]);
  return GAZE_OK;
}

static void fini(writing *w) {
  gaze_sampler_fini(&w->sampler);
  gaze_token_stream_fini(&w->words);
  gaze_stop_strings_fini(&w->stops);
  free(w->ids);
}

/* What was written, without thoughts, to the listener. */
static void tell(writing *w, bool over) {
  if (!w->options->text)
    return;
  size_t from = gaze_thoughts_end(w->chat->thinking, w->out->text, over);
  if (from != SIZE_MAX && from > w->told)
    w->told = from;
  if (from == SIZE_MAX || w->told >= w->text_size)
    return;
  w->options->text(w->options->user, w->out->text + w->told);
  w->told = w->text_size;
}

/* What may be shown, to the listener and to the answer. */
static gaze_err show(writing *w, const char *piece, size_t size) {
  GAZE_TRY(gaze_grow(&w->out->text, &w->text_capacity, w->text_size + size + 1, 1));
  char *at = w->out->text + w->text_size;
  memcpy(at, piece, size);
  at[size] = 0;
  w->text_size += size;
  tell(w, false);
  return GAZE_OK;
}

static gaze_err feed(writing *w, const char *text) {
  const char *piece;
  size_t size;
  GAZE_TRY(gaze_stop_strings_feed(&w->stops, text, strlen(text), &piece, &size));
  return show(w, piece, size);
}

static gaze_err finish(writing *w) {
  const char *text;
  size_t size;
  GAZE_TRY(gaze_token_stream_finish(&w->words, &text));
  GAZE_TRY(feed(w, text));
  if (w->stops.stopped)
    return GAZE_OK;
  gaze_stop_strings_end(&w->stops, &text, &size);
  return show(w, text, size);
}

static void end(writing *w, const char *why) {
  w->out->ending = why;
  w->ended = true;
}

static bool is_full(const writing *w) { return w->chat->prompt.n >= w->chat->assistant->context; }

/* An id that was chosen becomes part of the answer. */
static gaze_err take(writing *w, int32_t id) {
  const char *text;
  w->ids[w->n++] = id;
  gaze_sampler_accept(&w->sampler, id);
  GAZE_TRY(gaze_prompt_add_ids(&w->chat->prompt, &id, 1));
  w->out->completion_tokens++;
  if (gaze_assistant_ends(w->chat->assistant, id))
    return end(w, "end"), GAZE_OK;
  GAZE_TRY(gaze_token_stream_add(&w->words, id, &text));
  GAZE_TRY(feed(w, text));
  if (w->stops.stopped)
    end(w, "end");
  else if (w->options->max_tokens && w->out->completion_tokens >= w->options->max_tokens)
    end(w, "length");
  else if (is_full(w) && !w->options->slide)
    end(w, "context");
  else if (w->options->stop && *w->options->stop)
    end(w, "interrupted");
  return GAZE_OK;
}

static size_t at_most(size_t a, size_t b) { return a < b ? a : b; }

/* Guesses behind the last id, none where something is drawn; behind them there is room for one more. room: for so many.
 */
static size_t guess(writing *w, int32_t *draft, size_t room) {
  if (!w->options->look_up || w->options->temperature > 0)
    return 0;
  room = at_most(room, w->chat->assistant->context - w->chat->prompt.n - 1);
  size_t most = at_most(at_most(gaze_lookup_pace_next(&w->pace), GAZE_DRAFT_MOST), room);
  return most ? gaze_prompt_lookup_draft(w->ids, w->n, GAZE_PROMPT_LOOKUP_LONGEST, draft, most) : 0;
}

/* All rows anew that have changed or turn their keys otherwise in a longer sequence (rope.h), the last id's among them.
 */
static gaze_err read_anew(writing *w) {
  gaze_chat *chat = w->chat;
  size_t read;
  gaze_err err = gaze_reading_go_on(chat->assistant, &chat->reading, &chat->prompt, gaze_chat_picture_rows, chat,
                                    w->options->stop, chat->assistant->logits, &read);
  if (err != GAZE_ERR_INTERRUPTED)
    return err;
  end(w, "interrupted");
  return GAZE_OK;
}

/* Room is made, and all that is left is read up to the last id. */
static gaze_err slide(writing *w) {
  size_t kept;
  GAZE_TRY(gaze_chat_slide(w->chat, w->ids + w->answer, w->n - w->answer, &kept));
  list_ids(w, kept);
  if (is_full(w))
    return end(w, "context"), GAZE_OK;
  GAZE_TRY(read_anew(w));
  return w->ended ? GAZE_OK : take(w, gaze_sampler_next(&w->sampler, w->chat->assistant->logits));
}

/* The last id and what is guessed to follow it go through the decoder together; what it would have said itself is
 * taken. */
static gaze_err go_on(writing *w) {
  gaze_assistant *assistant = w->chat->assistant;
  size_t V = assistant->decoder.config.vocabulary, at = w->chat->reading.cache->used;
  int32_t ids[1 + GAZE_DRAFT_MOST];
  ids[0] = w->ids[w->n - 1];
  size_t room = gaze_reading_room(&w->chat->reading), guesses = room ? guess(w, ids + 1, room - 1) : 0, right = 0;
  double start = gaze_chat_now();
  if (room)
    gaze_reading_add(assistant, &w->chat->reading, ids, 1 + guesses, assistant->logits);
  else
    GAZE_TRY(read_anew(w));
  double seconds = gaze_chat_now() - start;
  if (w->ended)
    return GAZE_OK;
  w->out->guessed_tokens += guesses;
  do {
    int32_t next = gaze_sampler_next(&w->sampler, assistant->logits + right * V);
    GAZE_TRY(take(w, next));
    if (w->ended || right == guesses || next != ids[1 + right])
      break;
    right++;
  } while (true);
  w->out->accepted_tokens += right;
  if (room)
    gaze_lookup_pace_learn(&w->pace, guesses, right, seconds);
  gaze_reading_cut(&w->chat->reading, at + 1 + right);
  return GAZE_OK;
}

static gaze_err write_all(writing *w) {
  GAZE_TRY(init(w));
  GAZE_TRY(take(w, gaze_sampler_next(&w->sampler, w->chat->assistant->logits)));
  while (!w->ended)
    GAZE_TRY((is_full(w) ? slide : go_on)(w));
  GAZE_TRY(finish(w));
  tell(w, true);
  return GAZE_OK;
}

gaze_err gaze_chat_write(gaze_chat *chat, const gaze_answer_options *options, gaze_answer *out) {
  chat->shortened = false;
  writing w = {.chat = chat, .options = options, .out = out, .pace = GAZE_LOOKUP_PACE};
  gaze_err err = write_all(&w);
  chat->exact = !w.stops.stopped && !chat->shortened;
  fini(&w);
  return err;
}
