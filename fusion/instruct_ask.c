/* Instructions written by a language model that is told of a picture in words, as LLaVA's authors did. */
#include "fusion/endpoint.h"
#include "fusion/instruct.h"
#include "fusion/instruct_reply.h"

#include "core/base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

enum { OBJECTS_TOLD = 60 }; /* most boxes of a picture that are told of */

typedef struct asking {
  const gaze_instructions_options *options;
  gaze_endpoint *endpoint; /* NULL until something is asked */
  gaze_instruct_journal *journal;
  gaze_bad_rows *bad;
  uint64_t *asked;
} asking;

/* A record under way. */
typedef struct ask_row {
  const gaze_sample *sample;
  gaze_record_kind kind;
  gaze_language language;
  const char *question; /* of a description */
  char *id;             /* of the record */
  char *key;            /* in the journal: the picture's name and the kind */
  char told[17];        /* a hash of what is told of the picture */
} ask_row;

static void row_fini(ask_row *row) {
  free(row->id);
  free(row->key);
}

static void join_lines(gaze_lines lines, gaze_text *text) {
  for (size_t i = 0; i < lines.n; i++) {
    gaze_text_say(text, i ? "\n" : "");
    gaze_text_say(text, lines.items[i]);
  }
}

static gaze_err add_message(json_t *messages, const char *role, gaze_text *text) {
  char *content;
  GAZE_TRY(gaze_text_take(text, &content));
  json_t *message = json_pack("{s:s,s:s}", "role", role, "content", content);
  free(content);
  if (!message || json_array_append_new(messages, message) != 0)
    return gaze_fail(GAZE_ERR_MEMORY, "out of memory: a request: free memory");
  return GAZE_OK;
}

static gaze_err add_prompt(json_t *messages, const char *role, gaze_record_kind kind, const char *part) {
  char name[40];
  gaze_text text = {0};
  snprintf(name, sizeof name, "%s.%s", gaze_record_names[kind], part);
  join_lines(gaze_lines_section(gaze_lines_prompts(), name), &text);
  if (strcmp(part, "say") == 0)
    gaze_text_say(&text, "\n");
  return add_message(messages, role, &text);
}

/* Captions a line, then boxes: "dog: left, top, right, bottom". */
static void tell_picture(const gaze_sample *sample, gaze_text *text) {
  for (size_t i = 0; i < sample->n_captions; i++) {
    gaze_text_say(text, sample->captions[i]);
    gaze_text_say(text, "\n");
  }
  for (size_t i = 0; i < sample->n_objects && i < OBJECTS_TOLD; i++) {
    const gaze_object *box = &sample->objects[i];
    char numbers[80];
    snprintf(numbers, sizeof numbers, ": %.2f, %.2f, %.2f, %.2f\n", (double)box->x, (double)box->y,
             (double)(box->x + box->width), (double)(box->y + box->height));
    gaze_text_say(text, box->name);
    gaze_text_say(text, numbers);
  }
}

static gaze_err hash_told(const gaze_sample *sample, char out[17]) {
  gaze_text text = {0};
  char *told;
  tell_picture(sample, &text);
  GAZE_TRY(gaze_text_take(&text, &told));
  snprintf(out, 17, "%016llx", (unsigned long long)XXH3_64bits(told, strlen(told)));
  free(told);
  return GAZE_OK;
}

static gaze_err add_picture(json_t *messages, const gaze_sample *sample) {
  gaze_text text = {0};
  tell_picture(sample, &text);
  return add_message(messages, "user", &text);
}

static gaze_err add_messages(json_t *messages, const ask_row *row) {
  GAZE_TRY(add_prompt(messages, "system", row->kind, "system"));
  GAZE_TRY(add_prompt(messages, "user", row->kind, "ask"));
  GAZE_TRY(add_prompt(messages, "assistant", row->kind, "say"));
  if (row->language == GAZE_KOREAN) {
    gaze_text text = {0};
    join_lines(gaze_lines_section(gaze_lines_prompts(), "korean"), &text);
    GAZE_TRY(add_message(messages, "system", &text));
  }
  return add_picture(messages, row->sample);
}

static gaze_err write_body(const asking *a, const ask_row *row, char **out) {
  const gaze_instructions_options *options = a->options;
  json_t *messages = json_array(),
         *body = json_pack("{s:s,s:O}", "model", options->endpoint_model, "messages", messages);
  gaze_err err =
      body ? add_messages(messages, row) : gaze_fail(GAZE_ERR_MEMORY, "out of memory: a request: free memory");
  bool set = err == GAZE_OK;
  if (set && options->temperature >= 0)
    set = json_object_set_new(body, "temperature", json_real(options->temperature)) == 0;
  if (set && options->max_tokens)
    set = json_object_set_new(body, "max_tokens", json_integer((json_int_t)options->max_tokens)) == 0;
  if (err == GAZE_OK)
    err = gaze_json_text(set ? body : NULL, JSON_COMPACT, out);
  json_decref(messages);
  json_decref(body);
  return err;
}

static gaze_err reject(asking *a, const ask_row *row, const char *reason, const char *text) {
  json_t *rejected = json_pack("{s:s,s:s,s:s}", "told", row->told, "rejected", reason, "text", text ? text : "");
  GAZE_TRY(gaze_instruct_journal_add(a->journal, row->key, rejected));
  return gaze_bad_rows_add_answer(a->bad, row->id, reason, text);
}

