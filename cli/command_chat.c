#include "cli/answering.h"
#include "cli/command.h"
#include "cli/report.h"
#include "cli/settings.h"
#include "cli/spelling.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct {
  word_list images;
  const char *load;
} arguments;

static bool failed; /* a line of the conversation */

static const option_row options[] = {
    {"image", 'i', OPTION_LIST, "FILE", &arguments.images, "a picture for the first question", 0, 0},
    {"load", 0, OPTION_TEXT, "FILE", &arguments.load, "go on with a conversation that /save kept", 0, 0},
    ANSWERING_OPTIONS,
    {0},
};

/* What a line that begins with / does; false: leave. word: what follows the name. */
typedef struct line_command {
  const char *name, *help;
  bool (*run)(gaze_chat *chat, const char *word);
} line_command;

/* An error is told, and the conversation goes on. */
static bool told(gaze_err err, const char *done, const char *what) {
  failed |= err != GAZE_OK;
  if (err != GAZE_OK)
    report_error(err);
  else if (!given.quiet)
    fprintf(stderr, "%s%s\n", done, what);
  return true;
}

static bool add_image(gaze_chat *chat, const char *word) {
  return told(gaze_chat_add_picture_file(chat, word), "for the next question: ", word);
}

static bool clear(gaze_chat *chat, const char *word) {
  gaze_chat_clear(chat);
  return told(GAZE_OK, "forgotten", word);
}

static bool save(gaze_chat *chat, const char *word) { return told(gaze_chat_save(chat, word), "kept in ", word); }

static bool load(gaze_chat *chat, const char *word) { return told(gaze_chat_load(chat, word), "going on with ", word); }

static bool quit(gaze_chat *chat, const char *word) { return (void)chat, (void)word, false; }
static bool help(gaze_chat *chat, const char *word);

static const line_command line_commands[] = {{"image", " PATH: a picture for the next question", add_image},
                                             {"clear", ": forget all that was said", clear},
                                             {"save", " PATH: keep the conversation in a file", save},
                                             {"load", " PATH: go on with one", load},
                                             {"help", ": this list", help},
                                             {"quit", ": leave, as Ctrl-D does", quit}};
enum { LINE_COMMANDS = sizeof line_commands / sizeof *line_commands };

static bool help(gaze_chat *chat, const char *word) {
  (void)chat, (void)word;
  for (size_t i = 0; i < LINE_COMMANDS; i++)
    fprintf(stderr, "  /%s%s\n", line_commands[i].name, line_commands[i].help);
  return true;
}

static const char *line_command_name(const void *user, size_t i) {
  (void)user;
  return i < LINE_COMMANDS ? line_commands[i].name : NULL;
}

static bool refuse(const char *name) {
  const char *near = nearest_name(name, line_command_name, NULL);
  failed = true;
  report("unknown: /%s: %s%s", name, near ? "did you mean /" : "/help lists what there is", near ? near : "");
  return true;
}

/* Without blanks at its end, and without the quotes that a file dragged into a terminal comes in. */
static char *trim(char *word) {
  size_t length = strlen(word);
  while (length && (word[length - 1] == ' ' || word[length - 1] == '\t'))
    word[--length] = 0;
  bool quoted = length > 1 && (*word == '\'' || *word == '"') && word[length - 1] == *word;
  if (!quoted)
    return word;
  word[length - 1] = 0;
  return word + 1;
}

static bool run_line_command(gaze_chat *chat, char *line) {
  char *word = line + strcspn(line, " \t");
  if (*word)
    *word++ = 0;
  word = trim(word + strspn(word, " \t"));
  for (size_t i = 0; i < LINE_COMMANDS; i++) {
    if (strcmp(line, line_commands[i].name) != 0)
      continue;
    if (*line_commands[i].help == ':' || *word)
      return line_commands[i].run(chat, word);
    failed = true;
    report("no path: /%s: write /%s PATH", line, line);
    return true;
  }
  return refuse(line);
}

