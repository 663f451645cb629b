#include "cli/answering.h"

#include "cli/inputs.h"
#include "cli/report.h"
#include "cli/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

answering asked;

static gaze_keep pictures; /* {0}: nothing is kept of any */

enum { USUAL_TOKENS = 512 };

void answering_prepare(void) { asked.answer.max_tokens = USUAL_TOKENS; }

static gaze_cache_kind cache_kind(void) {
  static const char *const names[] = {"f16", "bf16", "int8", "f32"};
  for (int i = 0; asked.cache_kind && i < 4; i++)
    if (strcmp(asked.cache_kind, names[i]) == 0)
      return (gaze_cache_kind)i;
  return GAZE_CACHE_F16;
}

/* Without a place to keep anything it takes longer, no more. */
static gaze_keep keep_pictures(void) {
  if (asked.cache && !pictures.user && gaze_keep_open(NULL, 0, &pictures) != GAZE_OK && !given.quiet)
    report_warning(gaze_last_error());
  return pictures;
}

gaze_err answering_open(const char *name, gaze_assistant **out) {
  gaze_assistant_options options = {.model = {.threads = given.threads,
                                              .cpu = given.cpu,
                                              .precision = settings_precision(),
                                              .verbose = given.verbose},
                                    .chat_template = asked.chat_template,
                                    .projector = asked.projector,
                                    .context = asked.context,
                                    .cache = cache_kind(),
                                    .keep = keep_pictures(),
                                    .prefixes = asked.cache};
  asked.answer.stops = asked.stops.items;
  asked.answer.n_stops = asked.stops.n;
  asked.answer.stop = &interrupted;
  return gaze_assistant_open(name, &options, out);
}

void answering_close(gaze_assistant *assistant) {
  gaze_assistant_close(assistant);
  gaze_keep_close(&pictures);
}

gaze_err answering_add_picture(gaze_chat *chat, const char *path) {
  size_t size;
  if (strcmp(path, "-") != 0)
    return gaze_chat_add_picture_file(chat, path);
  char *bytes = stream_read(stdin, &size);
  gaze_err err = gaze_chat_add_picture(chat, bytes, size, "standard input");
  free(bytes);
  return err;
}

static void print_piece(void *user, const char *piece) {
  (void)user;
  fputs(piece, stdout);
  fflush(stdout);
}

gaze_err answering_ask(gaze_chat *chat, const char *question, bool silent, gaze_answer *out) {
  gaze_answer_options options = asked.answer;
  options.text = silent ? NULL : print_piece;
  return gaze_chat_ask(chat, question, &options, out);
}

void answering_print_json(const gaze_answer *answer) {
  json_t *object =
      json_pack("{s:o, s:s, s:I, s:I, s:I, s:f, s:f}", "answer", json_text(answer->text), "ending", answer->ending,
                "prompt_tokens", (json_int_t)answer->prompt_tokens, "cached_tokens", (json_int_t)answer->cached_tokens,
                "completion_tokens", (json_int_t)answer->completion_tokens, "first_token_seconds",
                answer->first_seconds, "seconds", answer->seconds);
  if (asked.answer.look_up) {
    json_object_set_new(object, "guessed_tokens", json_integer((json_int_t)answer->guessed_tokens));
    json_object_set_new(object, "accepted_tokens", json_integer((json_int_t)answer->accepted_tokens));
  }
  json_print(object, stdout);
}
