/* Conversations against transformers' rendering, by data/chat_template/cases.json and the Jinja texts of
 * chat_templates/. test_chat_template CASES FOLDER: the same for others, of which any may be refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/file.h"
#include "core/base/json.h"
#include "text/chat_template.h"

enum { MESSAGES_MAX = 8, PARTS_MAX = 4 };

static const char *cases_path, *folder_path;
static bool may_refuse;

typedef struct conversation {
  gaze_chat_message messages[MESSAGES_MAX];
  gaze_chat_part parts[MESSAGES_MAX][PARTS_MAX];
  size_t n;
} conversation;

static conversation *read_conversation(const json_t *json) {
  conversation *out = calloc(1, sizeof *out);
  assert_non_null(out);
  size_t i, k;
  const json_t *message, *part;
  json_array_foreach(json, i, message) {
    const char *role = json_string_value(json_array_get(message, 0));
    out->messages[i] = (gaze_chat_message){*role == 's'   ? GAZE_CHAT_SYSTEM
                                           : *role == 'u' ? GAZE_CHAT_USER
                                                          : GAZE_CHAT_ASSISTANT,
                                           out->parts[i], 0};
    json_array_foreach(message, k, part) if (k) out->parts[i][k - 1] =
        (gaze_chat_part){json_string_value(part), json_string_length(part)};
    out->messages[i].n = json_array_size(message) - 1;
    out->n = i + 1;
  }
  return out;
}

static void spell(const gaze_chat_segments *list, const char *picture, char *out) {
  size_t size = 0, pictures = 0;
  for (size_t i = 0; i < list->n; i++) {
    const gaze_chat_segment *segment = &list->at[i];
    const char *signs[] = {NULL, NULL, picture, "<s>", "</s>"}, *sign = signs[segment->kind];
    if (segment->kind == GAZE_CHAT_PICTURE)
      assert_int_equal(segment->picture, pictures++);
    size_t length = sign ? strlen(sign) : segment->size;
    memcpy(out + size, sign ? sign : list->bytes + segment->at, length);
    size += length;
  }
  out[size] = 0;
}

static bool render(const gaze_chat_template *chat, const conversation *c, gaze_chat_ending ending, const char *picture,
                   char *out) {
  gaze_chat_segments list = {0};
  gaze_err err = gaze_chat_template_render(chat, c->messages, c->n, 0, ending, &list);
  if (err == GAZE_OK)
    spell(&list, picture, out);
  gaze_chat_segments_fini(&list);
  return err == GAZE_OK;
}

/* In two pieces, cut before each message, the same. */
static void render_in_pieces(const gaze_chat_template *chat, const conversation *c, const char *picture,
                             const char *wanted) {
  char got[4096];
  for (size_t from = 1; from <= c->n; from++) {
    gaze_chat_segments list = {0};
    assert_int_equal(gaze_chat_template_render(chat, c->messages, from, 0, GAZE_CHAT_GOES_ON, &list), GAZE_OK);
    assert_int_equal(gaze_chat_template_render(chat, c->messages, c->n, from, GAZE_CHAT_ANSWER, &list), GAZE_OK);
    spell(&list, picture, got);
    if (gaze_chat_template_keeps(chat, c->messages, c->n, from))
      assert_string_equal(got, wanted);
    gaze_chat_segments_fini(&list);
  }
}

static size_t check_one(const char *name, const gaze_chat_template *chat, const conversation *c, const char *picture,
                        gaze_chat_ending ending, const json_t *wanted) {
  char got[4096];
  const char *text = json_string_value(wanted);
  if (!text || !render(chat, c, ending, picture, got)) /* a refusal is never wrong */
    return 0;
  if (strcmp(got, text)) {
    fprintf(stderr, "%s as %s\n gives  %s\n wanted %s\n", name, gaze_chat_template_name(chat), got, text);
    return 1;
  }
  if (ending == GAZE_CHAT_ANSWER)
    render_in_pieces(chat, c, picture, got);
  return 0;
}

static size_t check_cases(const char *name, const gaze_chat_template *chat, const json_t *conversations,
                          const json_t *cases) {
  const char *picture = json_string_value(json_object_get(cases, "picture"));
  size_t i, wrong = 0, rendered = 0;
  const json_t *item;
  json_array_foreach(conversations, i, item) {
    conversation *c = read_conversation(item);
    const json_t *answer = json_array_get(json_object_get(cases, "answer"), i);
    char got[4096];
    rendered += json_is_string(answer) && render(chat, c, GAZE_CHAT_ANSWER, picture, got);
    wrong += check_one(name, chat, c, picture, GAZE_CHAT_ANSWER, answer);
    wrong += check_one(name, chat, c, picture, GAZE_CHAT_WHOLE, json_array_get(json_object_get(cases, "whole"), i));
    free(c);
  }
  assert_true(rendered >= 6); /* refusing all would be right, too */
  return wrong;
}

static void rendered_as_the_reference(void **state) {
  json_t *json;
  assert_int_equal(gaze_json_open(cases_path, &json), GAZE_OK);
  const char *name;
  json_t *cases;
  size_t wrong = 0, known = 0, n = 0;
  json_object_foreach(json_object_get(json, "templates"), name, cases) {
    char *path;
    gaze_map map;
    gaze_chat_template chat;
    assert_int_equal(gaze_path_join(folder_path, name, &path), GAZE_OK);
    assert_int_equal(gaze_map_open(path, &map), GAZE_OK);
    gaze_err err = gaze_chat_template_read((const char *)map.data, map.size, name, &chat);
    if (err != GAZE_OK && (!may_refuse || getenv("VERBOSE")))
      fprintf(stderr, "%.100s\n", gaze_last_error());
    if (err == GAZE_OK && may_refuse)
      fprintf(stderr, "%s is %s\n", name, gaze_chat_template_name(&chat));
    size_t faults = err == GAZE_OK ? check_cases(name, &chat, json_object_get(json, "conversations"), cases) : 0;
    n++;
    known += err == GAZE_OK;
    wrong += faults;
    gaze_chat_template_fini(&chat);
    gaze_map_close(&map);
    free(path);
  }
  if (may_refuse)
    printf("%zu of %zu known\n", known, n);
  else
    assert_int_equal(known, n);
  assert_int_equal(wrong, 0);
  json_decref(json);
}

int main(int count, char **arguments) {
  char cases[1024], folder[1024];
  const char *root = getenv("GAZE_SOURCE_ROOT");
  snprintf(cases, sizeof cases, "%s/tests/golden/data/chat_template/cases.json", root ? root : ".");
  snprintf(folder, sizeof folder, "%s/tests/golden/chat_templates", root ? root : ".");
  may_refuse = count == 3;
  cases_path = may_refuse ? arguments[1] : cases;
  folder_path = may_refuse ? arguments[2] : folder;
  const struct CMUnitTest tests[] = {cmocka_unit_test(rendered_as_the_reference)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
