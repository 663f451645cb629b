/* Questions about a sample's picture, and lists of texts, from its JSON. */
#include "fusion/dataset_build.h"

#include <string.h>

static const char mark[] = "<image>";

gaze_err gaze_dataset_texts(gaze_dataset *dataset, const char *key, const char *name, const json_t *list,
                            const char *first, const char *const **out, size_t *n) {
  const char **texts;
  char what[80];
  snprintf(what, sizeof what, "make \"%s\" a list of texts", name);
  if (json_is_null(list))
    list = NULL;
  if (list && !json_is_array(list))
    return gaze_dataset_fail(dataset, key, what);
  GAZE_TRY(gaze_dataset_take(dataset, (json_array_size(list) + 1) * sizeof *texts, &texts));
  *out = texts;
  *n = 0;
  if (first)
    texts[(*n)++] = first;
  for (size_t i = 0; i < json_array_size(list); i++) {
    const json_t *value = json_array_get(list, i);
    if (!json_is_string(value))
      return gaze_dataset_fail(dataset, key, what);
    if (json_string_length(value))
      GAZE_TRY(gaze_dataset_text(dataset, json_string_value(value), json_string_length(value), &texts[(*n)++]));
  }
  return GAZE_OK;
}

/* VQA's answers are objects with the text in them. */
static const json_t *text_of(const json_t *answer) {
  return json_is_object(answer) ? json_object_get(answer, "answer") : answer;
}

static gaze_err read_answers(gaze_dataset *dataset, const char *key, const json_t *answer, gaze_sample_question *out) {
  const char **texts;
  bool several = json_is_array(answer);
  size_t n = several ? json_array_size(answer) : 1;
  GAZE_TRY(gaze_dataset_take(dataset, (n + 1) * sizeof *texts, &texts));
  out->answers = texts;
  for (size_t i = 0; answer && i < n; i++) {
    const json_t *value = several ? text_of(json_array_get(answer, i)) : answer;
    if (!json_is_string(value))
      return gaze_dataset_fail(dataset, key, "make answers texts");
    if (json_string_length(value))
      GAZE_TRY(
          gaze_dataset_text(dataset, json_string_value(value), json_string_length(value), &texts[out->n_answers++]));
  }
  return GAZE_OK;
}

static gaze_err take_questions(gaze_dataset *dataset, size_t n, gaze_sample *sample, gaze_sample_question **out) {
  GAZE_TRY(gaze_dataset_take(dataset, (n + 1) * sizeof **out, out));
  memset(*out, 0, (n + 1) * sizeof **out);
  sample->questions = *out;
  sample->n_questions = 0;
  return GAZE_OK;
}

gaze_err gaze_dataset_read_question(gaze_dataset *dataset, const char *text, const json_t *answer,
                                    gaze_sample *sample) {
  gaze_sample_question *question;
  GAZE_TRY(take_questions(dataset, 1, sample, &question));
  GAZE_TRY(gaze_dataset_text(dataset, text, strlen(text), &question->text));
  GAZE_TRY(read_answers(dataset, sample->key, answer, question));
  sample->n_questions = 1;
  return GAZE_OK;
}

gaze_err gaze_dataset_read_qa(gaze_dataset *dataset, const json_t *list, gaze_sample *sample) {
  gaze_sample_question *questions;
  if (!list || json_is_null(list))
    return GAZE_OK;
  if (!json_is_array(list))
    return gaze_dataset_fail(dataset, sample->key, "make \"qa\" a list of [question, answer]");
  GAZE_TRY(take_questions(dataset, json_array_size(list), sample, &questions));
  for (size_t i = 0; i < json_array_size(list); i++) {
    const json_t *pair = json_array_get(list, i), *text = json_array_get(pair, 0);
    if (json_array_size(pair) != 2 || !json_is_string(text))
      return gaze_dataset_fail(dataset, sample->key, "make \"qa\" a list of [question, answer]");
    GAZE_TRY(gaze_dataset_text(dataset, json_string_value(text), json_string_length(text), &questions[i].text));
    GAZE_TRY(read_answers(dataset, sample->key, json_array_get(pair, 1), &questions[i]));
  }
  sample->n_questions = json_array_size(list);
  return GAZE_OK;
}

/* What a person said, without the marks where pictures go and the lines and spaces around them. */
static gaze_err keep_turn(gaze_dataset *dataset, const json_t *value, gaze_sample_question *out) {
  const char *from = json_string_value(value), *found;
  char *text, *end;
  GAZE_TRY(gaze_dataset_take(dataset, json_string_length(value) + 1, &text));
  out->text = end = text;
  while ((found = strstr(from, mark))) {
    out->pictures++;
    memcpy(end, from, (size_t)(found - from));
    end += found - from;
    from = found + sizeof mark - 1;
    while (*from == '\n' && (end == text || end[-1] == '\n'))
      from++;
  }
  memcpy(end, from, strlen(from) + 1);
  end += strlen(end);
  while (end > text && strchr(" \n", end[-1]))
    *--end = 0;
  return GAZE_OK;
}

static bool is_from(const json_t *turn, const char *who, const char *also) {
  const char *from = json_string_value(json_object_get(turn, "from"));
  return from && (strcmp(from, who) == 0 || strcmp(from, also) == 0);
}

gaze_err gaze_dataset_read_turns(gaze_dataset *dataset, const json_t *list, gaze_sample *sample) {
  gaze_sample_question *questions;
  size_t n = 0;
  if (!list || json_is_null(list))
    return GAZE_OK;
  if (!json_is_array(list))
    return gaze_dataset_fail(dataset, sample->key, "make \"conversations\" a list of turns");
  GAZE_TRY(take_questions(dataset, json_array_size(list), sample, &questions));
  for (size_t i = 0; i < json_array_size(list); i++) {
    const json_t *turn = json_array_get(list, i), *value = json_object_get(turn, "value");
    if (!json_is_string(value))
      return gaze_dataset_fail(dataset, sample->key, "give every turn \"from\" and \"value\"");
    if (is_from(turn, "human", "user"))
      GAZE_TRY(keep_turn(dataset, value, &questions[n++]));
    else if (is_from(turn, "gpt", "assistant") && n && !questions[n - 1].n_answers)
      GAZE_TRY(read_answers(dataset, sample->key, value, &questions[n - 1]));
    else if (!is_from(turn, "system", "system"))
      return gaze_dataset_fail(dataset, sample->key, "let \"human\" and \"gpt\" take turns");
  }
  sample->n_questions = n;
  sample->talks = true;
  return GAZE_OK;
}
