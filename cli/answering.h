/* What the commands that ask share: options of the model and of its answers, pictures by path, streaming. */
#ifndef GAZE_CLI_ANSWERING_H
#define GAZE_CLI_ANSWERING_H

#include "cli/options.h"
#include "gaze_ask.h"

#include <jansson.h>

typedef struct answering {
  const char *system, *chat_template, *projector, *cache_kind; /* NULL: not given */
  word_list stops;
  size_t context;
  bool cache;
  gaze_answer_options answer;
} answering;

extern answering asked;

/* Rows of the model, and of the answers. */
#define ANSWERING_OPTIONS                                                                                              \
  {"system", 0, OPTION_TEXT, "TEXT", &asked.system, "what the model is told before all questions", 0, 0},              \
      {"max-tokens",                                                                                                   \
       'n',                                                                                                            \
       OPTION_SIZE,                                                                                                    \
       "N",                                                                                                            \
       &asked.answer.max_tokens,                                                                                       \
       "longest answer; 0: as long as there is room [512, with --think 2048]",                                         \
       0,                                                                                                              \
       1e6},                                                                                                           \
      {"temperature", 0, OPTION_FLOAT, "T", &asked.answer.temperature, "0: always the likeliest word [0]", 0, 100},    \
      {"top-k", 0, OPTION_SIZE, "K", &asked.answer.top_k, "draw from the K likeliest alone; 0: from all [0]", 0, 1e6}, \
      {"top-p", 0, OPTION_FLOAT, "P", &asked.answer.top_p, "from the likeliest that make P together [1]", 0, 1},       \
      {"min-p", 0, OPTION_FLOAT, "P", &asked.answer.min_p, "from those at least P times the likeliest [0]", 0, 1},     \
      {"repetition-penalty",                                                                                           \
       0,                                                                                                              \
       OPTION_FLOAT,                                                                                                   \
       "R",                                                                                                            \
       &asked.answer.repetition_penalty,                                                                               \
       "over 1: words that were said become less likely [1]",                                                          \
       0,                                                                                                              \
       100},                                                                                                           \
      {"seed", 0, OPTION_COUNT, "N", &asked.answer.seed, "the same seed draws the same words [0]", 0, 0x1p53},         \
      {"stop", 0, OPTION_LIST, "TEXT", &asked.stops, "ends the answer, may be given several times", 0, 0},             \
      {"think", 0, OPTION_SWITCH, NULL, &asked.answer.think, "reason before the answer; -v shows how", 0, 0},          \
      {"look-up",                                                                                                      \
       0,                                                                                                              \
       OPTION_SWITCH,                                                                                                  \
       NULL,                                                                                                           \
       &asked.answer.look_up,                                                                                          \
       "guess words from what was said: sooner where an answer repeats it, and the same",                              \
       0,                                                                                                              \
       0},                                                                                                             \
      {"slide",                                                                                                        \
       0,                                                                                                              \
       OPTION_SWITCH,                                                                                                  \
       NULL,                                                                                                           \
       &asked.answer.slide,                                                                                            \
       "a conversation that is full forgets its oldest questions and goes on",                                         \
       0,                                                                                                              \
       0},                                                                                                             \
      {"template", 0, OPTION_TEXT, "NAME", &asked.chat_template, "of the conversation [what the model says]", 0, 0},   \
      {"cache",                                                                                                        \
       0,                                                                                                              \
       OPTION_SWITCH,                                                                                                  \
       NULL,                                                                                                           \
       &asked.cache,                                                                                                   \
       "keep what was seen and read of pictures: later questions about them start sooner",                             \
       0,                                                                                                              \
       0},                                                                                                             \
      {"projector",                                                                                                    \
       0,                                                                                                              \
       OPTION_TEXT,                                                                                                    \
       "FILE",                                                                                                         \
       &asked.projector,                                                                                               \
       "the GGUF that sees, of a GGUF that speaks [mmproj*.gguf beside it]",                                           \
       0,                                                                                                              \
       0},                                                                                                             \
      {"context", 0, OPTION_SIZE, "N", &asked.context, "tokens of a conversation [8192, or the model's]", 16, 1e7}, {  \
    "cache-type", 0, OPTION_CHOICE, "f16|bf16|int8|f32", &asked.cache_kind, "how what was read is kept [f16]", 0, 0    \
  }

void answering_prepare(void); /* defaults */
/* The model of that name, NULL: $GAZE_MODEL, and what goes with it. */
GAZE_CHECKED gaze_err answering_open(const char *name, gaze_assistant **out);
void answering_close(gaze_assistant *assistant);
/* A picture by its path, "-": standard input, for the next question. */
GAZE_CHECKED gaze_err answering_add_picture(gaze_chat *chat, const char *path);
GAZE_CHECKED gaze_err answering_add_pictures(gaze_chat *chat, const word_list *paths);
/* Asks, and writes the answer to standard output as it comes unless `silent`; with -v thoughts to standard error. */
GAZE_CHECKED gaze_err answering_ask(gaze_chat *chat, const char *question, bool silent, gaze_answer *out);
/* Tells on standard error of an answer that was cut; with -v, how long it took. */
void answering_tell_end(const gaze_answer *answer);
/* As printf; yours: free(). */
char *answering_text(const char *format, ...) __attribute__((format(printf, 1, 2)));
json_t *answering_json(const gaze_answer *answer);
double answering_speed(const gaze_answer *answer); /* tokens a second, behind the first */
/* Runs a command's one word, the question, "-": as standard input has it. Returns the exit status. */
int answering_run(const word_list *words, const char *command, int (*run)(const char *question));

#endif
