#include "cli/answering.h"
#include "cli/command.h"
#include "cli/inputs.h"
#include "cli/report.h"
#include "cli/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct { word_list images; } arguments;

static const option_row options[] = {
    {"image", 'i', OPTION_LIST, "FILE", &arguments.images,
     "a picture to look at, - for standard input; may be given several times", 0, 0},
    ANSWERING_OPTIONS,
    {0},
};

static void tell_speed(const gaze_answer *answer) {
  double writing = answer->seconds - answer->first_seconds;
  report("%zu tokens read (%zu known) in %.2f s, %zu written in %.2f s, %.1f a second; ended by %s",
         answer->prompt_tokens, answer->cached_tokens, answer->first_seconds, answer->completion_tokens, writing,
         writing > 0 ? (double)answer->completion_tokens / writing : 0, answer->ending);
}

static int print_answer(const gaze_answer *answer) {
  if (given.json) {
    answering_print_json(answer);
    return STATUS_DONE;
  }
  puts("");
  fflush(stdout);
  if (given.verbose)
    tell_speed(answer);
  else if (strcmp(answer->ending, "length") == 0 && !given.quiet)
    report_warning("the answer was cut at --max-tokens");
  else if (strcmp(answer->ending, "context") == 0 && !given.quiet)
    report_warning("the answer was cut: the conversation is full, --context makes it longer");
  return strcmp(answer->ending, "interrupted") == 0 ? STATUS_INTERRUPTED : STATUS_DONE;
}

static gaze_err ask(gaze_chat *chat, const char *question, gaze_answer *answer) {
  for (size_t i = 0; i < arguments.images.n; i++) {
    gaze_err err = answering_add_picture(chat, arguments.images.items[i]);
    if (err != GAZE_OK)
      return err;
  }
  return answering_ask(chat, question, given.json, answer);
}

static int run_question(const char *question) {
  gaze_assistant *assistant = NULL;
  gaze_chat *chat = NULL;
  gaze_answer answer = {0};
  watch_interrupts();
  gaze_err err = answering_open(given.model, &assistant);
  if (err == GAZE_OK)
    err = gaze_chat_new(assistant, asked.system, &chat);
  if (err == GAZE_OK)
    err = ask(chat, question, &answer);
  int status = err == GAZE_OK ? print_answer(&answer) : report_error(err);
  gaze_answer_fini(&answer);
  gaze_chat_free(chat);
  answering_close(assistant);
  return status;
}

static int run(const word_list *words) {
  size_t size;
  if (words->n != 1)
    return report_usage(words->n ? "more than one question: %s: put it in quotes"
                                 : "no question: gaze ask%s: write it, or - to read it from standard input",
                        words->n ? words->items[1] : "");
  if (strcmp(words->items[0], "-") != 0)
    return run_question(words->items[0]);
  char *text = stream_read(stdin, &size);
  int status = run_question(text);
  free(text);
  return status;
}

const command_row ask_command = {
    .name = "ask",
    .summary = "ask a model, about pictures or without",
    .usage = "[options] [--image FILE]... QUESTION",
    .about = "Answers as it thinks, word by word. The model is a folder of Hugging Face's layout or a GGUF file, with "
             "or without an image encoder.",
    .examples = "  gaze ask -m llava-folder --image photo.jpg \"What is on the table?\"\n"
                "  gaze ask -m model.gguf --temperature 0.7 --seed 1 \"Write a poem about rain\"\n",
    .options = options,
    .prepare = answering_prepare,
    .run = run,
};
