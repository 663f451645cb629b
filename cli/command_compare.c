#include "cli/answering.h"
#include "cli/command.h"
#include "cli/inputs.h"
#include "cli/peak_memory.h"
#include "cli/report.h"
#include "cli/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct { word_list models, images; } arguments;

static const option_row options[] = {
    {"model", 'm', OPTION_LIST, "MODEL", &arguments.models, "one of those that are compared; given several times", 0,
     0},
    {"image", 'i', OPTION_LIST, "FILE", &arguments.images,
     "a picture to look at, - for standard input; may be given several times", 0, 0},
    ANSWERING_OPTIONS,
    {0},
};

/* What a model did. */
typedef struct model_trial {
  const char *model;
  gaze_answer answer; /* text NULL: none, */
  char *error;        /* for this reason */
  size_t peak_bytes;  /* 0: not known */
} model_trial;

/* Of -m in front of the command's name, too. */
static void prepare(void) {
  answering_prepare();
  if (given.model)
    word_list_add(&arguments.models, given.model);
}

/* A model is there no longer when the next one comes. */
static gaze_err run_model(const char *question, model_trial *trial) {
  gaze_assistant *assistant = NULL;
  gaze_chat *chat = NULL;
  peak_memory_begin();
  gaze_err err = answering_open(trial->model, &assistant);
  if (err == GAZE_OK)
    err = gaze_chat_new(assistant, asked.system, &chat);
  if (err == GAZE_OK)
    err = answering_add_pictures(chat, &arguments.images);
  if (err == GAZE_OK)
    err = answering_ask(chat, question, given.json, &trial->answer);
  trial->peak_bytes = peak_memory();
  gaze_chat_free(chat);
  answering_close(assistant);
  return err;
}

static void try_model(const char *question, model_trial *trial) {
  if (!given.json)
    printf("%s\n", trial->model);
  fflush(stdout);
  gaze_err err = run_model(question, trial);
  if (err != GAZE_OK) {
    trial->error = answering_text("%s", gaze_last_error());
    report_error(err);
  }
  if (!given.json)
    puts(err == GAZE_OK ? "\n" : "");
  if (err == GAZE_OK && !given.json)
    answering_tell_end(&trial->answer);
}

static json_t *trial_json(const model_trial *trial) {
  if (trial->error)
    return json_pack("{s:o, s:o}", "model", json_text(trial->model), "error", json_text(trial->error));
  json_t *object = answering_json(&trial->answer);
  json_object_set_new(object, "model", json_text(trial->model));
  json_object_set_new(object, "tokens_per_second", json_real(answering_speed(&trial->answer)));
  if (trial->peak_bytes)
    json_object_set_new(object, "peak_bytes", json_integer((json_int_t)trial->peak_bytes));
  return object;
}

static void print_trial(const model_trial *trial) {
  const gaze_answer *answer = &trial->answer;
  if (trial->error)
    printf("-\t-\t-\t");
  else
    printf("%.2f s\t%zu\t%.1f\t", answer->first_seconds, answer->completion_tokens, answering_speed(answer));
  if (trial->error || !trial->peak_bytes)
    printf("-\t%s\n", trial->model);
  else
    printf("%.0f MB\t%s\n", (double)trial->peak_bytes / 1e6, trial->model);
}

static void print_trials(const model_trial *trials, size_t n) {
  json_t *list = json_array();
  for (size_t i = 0; i < n && given.json; i++)
    json_array_append_new(list, trial_json(&trials[i]));
  if (given.json) {
    json_print(list, stdout);
    return;
  }
  json_decref(list);
  puts("first token\ttokens\ttokens/s\tpeak memory\tmodel");
  for (size_t i = 0; i < n; i++)
    print_trial(&trials[i]);
}

static int compare(const char *question) {
  size_t n = 0, failed = 0;
  model_trial *trials = memory_resize(NULL, arguments.models.n, sizeof *trials);
  watch_interrupts();
  for (; n < arguments.models.n && !interrupted; n++) {
    trials[n] = (model_trial){.model = arguments.models.items[n]};
    try_model(question, &trials[n]);
    failed += trials[n].error != NULL;
  }
  print_trials(trials, n);
  for (size_t i = 0; i < n; i++) {
    gaze_answer_fini(&trials[i].answer);
    free(trials[i].error);
  }
  free(trials);
  return interrupted ? STATUS_INTERRUPTED : batch_status(n, failed);
}

static int run(const word_list *words) {
  if (arguments.models.n < 2)
    return report_usage("nothing to compare: %s: name two models or more, each with -m",
                        arguments.models.n ? arguments.models.items[0] : "no models");
  return answering_run(words, "compare", compare);
}

const command_row compare_command = {
    .name = "compare",
    .summary = "ask several models the same, side by side",
    .usage = "[options] -m A -m B... [--image FILE]... QUESTION",
    .about =
        "The models answer one after another, each when the one before has left the memory; then a table tells the "
        "time to the first token, how many tokens there were and how fast, and the largest memory. One that fails "
        "is named and the others go on.",
    .examples = "  gaze compare -m model-q8_0.gguf -m model-q4_k.gguf \"Why is the sky blue?\"\n"
                "  gaze compare --json -m llava-folder -m smolvlm-folder -i photo.jpg \"What is this?\"\n",
    .options = options,
    .prepare = prepare,
    .run = run,
};
