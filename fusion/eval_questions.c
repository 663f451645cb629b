#include "fusion/eval_questions.h"

#include "core/base/memory.h"
#include "fusion/shuffled_pictures.h"

#include <stdlib.h>
#include <string.h>

static const char usual_request[] = "Describe the picture.";

void gaze_eval_questions_fini(gaze_eval_questions *all) {
  for (size_t i = 0; i < all->n; i++) {
    free(all->rows[i].prompt);
    free(all->rows[i].answer);
  }
  free(all->rows);
  gaze_eval_set_fini(&all->set);
}

gaze_err gaze_eval_questions_check(const gaze_eval_questions *all, const gaze_eval_options *options) {
  size_t failed = json_array_size(all->set.failed);
  const char *path = gaze_dataset_path(all->set.datasets[0]);
  const json_t *last = json_array_get(all->set.failed, failed ? failed - 1 : 0);
  if (failed > options->max_bad)
    return gaze_fail(GAZE_ERR_FORMAT, "%zu bad rows: %s: mend the set, or raise --max-bad: the last: %s", failed, path,
                     json_string_value(json_object_get(last, "error")));
  return all->n ? GAZE_OK : gaze_eval_set_fail_all(&all->set);
}

const char *gaze_eval_pictures_name(gaze_eval_pictures pictures) {
  return pictures == GAZE_EVAL_SHOWN ? "shown" : pictures == GAZE_EVAL_WITHHELD ? "withheld" : "shuffled";
}

/* The prompt with the question in the place of {}. *out: yours. */
static gaze_err write_prompt(const char *prompt, const char *question, char **out) {
  const char *hole = strstr(prompt, "{}");
  if (!hole)
    return gaze_strdup(prompt, out);
  return gaze_format(out, "%.*s%s%s", (int)(hole - prompt), prompt, question ? question : "", hole + 2);
}

static gaze_err leave_out(gaze_eval_questions *all, const gaze_sample *sample, const char *question) {
  char *message;
  GAZE_TRY(
      gaze_format(&message, "no answer is known: %s%s%s", sample->key, question ? ": " : "", question ? question : ""));
  gaze_eval_set_fail(&all->set, sample, message);
  free(message);
  return GAZE_OK;
}

static gaze_err add_row(gaze_eval_questions *all, const gaze_sample *sample, const char *prompt, const char *question,
                        const char *const *truths, size_t n) {
  if (n == 0)
    return leave_out(all, sample, question);
  GAZE_TRY(gaze_grow(&all->rows, &all->capacity, all->n + 1, sizeof *all->rows));
  gaze_eval_row *row = &all->rows[all->n];
  *row = (gaze_eval_row){.sample = sample, .shown = sample, .question = question, .truths = truths, .n_truths = n};
  GAZE_TRY(write_prompt(prompt, question, &row->prompt));
  all->n++;
  return GAZE_OK;
}

static bool is_full(const gaze_eval_questions *all, const gaze_eval_options *options) {
  return options->limit && all->n >= options->limit;
}

static gaze_err add_questions(gaze_eval_questions *all, const gaze_sample *sample, const gaze_eval_options *options) {
  const char *prompt = options->prompt ? options->prompt : "{}";
  for (size_t i = 0; i < sample->n_questions && !is_full(all, options); i++) {
    const gaze_sample_question *question = &sample->questions[i];
    GAZE_TRY(add_row(all, sample, prompt, question->text, question->answers, question->n_answers));
  }
  return sample->n_questions ? GAZE_OK : add_row(all, sample, prompt, NULL, NULL, 0);
}

/* A conversation's first turn will do for captions: LLaVA's first stage has them so. */
static gaze_err add_caption(gaze_eval_questions *all, const gaze_sample *sample, const gaze_eval_options *options) {
  const gaze_sample_question *turn = sample->questions;
  if (sample->n_captions || !sample->n_questions)
    return add_row(all, sample, options->prompt ? options->prompt : usual_request, NULL, sample->captions,
                   sample->n_captions);
  return add_row(all, sample, options->prompt ? options->prompt : "{}", turn->text, turn->answers, turn->n_answers);
}

static gaze_err check_kind(const gaze_eval_questions *all, bool captions) {
  for (size_t i = 0; i < all->set.n; i++)
    if (all->set.samples[i]->n_questions || (captions && all->set.samples[i]->n_captions))
      return GAZE_OK;
  const char *path = gaze_dataset_path(all->set.datasets[0]);
  return captions ? gaze_fail(GAZE_ERR_MISMATCH, "no captions: %s: captioning needs samples with \"captions\"", path)
                  : gaze_fail(GAZE_ERR_MISMATCH,
                              "no questions: %s: name samples with \"qa\", \"question\" or "
                              "\"conversations\"",
                              path);
}

static gaze_err choose_pictures(gaze_eval_questions *all, const gaze_eval_options *options) {
  const gaze_sample **shown = NULL;
  gaze_err err = GAZE_OK;
  if (options->pictures == GAZE_EVAL_SHUFFLED) {
    GAZE_TRY(gaze_alloc(all->set.n, sizeof *shown, &shown));
    err = gaze_shuffle_pictures(all->set.samples, all->set.n, options->seed, shown);
  }
  for (size_t i = 0, place = 0; i < all->n && err == GAZE_OK; i++) {
    gaze_eval_row *row = &all->rows[i];
    while (shown && all->set.samples[place] != row->sample)
      place++;
    row->shown = options->pictures == GAZE_EVAL_WITHHELD ? NULL : shown ? shown[place] : row->sample;
  }
  free(shown);
  return err;
}

gaze_err gaze_eval_questions_open(gaze_eval_questions *all, const char *const *paths, size_t n_paths,
                                  const gaze_eval_options *options, bool captions) {
  const gaze_dataset_options how = {.columns_fixed = true, .folders = true, .pictures = options->folder};
  GAZE_TRY(gaze_eval_set_open(&all->set, paths, n_paths, &how));
  GAZE_TRY(check_kind(all, captions));
  for (size_t i = 0; i < all->set.n && !is_full(all, options); i++)
    GAZE_TRY((captions ? add_caption : add_questions)(all, all->set.samples[i], options));
  GAZE_TRY(gaze_eval_questions_check(all, options));
  return choose_pictures(all, options);
}
