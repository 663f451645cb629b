#include "cli/answering.h"

#include "cli/inputs.h"
#include "cli/report.h"
#include "cli/settings.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

answering asked;

static gaze_keep pictures; /* {0}: nothing is kept of any */

enum { USUAL_TOKENS = 512, THINKING_TOKENS = 2048 };
static const size_t not_given = SIZE_MAX;

void answering_prepare(void) { asked.answer.max_tokens = not_given; }

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
  if (asked.answer.max_tokens == not_given)
    asked.answer.max_tokens = asked.answer.think ? THINKING_TOKENS : USUAL_TOKENS;
  asked.answer.stops = asked.stops.items;
  asked.answer.n_stops = asked.stops.n;
  asked.answer.stop = &interrupted;
  return gaze_assistant_open(name, &options, out);
}

void answering_close(gaze_assistant *assistant) {
  gaze_assistant_close(assistant);
  gaze_keep_close(&pictures);
}

/* Read once, for every model that asks for it. */
static const char *standard_input(size_t *size) {
  static char *bytes;
  static size_t length;
  if (!bytes)
    bytes = stream_read(stdin, &length);
  *size = length;
  return bytes;
}

gaze_err answering_add_picture(gaze_chat *chat, const char *path) {
  size_t size;
  if (strcmp(path, "-") != 0)
    return gaze_chat_add_picture_file(chat, path);
  const char *bytes = standard_input(&size);
  return gaze_chat_add_picture(chat, bytes, size, "standard input");
}

gaze_err answering_add_pictures(gaze_chat *chat, const word_list *paths) {
  gaze_err err = GAZE_OK;
  for (size_t i = 0; i < paths->n && err == GAZE_OK; i++)
    err = answering_add_picture(chat, paths->items[i]);
  return err;
}

static void print_piece(void *user, const char *piece) {
  (void)user;
  fputs(piece, stdout);
  fflush(stdout);
}

gaze_err answering_ask(gaze_chat *chat, const char *question, bool silent, gaze_answer *out) {
  gaze_answer_options options = asked.answer;
  bool thoughts_first = options.think && given.verbose && !silent;
  options.text = silent || thoughts_first ? NULL : print_piece;
  gaze_err err = gaze_chat_ask(chat, question, &options, out);
  if (err == GAZE_OK && thoughts_first) {
    fprintf(stderr, "%s%s", out->thoughts ? out->thoughts : "", out->thoughts ? "\n\n" : "");
    print_piece(NULL, out->text);
  }
  return err;
}

double answering_speed(const gaze_answer *answer) {
  double writing = answer->seconds - answer->first_seconds;
  return writing > 0 ? (double)answer->completion_tokens / writing : 0;
}

void answering_tell_end(const gaze_answer *answer) {
  if (given.verbose)
    report("%zu tokens read (%zu known) in %.2f s, %zu written in %.2f s, %.1f a second; weights of %.0f MB, keys and "
           "values of %.0f MB; ended by %s",
           answer->prompt_tokens, answer->cached_tokens, answer->first_seconds, answer->completion_tokens,
           answer->seconds - answer->first_seconds, answering_speed(answer), 1e-6 * (double)answer->weight_bytes,
           1e-6 * (double)answer->cache_bytes, answer->ending);
  else if (strcmp(answer->ending, "length") == 0 && !given.quiet)
    report_warning("the answer was cut at --max-tokens");
  else if (strcmp(answer->ending, "context") == 0 && !given.quiet)
    report_warning("the answer was cut: the conversation is full, --context makes it longer, --slide goes on");
}

char *answering_text(const char *format, ...) {
  char *text = NULL;
  va_list values;
  va_start(values, format);
  if (vasprintf(&text, format, values) < 0)
    text = strcpy(memory_resize(NULL, 1, 1), "");
  va_end(values);
  return text;
}

json_t *answering_json(const gaze_answer *answer) {
  json_t *object =
      json_pack("{s:o, s:s, s:I, s:I, s:I, s:f, s:f, s:I, s:I}", "answer", json_text(answer->text), "ending",
                answer->ending, "prompt_tokens", (json_int_t)answer->prompt_tokens, "cached_tokens",
                (json_int_t)answer->cached_tokens, "completion_tokens", (json_int_t)answer->completion_tokens,
                "first_token_seconds", answer->first_seconds, "seconds", answer->seconds, "weight_bytes",
                (json_int_t)answer->weight_bytes, "cache_bytes", (json_int_t)answer->cache_bytes);
  if (asked.answer.slide)
    json_object_set_new(object, "forgotten_messages", json_integer((json_int_t)answer->forgotten_messages));
  if (asked.answer.look_up) {
    json_object_set_new(object, "guessed_tokens", json_integer((json_int_t)answer->guessed_tokens));
    json_object_set_new(object, "accepted_tokens", json_integer((json_int_t)answer->accepted_tokens));
  }
  if (answer->thoughts)
    json_object_set_new(object, "thoughts", json_text(answer->thoughts));
  return object;
}

int answering_run(const word_list *words, const char *command, int (*run)(const char *question)) {
  size_t size;
  if (words->n > 1)
    return report_usage("more than one question: %s: put it in quotes", words->items[1]);
  if (words->n == 0)
    return report_usage("no question: gaze %s: write it, or - to read it from standard input", command);
  if (strcmp(words->items[0], "-") != 0)
    return run(words->items[0]);
  char *text = stream_read(stdin, &size);
  int status = run(text);
  free(text);
  return status;
}
