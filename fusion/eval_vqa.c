/* Measuring an assistant on questions about pictures. */
#include "core/base/memory.h"
#include "fusion/assistant.h"
#include "fusion/eval_questions.h"
#include "fusion/question_look_up.h"
#include "fusion/vqa_score.h"
#include "fusion/yes_no.h"

#include <stdlib.h>
#include <string.h>

enum { TYPES_MOST = 20 }; /* that are told of each by itself */

/* Answers that are alike in something, and how many are right. */
typedef struct question_tally {
  char *name; /* of gaze_vqa_question_type */
  size_t asked, exact;
} question_tally;

typedef struct vqa_tallies {
  size_t asked, exact, consensus_asked, looked_up;
  double consensus; /* a sum */
  question_tally kinds[3];
  gaze_yes_no_counts yes_no;
  question_tally *types; /* [n_types] */
  size_t n_types, types_capacity;
  gaze_question_look_up known;
} vqa_tallies;

static void tallies_fini(vqa_tallies *tallies) {
  for (size_t i = 0; i < tallies->n_types; i++)
    free(tallies->types[i].name);
  free(tallies->types);
  gaze_question_look_up_fini(&tallies->known);
}

/* Answers in the form in which they are compared. */
typedef struct judged_row {
  char *answer, **truths; /* [n] */
  size_t n;
  const char *usual; /* the truth that most people gave, of several the first */
} judged_row;

static void judged_fini(judged_row *judged) {
  for (size_t i = 0; i < judged->n; i++)
    free(judged->truths[i]);
  free(judged->truths);
  free(judged->answer);
}

static gaze_err judged_init(judged_row *judged, const gaze_eval_row *row) {
  GAZE_TRY(gaze_vqa_normalise(row->answer, &judged->answer));
  GAZE_TRY(gaze_alloc(row->n_truths, sizeof *judged->truths, &judged->truths));
  for (; judged->n < row->n_truths; judged->n++)
    GAZE_TRY(gaze_vqa_normalise(row->truths[judged->n], &judged->truths[judged->n]));
  judged->usual = gaze_vqa_usual((const char *const *)judged->truths, judged->n);
  return GAZE_OK;
}

static gaze_err count_type(vqa_tallies *tallies, const char *question, bool exact) {
  char *name;
  size_t i = 0;
  GAZE_TRY(gaze_grow(&tallies->types, &tallies->types_capacity, tallies->n_types + 1, sizeof *tallies->types));
  GAZE_TRY(gaze_vqa_question_type(question, &name));
  while (i < tallies->n_types && strcmp(tallies->types[i].name, name) != 0)
    i++;
  if (i == tallies->n_types)
    tallies->types[tallies->n_types++] = (question_tally){.name = name};
  else
    free(name);
  tallies->types[i].asked++;
  tallies->types[i].exact += exact;
  return GAZE_OK;
}

static gaze_err count_look_up(vqa_tallies *tallies, const gaze_eval_row *row, const judged_row *judged) {
  const char *answer;
  if (!tallies->known.n)
    return GAZE_OK;
  GAZE_TRY(gaze_question_look_up_get(&tallies->known, row->question, &answer));
  tallies->looked_up += gaze_vqa_is_exact(answer, (const char *const *)judged->truths, judged->n);
  return GAZE_OK;
}

static gaze_err count_judged(vqa_tallies *tallies, const gaze_eval_row *row, const judged_row *judged) {
  const char *const *truths = (const char *const *)judged->truths;
  bool exact = gaze_vqa_is_exact(judged->answer, truths, judged->n);
  gaze_answer_kind kind = gaze_vqa_kind(judged->usual);
  tallies->asked++;
  tallies->exact += exact;
  tallies->kinds[kind].asked++;
  tallies->kinds[kind].exact += exact;
  if (judged->n > 1) {
    tallies->consensus_asked++;
    tallies->consensus += gaze_vqa_consensus(judged->answer, truths, judged->n);
  }
  if (kind == GAZE_ANSWER_YES_NO)
    tallies->yes_no.said[gaze_yes_no_says_yes(row->answer)][gaze_yes_no_is_yes(judged->usual)]++;
  GAZE_TRY(count_look_up(tallies, row, judged));
  return count_type(tallies, row->question, exact);
}

static gaze_err count_rows(vqa_tallies *tallies, const gaze_eval_questions *all) {
  for (size_t i = 0; i < all->n; i++) {
    judged_row judged = {0};
    if (!all->rows[i].answer)
      continue;
    gaze_err err = judged_init(&judged, &all->rows[i]);
    if (err == GAZE_OK)
      err = count_judged(tallies, &all->rows[i], &judged);
    judged_fini(&judged);
    GAZE_TRY(err);
  }
  return GAZE_OK;
}