static gaze_err keep(asking *a, const ask_row *row, const gaze_turns *turns) {
  json_t *record;
  GAZE_TRY(gaze_instruct_record(row->sample, row->kind, turns, &record));
  return gaze_instruct_journal_add(a->journal, row->key, json_pack("{s:s,s:o}", "told", row->told, "record", record));
}

static gaze_err judge(asking *a, const ask_row *row, const gaze_endpoint_answer *answer) {
  char reason[GAZE_REASON] = "", *text = NULL;
  gaze_turns turns = {0};
  bool kept = false;
  GAZE_TRY(gaze_reply_read(answer->bytes, answer->size, &text, reason));
  if (answer->status != 200 && strncmp(reason, "the endpoint refused", strlen("the endpoint refused")) != 0)
    snprintf(reason, sizeof reason, "the endpoint refused (%ld)", answer->status);
  gaze_err err = GAZE_OK;
  if (text && answer->status == 200)
    err = gaze_reply_turns(text, row->kind, row->language, row->question, &turns, &kept, reason);
  if (err == GAZE_OK)
    err = kept ? keep(a, row, &turns) : reject(a, row, reason, text);
  gaze_turns_fini(&turns);
  free(text);
  return err;
}

static gaze_err ask(asking *a, const ask_row *row) {
  gaze_endpoint_answer answer;
  char *body;
  if (!a->endpoint)
    GAZE_TRY(gaze_endpoint_new(a->options, &a->endpoint));
  GAZE_TRY(write_body(a, row, &body));
  gaze_err err = gaze_endpoint_ask(a->endpoint, body, row->id, &answer);
  free(body);
  GAZE_TRY(err);
  ++*a->asked;
  err = judge(a, row, &answer);
  free(answer.bytes);
  return err;
}

/* An answer about the same picture, of which the same was told; NULL: none is known. */
static const json_t *find_answer(const asking *a, const ask_row *row) {
  const json_t *known = gaze_instruct_journal_find(a->journal, row->key);
  const char *told = json_string_value(json_object_get(known, "told"));
  return told && strcmp(told, row->told) == 0 ? known : NULL;
}

/* What the journal holds is not asked for again; what it set aside is a bad row again. */
static gaze_err settle(asking *a, const ask_row *row, gaze_instruct_output *output) {
  const json_t *known = find_answer(a, row);
  const char *rejected = json_string_value(json_object_get(known, "rejected"));
  if (!known || (rejected && a->options->retry_rejected)) {
    GAZE_TRY(ask(a, row));
    known = find_answer(a, row);
  } else if (rejected) {
    GAZE_TRY(gaze_bad_rows_add_answer(a->bad, row->id, rejected, json_string_value(json_object_get(known, "text"))));
  }
  const json_t *record = json_object_get(known, "record");
  return record ? gaze_instruct_output_add(output, record, row->kind, row->language) : GAZE_OK;
}

static gaze_err write_row(asking *a, ask_row *row, gaze_instruct_output *output) {
  gaze_err err;
  GAZE_TRY_DONE(gaze_instruct_id(row->sample, row->kind, &row->id));
  GAZE_TRY_DONE(gaze_format(&row->key, "%s: %s", row->sample->file, gaze_record_names[row->kind]));
  GAZE_TRY_DONE(hash_told(row->sample, row->told));
  err = settle(a, row, output);
done:
  row_fini(row);
  return err;
}

static gaze_err write_sample(asking *a, const gaze_sample *sample, size_t i, gaze_instruct_output *output) {
  bool taken;
  GAZE_TRY(gaze_instruct_take_picture(a->options, sample, a->bad, &taken));
  for (gaze_record_kind kind = 0; taken && kind < GAZE_RECORD_KINDS; kind++) {
    ask_row row = {.sample = sample, .kind = kind};
    gaze_random random = gaze_instruct_random(a->options->seed, i, kind);
    row.language = gaze_instruct_language(a->options, &random);
    row.question = gaze_phrase_pick(row.language, "detail.question", &random);
    if (gaze_instruct_wants(a->options, kind))
      GAZE_TRY(write_row(a, &row, output));
  }
  return GAZE_OK;
}

/* What must be the same for a journal to be gone on with. */
static json_t *make_head(const gaze_instructions_options *options) {
  return json_pack("{s:s,s:I,s:f}", "model", options->endpoint_model, "seed", (json_int_t)options->seed, "korean",
                   options->korean);
}

gaze_err gaze_instruct_open_answers(const gaze_instructions_options *options, gaze_instruct_journal *journal) {
  json_t *head = make_head(options);
  gaze_err err = head ? gaze_instruct_journal_open(options->out, head, journal)
                      : gaze_fail(GAZE_ERR_FORMAT, "a model's name that is no UTF-8: --endpoint-model: write it again");
  json_decref(head);
  return err;
}

gaze_err gaze_instruct_by_endpoint(const gaze_instructions_options *options, const gaze_instruct_data *data,
                                   gaze_instruct_journal *journal, gaze_bad_rows *bad, gaze_instruct_output *output,
                                   uint64_t *asked) {
  asking a = {.options = options, .journal = journal, .bad = bad, .asked = asked};
  gaze_err err = GAZE_OK;
  for (size_t i = 0; i < data->n && err == GAZE_OK; i++) {
    err = gaze_instruct_step(options, data, bad, i, output->records);
    if (err == GAZE_OK)
      err = write_sample(&a, data->samples[i], i, output);
  }
  gaze_endpoint_free(a.endpoint);
  return err;
}
