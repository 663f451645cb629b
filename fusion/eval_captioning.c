/* Measuring an assistant on describing pictures. */
#include "core/base/memory.h"
#include "fusion/assistant.h"
#include "fusion/caption_score.h"
#include "fusion/caption_tokens.h"
#include "fusion/eval_questions.h"

#include <stdlib.h>

/* Captions and references as words. */
typedef struct worded_captions {
  gaze_scored_caption *items; /* [n] */
  size_t n;
  char **texts; /* [n_texts], what the items borrow */
  size_t n_texts;
} worded_captions;

static gaze_err add_words(worded_captions *captions, const char *text) {
  GAZE_TRY(gaze_caption_tokens(text, &captions->texts[captions->n_texts]));
  captions->n_texts++;
  return GAZE_OK;
}

/* The caption, then its references. */
static gaze_err add_row(worded_captions *captions, const gaze_eval_row *row) {
  const char *const *texts = (const char *const *)captions->texts + captions->n_texts;
  GAZE_TRY(add_words(captions, row->answer));
  for (size_t i = 0; i < row->n_truths; i++)
    GAZE_TRY(add_words(captions, row->truths[i]));
  captions->items[captions->n++] = (gaze_scored_caption){texts[0], texts + 1, row->n_truths};
  return GAZE_OK;
}

static gaze_err word_captions(worded_captions *captions, const gaze_eval_questions *all) {
  size_t n_texts = 0;
  for (size_t i = 0; i < all->n; i++)
    n_texts += 1 + all->rows[i].n_truths;
  GAZE_TRY(gaze_alloc(all->n, sizeof *captions->items, &captions->items));
  GAZE_TRY(gaze_alloc(n_texts, sizeof *captions->texts, &captions->texts));
  for (size_t i = 0; i < all->n; i++)
    if (all->rows[i].answer)
      GAZE_TRY(add_row(captions, &all->rows[i]));
  return GAZE_OK;
}

static void worded_fini(worded_captions *captions) {
  while (captions->n_texts)
    free(captions->texts[--captions->n_texts]);
  free(captions->texts);
  free(captions->items);
}

static double mean_words(const worded_captions *captions) {
  size_t words = 0;
  for (size_t i = 0; i < captions->n; i++)
    for (const char *c = captions->items[i].caption; *c; c++)
      words += *c == ' ' || !c[1];
  return (double)words / (double)captions->n;
}

static json_t *metrics_of(const worded_captions *captions, const gaze_caption_scores *scores) {
  return json_pack("{s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:I}", "Bleu_1", scores->bleu[0], "Bleu_2", scores->bleu[1],
                   "Bleu_3", scores->bleu[2], "Bleu_4", scores->bleu[3], "ROUGE_L", scores->rouge_l, "CIDEr",
                   scores->cider, "mean_words", mean_words(captions), "captions", (json_int_t)captions->n);
}

static gaze_err measure(const gaze_eval_questions *all, const gaze_assistant *assistant, const char *const *paths,
                        size_t n, const gaze_eval_options *options, char **metrics) {
  worded_captions captions = {0};
  gaze_caption_scores scores;
  json_t *json = NULL;
  gaze_err err;
  GAZE_TRY_DONE(word_captions(&captions, all));
  GAZE_TRY_DONE(gaze_caption_score(captions.items, captions.n, &scores, NULL));
  json = gaze_eval_describe(gaze_assistant_name(assistant), paths, n, "captioning", metrics_of(&captions, &scores),
                            all->set.failed);
  json_object_set_new(json, "pictures", json_string(gaze_eval_pictures_name(options->pictures)));
  err = gaze_json_text(json, JSON_REAL_PRECISION(6), metrics);
done:
  json_decref(json);
  worded_fini(&captions);
  return err;
}

gaze_err gaze_eval_captioning(gaze_assistant *assistant, const char *const *paths, size_t n,
                              const gaze_eval_options *options, char **metrics) {
  static const gaze_eval_options usual = {.max_bad = SIZE_MAX};
  gaze_eval_questions all = {0};
  gaze_err err;
  options = options ? options : &usual;
  GAZE_TRY_DONE(gaze_eval_questions_open(&all, paths, n, options, true));
  GAZE_TRY_DONE(gaze_eval_questions_ask(&all, assistant, options));
  err = measure(&all, assistant, paths, n, options, metrics);
done:
  gaze_eval_questions_fini(&all);
  return err;
}