static double share(double part, size_t whole) { return whole ? part / (double)whole : 0; }

static void put_number(json_t *object, const char *name, double value) {
  json_object_set_new(object, name, json_real(value));
}

static json_t *metrics_of(const vqa_tallies *tallies) {
  json_t *metrics = json_pack("{s:f}", "exact_match", share((double)tallies->exact, tallies->asked));
  if (tallies->consensus_asked)
    put_number(metrics, "consensus", share(tallies->consensus, tallies->consensus_asked));
  if (tallies->known.n)
    put_number(metrics, "look_up_exact_match", share((double)tallies->looked_up, tallies->asked));
  if (tallies->kinds[GAZE_ANSWER_YES_NO].asked) {
    gaze_yes_no_figures figures = gaze_yes_no_measure(&tallies->yes_no);
    put_number(metrics, "yes_no_accuracy", figures.accuracy);
    put_number(metrics, "yes_no_precision", figures.precision);
    put_number(metrics, "yes_no_recall", figures.recall);
    put_number(metrics, "yes_no_f1", figures.f1);
    put_number(metrics, "yes_ratio", figures.yes_ratio);
  }
  json_object_set_new(metrics, "questions", json_integer((json_int_t)tallies->asked));
  return metrics;
}

static void put_tally(json_t *object, const char *name, const question_tally *tally) {
  if (tally->asked)
    json_object_set_new(object, name,
                        json_pack("{s:f, s:I}", "exact_match", share((double)tally->exact, tally->asked), "questions",
                                  (json_int_t)tally->asked));
}

static json_t *kinds_of(const vqa_tallies *tallies) {
  static const char *const names[] = {"yes/no", "number", "other"};
  json_t *object = json_object();
  for (int i = 0; i < 3; i++)
    put_tally(object, names[i], &tallies->kinds[i]);
  return object;
}

/* The most frequent first, then by name. */
static int compare_tallies(const void *left, const void *right) {
  const question_tally *a = left, *b = right;
  return a->asked != b->asked ? (a->asked < b->asked ? 1 : -1) : strcmp(a->name, b->name);
}

static json_t *types_of(vqa_tallies *tallies) {
  json_t *object = json_object();
  question_tally rest = {0};
  if (tallies->n_types)
    qsort(tallies->types, tallies->n_types, sizeof *tallies->types, compare_tallies);
  for (size_t i = 0; i < tallies->n_types; i++) {
    if (i < TYPES_MOST)
      put_tally(object, tallies->types[i].name, &tallies->types[i]);
    rest.asked += i < TYPES_MOST ? 0 : tallies->types[i].asked;
    rest.exact += i < TYPES_MOST ? 0 : tallies->types[i].exact;
  }
  put_tally(object, "(rest)", &rest);
  return object;
}

static gaze_err describe(vqa_tallies *tallies, const gaze_eval_questions *all, const gaze_assistant *assistant,
                         const char *const *paths, size_t n, const gaze_eval_options *options, char **metrics) {
  json_t *json =
      gaze_eval_describe(gaze_assistant_name(assistant), paths, n, "vqa", metrics_of(tallies), all->set.failed);
  json_object_set_new(json, "pictures", json_string(gaze_eval_pictures_name(options->pictures)));
  json_object_set_new(json, "answer_types", kinds_of(tallies));
  json_object_set_new(json, "question_types", types_of(tallies));
  gaze_err err = gaze_json_text(json, JSON_REAL_PRECISION(6), metrics);
  json_decref(json);
  return err;
}

gaze_err gaze_eval_vqa(gaze_assistant *assistant, const char *const *paths, size_t n, const gaze_eval_options *options,
                       char **metrics) {
  static const gaze_eval_options usual = {.max_bad = SIZE_MAX};
  gaze_eval_questions all = {0};
  vqa_tallies tallies = {0};
  gaze_err err;
  options = options ? options : &usual;
  if (options->prompt && !strstr(options->prompt, "{}"))
    return gaze_fail(GAZE_ERR_ARGUMENT, "no place for the question: %s: write {} where it goes", options->prompt);
  if (options->n_known)
    GAZE_TRY_DONE(gaze_question_look_up_init(&tallies.known, options->known, options->n_known));
  GAZE_TRY_DONE(gaze_eval_questions_open(&all, paths, n, options, false));
  GAZE_TRY_DONE(gaze_eval_questions_ask(&all, assistant, options));
  GAZE_TRY_DONE(count_rows(&tallies, &all));
  err = describe(&tallies, &all, assistant, paths, n, options, metrics);
done:
  gaze_eval_questions_fini(&all);
  tallies_fini(&tallies);
  return err;
}
