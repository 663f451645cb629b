#include "fusion/instruct_reply.h"

#include "core/base/json.h"
#include "core/base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void say(char reason[GAZE_REASON], const char *words) { snprintf(reason, GAZE_REASON, "%s", words); }

enum { QUOTED_MOST = 100 }; /* bytes of what an endpoint says of itself */

/* Whole characters alone, for JSON takes no others. */
static void quote(char reason[GAZE_REASON], const char *words, const char *quoted) {
  size_t n = strnlen(quoted, QUOTED_MOST);
  while (n && ((unsigned char)quoted[n] & 0xc0) == 0x80)
    n--;
  snprintf(reason, GAZE_REASON, "%s: %.*s", words, (int)n, quoted);
}

/* content as a text, or as parts of which the texts count. */
static gaze_err read_content(const json_t *content, char **text, char reason[GAZE_REASON]) {
  gaze_text all = {0};
  if (json_is_string(content))
    gaze_text_say(&all, json_string_value(content));
  for (size_t i = 0; i < json_array_size(content); i++)
    gaze_text_say(&all, json_string_value(json_object_get(json_array_get(content, i), "text")));
  if (all.n == 0 && all.err == GAZE_OK) {
    gaze_text_fini(&all);
    say(reason, "an answer without text");
    return GAZE_OK;
  }
  return gaze_text_take(&all, text);
}

gaze_err gaze_reply_read(const char *bytes, size_t size, char **text, char reason[GAZE_REASON]) {
  json_t *json;
  *text = NULL;
  gaze_err err = gaze_json_parse(size ? bytes : "", size, "the endpoint's answer", &json);
  if (err == GAZE_ERR_MEMORY)
    return err;
  if (err != GAZE_OK) {
    say(reason, "no JSON");
    return GAZE_OK;
  }
  const json_t *choice = json_array_get(json_object_get(json, "choices"), 0);
  const json_t *message = json_object_get(choice, "message");
  const char *finish = json_string_value(json_object_get(choice, "finish_reason"));
  const char *error = json_string_value(json_object_get(json_object_get(json, "error"), "message"));
  if (error)
    quote(reason, "the endpoint refused", error);
  else if (!message)
    say(reason, "no message in the answer");
  else if (finish && strcmp(finish, "stop") != 0 && strcmp(finish, "eos") != 0)
    quote(reason, "the answer ended by", finish);
  else if (json_is_string(json_object_get(message, "refusal")))
    say(reason, "the model refused");
  else
    err = read_content(json_object_get(message, "content"), text, reason);
  json_decref(json);
  return err;
}

/* Texts of a turn, under way. */
typedef struct turn_reader {
  gaze_turns *turns;
  gaze_text question, answer;
  enum { NOWHERE, QUESTION, ANSWER } at;
  bool wrong_order;
} turn_reader;

static const struct {
  const char *label;
  bool asks;
} labels[] = {{"question:", true}, {"answer:", false}, {"user:", true},  {"assistant:", false}, {"q:", true},
              {"a:", false},       {"질문:", true},    {"답변:", false}, {"답:", false}};

/* Behind the label that a line begins with, and whether it asks; NULL: an ordinary line. Models adorn labels: "**Q:**".
 */
static const char *find_label(const char *line, size_t length, bool *asks) {
  size_t start = 0;
  while (start < length && strchr(" \t*#>-0123456789.", line[start]))
    start++;
  for (size_t i = 0; i < sizeof labels / sizeof *labels; i++) {
    size_t n = strlen(labels[i].label);
    if (length - start < n || strncasecmp(line + start, labels[i].label, n) != 0)
      continue;
    *asks = labels[i].asks;
    start += n;
    while (start < length && strchr(" \t*", line[start]))
      start++;
    return line + start;
  }
  return NULL;
}

static gaze_err end_turn(turn_reader *reader) {
  char *question, *answer;
  GAZE_TRY(gaze_text_take(&reader->question, &question));
  gaze_err err = gaze_text_take(&reader->answer, &answer);
  if (err == GAZE_OK)
    gaze_turns_add(reader->turns, question, answer);
  else
    free(question);
  return err;
}

static gaze_err take_label(turn_reader *reader, bool asks) {
  reader->wrong_order |= asks ? reader->at == QUESTION : reader->at != QUESTION;
  if (asks && reader->at == ANSWER)
    GAZE_TRY(end_turn(reader));
  reader->at = asks ? QUESTION : ANSWER;
  return GAZE_OK;
}

static bool is_rule(const char *line, size_t length) { return length >= 3 && strspn(line, "=-*_") >= length; }

static gaze_err take_line(turn_reader *reader, const char *line, size_t length) {
  bool asks;
  while (length && strchr(" \t\r", line[length - 1]))
    length--;
  const char *rest = find_label(line, length, &asks);
  if (rest) {
    GAZE_TRY(take_label(reader, asks));
    length -= (size_t)(rest - line);
    line = rest;
  }
  if (!length || is_rule(line, length) || reader->at == NOWHERE)
    return GAZE_OK;
  gaze_text *text = reader->at == QUESTION ? &reader->question : &reader->answer;
  gaze_text_say(text, text->n ? "\n" : "");
  gaze_text_add(text, line, length);
  return GAZE_OK;
}

static gaze_err read_turns(turn_reader *reader, const char *text) {
  while (*text) {
    size_t length = strcspn(text, "\n");
    GAZE_TRY(take_line(reader, text, length));
    text += length + (text[length] == '\n');
  }
  return reader->at == ANSWER ? end_turn(reader) : GAZE_OK;
}

static gaze_err take_detail(const char *text, const char *question, gaze_turns *turns) {
  turn_reader reader = {.turns = turns};
  gaze_text_say(&reader.question, question);
  size_t start = strspn(text, " \t\r\n"), length = strlen(text + start);
  while (length && strchr(" \t\r\n", text[start + length - 1]))
    length--;
  gaze_text_add(&reader.answer, text + start, length);
  gaze_err err = end_turn(&reader);
  gaze_text_fini(&reader.question);
  gaze_text_fini(&reader.answer);
  return err;
}

static gaze_err take_turns(const char *text, gaze_turns *turns, bool *kept, char reason[GAZE_REASON]) {
  turn_reader reader = {.turns = turns};
  gaze_err err = read_turns(&reader, text);
  *kept = false;
  if (reader.wrong_order)
    say(reason, "questions and answers do not alternate");
  else if (reader.at == QUESTION)
    say(reason, "a question without an answer");
  else if (reader.at == NOWHERE)
    say(reason, "no question and answer in it");
  else
    *kept = true;
  gaze_text_fini(&reader.question);
  gaze_text_fini(&reader.answer);
  return err;
}

gaze_err gaze_reply_turns(const char *text, gaze_record_kind kind, gaze_language language, const char *question,
                          gaze_turns *turns, bool *kept, char reason[GAZE_REASON]) {
  *kept = true;
  if (kind == GAZE_DETAIL)
    GAZE_TRY(take_detail(text, question, turns));
  else
    GAZE_TRY(take_turns(text, turns, kept, reason));
  if (*kept)
    *kept = gaze_reply_check(turns, kind, language, reason);
  return GAZE_OK;
}
