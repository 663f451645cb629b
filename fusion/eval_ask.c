/* Asking an assistant all questions of a set: each by itself, one after another. What the questions about a picture
 * begin with alike is read once. */
#include "core/base/memory.h"
#include "fusion/assistant.h"
#include "fusion/predictions.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

typedef struct questioning {
  gaze_eval_questions *all;
  const gaze_eval_options *options;
  gaze_answer_options answer;
  gaze_chat *chat;
  gaze_predictions predictions;
  const gaze_sample *broken; /* whose picture cannot be looked at */
} questioning;

static gaze_err show_picture(questioning *run, const gaze_sample *sample) {
  if (!sample)
    return GAZE_OK;
  if (sample->path)
    return gaze_chat_add_picture_file(run->chat, sample->path);
  return gaze_chat_add_picture(run->chat, sample->picture, sample->picture_size, sample->key);
}

static gaze_err keep_answer(gaze_eval_row *row, const char *text) {
  size_t length;
  while (isspace((unsigned char)*text))
    text++;
  for (length = strlen(text); length && isspace((unsigned char)text[length - 1]);)
    length--;
  return gaze_format(&row->answer, "%.*s", (int)length, text);
}

static gaze_err ask_row(questioning *run, gaze_eval_row *row) {
  gaze_answer answer;
  gaze_chat_clear(run->chat);
  GAZE_TRY(show_picture(run, row->shown));
  GAZE_TRY(gaze_chat_ask(run->chat, row->prompt, &run->answer, &answer));
  gaze_err err = strcmp(answer.ending, "interrupted") == 0 ? GAZE_ERR_INTERRUPTED : keep_answer(row, answer.text);
  gaze_answer_fini(&answer);
  return err;
}

/* Whether an error is the row's: its picture cannot be read, or it is too long. */
static bool is_of_row(gaze_err err) {
  return err == GAZE_ERR_NOT_FOUND || err == GAZE_ERR_IO || err == GAZE_ERR_FORMAT || err == GAZE_ERR_UNSUPPORTED ||
         err == GAZE_ERR_LIMIT || err == GAZE_ERR_ARGUMENT;
}

/* A picture that cannot be read fails once, whatever the number of questions about it. */
static gaze_err fail_row(questioning *run, const gaze_eval_row *row) {
  gaze_eval_set_fail(&run->all->set, row->sample, gaze_last_error());
  return gaze_eval_questions_check(run->all, run->options);
}

static gaze_err run_row(questioning *run, size_t i) {
  gaze_eval_row *row = &run->all->rows[i];
  if (row->answer || (run->broken && row->shown == run->broken))
    return GAZE_OK;
  gaze_err err = ask_row(run, row);
  if (err == GAZE_OK)
    return gaze_predictions_add(&run->predictions, row, i);
  if (!is_of_row(err))
    return err;
  run->broken = err == GAZE_ERR_LIMIT ? NULL : row->shown;
  return fail_row(run, row);
}

static bool is_stopped(const questioning *run) { return run->answer.stop && *run->answer.stop; }

static gaze_err run_rows(questioning *run) {
  const gaze_eval_options *options = run->options;
  size_t n = run->all->n;
  for (size_t i = 0; i < n; i++) {
    gaze_err err = is_stopped(run) ? GAZE_ERR_INTERRUPTED : run_row(run, i);
    if (err == GAZE_ERR_INTERRUPTED)
      return gaze_fail(err, "interrupted: %zu of %zu rows are done: %s", i, n,
                       options->predictions ? "--resume goes on" : "with --out the next run could go on");
    GAZE_TRY(err);
    if (options->progress)
      options->progress(options->user, i + 1, n, run->all->rows[i].sample->key);
  }
  return GAZE_OK;
}

static gaze_err check_answers(const gaze_eval_questions *all) {
  for (size_t i = 0; i < all->n; i++)
    if (all->rows[i].answer)
      return GAZE_OK;
  return gaze_eval_set_fail_all(&all->set);
}

gaze_err gaze_eval_questions_ask(gaze_eval_questions *all, gaze_assistant *assistant,
                                 const gaze_eval_options *options) {
  questioning run = {.all = all, .options = options, .answer = options->answer};
  gaze_err err;
  run.answer.text = NULL;
  if (options->pictures != GAZE_EVAL_WITHHELD && !gaze_assistant_sees(assistant))
    return gaze_fail(GAZE_ERR_UNSUPPORTED,
                     "a model that does not see: %s: name one with an image encoder, or withhold "
                     "the pictures with --no-image",
                     assistant->path);
  GAZE_TRY_DONE(gaze_chat_new(assistant, options->system, &run.chat));
  GAZE_TRY_DONE(gaze_predictions_init(&run.predictions, options->predictions, options->resume, all->rows, all->n));
  GAZE_TRY_DONE(run_rows(&run));
  err = check_answers(all);
done:
  gaze_predictions_fini(&run.predictions);
  gaze_chat_free(run.chat);
  return err;
}
