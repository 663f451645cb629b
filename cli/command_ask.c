#include "cli/answering.h"
#include "cli/ask_search.h"
#include "cli/command.h"
#include "cli/report.h"
#include "cli/settings.h"

#include <stdio.h>
#include <string.h>

static struct { word_list images; } arguments;

static const option_row options[] = {
    {"image", 'i', OPTION_LIST, "FILE", &arguments.images,
     "a picture to look at, - for standard input; may be given several times", 0, 0},
    ASK_SEARCH_OPTIONS,
    ANSWERING_OPTIONS,
    {0},
};

static int print_answer(const gaze_answer *answer) {
  if (given.json) {
    json_print(answering_json(answer), stdout);
    return STATUS_DONE;
  }
  puts("");
  fflush(stdout);
  answering_tell_end(answer);
  return strcmp(answer->ending, "interrupted") == 0 ? STATUS_INTERRUPTED : STATUS_DONE;
}

static int ask(gaze_chat *chat, const char *question) {
  gaze_answer answer = {0};
  if (ask_search_wanted())
    return ask_search(chat, question);
  gaze_err err = answering_add_pictures(chat, &arguments.images);
  if (err == GAZE_OK)
    err = answering_ask(chat, question, given.json, &answer);
  int status = err == GAZE_OK ? print_answer(&answer) : report_error(err);
  gaze_answer_fini(&answer);
  return status;
}

static int run_question(const char *question) {
  gaze_assistant *assistant = NULL;
  gaze_chat *chat = NULL;
  int status = ask_search_check(arguments.images.n > 0);
  if (status != STATUS_DONE)
    return status;
  watch_interrupts();
  gaze_err err = answering_open(given.model, &assistant);
  if (err == GAZE_OK)
    err = gaze_chat_new(assistant, asked.system, &chat);
  if (err != GAZE_OK)
    status = report_error(err);
  else if (ask_search_wanted() && !gaze_assistant_sees(assistant))
    status = ask_search_refuse();
  else
    status = ask(chat, question);
  gaze_chat_free(chat);
  answering_close(assistant);
  return status;
}

static int run(const word_list *words) { return answering_run(words, "ask", run_question); }

const command_row ask_command = {
    .name = "ask",
    .summary = "ask a model, about pictures or without",
    .usage = "[options] [--image FILE]... QUESTION",
    .about = "Answers word by word. The model is a folder of Hugging Face's layout or a GGUF file, with or without an "
             "image encoder. With --search it looks at the best photos of the index, one after another, and answers "
             "from what it saw; their paths and scores follow. --think lets it reason before the answer.",
    .examples = "  gaze ask -m llava-folder --image photo.jpg \"What is on the table?\"\n"
                "  gaze ask -m llava-folder --search \"a bus\" \"Which colours are the buses?\"\n"
                "  gaze ask -m model.gguf --temperature 0.7 --seed 1 \"Write a poem about rain\"\n",
    .options = options,
    .prepare = answering_prepare,
    .run = run,
};