static void answer_line(gaze_chat *chat, const char *line) {
  gaze_answer answer;
  gaze_err err = answering_ask(chat, line, given.json, &answer);
  if (err != GAZE_OK) {
    failed = true;
    report_error(err);
    return;
  }
  bool silent = given.json || given.quiet;
  if (given.json)
    json_print(answering_json(&answer), stdout);
  else
    puts("");
  fflush(stdout);
  if (strcmp(answer.ending, "length") == 0 && !silent)
    report_warning("the answer was cut: --max-tokens makes it longer");
  else if (strcmp(answer.ending, "context") == 0 && !silent)
    report_warning("the answer was cut: the conversation is full, /clear it or raise --context; --slide goes on");
  if (answer.forgotten_messages && !silent)
    report_warning("the conversation was full: what was said first is forgotten");
  gaze_answer_fini(&answer);
}

/* A line without its end; false: there is none. Ctrl-C once is answered by a word, twice ends the program. */
static bool read_line(char **line, size_t *room) {
  bool terminal = isatty(STDIN_FILENO);
  for (;;) {
    if (terminal)
      fputs("> ", stderr);
    interrupts_end_reading(true);
    ssize_t length = getline(line, room, stdin);
    bool again = length < 0 && errno == EINTR && !feof(stdin);
    interrupts_end_reading(false);
    if (length >= 0)
      (*line)[strcspn(*line, "\r\n")] = 0;
    if (!again && length < 0 && terminal)
      fputs("\n", stderr); /* the shell's prompt on a line of its own */
    if (!again)
      return length >= 0;
    clearerr(stdin);
    fputs("\nonce more Ctrl-C leaves; /help tells what else there is\n", stderr);
  }
}

static void converse(gaze_chat *chat) {
  char *line = NULL;
  size_t room = 0;
  bool more = true;
  if (isatty(STDIN_FILENO) && !given.quiet)
    fputs("/help lists what there is besides questions, Ctrl-D leaves\n", stderr);
  while (more && read_line(&line, &room)) {
    char *text = line + strspn(line, " \t");
    interrupted = 0;
    if (*text == '/')
      more = run_line_command(chat, text + 1);
    else if (*text)
      answer_line(chat, text);
    interrupted = 0;
  }
  free(line);
}

static gaze_err start(gaze_chat *chat) {
  gaze_err err = arguments.load ? gaze_chat_load(chat, arguments.load) : GAZE_OK;
  for (size_t i = 0; i < arguments.images.n && err == GAZE_OK; i++)
    err = answering_add_picture(chat, arguments.images.items[i]);
  return err;
}

static int run(const word_list *words) {
  gaze_assistant *assistant = NULL;
  gaze_chat *chat = NULL;
  if (words->n)
    return report_usage("questions are typed: %s: gaze ask answers one", words->items[0]);
  watch_interrupts();
  gaze_err err = answering_open(given.model, &assistant);
  if (err == GAZE_OK)
    err = gaze_chat_new(assistant, asked.system, &chat);
  if (err == GAZE_OK)
    err = start(chat);
  if (err == GAZE_OK)
    converse(chat);
  gaze_chat_free(chat);
  answering_close(assistant);
  if (err != GAZE_OK)
    return report_error(err);
  return failed && !isatty(STDIN_FILENO) ? STATUS_FAILED : STATUS_DONE; /* a script is to hear of it */
}

const command_row chat_command = {
    .name = "chat",
    .summary = "talk with a model in the terminal",
    .usage = "[options]",
    .about = "Every line is a question; what was said before is known. /image PATH shows a picture, /clear forgets, "
             "/save PATH and /load PATH keep a conversation and go on with it, /quit leaves. Ctrl-C ends an answer.",
    .examples = "  gaze chat -m llava-folder --image photo.jpg\n",
    .options = options,
    .prepare = answering_prepare,
    .run = run,
};
